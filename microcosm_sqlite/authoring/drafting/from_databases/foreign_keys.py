"""The foreign keys that all rows of an existing database obey, declared ones and likely ones."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from microcosm_sqlite.authoring.comparing.shapes import ForeignKey
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.from_files.keys import find_keys
from microcosm_sqlite.authoring.drafting.from_files.references import infer_references
from microcosm_sqlite.authoring.drafting.from_files.sniffing import TypedFile
from microcosm_sqlite.authoring.values.kind_values import find_type_kind
from microcosm_sqlite.common.sql import quote_identifier, write_orphans
from microcosm_sqlite.common.wording import spell_count


def add_foreign_keys(connection: sqlite3.Connection, found: Reflection) -> None:
    """Add the foreign keys of tables whose columns were fitted, and note those left out."""
    for name, keys in found.foreign_keys.items():
        table = found.metadata.tables[name]
        seen: set[tuple[object, ...]] = set()
        for key in keys:
            if reason := _doubt(connection, key, found, table):
                found.left_out[f"foreign key {key} of {name}"] = reason
            elif (meant := (key.columns, key.target, key.referred)) not in seen:
                table.append_constraint(_make_constraint(key, found.metadata.tables[key.target]))
                seen.add(meant)


def _make_constraint(key: ForeignKey, parent: sa.Table) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        key.columns,
        [parent.columns[column] for column in key.referred],
        onupdate=key.on_update or None,
        ondelete=key.on_delete or None,
    )


def _doubt(
    connection: sqlite3.Connection, key: ForeignKey, found: Reflection, table: sa.Table
) -> str:
    """Why a foreign key cannot be kept; empty where it can."""
    parent = found.metadata.tables.get(key.target)
    if parent is None:
        return "there is no such table"
    if not {*key.columns} <= {*table.columns.keys()}:
        return "a column of it is left out"
    if "." in "".join([parent.name, *key.referred]):
        return "a name with a dot in it cannot be referred to"
    if len(key.referred) != len(key.columns) or not _is_unique(parent, key.referred):
        return "what it refers to is no key"
    if not _stay_alike(found, table, key.columns, parent, key.referred):
        return "its values would be spelled otherwise than those that it refers to"
    return _doubt_rows(connection, table, key.columns, parent, key.referred)


def _stay_alike(
    found: Reflection,
    table: sa.Table,
    columns: Sequence[str],
    parent: sa.Table,
    referred: Sequence[str],
) -> bool:
    """Whether columns with values that are spelled anew are of the type of those there."""
    return all(
        found.respelled.isdisjoint({(table.name, column), (parent.name, target)})
        or repr(table.columns[column].type) == repr(parent.columns[target].type)
        for column, target in zip(columns, referred, strict=True)
    )


def _is_unique(table: sa.Table, columns: Sequence[str]) -> bool:
    wanted = set(columns)
    keys = [{column.name for column in table.primary_key}]
    keys += [
        {column.name for column in constraint.columns}
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint)
    ]
    keys += [
        {column.name for column in index.columns}
        for index in table.indexes
        if index.unique
        and len(index.columns) == len(index.expressions)
        and index.dialect_options["sqlite"].get("where") is None
    ]
    return wanted in keys


def _doubt_rows(
    connection: sqlite3.Connection,
    table: sa.Table,
    columns: Sequence[str],
    parent: sa.Table,
    referred: Sequence[str],
) -> str:
    """Why the rows of a table do not obey a foreign key; empty where they do."""
    child, other = map(quote_identifier, (table.name, parent.name))
    orphans = write_orphans(child, columns, other, referred)
    try:
        (count,) = connection.execute(f"SELECT count(*) {orphans}").fetchone()
    except sqlite3.OperationalError as error:
        return f"it cannot be asked for: {error}"
    if not count:
        return ""
    return f"{spell_count(count, 'row')} refer{'' if count > 1 else 's'} to none that is there"


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
    if table.primary_key and table.name in found.row_numbers:
        names, rows = ", ".join(table.primary_key), spell_count(table.row_count, "row")
        yield table.primary_key[0], f"{names} may be the key, which differs in all {rows}"
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
            yield columns[0], f"{', '.join(columns)} may refer to {target} together, as all rows do"


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
