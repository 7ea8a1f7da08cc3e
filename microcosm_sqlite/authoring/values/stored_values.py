"""Values of another SQLite file, and which of them are what a column stores already.

SQLite lets any column hold anything, so nothing is believed: of each column one condition is asked
in SQL, of all rows at once, that is true of whatever the judge might have stored otherwise. Where
it never is, the values go from one file to the other as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.values.parsing import parse_datetime
from microcosm_sqlite.authoring.values.rules import ColumnRule, ConvertedTexts
from microcosm_sqlite.common.sql import find_affinity, quote_text

EPOCH = datetime(1970, 1, 1)
"""From here SQLAlchemy counts the moment that it stores for an interval."""

ALWAYS = "1"
"""The condition of a column whose every value has to be judged."""


def suspect_values(rule: ColumnRule, quoted: str) -> str:
    """SQL that is true of each value that is not known to be what the column stores.

    Args:
        rule: The column's.
        quoted: The name, in SQL, of the column that the values come from.
    """
    type_ = rule.column.type.dialect_impl(dialect())
    if isinstance(type_, types.TypeDecorator):
        return ALWAYS
    describe = next((each for kind, each in _CONDITIONS if isinstance(type_, kind)), None)
    condition = describe(type_, rule, quoted) if describe else ALWAYS
    is_null = f"{quoted} IS NULL"
    return (
        f"({condition}) AND NOT {is_null}" if rule.column.nullable else f"{condition} OR {is_null}"
    )


def make_converter(rule: ColumnRule) -> Callable[[Any], Any]:
    """What makes of a value of another file what the column stores, or raises ValueError.

    JSON and intervals are read as SQLAlchemy stores them. Empty text in a column of another type
    is no value.
    """
    type_ = rule.column.type.dialect_impl(dialect())
    take = next((make(rule) for kind, make in _TAKERS if isinstance(type_, kind)), None)
    convert = take or rule.convert_value
    texts = ConvertedTexts(_without_empty(convert) if find_kind(type_) != "text" else convert)

    def convert_value(value: Any) -> Any:
        return texts[value] if isinstance(value, str) else convert(value)

    return convert_value


def find_kind(type_: types.TypeEngine[Any]) -> str:
    """`text` for a type that empty text is a value of, and nothing for others."""
    while isinstance(type_, types.TypeDecorator) and not isinstance(type_, types.Interval):
        type_ = type_.impl_instance
    return "text" if isinstance(type_, types.String) else ""


def _without_empty(convert: Callable[[Any], Any]) -> Callable[[str], Any]:
    return lambda text: convert(text or None)


def _read_json(rule: ColumnRule) -> Callable[[Any], Any]:
    return lambda value: (
        rule.convert(value) if isinstance(value, str) else rule.convert_value(value)
    )


def _read_interval(rule: ColumnRule) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        try:
            return rule.convert_value(parse_datetime(value) - EPOCH)
        except (ValueError, AttributeError):
            return rule.convert_value(value)

    return convert


def _read_bytes(rule: ColumnRule) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError("bytes")  # noqa: TRY004 - as for every other value
        return rule.convert_value(value)

    return convert


_TAKERS: tuple[tuple[type[Any], Callable[[ColumnRule], Callable[[Any], Any]]], ...] = (
    (types.Interval, _read_interval),
    (types.JSON, _read_json),
    (types.LargeBinary, _read_bytes),
)


def _suspect_integer(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    return _unless_stored("integer", quoted) if _has_affinity(rule, "INTEGER") else ALWAYS


def _suspect_text(type_: Any, rule: ColumnRule, quoted: str) -> str:
    if not _has_affinity(rule, "TEXT"):
        return ALWAYS
    # Functions of SQLite stop at a NUL.
    conditions = [_unless_stored("text", quoted), f"instr({quoted}, char(0)) > 0"]
    conditions += [f"length({quoted}) > {type_.length}"] if type_.length else []
    nulls = _list_texts(text for text in rule.nulls if text)
    conditions += [f"{quoted} COLLATE BINARY IN ({nulls})"] if nulls else []
    return " OR ".join(conditions)


def _suspect_label(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    stored = _unless_stored("text", quoted)
    return f"{stored} OR {quoted} COLLATE BINARY NOT IN ({_list_texts(type_.enums)})"


def _suspect_real(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    if not _has_affinity(rule, "REAL"):
        return ALWAYS
    return f"typeof({quoted}) NOT IN ('integer', 'real') OR abs({quoted} * 1.0) = 9e999"


def _suspect_boolean(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    return f"{_unless_stored('integer', quoted)} OR {quoted} NOT IN (0, 1)"


def _suspect_date(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    return f"date({quoted}, '+0 days') COLLATE BINARY IS NOT {quoted} OR {quoted} < '0001'"


def _suspect_moment(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    second, fraction = f"substr({quoted}, 1, 19)", f"substr({quoted}, 20)"
    return (
        f"datetime({second}, '+0 days') COLLATE BINARY IS NOT {second} OR {quoted} < '0001' "
        f"OR length({quoted}) <> 26 OR {fraction} NOT GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'"
    )


def _suspect_bytes(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    return _unless_stored("blob", quoted)


def _unless_stored(kind: str, quoted: str) -> str:
    return f"typeof({quoted}) <> '{kind}'"


def _has_affinity(rule: ColumnRule, affinity: str) -> bool:
    return find_affinity(rule.expected) == affinity


def _list_texts(texts: Any) -> str:
    return ", ".join(quote_text(text) for text in sorted(texts))


# The first that fits: kinds stand in front of those that they derive from. A kind that is not
# here, such as a decimal, is judged value by value.
_CONDITIONS: tuple[tuple[type[Any], Callable[[Any, ColumnRule, str], str]], ...] = (
    (types.Enum, _suspect_label),
    (types.String, _suspect_text),
    (types.Integer, _suspect_integer),
    (types.Boolean, _suspect_boolean),
    (types.Float, _suspect_real),
    (types.DateTime, _suspect_moment),
    (types.Date, _suspect_date),
    (types.LargeBinary, _suspect_bytes),
)
