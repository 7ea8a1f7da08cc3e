"""The cache can be found, listed and emptied from the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.program import Program
from tests.support.wheels import Wheel, make_database


def test_the_cache_is_where_the_variable_says(program: Program) -> None:
    assert program.read("cache", "path") == f"{program.home / 'cache'}\n"
    relative = program.with_variables({"MICROCOSM_SQLITE_CACHE_DIR": "here"})
    assert "is not an absolute path" in relative.refuse("cache", "path")


def test_a_cache_that_was_never_used_is_empty(program: Program) -> None:
    assert program.json("cache", "list") == []
    assert program.run("cache", "clear").stderr == "0 files removed, 0 B freed.\n"


def test_what_was_extracted_is_listed_and_can_be_cleared(program: Program) -> None:
    path = program.read("path", "colours").strip()
    (entry,) = program.json("cache", "list")  # type: ignore[misc]
    assert entry["name"] == "colours"
    assert entry["path"] == path
    assert entry["installed"] == "yes"
    assert entry["size"] == Path(path).stat().st_size
    assert program.read("cache", "list", "-q") == "colours\n"
    assert program.run("cache", "clear").stderr.startswith("1 file removed, ")
    assert not Path(path).exists()
    assert program.read("query", "colours", "SELECT count(*) AS n FROM colour") == "n\n3\n"


def test_pruning_leaves_what_is_installed(lone_program: Program, tmp_path: Path) -> None:
    database = make_database(tmp_path / "colours.db")
    Wheel().carry(database, compression="zstd").install(lone_program.site)
    path = Path(lone_program.read("path", "colours").strip())
    lone_program.run("cache", "prune", "--days", "0")
    assert path.exists()
    shutil.rmtree(lone_program.site)
    lone_program.run("cache", "prune")
    assert path.exists()
    lone_program.run("cache", "prune", "--days", "0")
    assert not path.exists()
    assert "--days" in lone_program.refuse("cache", "prune", "--days", "-1", code=2)


def test_columnar_twins_are_written_listed_told_of_and_cleared(program: Program) -> None:
    pytest.importorskip("pyarrow")
    assert program.json("info", "colours")["columnar"] == []  # type: ignore[index]
    path = program.read("cache", "columnar", "colours", "shade").strip()
    assert Path(path).read_bytes()[:4] == b"PAR1"
    assert program.read("cache", "columnar", "colours", "shade") == f"{path}\n"
    names = [entry["name"] for entry in program.json("cache", "list")]
    assert names == ["colours", "colours.shade"]
    size = Path(path).stat().st_size
    (twin,) = program.json("info", "colours")["columnar"]  # type: ignore[index]
    assert twin == {"table": "shade", "bytes": size, "distribution": ""}
    assert "Columnar  shade (" in program.read("info", "colours")
    assert "compressed, columnar" in program.read("doctor")
    assert program.run("cache", "clear").stderr.startswith("2 files removed, ")
    assert "no table 'shades'" in program.refuse("cache", "columnar", "colours", "shades")
