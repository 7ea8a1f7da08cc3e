"""The line that is advised converts the file, where its program is at hand."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_files.conversions import describe_conversion

pandas = pytest.importorskip("pandas")
ROWS = {"id": [1, 2], "v": ["a", "é"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["my bird's.pkl", "t.XML", "t.html", "t.h5"])
def test_lines_of_python_convert_and_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if path.suffix == ".html":
        pytest.importorskip("lxml")
    frame = pandas.DataFrame(ROWS)
    try:
        write = {".pkl": frame.to_pickle, ".h5": lambda to: frame.to_hdf(to, key="t")}
        write |= {".xml": lambda to: frame.to_xml(to, index=False)}
        write |= {".html": lambda to: frame.to_html(to, index=False)}
        write[path.suffix.lower()](path)
    except ImportError as error:
        pytest.skip(str(error))
    told = describe_conversion(path)
    line = told.partition("; convert it: ")[2]
    python = shutil.which("python", path=Path(sys.executable).parent)
    subprocess.run(["sh", "-c", line.replace("python", str(python), 1)], cwd=tmp_path, check=True)
    path.unlink()
    draft = draft_project(tmp_path / "t-data", tmp_path, dataset="t")
    assert any("2 rows" in each for each in draft.report)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("t.rds", "a file of R; convert it: Rscript -e '"),
        ("t.rda", "a file of R; convert it: Rscript -e '"),
        ("a b.xlsb", "a binary Excel workbook; convert it: soffice --headless"),
        ("t.accdb", "a database of Access; convert it: f=t.accdb; mdb-tables"),
        ("t.topojson", "a map; convert it: ogr2ogr -f GeoJSON t.geojson t.topojson"),
        ("t.geojsonl", "GeoJSON with a feature on each line; convert it: ogr2ogr -f GeoJSON "),
        ("t.docx", ""),
    ],
)  # fmt: skip
def test_other_programs_are_named(name: str, told: str) -> None:
    assert describe_conversion(Path(name)).startswith(told)
    assert bool(describe_conversion(Path(name))) == bool(told)
