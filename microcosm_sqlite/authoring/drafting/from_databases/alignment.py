"""One type for columns that refer to each other, where some have numbers and others texts as well.

A column of numbers and texts becomes text, as nothing else takes both. What refers to it may have
numbers only, and has to become text with it, or else the foreign key could not be kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

from microcosm_sqlite.authoring.drafting.from_databases.fitting import fit_column
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.common.sql import quote_identifier

Place = tuple[str, str]
"""A table and its column."""


def align_columns(connection: sqlite3.Connection, found: Reflection, file: str) -> None:
    """Make text of columns of whole numbers that are linked with columns of numbers and texts.

    Args:
        connection: The database.
        found: Its tables, fitted; they are changed, and why is noted as remarks.
        file: What errors call the database.
    """
    for group in _list_groups(found):
        mixed = [place for place in group if place in found.respelled and _is_text(found, place)]
        others = [place for place in group if not _is_text(found, place)]
        if mixed and others and all(_may_change(connection, found, each) for each in group):
            for place in others:
                _make_text(connection, found, place, mixed[0], file)


def _list_groups(found: Reflection) -> list[set[Place]]:
    """The columns that foreign keys lead from and to, those together that are linked."""
    groups: dict[Place, set[Place]] = {}
    for one, other in _list_links(found):
        joined = groups.get(one, {one}) | groups.get(other, {other})
        groups |= dict.fromkeys(joined, joined)
    return [*{id(group): group for group in groups.values()}.values()]


def _list_links(found: Reflection) -> Iterator[tuple[Place, Place]]:
    tables = found.metadata.tables
    for name, keys in found.foreign_keys.items():
        for key in keys:
            for column, referred in zip(key.columns, key.referred, strict=False):
                if name in tables and key.target in tables:
                    is_there = column in tables[name].columns
                    if is_there and referred in tables[key.target].columns:
                        yield (name, column), (key.target, referred)


def _find_column(found: Reflection, place: Place) -> sa.Column[Any]:
    return found.metadata.tables[place[0]].columns[place[1]]


def _is_text(found: Reflection, place: Place) -> bool:
    return isinstance(_find_column(found, place).type, types.Text)


def _may_change(connection: sqlite3.Connection, found: Reflection, place: Place) -> bool:
    """Whether a column has only texts, and whole numbers of which no row is numbered."""
    column = _find_column(found, place)
    if place[1] == found.row_numbers.get(place[0]):
        return False
    declared = found.declared[place[0]][place[1]].upper()
    if declared == "INTEGER" and [*column.table.primary_key] == [column]:
        return False
    if not isinstance(column.type, types.Integer | types.Text):
        return False
    table, name = map(quote_identifier, place)
    others = f"SELECT 1 FROM {table} WHERE typeof({name}) IN ('real', 'blob') LIMIT 1"
    return connection.execute(others).fetchone() is None


def _make_text(
    connection: sqlite3.Connection, found: Reflection, place: Place, mixed: Place, file: str
) -> None:
    column, (table, name) = _find_column(found, place), place
    column.type = types.Text()
    fit = fit_column(connection, column, file, found.declared[table][name])
    if fit.respells:
        found.respelled.add(place)
    told = [f"{name}: text, as {mixed[0]}.{mixed[1]} is, with which it is compared"]
    found.remarks[table] += [*told, *(f"{name}: {remark}" for remark in fit.remarks)]


def has_other_texts(connection: sqlite3.Connection, place: Place, referred: Place) -> bool:
    """Whether a column has texts that stand for numbers of another one, as `'1.0'` does for 1.

    They compare as long as the other column turns texts into numbers, and no longer once it is
    one of texts itself.
    """
    child, column, parent, target = map(quote_identifier, (*place, *referred))
    others = (
        f"SELECT 1 FROM {child} AS child WHERE typeof(child.{column}) = 'text' AND NOT EXISTS "
        f"(SELECT 1 FROM {parent} AS parent WHERE CAST(parent.{target} AS TEXT) = "
        f"child.{column}) LIMIT 1"
    )
    return connection.execute(others).fetchone() is not None
