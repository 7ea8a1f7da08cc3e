"""What hot paths cost in instructions: ``python -m benchmarks.instructions``.

Each way is a process under callgrind (Debian's package ``valgrind``). Counts are told in thousands,
and as multiples of what the rival takes in the same run. With ``--check`` only rivals of this
environment run, and the command fails if a hot path takes over 5 % more instructions or bytes of
memory than the kept baseline; ``--keep`` writes that baseline.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.environments import make_environment
from benchmarks.instructions.baseline import compare, keep, load
from benchmarks.instructions.contests import (
    CONTESTS,
    Contest,
    Figures,
    measure,
    measure_memory,
)

COLUMNS = "{:<44} {:>26} {:>9} {:>9} {:>6}  {}"


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m benchmarks.instructions")
    options.add_argument(
        "--check", action="store_true", help="fail if a hot path grew by over 5 %%"
    )
    options.add_argument("--keep", action="store_true", help="write the baseline")
    chosen = options.parse_args()
    is_here = chosen.check or chosen.keep
    ways = {"ours", "sqlalchemy", "sqlite3"} | (set() if is_here else {"ancestor"})
    contests = [contest for contest in CONTESTS if contest.way in ways]
    with tempfile.TemporaryDirectory() as folder:
        pythons = {way: find_python(way, is_here=is_here) for way in ways}
        figures = measure(pythons, Path(folder))
        memory = measure_memory(pythons["ours"], Path(folder))
    draw(contests, figures)
    for name, peak in memory.items():
        print(f"memory of {name}: {peak:,} bytes")
    if chosen.keep:
        keep(contests, figures, memory)
        return 0
    grown = compare(contests, figures, memory, load()) if chosen.check else []
    for line in grown:
        print(line, file=sys.stderr)
    return 1 if grown else 0


def find_python(way: str, *, is_here: bool) -> Path:
    """The interpreter that has what the way needs."""
    if is_here:
        return Path(sys.executable)
    return make_environment("sqlalchemy" if way == "sqlite3" else way)


def draw(contests: list[Contest], figures: Figures) -> None:
    print(COLUMNS.format("what", "against", "ours", "theirs", "ratio", "aim"))
    for contest in contests:
        ours, theirs = contest.read(figures)
        aim = f"{contest.aim:.2f} {'met' if ours / theirs <= contest.aim else 'missed'}"
        counts = (f"{ours / 1000:,.1f}", f"{theirs / 1000:,.1f}", f"{ours / theirs:.2f}")
        print(COLUMNS.format(contest.name, contest.against, *counts, aim if contest.aim else ""))


if __name__ == "__main__":
    sys.exit(main())
