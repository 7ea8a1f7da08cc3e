"""Texts of a source as Python values: one parser for each kind of SQLAlchemy type.

Every parser takes text and returns the value that SQLAlchemy would be given, or raises
`ValueError`, whose text says what was expected ("a whole number").
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import types

from microcosm_sqlite.authoring.values.date_formats import compile_format, compile_number_format
from microcosm_sqlite.common.booleans import parse_boolean

Parser = Callable[[str], Any]

SQLITE_SPACE = " \t\n\v\f\r"
EXACT_INTEGER = 2**53 - 1
"""Up to here, no two whole numbers are one double."""

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_UTC = re.compile(" ?UTC$")
_INFINITY = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_CLOCK = re.compile(
    r"((?P<days>-?[0-9]+) days?, )?(?P<sign>-)?(?P<hours>[0-9]+):(?P<minutes>[0-9]{2})"
    r":(?P<seconds>[0-9]{2}(\.[0-9]{1,6})?)"
)
_DURATION = re.compile(
    r"(?P<sign>-)?P(?=.)((?P<weeks>[0-9]+)W)?((?P<days>[0-9]+)D)?"
    r"(T(?=.)((?P<hours>[0-9]+)H)?((?P<minutes>[0-9]+)M)?((?P<seconds>[0-9]+(\.[0-9]{1,6})?)S)?)?"
)


def parse_integer(text: str) -> int:
    """A whole number of 64 bits.

    Spaces around it do not count. `12.0` and `1e3` are taken, as spreadsheets and frames write
    whole numbers so, while a double holds them exactly.
    """
    trimmed = text.strip(SQLITE_SPACE)
    if _WHOLE.fullmatch(trimmed):
        value = int(trimmed) if len(trimmed) < 100 else 1 << 64
        if not -(2**63) <= value < 2**63:
            raise ValueError("a whole number that fits 64 bits")
        return value
    if _NUMBER.fullmatch(trimmed):
        number = float(trimmed)
        if abs(number) <= EXACT_INTEGER and _is_nearly_whole(number):
            return round(number)
    raise ValueError("a whole number")


def _is_nearly_whole(number: float) -> bool:
    # SQLite reads decimals to within a few units in the last place, so that text such as
    # 2.9999999999999999 may reach it as 3.
    return abs(number - round(number)) <= 4 * math.ulp(number)


def parse_float(text: str) -> float:
    """A finite number."""
    trimmed = text.strip(SQLITE_SPACE)
    if _NUMBER.fullmatch(trimmed):
        number = float(trimmed)
        if math.isfinite(number):
            return number
    raise ValueError("a finite number")


def parse_any_float(text: str) -> float:
    """A number; `inf` and `Infinity` are two."""
    if _INFINITY.fullmatch(text.strip(SQLITE_SPACE)):
        return float(text)
    try:
        return parse_float(text)
    except ValueError:
        raise ValueError("a number") from None


def make_decimal_parser(precision: int | None, scale: int | None) -> Parser:
    """Numbers that survive SQLite's NUMERIC, which is a double, at this precision and scale."""

    def parse_decimal(text: str) -> Decimal:
        trimmed = text.strip(SQLITE_SPACE)
        try:
            number = Decimal(trimmed) if _NUMBER.fullmatch(trimmed) else None
        except InvalidOperation:
            number = None
        if number is None or not math.isfinite(float(number)):
            raise ValueError("a finite number")
        shown = scale if scale is not None else 10
        if f"{float(number):.{shown}f}" != f"{number:.{shown}f}" or (
            scale is not None and round(number, scale) != number
        ):
            raise ValueError(f"a number of at most {shown} decimals that a double can hold")
        if precision is not None and abs(number) >= Decimal(10) ** (precision - (scale or 0)):
            raise ValueError(
                f"a number of at most {precision - (scale or 0)} digits before the point"
            )
        return number

    return parse_decimal


def parse_bool(text: str) -> bool:
    """True or false, in the spellings of `microcosm_sqlite.common.booleans`."""
    if not text:
        raise ValueError("true or false")
    try:
        return parse_boolean(text)
    except ValueError:
        raise ValueError("true or false") from None


