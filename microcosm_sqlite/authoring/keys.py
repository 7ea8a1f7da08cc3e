"""Keys and references among loaded tables, asked for in SQL of every row."""

from __future__ import annotations

import sqlite3

from microcosm_sqlite.authoring.guessing import DATE, DATETIME, INTEGER, MOMENT, TEXT
from microcosm_sqlite.authoring.inferred import InferredColumn, InferredTable
from microcosm_sqlite.catalog.connection import quote_identifier

KEY_NAMES = ("id", "key", "code")
ENOUGH_FOR_PAIRS = 100
ENOUGH_FOR_REFERENCE = 3
_BY_NAME = "by its name and all of its values"
_BY_VALUES = "by all of its values, not by its name"


def find_key(connection: sqlite3.Connection, table: InferredTable) -> tuple[str, ...]:
    """The columns that tell the rows of a table apart, none where no few do.

    That is the first column, or one that is named as keys are; else, where there are rows enough
    to believe it, the first column and another one.
    """
    if not table.row_count:
        return ()
    candidates = [column.name for column in table.columns.values() if column.may_be_key]
    first = next(iter(table.columns))
    named = [name for name in candidates if name.lower().split("_")[-1] in KEY_NAMES]
    singles = [name for name in (first, *named) if name in candidates]
    for name in sorted(singles, key=_rank_key):
        if is_unique(connection, table.name, name):
            return (name,)
    if first in candidates and table.row_count >= ENOUGH_FOR_PAIRS:
        for name in candidates:
            if name != first and is_unique(connection, table.name, first, name):
                return (first, name)
    return ()


def _rank_key(name: str) -> int:
    return KEY_NAMES.index(name.lower()) if name.lower() in KEY_NAMES else len(KEY_NAMES)


def is_unique(connection: sqlite3.Connection, table: str, *columns: str) -> bool:
    """Whether no two rows have the same in these columns."""
    listed = ", ".join(map(quote_identifier, columns))
    source = quote_identifier(table)
    # Most columns that repeat themselves do so soon.
    for rows in (f"(SELECT {listed} FROM {source} LIMIT 1000)", source):
        repeated = f"SELECT 1 FROM {rows} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
        if connection.execute(repeated).fetchone():
            return False
    return True


def infer_references(
    connection: sqlite3.Connection, table: InferredTable, tables: dict[str, InferredTable]
) -> None:
    """Find the columns of a table whose every value is a key of another table."""
    for column in table.columns.values():
        for parent in tables.values():
            if parent is table or len(parent.primary_key) != 1:
                continue
            key = parent.columns[parent.primary_key[0]]
            evidence = _find_evidence(column, parent.name, key)
            if not evidence or (column.reference and evidence != _BY_NAME):
                continue
            if _is_included(connection, (table.name, column.name), (parent.name, key.name)):
                column.reference, column.evidence = (parent.name, key.name), evidence


def _find_evidence(column: InferredColumn, parent: str, key: InferredColumn) -> str:
    """Why a column might refer to a key, before its values are looked at; empty for no reason."""
    if (
        column.kind != key.kind
        or not key.name.isidentifier()
        or key.kind not in (TEXT, INTEGER, DATE, DATETIME, MOMENT)
    ):
        return ""
    name, stem = column.name.lower(), parent.lower().removesuffix("s")
    specific = key.name.lower() not in KEY_NAMES and name == key.name.lower()
    if specific or name in (stem, f"{stem}_{key.name.lower()}"):
        return _BY_NAME
    return _BY_VALUES if column.kind == TEXT else ""


def _is_included(
    connection: sqlite3.Connection, column: tuple[str, str], key: tuple[str, str]
) -> bool:
    source, child = map(quote_identifier, column)
    parent, parent_key = map(quote_identifier, key)
    known = f"SELECT {parent_key} FROM {parent}"
    stray = f"SELECT 1 FROM {source} WHERE {child} NOTNULL AND {child} NOT IN ({known}) LIMIT 1"
    if connection.execute(stray).fetchone():
        return False
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {child} FROM {source} LIMIT 10)"
    (values,) = connection.execute(distinct).fetchone()
    return bool(values >= ENOUGH_FOR_REFERENCE)
