"""What a command wrote that was killed, or met a failing disk, is all there or not at all."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from microcosm_sqlite.common.project_revision import recover_project
from tests.cli.conftest import Program
from tests.support.projects import SOURCES, make_project
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
            if count == 0 and "FAIL_BY" in os.environ:
                number = int(os.environ["FAIL_BY"])
                raise OSError(number, os.strerror(number), arguments[0])
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
WRITING = COMMANDS | {
    "new from CSV": (["new", "made/p", "--from", "csv"], "made/p"),
    "extraction": (["verify", "colours"], ""),
}


def list_files(folder: Path) -> set[str]:
    """Every file below a folder, but for caches, which are private to this program."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not {"cache", "__pycache__"} & set(path.parts)
    }


def fill_home(home: Path, wheel: Path) -> None:
    for folder in ("made", "empty", "dist", "tmp", "csv"):
        (home / folder).mkdir(parents=True)
    make_database(home / "old.db")
    make_database(home / "new.db", extra="ALTER TABLE colour ADD COLUMN more TEXT")
    (home / "dist" / wheel.name).write_bytes(wheel.read_bytes())
    (home / "csv" / "towns.csv").write_text("id,name\n1,Bath\n2,Wells\n")


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
        fill_home(home, birds_wheel)
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


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
@pytest.mark.parametrize("words", [words for words, _ in WRITING.values()], ids=WRITING)
def test_an_error_of_the_disk_at_any_step_is_told_and_leaves_all_or_nothing(
    program: Program, birds_wheel: Path, tmp_path: Path, words: list[str], number: int
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK)
    failed = 0
    for step in [1, 2, 3, 5, 8, 13, 21, 34]:
        home = tmp_path / str(step)
        fill_home(home, birds_wheel)
        before = list_files(home)
        variables = {
            "PYTHONPATH": f"{program.site}{os.pathsep}{hooks}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "KILL_AT": str(step),
            "FAIL_BY": str(number),
            "TMPDIR": str(home / "tmp"),
        }
        here = Program(program.site, home, variables)
        done = subprocess.run(
            here.command(*words),
            env=here.environment,
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        if done.returncode == done_code(words):
            continue  # so many steps it has not, or it does without this one
        failed += 1
        assert os.strerror(number) in done.stderr, (step, done.stderr)
        assert "defect" not in done.stderr
        assert list_files(home) == before, step
    assert failed


REVISING = {
    "add": ["add", "more/rivers.csv", "--project", "birds-data"],
    "refresh": ["refresh", "newer", "--apply", "--project", "birds-data"],
    "build": ["build", "birds-data"],
}
STEPS = [1, 2, 3, 8, 21, 55]


def fill_project(home: Path) -> Path:
    home.mkdir()
    for name, text in {
        "more/rivers.csv": "id,name,bird_id\n1,Avon,1\n2,Axe,2\n",
        "newer/birds.csv": SOURCES["birds.csv"] + "4,Jay,CORV,55,\n",
    }.items():
        (home / name).parent.mkdir()
        (home / name).write_text(text)
    (home / "tmp").mkdir()
    return make_project(home / "birds-data")


def read_project(root: Path) -> dict[str, str]:
    """What an author sees of a project, which none of its builds changes."""
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.suffix in (".py", ".toml", ".csv")
    }


@pytest.mark.parametrize("words", REVISING.values(), ids=REVISING)
@pytest.mark.parametrize("number", [0, errno.EIO, errno.ENOSPC], ids=["kill", "EIO", "ENOSPC"])
def test_a_project_is_as_before_or_as_after_whatever_stops_the_command(
    program: Program, tmp_path: Path, words: list[str], number: int
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK)
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    stopped = 0
    for step in [0, *STEPS]:
        root = fill_project(tmp_path / str(step))
        before = before or read_project(root)
        variables = {
            "PYTHONPATH": f"{program.site}{os.pathsep}{hooks}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "KILL_AT": str(step),
            "TMPDIR": str(root.parent / "tmp"),
            **({"FAIL_BY": str(number)} if number else {}),
        }
        here = Program(program.site, root.parent, variables)
        done = subprocess.run(
            here.command(*words),
            env=here.environment,
            cwd=here.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        if not step:
            assert done.returncode == 0, done.stderr
            after = read_project(root)
        elif done.returncode == 0:
            assert read_project(root) == after, step
        else:
            stopped += 1
            if number:
                assert os.strerror(number) in done.stderr, (step, done.stderr)
                assert "defect" not in done.stderr
                assert read_project(root) == before, step
            else:
                recover_project(root)
                assert read_project(root) in (before, after), step
                here.with_variables({"KILL_AT": "0"}).run("build", "birds-data")
    assert stopped
