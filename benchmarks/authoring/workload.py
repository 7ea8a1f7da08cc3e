"""Build a dataset project in a process of its own, and tell what it took.

``python -m benchmarks.authoring.workload PROJECT`` prints as JSON the rows, the seconds on the
clock and of the processors, and the peak of memory in MB above the imports, that of all processes
added up. The clock starts behind the imports, and stops when the database is published.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import microcosm_sqlite.authoring.build
from microcosm_sqlite.authoring.project.settings import ProjectSettings


def main() -> None:
    settings = ProjectSettings.from_pyproject(Path(sys.argv[1]))
    before, cpu, start = read_peak(), sum(os.times()[:4]), time.perf_counter()
    built = microcosm_sqlite.authoring.build.build_dataset(settings, force=True)
    seconds, cpu = time.perf_counter() - start, sum(os.times()[:4]) - cpu
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    memory = read_peak() - before + max(0, children - before)
    (table,) = built.manifest.tables.values()
    told = {"rows": table.row_count, "clock": seconds, "cpu": cpu, "memory": memory}
    print(json.dumps(told))


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
