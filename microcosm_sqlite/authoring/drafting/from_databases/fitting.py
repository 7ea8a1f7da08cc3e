"""The type that the values of a column have, whatever was declared; SQLite enforces none."""

from __future__ import annotations

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.values.kind_values import find_type_kind, is_text_type
from microcosm_sqlite.authoring.values.parsing import EXACT_INTEGER
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.kinds import DATE, DATETIME, TIME
from microcosm_sqlite.common.sql import find_affinity, quote_identifier, quote_text
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SettingsError, SourceError

_T = TypeVar("_T")

_LONGEST = 40
_MOST_FORMS = 5
"""Ways to write a moment that are told apart in one line."""
_MOMENTS = (DATETIME, DATE, TIME)
_OFFSET = re.compile(r":\d\d.*(Z|UTC|[+-]\d\d(:?\d\d)?)$|T\d\d.*(Z|[+-]\d\d(:?\d\d)?)$")


@dataclass(frozen=True)
class Fit:
    """A type that takes every value of a column.

    Attributes:
        type: The type.
        is_nullable: Whether a row has no value.
        has_infinity: Whether a number is infinite, which a build has to be told to take.
        remarks: Why it is not the declared one, and which values are respelled, as sentences.
        respells: Whether some values are respelled.
    """

    type: types.TypeEngine[Any]
    is_nullable: bool
    has_infinity: bool = False
    remarks: tuple[str, ...] = ()
    respells: bool = False


