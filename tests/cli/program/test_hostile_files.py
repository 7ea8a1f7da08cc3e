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
