"""The foreign keys that existing databases declare: those are kept that all rows obey."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.comparing.shapes import ForeignKey
from microcosm_sqlite.authoring.drafting.from_databases.alignment import has_other_texts
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable, JointReference
from microcosm_sqlite.common.sql import quote_identifier, write_orphans
from microcosm_sqlite.common.wording import spell_count


def add_foreign_keys(connection: sqlite3.Connection, found: Reflection) -> None:
    """Add the foreign keys of tables whose columns were fitted, and note those left out."""
    for name, keys in found.foreign_keys.items():
        table = found.metadata.tables[name]
        seen: set[tuple[object, ...]] = set()
        for key in keys:
            parent, what = found.metadata.tables.get(key.target), _spell(key, name)
            if parent is None:
                is_left_out = f"table {key.target}".lower() in map(str.lower, found.left_out)
                reason = "that table is left out" if is_left_out else "there is no such table"
                found.left_out[what] = reason
            elif reason := _doubt(connection, key, found, table, parent):
                found.left_out[what] = reason
            elif (meant := (key.columns, key.target, key.referred)) not in seen:
                table.append_constraint(_make_constraint(key, parent))
                seen.add(meant)


def _spell(key: ForeignKey, table: str) -> str:
    return f"foreign key {key} of {table}"


def keep_foreign_keys(
    snapshot: Path,
    found: Reflection,
    described: Mapping[str, InferredTable],
    built: Path,
    parents: Mapping[str, sa.Table],
) -> None:
    """Refer to the tables of a project as a database declares that has no tables of these names.

    Args:
        snapshot: The database.
        found: What it declares; what is kept is left out no more.
        described: Its tables as if they were inferred, which get the references.
        built: The database of the project.
        parents: The tables of the project.
    """
    known = {name.lower(): table for name, table in parents.items()}
    with closing(sqlite3.connect(f"{snapshot.as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("ATTACH ? AS project", [f"{built.as_uri()}?mode=ro&immutable=1"])
        for name, table in described.items():
            for key in found.foreign_keys.get(name, ()):
                what, parent = _spell(key, name), known.get(key.target.lower())
                if what not in found.left_out or key.target in found.metadata.tables:
                    continue
                if parent is not None:
                    _keep(connection, key, found, table, parent)


def _keep(
    connection: sqlite3.Connection,
    key: ForeignKey,
    found: Reflection,
    described: InferredTable,
    parent: sa.Table,
) -> None:
    """Keep a foreign key as a reference, or note why not."""
    name = described.name
    spelled = {column.name.lower(): column.name for column in parent.columns}
    wanted = key.referred or [column.name for column in parent.primary_key]
    referred = tuple(spelled.get(column.lower(), column) for column in wanted)
    meant = ForeignKey(key.columns, parent.name, referred)
    if reason := _doubt(connection, meant, found, found.metadata.tables[name], parent):
        found.left_out[_spell(key, name)] = reason
        return
    del found.left_out[_spell(key, name)]
    found.told.add(_spell(key, name))  # as it may spell the table otherwise, or have options
    for option, action in (("ON UPDATE", key.on_update), ("ON DELETE", key.on_delete)):
        if action:
            what = f"option {option} {action} of {_spell(meant, name)}"
            found.left_out[what] = "nobody changes rows any more"
    inferred = described.columns[key.columns[0]].reference if len(key.columns) == 1 else None
    reference = JointReference(key.columns, parent.name, referred)
    if inferred != (parent.name, referred[0]) and reference not in described.references:
        described.references.append(reference)


def _make_constraint(key: ForeignKey, parent: sa.Table) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        key.columns,
        [parent.columns[column] for column in key.referred],
        onupdate=key.on_update or None,
        ondelete=key.on_delete or None,
    )


def _doubt(
    connection: sqlite3.Connection,
    key: ForeignKey,
    found: Reflection,
    table: sa.Table,
    parent: sa.Table,
) -> str:
    """Why a foreign key to a table that is there cannot be kept; empty where it can."""
    if not {*key.columns} <= {*table.columns.keys()}:
        return "a column of it is left out"
    if "." in "".join([parent.name, *key.referred]):
        return "a name with a dot in it cannot be referred to"
    if len(key.referred) != len(key.columns) or not _is_unique(parent, key.referred):
        return "what it refers to is no key"
    links = zip(key.columns, key.referred, strict=True)
    if not all(
        _stay_alike(connection, found, table.columns[column], parent.columns[target])
        for column, target in links
    ):
        return "its values would be written differently from those that it refers to"
    return _doubt_rows(connection, table, key.columns, parent, key.referred)


def _stay_alike(
    connection: sqlite3.Connection,
    found: Reflection,
    column: sa.Column[Any],
    target: sa.Column[Any],
) -> bool:
    """Whether a column goes on to have the values of another, where some are respelled."""
    place, referred = ((each.table.name, each.name) for each in (column, target))
    if found.respelled.isdisjoint((place, referred)):
        return True
    is_of_texts = referred in found.retyped and has_other_texts(connection, place, referred)
    return repr(column.type) == repr(target.type) and not is_of_texts


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
