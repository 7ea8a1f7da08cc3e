"""Full-text search and views of an existing database, as far as a data wheel can keep them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress

from microcosm_sqlite.authoring.comparing.definitions import (
    find_option,
    name_column,
    split_definitions,
)
from microcosm_sqlite.authoring.drafting.drafted_model import FullText
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection, find_words
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.orm.fulltext import FULL_TEXT_OPTIONS, FullTextIndex

_FULL_TEXT = re.compile(r"\busing\s+fts[45]\b", re.IGNORECASE)


def reflect_extras(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep what a data wheel can keep of them, and note the others as left out."""
    _find_full_text(connection, found)
    _find_views(connection, found)
    for name, table in connection.execute(
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    ):
        found.left_out[f"trigger {name} of {table}"] = "nobody writes any more"


def _find_full_text(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep full-text search over a table; other virtual tables hold nothing that is kept."""
    for name, sql in connection.execute(
        "SELECT list.name, sql FROM pragma_table_list AS list JOIN sqlite_schema AS made "
        "ON made.name = list.name WHERE list.type = 'virtual' AND schema = 'main' ORDER BY 1"
    ).fetchall():
        parts = split_definitions(sql)
        options = dict(filter(None, map(find_option, parts)))
        table = options.pop("content", "")
        if reason := _doubt_full_text(connection, found, sql, table):
            found.left_out[f"virtual table {name}"] = reason
            continue
        columns = [name_column(each) for each in parts if "UNINDEXED" not in map(str.upper, each)]
        known = found.metadata.tables[table].columns
        kept = {key: value for key, value in options.items() if key in FULL_TEXT_OPTIONS}
        if not _takes_options(kept):
            kept = {}
        found.full_text[table] = FullText(tuple(each for each in columns if each in known), kept)
        lost = [
            f"{key}={value}"
            for key, value in options.items()
            if key not in {"content_rowid", *kept}
        ]
        without = f", without {', '.join(lost)}" if lost else ""
        found.remarks[table].append(f"full-text table {name} is made anew, as {table}_fts{without}")


def _takes_options(options: Mapping[str, str]) -> bool:
    with closing(sqlite3.connect(":memory:")) as connection, suppress(sqlite3.Error):
        connection.execute(FullTextIndex("t", ["a"], options).ddl[0])
        return True
    return False


def _doubt_full_text(
    connection: sqlite3.Connection, found: Reflection, sql: str, table: str
) -> str:
    """Why a virtual table cannot be kept as the full-text search of a table."""
    if not _FULL_TEXT.search(sql):
        return "its module may not be there where it is read"
    if table not in found.metadata.tables:
        return "its text is in no other table; to keep it, copy it into one"
    if table in found.full_text:
        return f"a model has one full-text search, and that of {table} has other columns or options"
    if not found.metadata.tables[table].dialect_options["sqlite"].get("with_rowid", True):
        return f"{table} has no rowids"
    taken = "SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND sql NOT LIKE ?"
    if connection.execute(taken, (f"{table}_fts", "CREATE VIRTUAL%")).fetchone():
        return f"the name {table}_fts, which it would have, is taken"
    return ""


def _find_views(connection: sqlite3.Connection, found: Reflection) -> None:
    for name, sql in connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY name"
    ).fetchall():
        try:
            connection.execute(f"SELECT * FROM {quote_identifier(name)} LIMIT 0")
        except sqlite3.Error as error:
            found.left_out[f"view {name}"] = f"readers could not ask it: {error}"
            continue
        words = find_words(sql) if found.row_numbers else set()
        if "natural" in words:
            found.left_out[f"view {name}"] = "it joins by all common columns, numbers of rows too"
            continue
        found.views[name] = sql
        if words & {"rowid", "_rowid_", "oid"}:
            found.view_remarks[name] = "rowids of tables without a key are numbered anew"
