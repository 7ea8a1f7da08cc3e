"""Build a dataset project in a process of its own, and tell what it took.

``python -m benchmarks.authoring.workload PROJECT`` prints as JSON the rows, the seconds on the
clock and of the processors, and the peak of memory in MB above the imports, that of all processes
added up. The clock starts behind the imports, and stops when the database is published.

With ``--draft FOLDER`` behind it, the project is drafted from the files of a folder, and not built.
With ``--compress``, the database that was built is compressed at the default level.

With ``--table`` behind it, the rows are checked and the file is verified as ever, but what only
describes them is left out: the digests of contents, and the measurements of columns.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from microcosm_sqlite.authoring import build
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.finishing.finalise import compress
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import sqlalchemy as sa


def main() -> None:
    project, *options = sys.argv[1:]
    if "--draft" in options:
        print(json.dumps(clock(partial(draft_project, project, options[-1]))))
        return
    settings = ProjectSettings.from_pyproject(Path(project))
    if "--compress" in options:
        built = settings.database_path
        level = settings.compression_level
        print(json.dumps(clock(partial(compress, built, built.with_suffix(".zst"), level))))
        return
    with leave_out_descriptions() if "--table" in options else nullcontext():
        print(json.dumps(measure(settings)))


def measure(settings: ProjectSettings) -> dict[str, float]:
    """What a build takes, and how many rows it makes."""
    told = clock(partial(build.build_dataset, settings, force=True))
    manifest = Manifest.loads(settings.manifest_path.read_bytes())
    return {**told, "rows": sum(table.row_count for table in manifest.tables.values())}


def clock(work: Callable[[], object]) -> dict[str, float]:
    """What some work takes."""
    before, cpu, start = read_peak(), sum(os.times()[:4]), time.perf_counter()
    work()
    seconds, cpu = time.perf_counter() - start, sum(os.times()[:4]) - cpu
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    memory = read_peak() - before + max(0, children - before)
    return {"rows": 0, "clock": seconds, "cpu": cpu, "memory": memory}


def leave_out_descriptions() -> AbstractContextManager[Any]:
    """Make builds that say nothing of contents in their manifests."""

    def digest_tables(
        _: Path, tables: Iterable[str], meanwhile: Callable[[], None]
    ) -> dict[str, str]:
        meanwhile()
        return dict.fromkeys(tables, "")

    def measure_tables(_: Path, metadata: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
        return {name: [{} for _ in table.columns] for name, table in metadata.tables.items()}

    return patch.multiple(build, digest_tables=digest_tables, measure_tables=measure_tables)


def read_peak() -> float:
    """The most memory that this process has had, in MB."""
    # getrusage would count what the process that started this one had.
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    (line,) = (line for line in status.read_text().splitlines() if "VmHWM" in line)
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