def parse_date(text: str) -> date:
    """An ISO 8601 date."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("a date as in 2013-01-31") from None


def parse_datetime(text: str) -> datetime:
    """An ISO 8601 date and time; one with an offset becomes UTC, as SQLite stores no offset."""
    try:
        value = datetime.fromisoformat(_UTC.sub("Z", text.strip()))
        return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError("a date and time as in 2013-01-31T23:59:00Z") from None


def parse_time(text: str) -> time:
    """An ISO 8601 time of day, without offset."""
    try:
        value = time.fromisoformat(text.strip())
    except ValueError:
        value = None
    if value is None or value.tzinfo is not None:
        raise ValueError("a time of day as in 23:59:00")
    return value


def parse_interval(text: str) -> timedelta:
    """A duration: ISO 8601 (`P1DT2H`), or a clock as Python shows it (`1 day, 2:00:00`)."""
    match = _DURATION.fullmatch(text) or _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError("a duration as in P1DT2H30M or 26:30:00")
    parts = match.groupdict()
    sign = -1 if parts.pop("sign") else 1
    try:
        return sign * timedelta(**{unit: float(part) for unit, part in parts.items() if part})
    except OverflowError:
        raise ValueError("a duration of less than a billion days") from None


def parse_json(text: str) -> Any:
    """JSON of any kind."""
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise ValueError("JSON") from None


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's reader takes and JSON does not have."""
    raise ValueError(f"{name} is no JSON, which has null for it")


def parse_uuid(text: str) -> UUID:
    """A UUID, with or without hyphens."""
    try:
        return UUID(text.strip())
    except ValueError:
        raise ValueError("a UUID") from None


def parse_binary(text: str) -> bytes:
    r"""Bytes in base64, or in hex behind `\x`."""
    try:
        if text.startswith("\\x"):
            return bytes.fromhex(text[2:])
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("base64, or hex behind \\x") from None


def parse_text(text: str) -> str:
    """The text itself."""
    return text


def make_text_parser(length: int | None) -> Parser:
    """Text of at most `length` characters."""
    if length is None:
        return parse_text

    def parse_short_text(text: str) -> str:
        if len(text) > length:
            raise ValueError(f"text of at most {length} characters")
        return text

    return parse_short_text


def make_enum_parser(labels: list[str]) -> Parser:
    """One of the labels of an enumeration."""
    known = frozenset(labels)
    shown = ", ".join(labels[:12]) + (", ..." if len(labels) > 12 else "")

    def parse_label(text: str) -> str:
        if text not in known:
            raise ValueError(f"one of {shown}")
        return text

    return parse_label


def make_format_parser(type_: types.TypeEngine[Any], parse_plain: Parser, format_: str) -> Parser:
    """Numbers, dates or moments in a format.

    Raises:
        ValueError: The type is none of these, or the format is not known.
    """
    if isinstance(type_, types.Integer | types.Float | types.Numeric):
        spell = compile_number_format(format_)
        return lambda text: parse_plain(spell(text))
    parse = compile_format(format_)
    if isinstance(type_, types.DateTime):
        return parse
    if isinstance(type_, types.Date):
        return lambda text: parse(text).date()
    raise ValueError(f"{type_!r} is no type of numbers or dates")


def choose_parser(
    type_: types.TypeEngine[Any], *, format_: str = "", takes_infinity: bool = False
) -> Parser | None:
    """The parser for a type, or None for a type that text cannot stand for.

    A `TypeDecorator` is parsed as the type that it decorates, and does its own work afterwards.

    Args:
        type_: The type.
        format_: The format of its numbers, where it is not that of programs, or of its dates,
            where they are not in ISO 8601.
        takes_infinity: Whether numbers may be infinite.

    Raises:
        ValueError: A format that is not known, or that is given to a type without formats.
    """
    while isinstance(type_, types.TypeDecorator) and not isinstance(type_, _OWN_WAYS):
        type_ = type_.impl_instance
    parse = next((make(type_) for kind, make in _MAKERS if isinstance(type_, kind)), None)
    if takes_infinity and isinstance(type_, types.Float):
        parse = parse_any_float
    return make_format_parser(type_, parse, format_) if parse and format_ else parse


def _make_uuid_parser(type_: Any) -> Parser:
    return parse_uuid if type_.as_uuid else lambda text: str(parse_uuid(text))


# Decorators that are not parsed as what they decorate.
_OWN_WAYS = (types.PickleType, types.Interval)

# The first that fits: kinds stand in front of those that they derive from.
_MAKERS: tuple[tuple[type[Any], Callable[[Any], Parser | None]], ...] = (
    (types.PickleType, lambda _: None),
    (types.Interval, lambda _: parse_interval),
    (types.Enum, lambda type_: make_enum_parser(type_.enums)),
    (types.String, lambda type_: make_text_parser(type_.length)),
    (types.Integer, lambda _: parse_integer),
    (types.Boolean, lambda _: parse_bool),
    (types.Float, lambda _: parse_float),
    (types.Numeric, lambda type_: make_decimal_parser(type_.precision, type_.scale)),
    (types.DateTime, lambda _: parse_datetime),
    (types.Date, lambda _: parse_date),
    (types.Time, lambda _: parse_time),
    (types.JSON, lambda _: parse_json),
    (types.Uuid, _make_uuid_parser),
    (types.LargeBinary, lambda _: parse_binary),
)
