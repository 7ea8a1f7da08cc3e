"""What a killed command wrote is all there or not at all, and the next one tidies up."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.support.wheels import make_database

pytestmark = [
    pytest.mark.slow,
    pytest.mark.once,
    pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL"),
]

HOOK = """
import os, signal, sys
count = int(os.environ.get("KILL_AT", 0))
def watch(event, arguments):
    global count
    if event in ("os.rename", "os.link", "os.mkdir") or (
        event == "open"
        and not isinstance(arguments[0], int)
        and isinstance(arguments[1], str)
        and set(arguments[1]) & set("wax")
    ):
        if os.environ["HOME"] in os.path.abspath(os.fsdecode(arguments[0])):
            count -= 1
            if count == 0:
                os.kill(os.getpid(), signal.SIGKILL)
if count:
    sys.addaudithook(watch)
"""

COMMANDS = {
    "new": (["new", "made/planets-data"], "made/planets-data"),
    "new in an empty folder": (["new", "empty"], "empty/pyproject.toml"),
    "new from a database": (["new", "made/p", "--from", "old.db"], "made/p"),
    "export": (["export", "birds.birds", "--to", "csv", "-o", "made/x.csv"], "made/x.csv"),
    "export a folder": (["export", "birds", "--to", "datapackage", "-o", "made/x"], "made/x"),
    "migration": (
        ["diff", "old.db", "new.db", "--migration", "made"],
        "made/schema_34e795f77efd.py",
    ),
    "verify": (["verify", "dist/birds_data-1.0-py3-none-any.whl"], ""),
}


def list_files(folder: Path) -> set[str]:
    """Every file below a folder, but for caches, which are private to this program."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not {"cache", "__pycache__"} & set(path.parts)
    }


@pytest.mark.parametrize(("words", "target"), COMMANDS.values(), ids=COMMANDS)
def test_a_kill_at_any_step_leaves_all_or_nothing_and_no_litter_for_long(
    program: Program, birds_wheel: Path, tmp_path: Path, words: list[str], target: str
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK)
    path = f"{program.site}{os.pathsep}{hooks}"
    killed = 0
    complete: set[str] | None = None
    for step in [0, 1, 2, 4, 8, 16, 32, 64]:
        home = tmp_path / str(step)
        for folder in ("made", "empty", "dist", "tmp"):
            (home / folder).mkdir(parents=True)
        make_database(home / "old.db")
        make_database(home / "new.db", extra="ALTER TABLE colour ADD COLUMN more TEXT")
        (home / "dist" / birds_wheel.name).write_bytes(birds_wheel.read_bytes())
        before = list_files(home)
        here = Program(
            program.site,
            home,
            {"PYTHONPATH": path, "KILL_AT": str(step), "TMPDIR": str(home / "tmp")},
        )
        done = subprocess.run(
            here.command(*words), env=here.environment, cwd=home, capture_output=True, check=False
        )
        if complete is None:
            complete = list_files(home)
            continue
        # A command on a file from outside is killed in the process that reads it.
        is_killed = done.returncode == -signal.SIGKILL or b"ended by SIGKILL" in done.stderr
        if is_killed:
            killed += 1
            if (home / target).exists() and target:
                litter = {name for name in list_files(home) if is_litter(name)}
                assert list_files(home) - litter == complete, step
                continue
        else:
            assert list_files(home) == complete
            continue
        left = list_files(home) - before
        assert all(map(is_litter, left)), (step, left)
        again = here.with_variables({"KILL_AT": "0"})
        again.run(*words, code=done_code(words))
        assert list_files(home) == complete, step
    assert killed >= 2


def is_litter(name: str) -> bool:
    return name.startswith("tmp/") or bool(re.search(r"\.(new-|scaffold-|microcosm-sqlite-)", name))


def done_code(words: list[str]) -> int:
    return 1 if words[0] == "diff" else 0
