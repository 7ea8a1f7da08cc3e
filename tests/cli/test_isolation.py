"""A file from outside costs a command its deadline at most, and leaves nothing behind."""

from __future__ import annotations

import gzip
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from microcosm_sqlite.cli.isolation import FILE_SIZE, MEMORY, SECONDS, run_isolated
from microcosm_sqlite.errors import DatasetFileError
from tests.support.program import Program
from tests.support.terminal import look
from tests.support.traps import PLAIN, TRAPS, make_trap, pack_trap
from tests.support.wheels import Wheel, make_database

ENDLESS = TRAPS["an endless generated column"]
GRACE = 8
"""Seconds in which a process starts and ends on a machine that is busy with other tests."""

PATIENCE = 4
"""How often the limit of processor time may pass on the clock."""


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """The folder for temporary files, in which nothing is left in the end."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    yield folder
    assert not list(folder.iterdir())


@pytest.fixture
def hurried(lone_program: Program, scratch: Path) -> Program:
    """The program with a short deadline."""
    return lone_program.with_variables({SECONDS: "1", "TMPDIR": str(scratch)})


@pytest.mark.slow
@pytest.mark.parametrize("trap", TRAPS)
def test_no_command_outlives_its_deadline(hurried: Program, tmp_path: Path, trap: str) -> None:
    database = make_trap(tmp_path / "t.db", TRAPS[trap])
    wheel = pack_trap(tmp_path / "w.db", TRAPS[trap])
    sound = make_database(tmp_path / "sound.db", schema=f"{PLAIN};")
    started = time.monotonic()
    running = {
        verb: hurried.start(verb, *words)
        for verb, *words in (
            ("verify", "--full", wheel),
            ("diff", sound, database),
            ("models", database),
            ("card", wheel),
            ("check", wheel),
        )
    }
    for verb, process in running.items():
        _, said = process.communicate(timeout=60)
        assert "Traceback" not in said
        assert "Unexpected" not in said
        if "was stopped after 1 second" in said:
            assert process.returncode == (2 if verb == "diff" else 1)
    assert time.monotonic() - started < PATIENCE + GRACE


@pytest.mark.slow
@pytest.mark.parametrize("trap", ["an endless generated column", "views that double"])
def test_neither_does_a_draft_which_leaves_no_project(
    hurried: Program, tmp_path: Path, trap: str
) -> None:
    database = make_trap(tmp_path / "t.db", TRAPS[trap])
    program = hurried.with_variables({SECONDS: "5"})
    started = time.monotonic()
    said = program.refuse("new", "project", "--from", database)
    assert time.monotonic() - started < 5 * PATIENCE + GRACE
    assert said == (
        "Error: Reading t.db was stopped after 5 seconds: a small file that takes so long may be "
        f"made to do so.\nHint: If you trust its author, set {SECONDS} to more.\n"
    )
    assert not (tmp_path / "project").exists()


def test_memory_is_bounded_and_the_file_is_not_called_damaged(
    lone_program: Program, scratch: Path, tmp_path: Path
) -> None:
    program = lone_program.with_variables({MEMORY: "300", "TMPDIR": str(scratch)})
    wheel = pack_trap(tmp_path / "w.db", TRAPS["a huge generated column"])
    done = program.run("verify", wheel, code=1)
    assert "needs more memory than there is" in done.stdout
    assert "damaged" not in done.stdout
    database = make_trap(tmp_path / "t.db", TRAPS["a huge generated column"])
    assert f"set {MEMORY} to more" in program.refuse("new", "project", "--from", database)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
@pytest.mark.slow
def test_a_bomb_among_the_sources_is_refused_by_name_and_the_rest_drafted(
    lone_program: Program, scratch: Path, tmp_path: Path
) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    sources = tmp_path / "sources"
    sources.mkdir()
    with gzip.open(sources / "long.csv.gz", "wb", compresslevel=1) as file:
        file.write(b"id,name\n1,")
        for _ in range(600):
            file.write(b"a" * 1_000_000)
    wide = pa.array(["a" * 1_000_000]).take(pa.array([0] * 600))
    parquet.write_table(pa.table({"name": wide}), sources / "wide.parquet", compression="zstd")
    (sources / "birds.csv").write_text("id,name\n1,owl\n2,finch\n")
    limited = lone_program.with_variables({MEMORY: "500", "TMPDIR": str(scratch)})
    told = limited.run("new", tmp_path / "birds-data", "--from", sources).stderr
    refused = [line for line in told.splitlines() if line.startswith("refused: ")]
    assert [line.split()[1] for line in refused] == ["long.csv.gz", "wide.parquet"]
    assert all("needs more memory than there is" in line for line in refused)
    assert "birds: 2 rows" in told


def test_files_that_are_written_are_bounded(
    lone_program: Program, scratch: Path, tmp_path: Path
) -> None:
    program = lone_program.with_variables({FILE_SIZE: "1", "TMPDIR": str(scratch)})
    content = f"INSERT INTO t VALUES (1, '{'x' * 2_000_000}')"
    database = make_database(tmp_path / "t.db", schema=f"{PLAIN};", extra=content)
    wheel = Wheel().carry(database, compression="zstd").pack(tmp_path)
    said = program.refuse("verify", wheel)
    assert "cannot be written: File too large." in said
    assert FILE_SIZE in said


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are listed by Linux")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "a kill"])
def test_nothing_goes_on_when_the_program_is_ended(
    lone_program: Program, scratch: Path, tmp_path: Path, number: int
) -> None:
    wheel = pack_trap(tmp_path / "w.db", ENDLESS)
    program = lone_program.with_variables({"TMPDIR": str(scratch)})
    process = program.start("verify", wheel)
    child = wait_for(lambda: find_child(process.pid))
    time.sleep(0.5)  # until it is inside of SQLite
    process.send_signal(number)
    process.communicate(timeout=GRACE)  # which waits for the child as well, for it has the pipes
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    wait_for(lambda: not Path(f"/proc/{child}").exists())
    program.run("verify", pack_trap(tmp_path / "plain.db", PLAIN))  # removes what a kill left


def find_child(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text() or 0)


def wait_for(condition: Callable[[], int]) -> int:
    end = time.monotonic() + GRACE
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def test_the_child_reads_the_same_datasets_and_writes_to_the_same_terminal(
    program: Program, birds_wheel: Path
) -> None:
    assert program.run("diff", "birds", birds_wheel).stdout.startswith("TABLE\tOLD\tNEW")
    shown = look(program, "verify", birds_wheel)
    assert shown.startswith("DATASET ")


def test_a_limit_that_is_no_number_is_told(lone_program: Program, tmp_path: Path) -> None:
    wheel = pack_trap(tmp_path / "w.db", PLAIN)
    program = lone_program.with_variables({SECONDS: "soon"})
    said = program.refuse("verify", wheel)
    assert said.startswith(f"Error: The environment variable {SECONDS} is 'soon'.\nHint: Give")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("frozen", True, "a frozen application"), ("platform", "emscripten", "a browser")],
)
def test_what_cannot_be_run_apart_is_refused(
    name: str, value: object, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, name, value, raising=False)
    with pytest.raises(DatasetFileError, match=f"which {said} cannot start"):
        run_isolated(["verify", "x.whl"], [os.devnull])
