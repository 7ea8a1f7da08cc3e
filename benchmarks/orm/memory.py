"""Memory that streaming takes above the imports, in MB, for so many rows.

Usage: ``python memory.py DATABASE ROWS``.
"""

import resource
import sys

import microcosm_sqlite
from microcosm_sqlite import DataSet, Store

DATABASE, ROWS = sys.argv[1], int(sys.argv[2])
sys.argv[1:] = ["ours", DATABASE]
from workloads import declare  # noqa: E402

Flight = declare(DataSet.create("bench"))


class FlightStore(Store):
    model_class = Flight


microcosm_sqlite.register("bench", DATABASE, immutable=True)
store = FlightStore()
assert store.first()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
assert sum(1 for _ in store.stream(Flight.id <= ROWS)) == ROWS
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sys.stdout.write(f"{(after - before) / 1024:.1f}")
