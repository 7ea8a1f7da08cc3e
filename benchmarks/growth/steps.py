"""One step on one dataset: ``python -m benchmarks.growth.steps STEP FOLDER``.

Prints as JSON what it took: seconds on the clock, from behind the imports; the most memory that a
process had, imports included; and bytes of what was written, where something was.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import microcosm_sqlite
from benchmarks.authoring.projects import write_project
from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.finishing.finalise import compress
from microcosm_sqlite.authoring.project.settings import DEFAULT_LEVEL, ProjectSettings
from microcosm_sqlite.catalog.cache.extraction import extract_file

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = "measurements"
LOOK_UPS = 2_000


def main(step: str, folder: Path) -> None:
    prepare, work = STEPS[step]
    made = prepare(folder)
    started = time.perf_counter()
    size = work(made)
    seconds = time.perf_counter() - started
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    megabytes = max(each.ru_maxrss for each in used) / 1024
    print(json.dumps({"seconds": seconds, "megabytes": megabytes, "bytes": size}))


def find_source(folder: Path) -> Path:
    return folder / "sources" / f"{TABLE}.csv"


def draft(folder: Path) -> int:
    draft_project(folder / "drafted-data", find_source(folder).parent)
    return 0


def prepare_build(folder: Path) -> ProjectSettings:
    return ProjectSettings.from_pyproject(
        write_project(folder / "project", TABLE, find_source(folder))
    )


def build(settings: ProjectSettings) -> int:
    return build_dataset(settings).path.stat().st_size


def find_dataset(folder: Path) -> microcosm_sqlite.InstalledDataset:
    path = folder / f"project/src/{TABLE}_data/{TABLE}.db"
    return microcosm_sqlite.register(TABLE, path, immutable=True)


def open_one(dataset: microcosm_sqlite.InstalledDataset) -> int:
    connection = dataset.connect()
    connection.execute(f"SELECT * FROM {TABLE} LIMIT 1").fetchone()
    connection.close()
    return 0


def prepare_look_ups(folder: Path) -> tuple[Any, list[int]]:
    dataset = find_dataset(folder)
    draw = random.Random(0)
    rows = dataset.tables[TABLE].row_count
    return dataset.connect(), [draw.randint(1, rows) for _ in range(LOOK_UPS)]


def look_up(made: tuple[Any, list[int]]) -> int:
    connection, numbers = made
    for number in numbers:
        connection.execute(f"SELECT * FROM {TABLE} WHERE rowid = ?", (number,)).fetchone()
    return 0


def scan(dataset: microcosm_sqlite.InstalledDataset) -> int:
    with dataset.arrow(TABLE, batch_size=65_536) as batches:
        for _ in batches:
            pass
    return 0


def prepare_compression(folder: Path) -> tuple[Path, Path]:
    return find_dataset(folder).path, folder / f"{TABLE}.db.zst"


def compress_file(made: tuple[Path, Path]) -> int:
    compress(*made, DEFAULT_LEVEL)
    return made[1].stat().st_size


def prepare_extraction(folder: Path) -> tuple[str, Any, str]:
    dataset = find_dataset(folder)
    packed = folder / f"{TABLE}.db.zst"
    raw = dataset.manifest.raw if dataset.manifest else {}
    extension = raw["microcosm-sqlite"] | {"compression": "zstd"}
    manifest = microcosm_sqlite.Manifest(raw | {"microcosm-sqlite": extension})
    return str(packed), manifest, str(folder / f"cache{os.getpid()}")


def extract(made: tuple[str, Any, str]) -> int:
    return Path(extract_file(*made)).stat().st_size


def verify(dataset: microcosm_sqlite.InstalledDataset) -> int:
    assert dataset.verify(full=True).ok
    return 0


def keep_folder(folder: Path) -> Path:
    return folder


STEPS: dict[str, tuple[Callable[[Path], Any], Callable[[Any], int]]] = {
    "draft": (keep_folder, draft),
    "build": (prepare_build, build),
    "verify": (find_dataset, verify),
    "scan": (find_dataset, scan),
    "compress": (prepare_compression, compress_file),
    "extract": (prepare_extraction, extract),
    "look-up": (prepare_look_ups, look_up),
    "open": (find_dataset, open_one),
}
"""What prepares each step, which is not timed, and what does it; builds come before reading."""

if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
