"""How the values of each kind are read: from texts, from sources with types, from databases.

One record for each kind of `common.kinds`: what of the kinds needs SQLAlchemy stands here. As with
texts, what comes out of any source is what SQLAlchemy would be given, and a `ValueError` says what
was expected. Text in a column of another type is parsed as in CSV; nothing else is made of
anything, but for numbers that are the same in both types, and numbers in text columns.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import types

from microcosm_sqlite.authoring.values.date_formats import (
    compile_boolean_format,
    compile_format,
    compile_interval_format,
)
from microcosm_sqlite.authoring.values.json_documents import parse_json, refuse_halves, take_json
from microcosm_sqlite.authoring.values.parsing import (
    EXACT_INTEGER,
    Parser,
    check_interval,
    make_date_parser,
    make_decimal_parser,
    make_enum_parser,
    make_number_parser,
    make_text_parser,
    parse_any_float,
    parse_binary,
    parse_bool,
    parse_date,
    parse_datetime,
    parse_float,
    parse_integer,
    parse_interval,
    parse_time,
    parse_uuid,
)
from microcosm_sqlite.authoring.values.suspicions import (
    suspect_all,
    suspect_boolean,
    suspect_bytes,
    suspect_date,
    suspect_integer,
    suspect_label,
    suspect_moment,
    suspect_real,
    suspect_text,
)
from microcosm_sqlite.common import kinds
from microcosm_sqlite.common.kinds import KINDS, Kind

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.values.rules import ColumnRule

"""From here SQLAlchemy counts the moment that it stores for an interval."""


def _refuse(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    raise ValueError("text")


@dataclass(frozen=True)
class KindValues:
    """How the values of one kind are read.

    Attributes:
        make_parser: Makes what parses texts, given the type; None where no text stands for one.
        take: Takes a value that is neither None nor text, and may use the parser of texts.
        reads_texts: Whether text in a source with types is parsed as it is in CSV.
        suspect: SQL that is true of each value of a database that is not known to be what the
            column stores already, given the type, the rule and the quoted name.
        apply_format: Makes a parser of one for texts in a format; None where there are no formats.
    """

    make_parser: Callable[[Any], Parser] | None
    take: Callable[[Any, Parser], Any] = _refuse
    reads_texts: bool = True
    suspect: Callable[[Any, ColumnRule, str], str] = suspect_all
    apply_format: Callable[[Parser, str], Parser] | None = None


def undecorate(type_: types.TypeEngine[Any]) -> types.TypeEngine[Any]:
    """The type whose kind a type has: a decorator has that of what it decorates.

    Decorators that are kinds by themselves, such as Interval and PickleType, stay.
    """
    known = _list_classes(tuple(KINDS.values()))
    while isinstance(type_, types.TypeDecorator) and known.keys().isdisjoint(type(type_).__mro__):
        type_ = type_.impl_instance
    return type_


def find_type_kind(type_: types.TypeEngine[Any]) -> Kind | None:
    """The kind of a SQLAlchemy type, or None for one that has none, such as ARRAY."""
    known = _list_classes(tuple(KINDS.values()))
    return next((known[each] for each in type(undecorate(type_)).__mro__ if each in known), None)


@cache
def _list_classes(kinds: tuple[Kind, ...]) -> dict[type, Kind]:
    return {import_type(kind.type): kind for kind in kinds}


def import_type(name: str) -> type[types.TypeEngine[Any]]:
    """A SQLAlchemy type, named as the table of kinds does: `module:class`."""
    module, _, attribute = name.partition(":")
    type_: type[types.TypeEngine[Any]] = getattr(import_module(module), attribute)
    return type_


def is_text_type(type_: types.TypeEngine[Any]) -> bool:
    """Whether empty text is a value of a type."""
    return isinstance(undecorate(type_), types.String)


def choose_parser(
    type_: types.TypeEngine[Any], *, format_: str = "", takes_infinity: bool = False
) -> Parser | None:
    """The parser for a type, or None for a type that text cannot stand for.

    A decorator is parsed as the type that it decorates, and does its own work afterwards.

    Args:
        type_: The type.
        format_: The format of its numbers, where it is not that of programs, or of its dates,
            where they are not in ISO 8601.
        takes_infinity: Whether numbers may be infinite.

    Raises:
        ValueError: A format that is not known, or that is given to a type without formats.
    """
    kind = find_type_kind(type_)
    values = VALUES[kind.name] if kind else None
    if kind is None or values is None or values.make_parser is None:
        return None
    is_any = takes_infinity and kind.name == kinds.NUMBER
    parse = parse_any_float if is_any else values.make_parser(undecorate(type_))
    if not format_:
        return parse
    if values.apply_format is None:
        raise ValueError(f"{undecorate(type_)!r} is not a type of numbers or dates, or of booleans")
    return values.apply_format(parse, format_)


def make_taker(values: KindValues, parse: Parser) -> Callable[[Any], Any]:
    """Return the converter for values of typed sources, given the parser of texts."""
    if not values.reads_texts:
        return lambda value: values.take(value, parse)

    def take_value(value: Any) -> Any:
        if isinstance(value, enum.Enum):
            value = value.name
        if isinstance(value, str):
            refuse_halves(value)
            return parse(value)
        return values.take(value, parse)

    return take_value


def _take_integer(value: Any, parse: Parser) -> Any:
    if isinstance(value, bool):
        raise ValueError("a whole number")  # noqa: TRY004 - as for every other value
    if isinstance(value, float) and abs(value) <= EXACT_INTEGER and value.is_integer():
        return int(value)
    return parse(str(value))


def _take_number(value: Any, parse: Parser) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("a finite number")  # noqa: TRY004 - as above
    return parse(str(value))


def _take_boolean(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
        return bool(value)
    raise ValueError("true or false")


def _take_text(value: Any, parse: Parser) -> Any:
    if isinstance(value, bool):
        return parse("true" if value else "false")
    if isinstance(value, int | Decimal) or (isinstance(value, float) and math.isfinite(value)):
        return parse(str(value))
    raise ValueError("text")


def _take_datetime(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    if isinstance(value, datetime):
        try:
            return kinds.as_utc(value)
        except OverflowError:
            raise ValueError("a date and time of the years 1 to 9999 in UTC") from None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    raise ValueError("a date and time")


def _take_date(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("a date")


def _take_time(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    if isinstance(value, time) and value.tzinfo is None:
        return value
    raise ValueError("a time of day without offset")


def _take_binary(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise ValueError("bytes")


def _take_instance(kind: type, name: str) -> Callable[[Any, Parser], Any]:
    def take(value: Any, parse: Parser) -> Any:  # noqa: ARG001
        if isinstance(value, kind):
            return value
        raise ValueError(name)

    return take


def _take_duration(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    if isinstance(value, timedelta):
        return check_interval(value)
    raise ValueError("a duration")


def _take_json(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    if isinstance(value, bytes):  # which only its application can read, such as SQLite's JSONB
        raise ValueError("JSON")  # noqa: TRY004 - as for every other value
    return take_json(value)


def _make_uuid_parser(type_: Any) -> Parser:
    return parse_uuid if type_.as_uuid else lambda text: str(parse_uuid(text))


VALUES = {
    kinds.LABEL: KindValues(lambda type_: make_enum_parser(type_.enums), suspect=suspect_label),
    kinds.TEXT: KindValues(
        lambda type_: make_text_parser(type_.length), _take_text, suspect=suspect_text
    ),
    kinds.INTEGER: KindValues(
        lambda _: parse_integer,
        _take_integer,
        suspect=suspect_integer,
        apply_format=make_number_parser,
    ),
    kinds.BOOLEAN: KindValues(
        lambda _: parse_bool,
        _take_boolean,
        suspect=suspect_boolean,
        apply_format=lambda _, format_: compile_boolean_format(format_),
    ),
    kinds.NUMBER: KindValues(
        lambda _: parse_float,
        _take_number,
        suspect=suspect_real,
        apply_format=make_number_parser,
    ),
    kinds.DECIMAL: KindValues(
        lambda type_: make_decimal_parser(type_.precision, type_.scale),
        _take_number,
        apply_format=make_number_parser,
    ),
    kinds.DATETIME: KindValues(
        lambda _: parse_datetime,
        _take_datetime,
        suspect=suspect_moment,
        apply_format=lambda _, format_: compile_format(format_),
    ),
    kinds.DATE: KindValues(
        lambda _: parse_date,
        _take_date,
        suspect=suspect_date,
        apply_format=make_date_parser,
    ),
    kinds.TIME: KindValues(lambda _: parse_time, _take_time),
    kinds.DURATION: KindValues(
        lambda _: parse_interval,
        _take_duration,
        apply_format=lambda _, format_: compile_interval_format(format_),
    ),
    kinds.JSON: KindValues(lambda _: parse_json, _take_json, reads_texts=False),
    kinds.UUID: KindValues(_make_uuid_parser, _take_instance(UUID, "a UUID")),
    kinds.BINARY: KindValues(lambda _: parse_binary, _take_binary, suspect=suspect_bytes),
    kinds.PICKLE: KindValues(None),
}
"""By the names of kinds; one without a condition, such as a decimal, is judged value by value."""
