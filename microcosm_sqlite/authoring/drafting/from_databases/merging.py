"""Tables that are dropped from a copy of a database, or taken over from another copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from microcosm_sqlite.authoring.drafting.from_databases.remaking import copy_rows, open_copy
from microcosm_sqlite.authoring.sources.databases import explained, list_tables
from microcosm_sqlite.common.sql import quote_identifier


def drop_tables(snapshot: Path, is_dropped: Callable[[str], bool]) -> list[str]:
    """Drop tables of a copy, and tell which.

    Args:
        snapshot: The copy.
        is_dropped: Which tables are dropped, by their names.

    Raises:
        SourceError: It cannot be read.
    """
    with closing(sqlite3.connect(snapshot, isolation_level=None)) as connection:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        names = [name for (name,) in connection.execute(query) if is_dropped(name)]
        for name in names:
            connection.execute(f"DROP TABLE {quote_identifier(name)}")
        if names:
            connection.execute("VACUUM")
    return names


def take_tables(snapshot: Path, target: Path) -> None:
    """Copy all tables of a copy into another, which has none that is called so.

    Args:
        snapshot: The copy that they come from.
        target: The one that they are taken into.

    Raises:
        SourceError: They cannot be, as where the two are of different encodings.
    """
    tables = list_tables(snapshot, snapshot.name)
    with explained(snapshot.name), closing(open_copy(target)) as connection:
        connection.execute("ATTACH ? AS other", (str(snapshot),))
        connection.execute("BEGIN")
        for name in tables:
            query = "SELECT sql FROM other.sqlite_schema WHERE type = 'table' AND name = ?"
            (sql,) = connection.execute(query, (name,)).fetchone()
            connection.execute(sql)
            copy_rows(connection, name, "other", "main", like="other")
        connection.execute("COMMIT")
