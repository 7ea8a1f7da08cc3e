"""Faults while a project is drafted or built."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.faults.harness import Ended, Trial, need_mounts, proves, run
from tests.support.projects import SOURCES, make_project

SIZES = ("1m", "100k", "400k", "1500k")
"""Of disks that are full in one step or another of a draft that takes more."""
MOUNTED = (
    'mount -t tmpfs -o size="$0" none "$1" && shift && "$@"; code=$?; ls -A "$FULL"; exit $code'
)
BUILT = (
    'mount -t tmpfs -o size="$0" none "$1" && cp -r "$2" "$1/birds-data" && shift 2 && "$@"; '
    'code=$?; ls -A "$FULL/birds-data/src/birds_data" >&2; exit $code'
)


@proves(27)
def a_full_disk_is_told_by_new_and_leaves_no_project(trial: Trial) -> None:
    unshare = need_mounts()
    disk, source = trial.folder / "disk", trial.folder / "source"
    for folder in (disk, source):
        folder.mkdir()
    (source / "birds.csv").write_text(
        "id,name\n" + "".join(f"{n},{n:0>40}\n" for n in range(30_000))
    )

    def draft(target: Path, size: str, **environment: str) -> Ended:
        command = [sys.executable, "-m", "microcosm_sqlite", "new", target, "--from", source]
        return run(
            [*unshare, "sh", "-c", MOUNTED, size, str(disk), *map(str, command)],
            environment={"FULL": str(disk), **environment},
        )

    for size in trial.choose(SIZES, 1):
        ended = draft(disk / "birds-data", size)
        told = (
            f"Error: {disk / 'birds-data'}: No space left on device.\nHint: Free some space there."
        )
        trial.expect(ended.code == 1 and told in ended.errors, f"target of {size}: {ended}")
        trial.expect(ended.output == "", f"left on a target of {size}: {ended.output}")
        ended = draft(trial.folder / "birds-data", size, TMPDIR=str(disk))
        is_told = f"Error: {disk}/" in ended.errors and "set TMPDIR" in ended.errors
        trial.expect(ended.code == 1 and is_told, f"TMPDIR of {size}: {ended}")
        trial.expect(ended.output == "", f"left in a TMPDIR of {size}: {ended.output}")
    left = {path.name for path in trial.folder.iterdir()} - {"disk", "source"}
    trial.leftovers += sorted(left)


@proves(27)
def a_full_disk_is_told_by_build_and_leaves_no_database(trial: Trial) -> None:
    unshare = need_mounts()
    disk = trial.folder / "disk"
    disk.mkdir()
    rows = "".join(f"{n},Bird {n},PARU,1,\n" for n in range(4, 30_000))
    sources = SOURCES | {"birds.csv": SOURCES["birds.csv"] + rows}
    project = make_project(trial.folder / "source", sources=sources)
    target = disk / "birds-data" / "src" / "birds_data" / "birds.db"
    told = f"Error: {target}: No space left on device.\nHint: Free some space there.\n"
    for size in trial.choose(("800k", "1m", "2m", "3m"), 2):
        command = [sys.executable, "-m", "microcosm_sqlite", "build", str(disk / "birds-data")]
        ended = run(
            [*unshare, "sh", "-c", BUILT, size, str(disk), str(project), *command],
            environment={"FULL": str(disk), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        trial.expect(ended.code == 1 and told in ended.errors, f"disk of {size}: {ended}")
        left = ended.errors.partition(told)[2].split()
        trial.expect(left == ["__init__.py", "models.py"], f"left on a disk of {size}: {left}")
