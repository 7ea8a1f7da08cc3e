"""Which hot paths are counted, and against what."""

from __future__ import annotations

import compileall
import random
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.instructions.counting import count
from tests.support.wheels import Wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
CONTENDER = ("-W", "ignore", Path(__file__).parent / "contender.py")
ROWS = 5_000
COLUMNS = (
    "year INTEGER, month INTEGER, day INTEGER, dep_time INTEGER, sched_dep_time INTEGER,"
    " dep_delay INTEGER, arr_time INTEGER, sched_arr_time INTEGER, arr_delay INTEGER,"
    " carrier TEXT, flight INTEGER, tailnum TEXT, origin TEXT, dest TEXT, air_time INTEGER,"
    " distance INTEGER, hour INTEGER, minute INTEGER, time_hour TEXT"
)
OURS = "import microcosm_sqlite; connection = microcosm_sqlite.dataset('flights').connect()"
BARE = "import sqlite3; connection = sqlite3.connect({uri!r}, uri=True)"
ROW = "; print(connection.execute('SELECT * FROM flights WHERE id = 7').fetchone())"


Figures = dict[tuple[str, str], float]
"""Instructions by way and workload."""


class Contest(NamedTuple):
    """A workload of ours and one of a rival's.

    Attributes:
        name: What is done, as users write it.
        workload: Our workload.
        way, rival: Whose workload it is measured against, and which one.
        aim: The most that the ratio of ours to theirs should be; 0 for none.
    """

    name: str
    workload: str
    way: str
    rival: str
    aim: float = 0

    @property
    def against(self) -> str:
        return f"{self.way}: {self.rival}"

    def read(self, figures: Figures) -> tuple[float, float]:
        """Our instructions and the rival's."""
        return figures["ours", self.workload], figures[self.way, self.rival]


CONTESTS = (
    Contest("process start to one row", "start", "sqlite3", "start", 1.5),
    Contest("dataset.connect()", "connect", "sqlite3", "connect"),
    Contest("datasets()", "list", "sqlite3", "connect"),
    Contest("Store.get(key)", "get", "sqlalchemy", "prepared", 1.1),
    Contest("Store.one(id=...)", "one", "ancestor", "one", 0.5),
    Contest("Store.one(id=...)", "one", "sqlalchemy", "prepared"),
    Contest("Store.search(id=...)", "search", "ancestor", "search", 0.5),
    Contest("Store.search(id=...)", "search", "sqlalchemy", "prepared"),
    Contest("Store.search(tailnum=..., limit=10)", "search 10", "ancestor", "search 10", 0.5),
    Contest("Store.search(tailnum=..., limit=10)", "search 10", "sqlalchemy", "prepared"),
    Contest("Store.search(criterion, limit=20)", "criterion", "sqlalchemy", "criterion", 1.1),
    Contest("Store.count(id=...)", "count", "sqlalchemy", "prepared"),
    Contest("a context around one lookup", "context", "ancestor", "context", 0.5),
    Contest("a context around one lookup", "context", "sqlalchemy", "context"),
    Contest("a row by key, Store.rows(id=...)", "row", "sqlite3", "get", 1.5),
    Contest("Store.rows(), the whole table", "rows", "sqlite3", "rows", 1.3),
    Contest("Store.stream(), the whole table", "stream", "sqlalchemy", "stream", 1.1),
)


def measure(pythons: Mapping[str, Path], folder: Path) -> Figures:
    """Instructions per repetition, by way and workload; ``folder`` is for temporary files."""
    database = make_database(folder / "flights.db")
    figures = count_starts(pythons["ours"], database, folder)
    for way, python in pythons.items():
        counted = count([python, *CONTENDER, way, database, "instructions"], folder)
        # The parts before the first workload, and between two, are of no interest.
        for (name, times), once, twice in zip(
            _read_lines(counted.output), counted.parts[1::3], counted.parts[2::3], strict=True
        ):
            figures[way, name] = (twice - once) / times
    return figures


def measure_memory(python: Path, folder: Path) -> dict[str, int]:
    """Bytes that our workloads need beyond what stays, by workload."""
    database = make_database(folder / "traced.db")
    command = [python, *CONTENDER, "ours", database, "bytes"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return dict(_read_lines(done.stdout))


def _read_lines(output: str) -> list[tuple[str, int]]:
    lines = (line.rpartition(" ") for line in output.splitlines())
    return [(name, int(number)) for name, _, number in lines]


def make_database(path: Path) -> Path:
    """A table of the shape of the example's flights, with the same rows in every run."""
    numbers = random.Random(7)
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE flights (id INTEGER PRIMARY KEY, {COLUMNS})")
    kinds = [column.split()[1] for column in COLUMNS.split(", ")]
    rows = [[_make_value(kind, numbers) for kind in kinds] for _ in range(ROWS)]
    for row in rows:
        row[11] = f"N{numbers.randrange(14000, 14400)}B"
        row[-1] = f"2013-{numbers.randrange(1, 13):02}-11 {numbers.randrange(24):02}:00:00.000000"
    for row in rows[::100]:
        row[11] = "N14228"
    places = ", ".join("?" * len(kinds))
    connection.executemany(f"INSERT INTO flights VALUES (NULL, {places})", rows)
    connection.execute("CREATE INDEX by_tail ON flights (tailnum)")
    connection.commit()
    connection.close()
    return path


def _make_value(kind: str, numbers: random.Random) -> object:
    return numbers.randrange(2400) if kind == "INTEGER" else f"{numbers.randrange(4096):03X}"


def count_starts(python: Path, database: Path, folder: Path) -> Figures:
    """Instructions of whole processes, up to a row: with a dataset, and with sqlite3 alone."""
    site = folder / "site"
    shutil.copytree(ROOT / "microcosm_sqlite", site / "microcosm_sqlite")
    Wheel("flights-data").carry(database, name="flights", package="flights_data").install(site)
    compileall.compile_dir(site, quiet=1)
    uri = f"{(site / 'flights_data/flights.db').as_uri()}?immutable=1&mode=ro"
    scripts = {"ours": OURS + ROW, "sqlite3": BARE.format(uri=uri) + ROW}
    return {
        (way, "start"): count(
            [python, "-s", "-S", "-c", script], folder, PYTHONPATH=str(site)
        ).total
        for way, script in scripts.items()
    }
