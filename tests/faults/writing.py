"""Each command that writes is killed, or meets an error, at each of its writing system calls.

What it leaves is the old or the new, file by file and whole; an error leaves the old, says so, and
leaves nothing else; and the command that runs next works, and sweeps what a killed one left.
"""

from __future__ import annotations

import atexit
import re
import shutil
import sys
import zipfile
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME, Manifest
from tests.faults.harness import Ended, Trial, need_tool, proves, run, snapshot
from tests.support.projects import build_wheel, make_project
from tests.support.wheels import Wheel, make_database

MARK = "/marker/of/the/fault/suite"
COMMAND = f"""
import os, sys
from microcosm_sqlite.cli import main
sys.dont_write_bytecode = True
try: os.mkdir({MARK!r})
except OSError: pass
main()
"""

CALLS = (
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "mkdir",
    "link",
    "symlink",
    "rename",
    "unlink",
    "rmdir",
    "copy_file_range",
    "sendfile",
)
FAULTS = ("signal=SIGKILL", "error=EIO", "error=ENOSPC")
CLEARING = ("unlink", "rmdir")
"""Calls that clear away: where they fail, the result is there, and something may stay beside it."""
FILLING = ("write", "fsync", "ftruncate", "mkdir")
"""Calls that a disk without room refuses."""


@dataclass(frozen=True)
class Writing:
    """A command that writes.

    Attributes:
        arguments: What follows the name of the program.
        target: What it writes, relative to the folder that it runs in.
        is_removing: Whether it removes files, some of which may be gone after an error.
        is_repeatable: Whether it can be run again where it was run already.
        code: Its exit code where all is well.
    """

    arguments: str
    target: str
    is_removing: bool = False
    is_repeatable: bool = False
    code: int = 0


COMMANDS = {
    "export of a table": Writing("export birds.birds --to csv -o out.csv", "out.csv"),
    "export to Parquet": Writing("export birds.birds --to parquet -o out.parquet", "out.parquet"),
    "export of a dataset": Writing("export birds --to datapackage -o out", "out"),
    "site": Writing("site birds -o public", "public", is_repeatable=True),
    "subset": Writing("subset birds --rows 1 -o lite", "lite"),
    "new": Writing("new planets-data --from more", "planets-data"),
    "diff": Writing("diff one.db two.db --migration revisions", "revisions", code=1),
    "add": Writing("add more --project project", "project"),
    "refresh": Writing("refresh second --apply --project project", "project"),
    "build": Writing("build project --force", "project", is_repeatable=True),
    "release": Writing("release old.whl --project project", "project"),
    "cache clear": Writing("cache clear", "cache", is_removing=True, is_repeatable=True),
    "cache prune": Writing("cache prune --days 0", "cache", is_removing=True, is_repeatable=True),
}


class Stage:
    """A folder with all that the commands read and change, set up again for each try.

    Args:
        folder: An empty folder.
        writing: The command.
    """

    def __init__(self, folder: Path, writing: Writing) -> None:
        self.writing = writing
        self.folder, self.temporary = folder / "stage", folder / "temporary"

    def reset(self) -> None:
        """Bring back what was there."""
        for path in (self.folder, self.temporary):
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(prepare(), self.folder)
        self.temporary.mkdir()

    def run(self, *watched: str) -> Ended:
        """Run the command, below whatever watches it."""
        command = [sys.executable, "-c", COMMAND, *self.writing.arguments.split()]
        return run_in(self.folder, self.temporary, [*watched, *command])

    def look(self) -> dict[str, bytes]:
        """What is at the target, and what is in no place of its own, by name."""
        known = {path.name for path in prepare().iterdir()} | {self.writing.target}
        found = snapshot(self.folder)
        return {
            name: content
            for name, content in found.items()
            if Path(name).parts[0] == self.writing.target or Path(name).parts[0] not in known
        } | {f"TMPDIR/{name}": content for name, content in snapshot(self.temporary).items()}


