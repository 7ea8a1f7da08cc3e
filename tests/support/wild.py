"""Databases as they are found, and what is drafted and built of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings

PAGE = 1024
"""Bytes of a page of a database that is to be spoiled."""


def make(path: Path, script: str) -> Path:
    numbers = "(WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 300)"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(
            script.replace("generate_series", f"{numbers} SELECT value FROM n)")
        )
    return path


def draft(path: Path) -> tuple[tuple[str, ...], Path]:
    """The report of a draft, and the database that is built of it."""
    drafted = draft_project(path.parent / "wild-data", path)
    return drafted.report, build_dataset(ProjectSettings.from_pyproject(drafted.path)).path


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def spoil(path: Path, name: str) -> None:
    """Overwrite the first page of a table or an index."""
    ((root,),) = ask(path, f"SELECT rootpage FROM sqlite_schema WHERE name = '{name}'")
    content = bytearray(path.read_bytes())
    start = (int(str(root)) - 1) * PAGE
    content[start : start + PAGE] = b"\xff" * PAGE
    path.write_bytes(content)


def leave_journal(path: Path) -> None:
    """A copy made in the middle of a transaction, as a crash leaves it."""
    make(path, "CREATE TABLE t (a BLOB); INSERT INTO t VALUES (zeroblob(20000));")
    journal = path.with_name(f"{path.name}-journal")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA cache_size=2; BEGIN; UPDATE t SET a = randomblob(20000);")
        connection.execute("INSERT INTO t SELECT randomblob(9000) FROM t")
        content, undone = path.read_bytes(), journal.read_bytes()
    path.write_bytes(content)
    journal.write_bytes(undone)
