"""Build a dataset project in a process of its own, and tell what it took.

``python -m benchmarks.authoring.workload PROJECT`` prints as JSON the rows, the seconds on the
clock and of the processors, and the peak of memory in MB above the imports, that of all processes
added up. The clock starts behind the imports, and stops when the database is published.

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
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from microcosm_sqlite.authoring import build
from microcosm_sqlite.authoring.project.settings import ProjectSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa


def main() -> None:
    project, *options = sys.argv[1:]
    settings = ProjectSettings.from_pyproject(Path(project))
    with leave_out_descriptions() if "--table" in options else nullcontext():
        print(json.dumps(measure(settings)))


def measure(settings: ProjectSettings) -> dict[str, float]:
    before, cpu, start = read_peak(), sum(os.times()[:4]), time.perf_counter()
    built = build.build_dataset(settings, force=True)
    seconds, cpu = time.perf_counter() - start, sum(os.times()[:4]) - cpu
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    memory = read_peak() - before + max(0, children - before)
    (table,) = built.manifest.tables.values()
    return {"rows": table.row_count, "clock": seconds, "cpu": cpu, "memory": memory}


def leave_out_descriptions() -> AbstractContextManager[Any]:
    """Make builds that say nothing of contents in their manifests."""

    def digest_tables(_: Path, tables: Iterable[str]) -> dict[str, str]:
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
