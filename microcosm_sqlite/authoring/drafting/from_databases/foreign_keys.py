"""The foreign keys of an existing database that all of its rows obey."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import sqlalchemy as sa

from microcosm_sqlite.authoring.comparing.shapes import ForeignKey
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
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
