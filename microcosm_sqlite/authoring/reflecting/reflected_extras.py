"""What else a database declares besides its tables: full-text search, views, triggers."""

from __future__ import annotations

import re
import sqlite3

from microcosm_sqlite.authoring.reflecting.reflection import Reflection
from microcosm_sqlite.catalog.connection import quote_identifier

_FULL_TEXT = re.compile(r"\busing\s+fts[45]\b", re.IGNORECASE)
_CONTENT = re.compile(r"""\bcontent\s*=\s*["'\[`]?([^"'\]`,)]+)""", re.IGNORECASE)


def reflect_extras(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep what a data wheel can keep of them, and note the others as left out."""
    _find_full_text(connection, found)
    _find_views(connection, found)
    for name, table in connection.execute(
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    ):
        found.left_out[f"trigger {name}"] = f"nobody writes to {table} any more"


def _find_full_text(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep full-text search over a table; other virtual tables hold nothing that is kept."""
    for name, sql in connection.execute(
        "SELECT list.name, sql FROM pragma_table_list AS list JOIN sqlite_schema AS made "
        "ON made.name = list.name WHERE list.type = 'virtual' AND schema = 'main' ORDER BY 1"
    ).fetchall():
        content = _CONTENT.search(sql)
        table = content.group(1).strip() if content else ""
        if not _FULL_TEXT.search(sql):
            found.left_out[f"virtual table {name}"] = "its module may not be there where it is read"
        elif table not in found.metadata.tables or table in found.full_text:
            reason = "its text is in no other table; to keep it, copy it into one"
            found.left_out[f"full-text table {name}"] = reason
        elif not found.metadata.tables[table].dialect_options["sqlite"].get("with_rowid", True):
            found.left_out[f"full-text table {name}"] = f"{table} has no rowids"
        else:
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
            known = found.metadata.tables[table].columns
            found.full_text[table] = tuple(column for (column,) in columns if column in known)


def _find_views(connection: sqlite3.Connection, found: Reflection) -> None:
    for name, sql in connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY name"
    ).fetchall():
        try:
            connection.execute(f"SELECT * FROM {quote_identifier(name)} LIMIT 0")
        except sqlite3.Error as error:
            found.left_out[f"view {name}"] = f"readers could not ask it: {error}"
        else:
            found.views[name] = sql
