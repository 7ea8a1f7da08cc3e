"""The foreign keys of an existing database that all of its rows obey."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import sqlalchemy as sa

from microcosm_sqlite.common.sql import quote_identifier, write_orphans
from microcosm_sqlite.common.wording import spell_count


def add_foreign_keys(
    connection: sqlite3.Connection, inspector: sa.Inspector, metadata: sa.MetaData, name: str
) -> dict[str, str]:
    """Add the foreign keys of one table; returns those that are left out, to the reason."""
    left_out = {}
    tables = {other.lower(): table for other, table in metadata.tables.items()}
    table = metadata.tables[name]
    for key in inspector.get_foreign_keys(name):
        columns = [_find_column(table, column) for column in key["constrained_columns"]]
        parent = tables.get(key["referred_table"].lower())
        what = f"reference of {name}.{', '.join(columns)} to {key['referred_table']}"
        if parent is None:
            left_out[what] = "there is no such table"
            continue
        referred = [_find_column(parent, column) for column in key["referred_columns"]]
        referred = referred or [column.name for column in parent.primary_key]
        if "." in "".join([parent.name, *referred]):
            left_out[what] = "a name with a dot in it cannot be referred to"
        elif len(referred) != len(columns) or not _is_unique(parent, referred):
            left_out[what] = "what it refers to is no key"
        elif reason := _doubt_rows(connection, table, columns, parent, referred):
            left_out[what] = reason
        else:
            targets = [f"{parent.name}.{column}" for column in referred]
            constraint = sa.ForeignKeyConstraint(columns, [parent.columns[c] for c in referred])
            if not _has_key(table, columns, targets):
                table.append_constraint(constraint)
    return left_out


def _has_key(table: sa.Table, columns: list[str], targets: list[str]) -> bool:
    return any(
        [column.name for column in key.columns] == columns
        and [f"{e.column.table.name}.{e.column.name}" for e in key.elements] == targets
        for key in table.foreign_key_constraints
    )


def _find_column(table: sa.Table, name: str) -> str:
    return next((known for known in [*table.columns.keys()] if known.lower() == name.lower()), name)


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
        if index.unique and index.dialect_options["sqlite"].get("where") is None
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
