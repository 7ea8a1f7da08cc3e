"""Run the workloads of one way: ``python contender.py WAY DATABASE instructions|bytes``.

The ways are those of ``benchmarks/orm/workloads.py``. For instructions, ``os.getppid`` marks where
a workload begins and where it ends: whenever it is called, callgrind writes what it counted and
starts over. Each workload runs with two numbers of repetitions, of which the second is twice the
first: the difference has no part of what it takes to begin. Each line of the output is a workload
and the first number, in the order in which they ran. For bytes it is a workload and the most memory
that Python had allocated during one.
"""

import gc
import os
import sqlite3
import sys
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "orm"))

import workloads as orm

REPETITIONS = 50
"""Enough for Python to have adapted its code to what it meets, which costs more than to run it."""

BULK = ("rows", "stream")
"""What takes a whole table, and so runs once."""

OF_THREADS = ("threads", "work")
"""What depends on the order in which threads run."""


def connect_with_sqlite3():
    sqlite3.connect(orm.URI, uri=True).close()


def use_the_catalog():
    import microcosm_sqlite

    dataset = microcosm_sqlite.dataset("bench")
    return {
        "connect": orm.repeat(lambda: dataset.connect().close()),
        "list": orm.repeat(microcosm_sqlite.datasets),
    }


def count(name, workload):
    """Run a workload between three marks: once and twice as often as is returned."""
    times = choose_repetitions(name)
    workload(times)
    # A collection that looks at every imported object would fall on whoever runs at that moment.
    gc.collect()
    gc.freeze()
    os.getppid()
    workload(times)
    os.getppid()
    workload(2 * times)
    os.getppid()
    return times


def choose_repetitions(name):
    return 1 if name in BULK else REPETITIONS


def trace(name, workload):
    """Run a workload once, and return the peak of its memory in bytes."""
    workload(choose_repetitions(name))
    gc.collect()
    tracemalloc.start()
    workload(1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main():
    measure = trace if sys.argv[3] == "bytes" else count
    workloads = orm.make_workloads()
    if orm.WAY == "ours":
        workloads |= use_the_catalog()
    elif orm.WAY == "sqlite3":
        workloads["connect"] = orm.repeat(connect_with_sqlite3)
    for name, workload in workloads.items():
        if name not in OF_THREADS:
            print(name, measure(name, workload))


if __name__ == "__main__":
    main()
