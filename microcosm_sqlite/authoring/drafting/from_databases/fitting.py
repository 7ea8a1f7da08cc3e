"""Which type the values of a column have, whatever was declared: SQLite held nobody to it."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.values.kind_values import is_text_type
from microcosm_sqlite.authoring.values.parsing import EXACT_INTEGER
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SettingsError, SourceError


@dataclass(frozen=True)
class Fit:
    """A type that takes every value of a column.

    Attributes:
        type: The type.
        is_nullable: Whether a row has no value.
        has_infinity: Whether a number is infinite, which a build has to be told to take.
        remark: Why it is not the declared one; empty where it is.
    """

    type: types.TypeEngine[Any]
    is_nullable: bool
    has_infinity: bool = False
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
    if "text" in found and not is_text_type(column.type):
        (empty,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE length({quoted}) = 0 AND typeof({quoted}) = 'text'"
        ).fetchone()
    is_nullable = bool(column.nullable or nulls or empty)
    if not found:
        type_ = types.Text() if isinstance(column.type, types.NullType) else column.type
        return Fit(type_, is_nullable)
    infinite = f"FROM {table} WHERE typeof({quoted}) = 'real' AND abs({quoted}) = 9e999"
    (count,) = (
        connection.execute(f"SELECT count(*) {infinite}").fetchone() if "real" in found else (0,)
    )
    for type_ in _list_candidates(
        connection, column, set(found), table, quoted, only_empty=empty == found.get("text")
    ):
        candidate = sa.Column(column.name, type_, nullable=is_nullable)
        sa.Table(column.table.name, sa.MetaData(), candidate)
        if _takes_all(connection, candidate, table, quoted, takes_infinity=count > 0):
            return Fit(type_, is_nullable, count > 0, _describe(column, type_, found))
    if count:
        raise SourceError(
            f"{file}, table `{column.table.name}`: column `{column.name}` holds "
            f"{spell_count(count, 'infinite number')} beside {_list(found)}.",
            file=file,
            hint="Make them NULL, or the others numbers: "
            f"UPDATE {table} SET {quoted} = NULL WHERE abs({quoted}) = 9e999",
        )
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
        inexact = f"{quoted} NOT BETWEEN {-EXACT_INTEGER} AND {EXACT_INTEGER}"
        query = f"SELECT 1 FROM {table} WHERE typeof({quoted}) = 'integer' AND {inexact} LIMIT 1"
        candidates += [] if connection.execute(query).fetchone() else [types.Double()]
    if "blob" not in kinds:
        candidates.append(types.Text())
    if kinds == {"blob"}:
        candidates.append(types.LargeBinary())
    return candidates


def _takes_all(
    connection: sqlite3.Connection,
    column: sa.Column[Any],
    table: str,
    quoted: str,
    *,
    takes_infinity: bool,
) -> bool:
    with suppress(SettingsError, ValueError):
        rule = ColumnRule(column, dialect(), (), takes_infinity=takes_infinity)
        condition = rule.suspect_values(quoted)
        # Binary, since a collation may take different texts for one, or not be there at all.
        distinct = f"SELECT DISTINCT {quoted} COLLATE BINARY"
        suspects = f"{distinct} FROM {table} WHERE {condition}"
        convert = rule.make_stored_converter()
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
