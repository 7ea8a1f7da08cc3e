"""Time answers of FastAPI with stores and with SQLAlchemy: ``python -m benchmarks.servers``.

The two services run at the same time, each a process of uvicorn, and are asked in turns by several
clients. Prints the median and the 99th percentile of both, over the answers of all turns, and the
ratios; writes ``benchmarks/results/servers.json``. Wants the dependency group ``servers``.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.environments import ROOT
from benchmarks.report import draw, keep

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = ROOT / "examples/nycflights13-data/src/nycflights13_data/nycflights13.db"
ROWS = 336_776
AIM = 1.1
WAYS = ("ours", "sqlalchemy")
QUESTIONS = {
    "one": "get by key; Session in the endpoint",
    "some": "search, 20 rows; Session in the endpoint",
    "context": "get by key; context or Session in a dependency",
    "async": "AsyncStore; AsyncSession in a dependency",
}


class Round(NamedTuple):
    """What one service took for one round: seconds of each answer, and of its processor."""

    latencies: list[float]
    cpu: float


class Server(NamedTuple):
    """A service that runs."""

    port: int
    process: int


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.servers")
    options.add_argument("--database", type=Path, default=EXAMPLE, help="of the nycflights13 data")
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--requests", type=int, default=200, help="of each round, by all clients")
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/servers.json")
    chosen = options.parse_args()
    if not chosen.database.exists():
        raise SystemExit(f"{chosen.database} is not there: run `make demo`, or give --database.")
    results: list[dict[str, Any]] = []
    with ExitStack() as stack, ThreadPoolExecutor(chosen.clients) as pool:
        servers = [stack.enter_context(serve(way, chosen.database)) for way in WAYS]
        for question, name in QUESTIONS.items():
            rounds = []
            for number in range(chosen.rounds + 1):
                turn = 1 if number % 2 else -1
                asked = [
                    ask(server, question, chosen.requests, chosen.clients, pool)
                    for server in servers[::turn]
                ][::turn]
                rounds += [asked] if number else []  # the first warms up
            results += [compare(name, percent, rounds) for percent in (50, 99)]
    keep(chosen.output, results)
    print(draw(results))


@contextmanager
def serve(way: str, database: Path) -> Iterator[Server]:
    """Start a service, wait until it listens, and end it."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        port = opened.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.servers.service:app"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "warning"],
        cwd=ROOT,
        env=os.environ | {"WAY": way, "DATABASE": str(database)},
    )
    try:
        while True:
            if process.poll() is not None:
                raise SystemExit("A service gave up; see above.")
            try:
                socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                time.sleep(0.1)
            else:
                break
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def ask(
    server: Server, question: str, requests: int, clients: int, pool: ThreadPoolExecutor
) -> Round:
    """Let all clients ask a service their part of a round."""
    before = read_cpu(server.process)
    shares = [range(number, requests, clients) for number in range(clients)]
    found = pool.map(lambda share: ask_alone(server.port, question, share), shares)
    latencies = [latency for part in found for latency in part]
    return Round(latencies, read_cpu(server.process) - before)


def ask_alone(port: int, question: str, numbers: range) -> list[float]:
    """Ask one after the other, through one connection; return the seconds of each."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    latencies = []
    for number in numbers:
        started = time.perf_counter()
        connection.request("GET", f"/{question}/{number * 7919 % ROWS + 1}")
        answer = connection.getresponse()
        answer.read()
        latencies.append(time.perf_counter() - started)
        assert answer.status == 200, answer.status
    connection.close()
    return latencies


def read_cpu(process: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def compare(name: str, percent: int, rounds: list[list[Round]]) -> dict[str, Any]:
    """One percentile of all answers; the ratio of ours to the rival's, and its spread by rounds."""
    ratios = [
        find_percentile(ours.latencies, percent) / find_percentile(rival.latencies, percent)
        for ours, rival in rounds
    ]
    ours, rival = (
        find_percentile([seconds for asked in rounds for seconds in asked[side].latencies], percent)
        for side in range(len(WAYS))
    )
    cpu = [sum(asked[side].cpu for asked in rounds) for side in range(len(WAYS))]
    return {
        "name": f"{name}: p{percent}",
        "rival": "SQLAlchemy",
        "ours_s": ours,
        "rival_s": rival,
        "ratio": ours / rival,
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "cpu_ratio": cpu[0] / cpu[1],
        "aim": AIM,
        "is_met": ours / rival <= AIM,
        "rounds": len(ratios),
    }


def find_percentile(seconds: list[float], percent: int) -> float:
    """The time within which as many of a hundred answers came."""
    return statistics.quantiles(seconds, n=100)[percent - 1]


if __name__ == "__main__":
    main()
