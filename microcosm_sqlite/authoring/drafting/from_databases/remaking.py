"""A table of a copy rebuilt from its rows alone, with the indexes that its keys need."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from microcosm_sqlite.catalog.structure import is_without_rowid
from microcosm_sqlite.common.sql import name_rowid, quote_identifier
from microcosm_sqlite.common.workspace import open_scratch


def open_copy(target: Path) -> sqlite3.Connection:
    """Open a copy to change it; rows that break a check are no damage."""
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    return connection


def make_anew(target: Path, table: str, sql: str = "") -> bool:
    """Rebuild a table where SQLite keeps indexes of its own for it, which may not be right.

    An index behind UNIQUE may be damaged, or be of a column that is no longer there. The rows are
    read without indexes. What else belongs to the table is made again.

    Args:
        target: The copy.
        table: The table, whose rows can be read.
        sql: How it is to be made; as it was, without.

    Returns:
        Whether it was; not where it has no such index, or where its rows do not obey its keys.
    """
    with open_scratch() as scratch, closing(open_copy(target)) as connection:
        made = connection.execute(_OF_TABLE, (table,)).fetchall()
        if not any(kind == "index" and own is None for kind, own in made):
            return False
        others = [own for kind, own in made if own and kind != "table"]
        sql = sql or next(own for kind, own in made if kind == "table")
        (encoding,) = connection.execute("PRAGMA encoding").fetchone()
        try:
            with closing(open_copy(scratch / "kept.db")) as kept:
                kept.execute(f"PRAGMA encoding = '{encoding}'")  # or SQLite would not attach it
                kept.execute(sql)
            connection.execute("ATTACH ? AS kept", (str(scratch / "kept.db"),))
            copy_rows(connection, table, "main", "kept", like="kept")
        except sqlite3.Error:
            return False
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("DELETE FROM sqlite_schema WHERE tbl_name = ?", (table,))
        connection.execute("PRAGMA writable_schema=RESET")
        connection.execute(sql)
        copy_rows(connection, table, "kept", "main", like="kept")
        for other in others:  # afterwards, as they may be triggers
            connection.execute(other)
        return True


_OF_TABLE = "SELECT type, sql FROM sqlite_schema WHERE tbl_name = ? AND type <> 'view'"


def copy_rows(
    connection: sqlite3.Connection, table: str, source: str, target: str, like: str
) -> None:
    """Copy the rows of a table from one attached database into another, which has it too.

    Args:
        connection: Where both are attached.
        table: The table.
        source: The database that they come from.
        target: The one that they are copied into.
        like: The one of the two whose columns are copied, but for those that are generated.
    """
    columns = connection.execute(
        "SELECT name FROM pragma_table_xinfo(?, ?) WHERE hidden = 0", (table, like)
    ).fetchall()
    names = [name for (name,) in columns]
    rowid = "" if is_without_rowid(connection, table) else name_rowid(names)
    listed = ", ".join([rowid] * bool(rowid) + [quote_identifier(name) for name in names])
    quoted = quote_identifier(table)
    # A condition, as without one SQLite would copy the indexes too.
    connection.execute(
        f"INSERT INTO {target}.{quoted} ({listed}) "
        f"SELECT {listed} FROM {source}.{quoted} NOT INDEXED WHERE true"
    )
