"""The dependents of the tables of an existing database: full-text search and views.

Those are kept that readers can use. Keys and references that are not declared, though the rows
speak for them, are told.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa

from microcosm_sqlite.authoring.comparing.shapes import find_option, name_column, split_definitions
from microcosm_sqlite.authoring.drafting.drafted_model import FullText
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.from_files.keys import find_keys
from microcosm_sqlite.authoring.drafting.from_files.raw_files import TypedFile
from microcosm_sqlite.authoring.drafting.from_files.references import infer_references
from microcosm_sqlite.authoring.values.kind_values import find_type_kind
from microcosm_sqlite.common.sql import find_words, mentions, quote_identifier
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.orm.fulltext import FULL_TEXT_OPTIONS, FullTextIndex

_FULL_TEXT = re.compile(r"\busing\s+fts[45]\b", re.IGNORECASE)
_MOST_ROWS = 300_000
"""Rows of all tables, so that the search takes less time than the reading does."""


def suggest_undeclared(connection: sqlite3.Connection, found: Reflection) -> None:
    """Note which columns may be a key, or refer to one, where the database does not say so.

    Args:
        connection: The database.
        found: What it declares; suggestions are added.
    """
    if sum(found.row_counts.values()) > _MOST_ROWS:
        found.left_out["the search for keys that are not declared"] = "as there are too many rows"
        return
    # What is only told is no reason to refuse a database with values that nobody expects.
    with suppress(sqlite3.Error, ValueError, OverflowError):
        _suggest(connection, found)


def _suggest(connection: sqlite3.Connection, found: Reflection) -> None:
    tables = {
        name: _measure(connection, table, found) for name, table in found.metadata.tables.items()
    }
    for name, table in tables.items():
        if name in found.row_numbers:
            find_keys(connection, table)
            table.likely_key = ""
    infer_references(connection, tables)
    for name, table in tables.items():
        for column, sentence in _list_suggestions(table, found.metadata.tables[name], found):
            found.suggestions.setdefault(name, {}).setdefault(column, []).append(sentence)


def _list_suggestions(
    table: InferredTable, declared: sa.Table, found: Reflection
) -> Iterator[tuple[str, str]]:
    """Sentences, each with the first column that it is about."""
    if table.primary_key and table.name in found.row_numbers and table.row_count > 1:
        rows = spell_count(table.row_count, "row")
        is_alone = len(table.primary_key) == 1
        who = "it" if is_alone else f"the columns {', '.join(table.primary_key)}"
        advice = "if so, use primary_key=True, instead of the row numbers"
        yield table.primary_key[0], f"{who} may be the key: different in all {rows}; {advice}"
    referring = {column.name for key in declared.foreign_key_constraints for column in key.columns}
    for column in table.columns.values():
        if column.reference and column.name not in referring:
            target = ".".join(column.reference)
            yield (
                column.name,
                f"it may refer to {target} ({column.evidence}); if so, say ForeignKey",
            )
    for columns, parent, keys in table.references:
        if not referring.issuperset(columns):
            target = f"{parent} ({', '.join(keys)})"
            who = f"the columns {', '.join(columns)}"
            advice = "as all rows do; if so, say ForeignKeyConstraint"
            yield columns[0], f"{who} may refer to {target} together, {advice}"


def _measure(connection: sqlite3.Connection, table: sa.Table, found: Reflection) -> InferredTable:
    number, rows = found.row_numbers.get(table.name), found.row_counts[table.name]
    columns = {
        column.name: _describe(connection, column, rows)
        for column in table.columns
        if column.name != number
    }
    key = tuple(found.list_key(table))
    return InferredTable(table.name, TypedFile(Path(table.name), ()), columns, rows, key)


def _describe(
    connection: sqlite3.Connection, column: sa.Column[object], row_count: int
) -> InferredColumn:
    kind, name = find_type_kind(column.type), quote_identifier(column.name)
    query = f"SELECT count({name}), max(length({name})) FROM {quote_identifier(column.table.name)}"
    filled, length = connection.execute(query).fetchone()
    return InferredColumn(
        column.name,
        column.name,
        kind.name if kind else "",
        filled < row_count,
        length or 0,
        is_long=False,
        is_unique=bool(column.unique),
    )


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
        if reason := _doubt_full_text(found, sql, table):
            found.left_out[f"virtual table {name}"] = reason
            continue
        columns = [name_column(each) for each in parts if "UNINDEXED" not in map(str.upper, each)]
        known = found.metadata.tables[table].columns
        kept = {key: value for key, value in options.items() if key in FULL_TEXT_OPTIONS}
        if not _takes_options(kept):
            kept = {}
        found.searches[table] = name
        found.full_text[table] = FullText(tuple(each for each in columns if each in known), kept)
        lost = [
            f"{key}={value}"
            for key, value in options.items()
            if key not in {"content_rowid", *kept}
        ]
        without = f", without {', '.join(lost)}" if lost else ""
        found.remarks[table].append(f"full-text table {name} is rebuilt, as {table}_fts{without}")


def _takes_options(options: Mapping[str, str]) -> bool:
    with closing(sqlite3.connect(":memory:")) as connection, suppress(sqlite3.Error):
        connection.execute(FullTextIndex("t", ["a"], options).ddl[0])
        return True
    return False


def _doubt_full_text(found: Reflection, sql: str, table: str) -> str:
    """Why a virtual table cannot be kept as the full-text search of a table."""
    if not _FULL_TEXT.search(sql):
        return "its module may not be there where it is read"
    if table not in found.metadata.tables:
        return "its text is in no other table; to keep it, copy it into one"
    if table in found.full_text:
        return f"a model has one full-text search, and that of {table} has other columns or options"
    if not found.metadata.tables[table].dialect_options["sqlite"].get("with_rowid", True):
        return f"{table} has no rowids"
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
            found.view_remarks[name] = "rowids of tables without a key are renumbered"
        elif changed := _list_changed(sql, found):
            found.view_remarks[name] = f"it uses what is stored in another form here: {changed}"
    _leave_out_broken(found)


def _list_changed(sql: str, found: Reflection) -> str:
    """The columns that a view speaks of and that are respelled, or compared otherwise."""
    changed = sorted(found.respelled | found.retyped)
    return ", ".join(f"{table}.{name}" for table, name in changed if _names(sql, table, name))


def _names(sql: str, table: str, column: str) -> bool:
    return mentions(sql, [table]) and mentions(sql, [column])


def _leave_out_broken(found: Reflection) -> None:
    """Leave out the views that cannot be asked of the drafted tables.

    Such a table may have a column more, that of the numbers of its rows, or fewer.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        for table in found.metadata.tables.values():
            columns = ", ".join(map(quote_identifier, table.columns.keys()))
            connection.execute(f"CREATE TABLE {quote_identifier(table.name)} ({columns})")
        for sql in found.views.values():
            connection.execute(sql)
        for name in [*found.views]:
            try:
                connection.execute(f"SELECT * FROM {quote_identifier(name)} LIMIT 0")
            except sqlite3.Error as error:
                leave_out_view(found, name, f"it cannot be asked of the drafted tables: {error}")


def leave_out_view(found: Reflection, name: str, reason: str) -> None:
    """Leave out a view that was kept, and note why."""
    del found.views[name]
    found.left_out[f"view {name}"] = reason


def note_lost_columns(found: Reflection) -> None:
    """Note the views that may show fewer columns, as a table or view that they ask has fewer."""
    lost = {
        table
        for table in found.metadata.tables
        if any(
            what.startswith("column ") and what.endswith(f" of {table}") for what in found.left_out
        )
    }
    views = dict(found.views)
    while told := [name for name, sql in views.items() if mentions(sql, lost)]:
        for name in told:
            remark = found.view_remarks.get(name)
            less = "a column of what it asks is left out"
            found.view_remarks[name] = f"{remark}, and {less}" if remark else less
            del views[name]
        lost.update(told)
