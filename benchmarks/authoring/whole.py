"""The example as it is, five tables and four indexes, against SQLite's shell doing the same work.

The shell imports all tables, creates the same indexes, runs `ANALYZE` and `VACUUM INTO`, and checks
the integrity of the copy. Its flights have no column that numbers them. It writes `NA` as a text,
checks no value, and makes no digests.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

from benchmarks.authoring.rivals import measure

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.rounds import Times

_NUMBERED = re.compile(r"\s*id INTEGER NOT NULL,|\s*CONSTRAINT pk_flights PRIMARY KEY \(id\),")
_UNZIP = (
    f'{sys.executable} -c "import sys, zipfile, shutil; a = zipfile.ZipFile(sys.argv[1]); '
    'shutil.copyfileobj(a.open(a.namelist()[0]), sys.stdout.buffer)"'
)


def copy_example(example: Path, sources: Path, place: Path, *, zipped: bool) -> Path:
    """The example's project with its sources; the flights zipped or plain."""
    project = place / ("zipped" if zipped else "plain")
    shutil.copytree(example, project, ignore=shutil.ignore_patterns("sources", "dist", "*.db*"))
    shutil.copytree(sources, project / "sources")
    archive, plain = (project / "sources" / name for name in ("flights.csv.zip", "flights.csv"))
    if zipped and not archive.exists():
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.write(plain, "flights.csv")
        plain.unlink()
    if not zipped and not plain.exists():
        with zipfile.ZipFile(archive) as packed:
            packed.extract("flights.csv", plain.parent)
        archive.unlink()
    return project


class ShellBuild:
    """The shell's way for a project that was built once; keeps the most memory of all runs."""

    name = "sqlite3, all of the same"

    def __init__(self, project: Path, database: Path) -> None:
        self.files = sorted((project / "sources").iterdir())
        self.place = project / "shell"
        with closing(sqlite3.connect(database)) as connection:
            self.schema = [
                sql
                for (sql,) in connection.execute("SELECT sql FROM sqlite_schema WHERE sql NOTNULL")
                if "sqlite_stat" not in sql
            ]
        self.memory = 0.0

    def __call__(self) -> Times:
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        loading = self.place / "loading.db"
        times, memory = measure(["sqlite3", "-bail", str(loading)], self.write_script())
        self.memory = max(self.memory, memory)
        return times

    def write_script(self) -> str:
        finished = self.place / "finished.db"
        tables = [_NUMBERED.sub("", sql) for sql in self.schema if sql.startswith("CREATE TABLE")]
        indexes = [sql for sql in self.schema if "INDEX" in sql.partition(" ON ")[0]]
        imports = [
            f".import --skip 1 {_read(file)} {file.name.partition('.')[0]}" for file in self.files
        ]
        return "\n".join(
            [
                *(f"{sql};" for sql in tables),
                ".mode csv",
                *imports,
                *(f"{sql};" for sql in indexes),
                "ANALYZE;",
                f"VACUUM INTO '{finished}';",
                f".open {finished}",
                "PRAGMA integrity_check;",
                "",
            ]
        )


def _read(file: Path) -> str:
    if file.suffix != ".zip":
        return str(file)
    command = f"unzip -p {file}" if shutil.which("unzip") else f"{_UNZIP} {file}"
    return f"'|{command}'"
