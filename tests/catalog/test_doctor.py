"""One look says what is installed, what is wrong, and what to do about it."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from microcosm_sqlite import register
from microcosm_sqlite.catalog.doctor import diagnose
from tests.support.wheels import Wheel, make_database


def test_a_healthy_environment(installed: Path, database: Path) -> None:
    packed = Wheel("tints-data").carry(
        database, name="tints", package="tints_data", compression="zstd"
    )
    packed.install(installed)
    found = diagnose()
    assert found.ok, found.problems
    assert [(line["name"], line["kind"]) for line in found.datasets] == [
        ("colours", "packaged"),
        ("tints", "compressed"),
    ]
    assert set(found.environment) == {"microcosm-sqlite", "Python", "SQLite", "cache"}
    assert "0 files" in found.environment["cache"], "looking extracts nothing"
    assert json.loads(json.dumps(found.as_dict()))["problems"] == []


def test_what_is_installed_in_the_current_directory_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "microcosm_sqlite-3.9.dist-info").mkdir()
    monkeypatch.setattr("sys.path", [""])
    monkeypatch.chdir(tmp_path)
    assert diagnose().environment["microcosm-sqlite"] == "3.9"


def test_everything_that_is_wrong_is_said_with_its_mend(
    installed: Path, database: Path, tmp_path: Path
) -> None:
    Wheel("bad-data").put(
        "bad_data-2026.1.dist-info/entry_points.txt", "[microcosm.sqlite]\nx"
    ).install(installed)
    Wheel("gone-data").carry(database, name="gone", package="gone_data").install(installed)
    (installed / "gone_data" / "colours.db").unlink()
    Wheel("cut-data").carry(database, name="cut", package="cut_data").install(installed)
    (installed / "cut_data" / "colours.db").write_bytes(b"")
    Wheel("paint-data").carry(database, name="paint", package="p_data").install(installed)
    Wheel("brush-data").carry(database, name="paint", package="b_data").install(installed)
    (installed / "~ld_data-1.dist-info").mkdir()
    register("mine", tmp_path / "nowhere.db")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    found = diagnose()
    assert not found.ok
    told = {(problem.distribution, problem.dataset) for problem in found.problems}
    assert told >= {
        ("bad-data", ""),
        ("gone-data", "gone"),
        ("cut-data", "cut"),
        ("mine", "mine"),
        ("cache", ""),
        ("~ld_data-1.dist-info", ""),
    }
    assert any(problem.dataset == "paint" for problem in found.problems)
    assert all(problem.hint for problem in found.problems)
    assert [line["name"] for line in found.datasets] == ["colours", "cut", "gone", "mine"]


def test_an_old_sqlite_is_said(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 30, 0))
    (problem,) = diagnose().problems
    assert problem.distribution == "SQLite"


def test_kinds_of_datasets(
    site: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Wheel("legacy-data").enter("legacy = legacy_data:path").install(site)
    register("mine", make_database(tmp_path / "x.db"))
    archive = Wheel().carry(database).pack(tmp_path)
    monkeypatch.syspath_prepend(str(archive))
    assert {line["name"]: line["kind"] for line in diagnose().datasets} == {
        "colours": "zipped",
        "legacy": "made for 2.0.0",
        "mine": "registered",
    }


def test_a_file_that_another_program_writes_into_is_told(installed: Path) -> None:
    path = installed / "colours_data" / "colours.db"
    os.utime(path)
    assert diagnose().ok, "a later time alone may come from copying an environment"
    Path(f"{path}-journal").touch()
    (problem,) = diagnose().problems
    assert problem.message == f"{path} was opened for writing: {path}-journal is beside it."
    Path(f"{path}-journal").unlink()
    opened = sqlite3.connect(path)
    opened.execute("UPDATE colour SET name = 'rot' WHERE name = 'red'")
    opened.commit()
    opened.close()
    (problem,) = diagnose().problems
    assert (problem.distribution, problem.dataset) == ("colours-data", "colours")
    assert problem.message == f"{path} was changed after it was installed."
    assert problem.hint == (
        "Run: pip install --force-reinstall --no-deps colours-data; "
        "open it by `dataset('colours').uri`."
    )
