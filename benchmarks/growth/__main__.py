"""How each step grows from 10 thousand rows to 10 million: ``python -m benchmarks.growth``.

``--most`` ends at fewer rows. Every step of every size runs in a process of its own; short ones run
several times, of which the median counts. Prints a table, and writes
``benchmarks/results/growth.json`` and the figures of the documentation.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tabulate import tabulate

from benchmarks.authoring.generated import write_measurements
from benchmarks.figures_page import draw_growth_table, write_page
from benchmarks.growth.curves import Point
from benchmarks.growth.steps import STEPS, find_source
from benchmarks.report import RESULTS, keep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
ROUNDS = 5
MADE = {"draft": "drafted-data", "build": "project"}
"""What a step leaves in its folder, and would not make again."""

ENOUGH_S = 5.0
"""A step that takes longer runs once."""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    options.add_argument("--most", type=int, default=SIZES[-1], help="rows of the largest table")
    options.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each short step")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = [size for size in SIZES if size <= chosen.most]
        points = list(measure(sizes, Path(folder), chosen.rounds))
    keep(RESULTS / "growth.json", [], points=[point._asdict() for point in points])
    heads, lines = draw_growth_table(points)
    print(tabulate(lines, heads, disable_numparse=True))
    write_page()


def measure(sizes: Sequence[int], folder: Path, rounds: int = ROUNDS) -> Iterator[Point]:
    """Every step at every size."""
    for rows in sizes:
        place = folder / f"{rows}"
        find_source(place).parent.mkdir(parents=True)
        write_measurements(find_source(place), rows)
        for step in STEPS:
            yield measure_step(step, rows, place, rounds)
            print(".", end="", file=sys.stderr, flush=True)


def measure_step(step: str, rows: int, folder: Path, rounds: int = ROUNDS) -> Point:
    """The median of some runs, each of which draws and builds afresh."""
    runs = []
    while len(runs) < rounds:
        if step in MADE:
            shutil.rmtree(folder / MADE[step], ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.growth.steps", step, folder]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
        if runs[0]["seconds"] > ENOUGH_S:
            break
    return Point(
        step,
        rows,
        statistics.median(run["seconds"] for run in runs),
        max(run["megabytes"] for run in runs),
        runs[-1]["bytes"],
    )


if __name__ == "__main__":
    main()
