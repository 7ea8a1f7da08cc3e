"""Which type the values of a column have, whatever was declared: SQLite held nobody to it."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.authoring.values.stored_values import (
    find_kind,
    make_converter,
    suspect_values,
)
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SettingsError, SourceError


@dataclass(frozen=True)
class Fit:
    """A type that takes every value of a column.

    Attributes:
        type: The type.
        is_nullable: Whether a row has no value.
        remark: Why it is not the declared one; empty where it is.
    """

    type: types.TypeEngine[Any]
    is_nullable: bool
    remark: str = ""


def fit_column(connection: sqlite3.Connection, column: sa.Column[Any], file: str) -> Fit:
    """The declared type where it takes all values; else the narrowest that does.

    Raises:
        SourceError: Binary and other values are mixed, which no type takes.
    """
    table, quoted = quote_identifier(column.table.name), quote_identifier(column.name)
    found = dict(
        connection.execute(f"SELECT typeof({quoted}), count(*) FROM {table} GROUP BY 1").fetchall()
    )
    nulls, empty = found.pop("null", 0), 0
    if "text" in found and find_kind(column.type) != "text":
        (empty,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE length({quoted}) = 0 AND typeof({quoted}) = 'text'"
        ).fetchone()
    is_nullable = bool(column.nullable or nulls or empty)
    if not found:
        type_ = types.Text() if isinstance(column.type, types.NullType) else column.type
        return Fit(type_, is_nullable)
    for type_ in _list_candidates(
        connection, column, set(found), table, quoted, only_empty=empty == found.get("text")
    ):
        candidate = sa.Column(column.name, type_, nullable=is_nullable)
        sa.Table(column.table.name, sa.MetaData(), candidate)
        if _takes_all(connection, candidate, table, quoted):
            return Fit(type_, is_nullable, _describe(column, type_, found))
    raise SourceError(
        f"{file}, table `{column.table.name}`: column `{column.name}` holds {_list(found)}.",
        file=file,
        hint=f"Make it one kind first: UPDATE {table} SET {quoted} = CAST({quoted} AS BLOB)",
    )


def _list_candidates(
    connection: sqlite3.Connection,
    column: sa.Column[Any],
    kinds: set[str],
    table: str,
    quoted: str,
    *,
    only_empty: bool,
) -> list[types.TypeEngine[Any]]:
    candidates: list[types.TypeEngine[Any]] = [column.type]
    if isinstance(column.type, types.String) and column.type.length:
        (length,) = connection.execute(f"SELECT max(length({quoted})) FROM {table}").fetchone()
        candidates.append(column.type.adapt(type(column.type), length=max(length or 0, 1)))
    if kinds <= {"integer"} | ({"text"} if only_empty else set()):
        candidates.append(types.BigInteger())
    if kinds <= {"integer", "real"} | ({"text"} if only_empty else set()):
        candidates.append(types.Double())
    if "blob" not in kinds:
        candidates.append(types.Text())
    if kinds == {"blob"}:
        candidates.append(types.LargeBinary())
    return candidates


def _takes_all(
    connection: sqlite3.Connection, column: sa.Column[Any], table: str, quoted: str
) -> bool:
    with suppress(SettingsError, ValueError):
        rule = ColumnRule(column, dialect(), ())
        condition = suspect_values(rule, quoted)
        # Binary, since a collation may take different texts for one, or not be there at all.
        distinct = f"SELECT DISTINCT {quoted} COLLATE BINARY"
        suspects = f"{distinct} FROM {table} WHERE {condition}"
        convert = make_converter(rule)
        for (value,) in connection.execute(suspects):
            convert(value)
        return True
    return False


def _describe(column: sa.Column[Any], type_: types.TypeEngine[Any], found: dict[str, int]) -> str:
    if type_ is column.type:
        return ""
    if isinstance(column.type, types.NullType):
        return f"no type declared, holds {_list(found)}"
    return f"declared {column.type}, holds {_list(found)}"


def _list(found: dict[str, int]) -> str:
    words = {"real": "fraction", "integer": "whole number", "text": "text", "blob": "blob"}
    return " and ".join(spell_count(count, words[kind]) for kind, count in sorted(found.items()))