def fit_column(
    connection: sqlite3.Connection,
    column: sa.Column[Any],
    file: str,
    declared: str,
    *,
    is_key: bool = False,
) -> Fit:
    """The declared type where it takes all values; else the narrowest that does.

    Args:
        connection: The database.
        column: The column.
        file: What errors call the database.
        declared: Its type as it is declared.
        is_key: Whether values that differ must go on to differ.

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
    is_nullable = bool(column.nullable or nulls or (empty and not column.primary_key))
    if not found:
        type_ = types.Text() if isinstance(column.type, types.NullType) else column.type
        return Fit(type_, is_nullable)
    infinite = f"FROM {table} WHERE typeof({quoted}) = 'real' AND abs({quoted}) = 9e999"
    (count,) = (
        connection.execute(f"SELECT count(*) {infinite}").fetchone() if "real" in found else (0,)
    )
    may_have_signs = "real" in found and find_affinity(declared) in ("BLOB", "NUMERIC")
    zeros = _count_signed_zeros(connection, table, quoted) if may_have_signs else 0
    for type_ in _list_candidates(
        connection, column, set(found), table, quoted, only_empty=empty == found.get("text")
    ):
        candidate = sa.Column(column.name, type_, nullable=is_nullable)
        sa.Table(column.table.name, sa.MetaData(), candidate)
        trial = _try(connection, candidate, table, takes_infinity=count > 0, is_key=is_key)
        if trial is not None:
            affinity = find_affinity(type_.compile(dialect()))
            told = trial or _tell_fractions(affinity, found)
            signs = _tell_signs(affinity, zeros)
            remarks = (_describe(connection, column, type_, declared, found), told, signs)
            kept = tuple(filter(None, remarks))
            return Fit(type_, is_nullable, count > 0, kept, respells=bool(trial))
    raise _refuse(column, file, found, count)


def _refuse(column: sa.Column[Any], file: str, found: dict[str, int], infinite: int) -> SourceError:
    table, quoted = quote_identifier(column.table.name), quote_identifier(column.name)
    place = f"{file}, table `{column.table.name}`: column `{column.name}` holds"
    if infinite:
        return SourceError(
            f"{place} {spell_count(infinite, 'infinite number')} beside {_list(found)}.",
            file=file,
            hint="Make them NULL, or the others numbers: "
            f"UPDATE {table} SET {quoted} = NULL WHERE abs({quoted}) = 9e999",
        )
    if "blob" not in found:
        return SourceError(
            f"{place} {_list(found)}, and is part of a key: as values of one type, some of them "
            "would be the same.",
            file=file,
            hint="Make them one kind first, or drop the key.",
        )
    return SourceError(
        f"{place} {_list(found)}.",
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


def _try(
    connection: sqlite3.Connection,
    column: sa.Column[Any],
    table: str,
    *,
    takes_infinity: bool,
    is_key: bool,
) -> str | None:
    """Describe the values that a type would respell; None if the type does not fit."""
    with suppress(SettingsError, ValueError):
        rule = ColumnRule(column, dialect(), (), takes_infinity=takes_infinity)
        quoted = quote_identifier(column.name)
        # Binary, since a collation may take different texts for one, or not be there at all.
        values = f"SELECT DISTINCT {quoted} COLLATE BINARY FROM {table}"
        convert = rule.make_stored_converter()
        condition = rule.suspect_values(quoted)
        respelled = [
            (value, stored)
            for (value,) in connection.execute(f"{values} WHERE {condition}")
            if not _is_same(value, stored := convert(value), find_affinity(rule.expected))
        ]
        if respelled and is_key and _merge(connection.execute(values), convert, rule.expected):
            return None
        if rule.kind not in _MOMENTS:
            return _tell_respelled(respelled, lambda value: type(value).__name__)
        count = f"SELECT count(DISTINCT {quoted} COLLATE BINARY) FROM {table}"
        (total,) = connection.execute(count).fetchone()
        return _tell_respelled(respelled, _find_form) + _tell_offsets(respelled, total)
    return None


def _count_signed_zeros(connection: sqlite3.Connection, table: str, quoted: str) -> int:
    """How many values are -0.0, which SQL does not tell from 0.0."""
    zeros = f"SELECT {quoted} FROM {table} WHERE typeof({quoted}) = 'real' AND {quoted} = 0"
    return sum(math.copysign(1, zero) < 0 for (zero,) in connection.execute(zeros))


def _tell_signs(affinity: str, count: int) -> str:
    """That columns of numbers have zeros without a sign, as a sentence."""
    if not count or affinity in ("TEXT", "BLOB"):
        return ""
    return f"{spell_count(count, 'value')} respelled, such as -0.0 as 0.0"


def _tell_fractions(affinity: str, found: dict[str, int]) -> str:
    """Describe the whole numbers that a column would turn into fractions, as a sentence."""
    if "integer" in found and affinity == "REAL":
        return f"{spell_count(found['integer'], 'whole number')} stored as fractions, such as 1.0"
    return ""


def _is_same(value: Any, stored: Any, affinity: str) -> bool:
    """Whether a column has the same of two values: numbers as numbers, texts and blobs exactly."""
    if affinity not in ("TEXT", "BLOB") and stored == str(value):
        return True  # a column of numbers reads the text of one
    is_text, is_binary = isinstance(value, str), isinstance(value, bytes)
    alike = is_text == isinstance(stored, str) and is_binary == isinstance(stored, bytes)
    return bool(alike and value == stored)


def _merge(values: Iterable[tuple[Any]], convert: Callable[[Any], Any], declared: str) -> bool:
    """Whether values that differ would become the same."""
    with closing(sqlite3.connect("")) as scratch:  # on disk, where there are many
        scratch.execute(f"CREATE TABLE t (v {declared} UNIQUE)")
        try:
            for (value,) in values:
                scratch.execute("INSERT INTO t VALUES (?)", (convert(value),))
        except sqlite3.IntegrityError:
            return True
    return False


def _tell_respelled(respelled: list[tuple[Any, Any]], find_form: Callable[[Any], str]) -> str:
    """How values are respelled: how many of each form, and one of them."""
    if not respelled:
        return ""
    examples = [
        (count, f"such as {_spell(value)} as {_spell(stored)}")
        for count, (value, stored) in _group(respelled, lambda pair: find_form(pair[0]))
    ]
    return f"{spell_count(len(respelled), 'value')} respelled{_list_examples(examples)}"


def _list_examples(examples: list[tuple[int, str]]) -> str:
    if len(examples) == 1:
        return f", {examples[0][1]}"
    listed = [f"{count:,} {example}" for count, example in examples[:_MOST_FORMS]]
    rest = sum(count for count, _ in examples[_MOST_FORMS:])
    return ": " + ", ".join([*listed, *([f"{rest:,} others"] if rest else [])])


def _group(values: Iterable[_T], find_form: Callable[[_T], str]) -> list[tuple[int, _T]]:
    """How many values have one form, and the first of them; the most frequent form first."""
    counts: Counter[str] = Counter()
    first: dict[str, _T] = {}
    for value in values:
        form = find_form(value)
        counts[form] += 1
        first.setdefault(form, value)
    return [(count, first[form]) for form, count in counts.most_common()]


def _find_form(value: Any) -> str:
    """How a moment is written, whatever its digits are; fractions too long to be kept are told."""
    text = re.sub(r"\.\d{1,6}(?!\d)", ".0", str(value))
    return re.sub(r"\d", "0", re.sub(r"[+-](?=\d\d:?(\d\d)?$)", "+", text))


def _tell_offsets(respelled: list[tuple[Any, Any]], total: int) -> str:
    """That some moments of a column have an offset and others have none, if it is so."""
    count = sum(_OFFSET.search(str(value)) is not None for value, _ in respelled)
    if not count or count == total:
        return ""
    return (
        f"; {count:,} with an offset from UTC now in UTC, {total - count:,} without one by their "
        "own clock, so that these do not compare"
    )


def _spell(value: Any) -> str:
    """A value as SQL has it, or the beginning of a long one."""
    if value is None:
        return "NULL"
    text = str(value)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return quote_text(text) if isinstance(value, str) else text


def _describe(
    connection: sqlite3.Connection,
    column: sa.Column[Any],
    type_: types.TypeEngine[Any],
    declared: str,
    found: dict[str, int],
) -> str:
    if type_ is column.type:
        return ""
    if not declared:
        return f"no type declared, holds {_list(found)}"
    kind = find_type_kind(column.type)
    told = f"declared {declared}, holds {_list(found)}"
    if kind and kind.name in _MOMENTS and {*found} == {"text"}:
        table, quoted = quote_identifier(column.table.name), quote_identifier(column.name)
        values = connection.execute(f"SELECT {quoted} FROM {table} WHERE {quoted} IS NOT NULL")
        forms = _group((value for (value,) in values), _find_form)
        examples = [(count, f"such as {_spell(value)}") for count, value in forms]
        return told + _list_examples(examples)
    return told + _tell_misfit(connection, column, declared, found)


def _tell_misfit(
    connection: sqlite3.Connection, column: sa.Column[Any], declared: str, found: dict[str, int]
) -> str:
    """The first value that the declared type refuses, and why, where its kind does not tell.

    Declared types that nobody knows are taken for numbers, which says nothing of their values.
    """
    is_text = {*found} == {"text"}
    is_usual = is_text == (find_affinity(declared) == "TEXT") and "blob" not in found
    if not is_usual and not (is_text and isinstance(column.type, types.JSON)):
        return ""
    table, quoted = quote_identifier(column.table.name), quote_identifier(column.name)
    with suppress(SettingsError):
        rule = ColumnRule(column, dialect(), (), takes_infinity=True)
        convert, condition = rule.make_stored_converter(), rule.suspect_values(quoted)
        for (value,) in connection.execute(f"SELECT {quoted} FROM {table} WHERE {condition}"):
            try:
                convert(value)
            except ValueError as error:
                return f", such as {_spell(value)}, which is not {error}"
    return ""


def _list(found: dict[str, int]) -> str:
    words = {"real": "fraction", "integer": "whole number", "text": "text", "blob": "blob"}
    return " and ".join(spell_count(count, words[kind]) for kind, count in sorted(found.items()))