def run_in(folder: Path, temporary: Path, command: list[str], *more: Path) -> Ended:
    """Run a program that finds the datasets of the stage."""
    path = [*more, folder / "site", Path(__file__).parents[2]]
    variables = {
        "PYTHONPATH": ":".join(map(str, path)),
        "TMPDIR": str(temporary),
        "MICROCOSM_SQLITE_CACHE_DIR": str(folder / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SOURCE_DATE_EPOCH": "1700000000",
    }
    return run(command, environment=variables, cwd=folder)


@cache
def prepare() -> Path:
    """A folder with an installed dataset, a project, files to draft from, and a full cache."""
    room = Path(mkdtemp(prefix="faults-")).resolve()
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    folder, elsewhere = room / "stage", room / "elsewhere"
    project = make_project(folder / "project")
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## 1.0 - 2026-01-01\n\n- First.\n")
    wheel = build_wheel(project)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    wheel.rename(folder / "old.whl")
    shutil.rmtree(wheel.parent)
    for name in ("more", "second", "public", "tmp"):
        (folder / name).mkdir()
    (folder / "more" / "planets.csv").write_text("id,name\n1,Venus\n2,Mars\n")
    birds = project / "sources" / "birds.csv"
    birds.write_text(birds.read_text() + "4,Jay,CORV,55,\n")
    (folder / "second" / "birds.csv").write_text(birds.read_text() + "5,Magpie,CORV,60,\n")
    (folder / "public" / "index.html").write_text("the list of last year\n")
    make_database(folder / "one.db")
    make_database(folder / "two.db", extra="ALTER TABLE colour ADD COLUMN note TEXT;")
    database = make_database(room / "colours.db", rows=9)
    Wheel("colours-data").carry(database, compression="gzip").install(elsewhere)
    query = [sys.executable, "-m", "microcosm_sqlite", "query", "colours", "SELECT 1"]
    extracted = run_in(folder, folder / "tmp", query, elsewhere)
    assert extracted.code == 0, extracted
    return folder


def find_points(stage: Stage, strace: str, log: Path) -> list[tuple[str, int]]:
    """Each call that changes something below the stage: its name, and its number in its thread."""
    watched = [strace, "-f", "-y", "-o", str(log), "-e", f"trace={','.join(CALLS)}"]
    ended = stage.run(*watched)
    assert ended.code == stage.writing.code, ended
    counts: dict[tuple[str, str], int] = {}
    points: dict[tuple[str, int], None] = {}
    is_marked = False
    for line in log.read_text(errors="replace").splitlines():
        matched = re.match(r"(\d+)\s+(\w+)\(", line)
        if matched is None:
            continue
        counts[matched.groups()] = number = counts.get(matched.groups(), 0) + 1
        is_marked = is_marked or MARK in line
        is_ours = str(stage.folder.parent) in line
        if is_marked and MARK not in line and "O_RDONLY" not in line and is_ours:
            points[matched[2], number] = None
    return list(points)


def interrupt(name: str, trial: Trial) -> None:
    """Try the faults on one command."""
    strace = need_tool("strace")
    stage = Stage(trial.folder, COMMANDS[name])
    stage.reset()
    old = stage.look()
    points = find_points(stage, strace, trial.folder / "log")
    new = stage.look()
    trial.expect(points and new != old, f"{name} changes nothing: {points}")
    tries = [(call, number, fault) for call, number in points for fault in FAULTS]
    for call, number, fault in trial.choose(tries, 2):
        stage.reset()
        inject = f"inject={call}:{fault}:when={number}"
        ended = stage.run(strace, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)
        judge(trial, stage, ended, old, new, f"{name}: {fault} at {call} {number}")


def judge(
    trial: Trial,
    stage: Stage,
    ended: Ended,
    old: dict[str, bytes],
    new: dict[str, bytes],
    what: str,
) -> None:
    """Compare what is there with what was there, and with what should be; then run once more."""
    found = stage.look()
    for name in found.keys() & (old.keys() | new.keys()):
        is_whole = found[name] in (old.get(name), new.get(name))
        trial.expect(is_whole, f"{what}: {name} is neither the old nor the new")
    trial.expect(*find_mismatch(found, what))
    trial.expect("Traceback" not in ended.errors, f"{what}: {ended.errors}")
    is_told = ended.code in (1, 2) and "Error: " in ended.errors
    if is_told and "ENOSPC" in what and any(call in what for call in FILLING):
        # That standard output cannot be written is told without a place.
        is_helpful = "Hint: Free some space" in ended.errors
        is_output = "Error: No space left on device." in ended.errors
        trial.expect(is_helpful or is_output, f"{what}: no hint: {ended.errors}")
    if "SIGKILL" in what:
        strays = [name for name in found.keys() - old.keys() - new.keys() if not is_hidden(name)]
        trial.leftovers += [f"{what}: {name}" for name in strays]
    elif not (any(call in what for call in CLEARING) and found.items() >= new.items()):
        # What cannot be told at the end, as where a result cannot be printed, is done all the same.
        is_right = (is_told and found in (old, new)) or (
            ended.code == stage.writing.code and found == new
        )
        is_right = is_right or (stage.writing.is_removing and is_told)
        strays = sorted(found.keys() ^ old.keys())
        trial.expect(is_right, f"{what}: {ended}, changed {strays}")
    if found.items() >= new.items() and not stage.writing.is_repeatable:
        return
    again = stage.run()
    missing = new.items() - stage.look().items()
    trial.expect(again.code == stage.writing.code and not missing, f"{what}: no recovery: {again}")
    left = stage.look().keys() - new.keys()
    trial.leftovers += [f"{what}, then again: {name}" for name in sorted(left)]


def find_mismatch(found: dict[str, bytes], what: str) -> tuple[bool, str]:
    """Whether each manifest describes the database beside it, and what to say if one does not."""
    for name, content in found.items():
        if Path(name).name == FILE_NAME and content and not is_hidden(name):
            manifest = Manifest.loads(content)
            database = found.get(Path(name).with_name(manifest.resource).as_posix())
            expected = manifest.raw[EXTENSION].get("hash", "")
            if database is not None and expected != f"sha256:{sha256(database).hexdigest()}":
                return False, f"{what}: {name} is beside a database that it does not describe"
    return True, ""


def is_hidden(name: str) -> bool:
    """Whether a file is in a folder for work, which the next command sweeps."""
    return name.startswith("TMPDIR/") or any(part.startswith(".") for part in Path(name).parts)


for _name in COMMANDS:
    _case = partial(interrupt, _name)
    _case.__name__ = f"{_name}_stopped_anywhere_leaves_the_old_or_the_new".replace(" ", "_")  # type: ignore[attr-defined]
    proves(26, 27, 43)(_case)
