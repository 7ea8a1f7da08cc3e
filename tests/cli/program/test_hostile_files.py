"""No command waits for what is no file, and none blames a file for a full disk."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.support.wheels import Wheel, make_database

pytestmark = [pytest.mark.once, pytest.mark.skipif(os.name == "nt", reason="needs FIFOs")]

ROWS = "CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB); INSERT INTO t VALUES (1, {});"


@pytest.mark.parametrize("fifo", ["x.whl", "x.db", "x.db.zst", "a.db-journal", "a.db-wal"])
@pytest.mark.parametrize("words", [["verify"], ["check"], ["diff", "b.db"], ["new", "p", "--from"]])
def test_no_command_waits_for_a_fifo(
    lone_program: Program, tmp_path: Path, words: list[str], fifo: str
) -> None:
    make_database(tmp_path / "a.db")
    make_database(tmp_path / "b.db")
    os.mkfifo(tmp_path / fifo)
    file = "a.db" if fifo.startswith("a.") else fifo
    done = lone_program.start(*words, file)
    _, told = done.communicate(timeout=60)
    assert done.returncode
    assert "Error: " in told
    assert not any(path.name == "p" for path in tmp_path.iterdir())


def run_limited(program: Program, words: list[str], size: int) -> subprocess.CompletedProcess[str]:
    """Run a command that can write no file of more than so many bytes."""
    return subprocess.run(
        program.command(*words),
        env=program.environment,
        cwd=program.home,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "dist/colours_data-2026.1-py3-none-any.whl"],
        ["verify", "dist/colours_data-2026.1-py3-none-any.whl", "--full"],
        ["check", "dist/colours_data-2026.1-py3-none-any.whl"],
        ["verify", "colours"],
        ["card", "colours"],
        ["query", "colours", "SELECT 1"],
        ["diff", "small.db", "dist/colours_data-2026.1-py3-none-any.whl"],
        ["diff", "small.db", "large.db.zst"],
        ["export", "colours", "--to", "datapackage", "-o", "exported"],
        ["new", "project", "--from", "large.db"],
        ["new", "project", "--from", "csv"],
    ],
    ids=" ".join,
)
def test_an_error_of_this_machine_is_not_told_as_damage(
    lone_program: Program, tmp_path: Path, words: list[str]
) -> None:
    schema = ROWS.format("randomblob(400000)")
    database = make_database(tmp_path / "large.db", schema=schema)
    make_database(tmp_path / "small.db")
    wheel = Wheel().carry(database, compression="zstd")
    wheel.pack(tmp_path / "dist")
    wheel.install(lone_program.site)
    (tmp_path / "large.db.zst").write_bytes(wheel.files["colours_data/large.db.zst"])
    (tmp_path / "csv").mkdir()
    lines = "".join(f"{number},{number:030}\n" for number in range(20_000))
    (tmp_path / "csv" / "t.csv").write_text(f"id,v\n{lines}")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run_limited(lone_program, words, 200_000)
    assert done.returncode == (2 if words[0] == "diff" else 1)
    assert "cannot be written: " in done.stderr or "disk I/O error" in done.stderr, done.stderr
    told = done.stdout + done.stderr
    for accusation in ("damaged", "publisher", "integrity_check", "failed", "Unexpected"):
        assert accusation not in told
    left = {path.name for path in tmp_path.iterdir()} - {"cache"}
    assert sorted(left) == before


BAD_FILES = {
    "text": "is not a SQLite database.",
    "empty": "is empty.",
    "folder": "is a folder, not a regular file.",
    "random": "is not a SQLite database.",
    "truncated": "is damaged: database disk image is malformed.",
    "overwritten": "is damaged: database disk image is malformed.",
    "missing": "does not exist.",
}
"""Files that are no database that can be read, and what is said of them."""


def make_bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.db"
    whole = make_database(folder / "whole.db", rows=2000).read_bytes()
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        contents = {
            "text": b"a text\n" * 500,
            "empty": b"",
            "random": bytes(range(256)) * 32,
            "truncated": whole[: len(whole) // 2],
            "overwritten": whole[:100] + b"\xff" * 3996 + whole[4096:],
        }
        path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize("kind", BAD_FILES)
@pytest.mark.parametrize("verb", ["models", "diff"])
def test_a_bad_file_is_told_once_with_what_is_wrong(
    verb: str, kind: str, tmp_path: Path, program: Program
) -> None:
    path = make_bad_file(tmp_path, kind)
    others = [make_database(tmp_path / "other.db", rows=2000)] if verb == "diff" else []
    told = program.refuse(verb, path, *others, code=2 if verb == "diff" else 1)
    assert f"{path} {BAD_FILES[kind]}" in told
    assert told.count(str(path)) == 1
    assert "Run: microcosm-sqlite verify" not in told, "the file may belong to no dataset"


@pytest.mark.parametrize("verb", ["info", "path", "schema", "card", "export"])
def test_a_path_instead_of_a_name_is_told(verb: str, tmp_path: Path, program: Program) -> None:
    path = make_database(tmp_path / "a.db")
    told = program.refuse(verb, path, *(("--to", "csv") if verb == "export" else ()), code=3)
    assert f"No dataset is named '{path}'" in told
    assert "not by path" in told


def test_a_file_that_is_no_wheel_is_not_checked(tmp_path: Path, program: Program) -> None:
    path = make_database(tmp_path / "a.db")
    assert f"{path} is not a wheel." in program.refuse("check", path)
