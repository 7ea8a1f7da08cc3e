"""Drafted projects have what reads their sources in an environment that pip makes for the build."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project

openpyxl = pytest.importorskip("openpyxl")
pyreadstat = pytest.importorskip("pyreadstat")
pandas = pytest.importorskip("pandas")

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_an_isolated_build_reads_workbooks_and_labelled_files(tmp_path: Path) -> None:
    found, wheels = tmp_path / "found", tmp_path / "wheels"
    found.mkdir()
    workbook = openpyxl.Workbook()
    for row in (["id", "name"], [1, "tit"], [2, "owl"]):
        workbook.active.append(row)
    workbook.save(found / "birds.xlsx")
    draft = draft_project(tmp_path / "t-data", found)
    pyreadstat.write_sav(pandas.DataFrame({"id": [1.0, 2.0]}), str(tmp_path / "people.sav"))
    add_tables(draft.path, [tmp_path / "people.sav"])
    assert (
        '"microcosm-sqlite[build,excel,labelled]>=' in (draft.path / "pyproject.toml").read_text()
    )
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--wheel-dir",
        tmp_path / "dist",
    ]
    links = f"{os.environ.get('PIP_FIND_LINKS', '')} {wheels}".strip()
    subprocess.run([*pip, draft.path], check=True, env={**os.environ, "PIP_FIND_LINKS": links})
    with ZipFile(next((tmp_path / "dist").glob("*.whl"))) as wheel:
        assert any(name.endswith("t.db") for name in wheel.namelist())
