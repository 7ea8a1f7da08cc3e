"""How much faster two workers are than one, each a process with its own copy of the data.

Run ``python -m benchmarks.interop.scaling`` where ``dask[dataframe,distributed]`` is installed as
well, on a machine with at least two processors.
"""

from __future__ import annotations

import argparse
import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import distributed

import microcosm_sqlite
from benchmarks.rounds import Contest, compete

if TYPE_CHECKING:
    import dask.dataframe

RESULTS = Path(__file__).parents[1] / "results/scaling.json"


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.interop.scaling")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--partitions", type=int, default=16)
    chosen = options.parse_args()
    frame = microcosm_sqlite.dataset("nycflights13").dask("flights", npartitions=chosen.partitions)
    with ExitStack() as stack:
        one, two = (start(workers, stack) for workers in (1, 2))
        contest = Contest(
            "2 workers", lambda: work(frame, two), "1 worker", lambda: work(frame, one)
        )
        (result,) = compete([contest], chosen.rounds)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    print(
        f"1 worker {result['rival_s']:.3f} s, 2 workers {result['ours_s']:.3f} s, "
        f"ratio {result['ratio']:.2f} ({result['ratio_min']:.2f} to {result['ratio_max']:.2f})"
    )


def start(workers: int, stack: ExitStack) -> distributed.Client:
    """A client of a cluster of processes on this machine."""
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs="ERROR"
    )
    stack.enter_context(cluster)
    return stack.enter_context(distributed.Client(cluster, set_as_default=False))


def work(frame: dask.dataframe.DataFrame, client: distributed.Client) -> object:
    """Read every row, and bring something small back."""
    return client.compute(frame.groupby("dest")["arr_delay"].mean()).result()


if __name__ == "__main__":
    main()
