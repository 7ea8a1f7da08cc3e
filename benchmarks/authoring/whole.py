"""The example as it is against SQLite's shell: ``python -m benchmarks.authoring.whole``.

Five tables and four indexes, the flights zipped and plain; `make demo` fetches the sources.
The shell imports all tables, creates the same indexes, runs `ANALYZE` and `VACUUM INTO`, and checks
the integrity of the copy. Its flights have no column that numbers them. It writes `NA` as a text,
checks no value, and makes no digests.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.authoring.rivals import measure
from benchmarks.authoring.timing import ROOT, OurBuild, ToldContest
from benchmarks.report import draw

if TYPE_CHECKING:
    from benchmarks.rounds import Times

EXAMPLE = ROOT / "examples/nycflights13-data"
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


def contests_of_wholes(sources: Path, place: Path, rounds: int) -> list[dict[str, object]]:
    """The example as it is, with all tables and indexes, its flights zipped and plain."""
    results = []
    for zipped in (True, False) if shutil.which("sqlite3") else ():
        project = copy_example(EXAMPLE, sources, place, zipped=zipped)
        ours = OurBuild(project)
        ours()
        shell = ShellBuild(project, project / "src/nycflights13_data/nycflights13.db")
        name = f"the whole example, {ours.rows:,} rows, {project.name}"
        results.append(ToldContest(name, ours, shell.name, shell, 1.0).run(rounds, warm=True))
    return results


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.authoring.whole")
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--sources", type=Path, default=EXAMPLE / "sources")
    chosen = options.parse_args()
    if not [*chosen.sources.glob("flights.csv*")]:
        raise SystemExit(f"{chosen.sources} has no flights: run `make demo`, or give --sources.")
    if shutil.which("sqlite3") is None:
        raise SystemExit("sqlite3, which ours is compared with, is not installed.")
    with tempfile.TemporaryDirectory() as folder:
        print(draw(contests_of_wholes(chosen.sources, Path(folder), chosen.rounds)))


if __name__ == "__main__":
    main()
