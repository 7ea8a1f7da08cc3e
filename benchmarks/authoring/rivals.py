"""Others who make a database of a file of CSV: each in a process of its own, and checked."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.authoring.projects import write_ddl
from benchmarks.environments import make_environment
from benchmarks.rounds import Times

Way = Callable[[], Times]

_STAND_IN = """\
import csv, sqlite3, sys
database, table, ddl, source = sys.argv[1:]
connection = sqlite3.connect(database)
connection.execute(ddl)
with open(source, newline="", encoding="utf-8") as lines:
    rows = csv.reader(lines)
    places = ", ".join("?" * len(next(rows)))
    connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
connection.commit()
"""

_PANDAS = """\
import sqlite3, sys
import pandas
database, table, source = sys.argv[1:]
frame = pandas.read_csv(source, low_memory=False)
frame.to_sql(table, sqlite3.connect(database), index=False, chunksize=50_000)
"""


class Rival:
    """One way from a file of CSV to a table, and the most memory that it took, in MB."""

    def __init__(self, name: str, command: list[str | Path], script: str = "") -> None:
        self.name = name
        self.command = command
        self.script = script
        self.memory = 0.0

    def extend(self, name: str, *arguments: str) -> Rival:
        """The same with more arguments."""
        return Rival(f"{self.name} {name}", [*self.command, *arguments], self.script)

    def make_way(self, table: str, source: Path, rows: int, place: Path) -> Way:
        """The way for one file; it gives what it took, and fails if rows are missing."""
        database = place / "rival.db"
        given = {
            "database": str(database),
            "table": table,
            "source": str(source),
            "ddl": write_ddl(table),
        }
        command = [str(part).format(**given) for part in self.command]

        def run() -> Times:
            database.unlink(missing_ok=True)
            times, memory = measure(command, self.script.format(**given))
            self.memory = max(self.memory, memory)
            with closing(sqlite3.connect(database)) as connection:
                ((name,),) = connection.execute(
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> ?",
                    ("sqlite_sequence",),
                )
                ((found,),) = connection.execute(f'SELECT count(*) FROM "{name}"')
            if found != rows:
                raise SystemExit(f"{self.name} has {found:,} rows of {rows:,}.")
            database.unlink()
            return times

        return run


def measure(command: list[str], script: str = "") -> tuple[Times, float]:
    """Run a program that must succeed: seconds, those of the processors, and its peak in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(script)
    process.stdin.close()
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    clock = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{told}")
    return Times(clock, usage.ru_utime + usage.ru_stime), usage.ru_maxrss / 1024


def find_shell() -> Rival:
    """SQLite's shell, or what is nearest to it where it is not installed."""
    if shutil.which("sqlite3"):
        script = "{ddl};\n.mode csv\n.import --skip 1 {source} {table}\n"
        return Rival("sqlite3 .import", ["sqlite3", "{database}"], script)
    arguments: list[str | Path] = ["{database}", "{table}", "{ddl}", "{source}"]
    name = "executemany of Python's sqlite3"
    return Rival(
        name, [sys.executable, "-c", _STAND_IN.replace("{", "{{").replace("}", "}}"), *arguments]
    )


def find_others() -> dict[str, Rival]:
    """The libraries, each in an environment of its own."""
    folders = {name: make_environment(name).parent for name in ("csvs-to-sqlite", "sqlite-utils")}
    sqlite_utils = folders["sqlite-utils"] / "sqlite-utils"
    detecting = [sqlite_utils, "insert", "{database}", "{table}", "{source}", "--csv", "--silent"]
    return {
        "csvs-to-sqlite": Rival(
            "csvs-to-sqlite",
            [folders["csvs-to-sqlite"] / "csvs-to-sqlite", "{source}", "{database}"],
        ),
        "pandas": Rival(
            "pandas to_sql",
            [make_environment("pandas"), "-c", _PANDAS, "{database}", "{table}", "{source}"],
        ),
        "sqlite-utils": Rival("sqlite-utils insert, detecting types", detecting),
    }
