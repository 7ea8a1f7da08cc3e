"""What stores cost against 2.0.0, SQLAlchemy and sqlite3: ``python -m benchmarks.orm``.

Every contender is a process of its own, warm, and they take turns within one run. Prints a table
and writes ``benchmarks/results/orm.json``.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.environments import ROOT, make_environment
from benchmarks.report import draw, keep
from benchmarks.rounds import Contest, Times, compete

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
EXAMPLE = ROOT / "examples/nycflights13-data/src/nycflights13_data/nycflights13.db"


class Worker:
    """A process that runs workloads in one way."""

    def __init__(self, python: Path | str, way: str, database: Path) -> None:
        command = [python, "-W", "ignore", HERE / "workloads.py", way, database]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, workload: str, repetitions: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{workload} {repetitions}\n")
        self.process.stdin.flush()

    def wait(self) -> Times:
        assert self.process.stdout is not None
        took = self.process.stdout.readline().split()
        if not took:
            raise SystemExit("A contender gave up; see above.")
        return Times(*map(float, took))

    def run(self, workload: str, repetitions: int) -> Times:
        self.start(workload, repetitions)
        return self.wait()


class WorkerContest(Contest):
    """A contest whose ways tell what they took, as their processes measured it."""

    def measure(self, way: Callable[[], object]) -> Times:
        took = way()
        assert isinstance(took, Times)
        return took


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.orm")
    options.add_argument("--database", type=Path, default=EXAMPLE, help="of the nycflights13 data")
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/orm.json")
    chosen = options.parse_args()
    if not chosen.database.exists():
        raise SystemExit(f"{chosen.database} is not there: run `make demo`, or give --database.")
    pythons = {way: make_environment(way) for way in ("ours", "ancestor", "sqlalchemy")}
    results = compete(contests_of_queries(pythons, chosen.database), chosen.rounds)
    rounds = max(3, chosen.rounds // 3)
    results += compete(contests_of_bulk(pythons, chosen.database), rounds)
    results += compete(contests_of_starts(pythons, chosen.database), chosen.rounds)
    memory = {
        rows: measure_memory(pythons["ours"], chosen.database, rows) for rows in (10_000, 336_776)
    }
    keep(chosen.output, results, stream_memory_mb=memory)
    print(draw(results))
    for rows, megabytes in memory.items():
        print(f"stream of {rows:,} rows: {megabytes} MB above the imports and the first row")


def make_workers(pythons: dict[str, Path], database: Path) -> dict[str, Worker]:
    workers = {way: Worker(python, way, database) for way, python in pythons.items()}
    return workers | {"sqlite3": Worker(pythons["sqlalchemy"], "sqlite3", database)}


def contests_of_queries(pythons: dict[str, Path], database: Path) -> list[Contest]:
    workers = make_workers(pythons, database)
    # A process that ever had a second thread allocates more slowly, so those are others.
    threaded = {way: Worker(pythons[way], way, database) for way in ("ours", "sqlalchemy")}

    def contest(
        name: str,
        workload: str,
        way: str,
        rival: str,
        aim: float | None,
        times: int = 1000,
        among: dict[str, Worker] = workers,
    ) -> Contest:
        return WorkerContest(
            name,
            lambda: among["ours"].run(workload, times),
            f"{'2.0.0' if way == 'ancestor' else way}: {rival}",
            lambda: among[way].run(rival, times),
            aim,
        )

    return [
        contest("Store.get", "get", "sqlalchemy", "prepared", 1.1),
        contest("Store.get", "get", "sqlalchemy", "get", None),
        contest("Store.get", "get", "sqlite3", "get", None),
        contest("Store.one(id=...)", "one", "ancestor", "one", 0.5),
        contest("Store.search(id=...)", "search", "ancestor", "search", 0.5),
        contest("Store.search(tailnum=..., limit=10)", "search 10", "ancestor", "search 10", 0.5),
        contest("Store.count(id=...)", "count", "ancestor", "count", 0.5),
        contest("a context around one lookup", "context", "ancestor", "context", 0.5),
        contest("a context around one lookup", "context", "sqlalchemy", "context", None),
        contest("Store.rows(id=...)", "row", "sqlite3", "get", None),
        contest(
            "8 threads, 250 lookups each", "threads", "sqlalchemy", "threads", 1.1, 1, threaded
        ),
    ]


def contests_of_bulk(pythons: dict[str, Path], database: Path) -> list[Contest]:
    workers = make_workers(pythons, database)
    pair = [Worker(pythons["ours"], "ours", database) for _ in range(2)]

    def run_both() -> Times:
        for worker in pair:
            worker.start("work", 4)
        one, other = (worker.wait() for worker in pair)
        return Times(max(one.clock, other.clock), one.cpu + other.cpu)

    return [
        WorkerContest(
            "Store.rows(), the whole table",
            lambda: workers["ours"].run("rows", 1),
            "sqlite3: cursor",
            lambda: workers["sqlite3"].run("rows", 1),
            1.3,
        ),
        WorkerContest(
            "Store.stream(), the whole table",
            lambda: workers["ours"].run("stream", 1),
            "sqlalchemy: yield_per",
            lambda: workers["sqlalchemy"].run("stream", 1),
            1.1,
        ),
        WorkerContest(
            "2,000 lookups by two processes",
            run_both,
            "ours: one process",
            lambda: pair[0].run("work", 8),
            1 / 1.8,
        ),
    ]


def contests_of_starts(pythons: dict[str, Path], database: Path) -> list[Contest]:
    def start(way: str) -> None:
        command = [pythons[way], "-W", "ignore", HERE / "start.py", way, database]
        subprocess.run(command, check=True)

    name = "start of a process, to the first object"
    return [
        Contest(name, lambda: start("ours"), "sqlalchemy", lambda: start("sqlalchemy"), 1.1),
        Contest(name, lambda: start("ours"), "2.0.0", lambda: start("ancestor"), 0.8),
    ]


def measure_memory(python: Path, database: Path, rows: int) -> float:
    done = subprocess.run(
        [python, HERE / "memory.py", database, str(rows)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    main()
