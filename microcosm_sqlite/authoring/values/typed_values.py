"""Values of sources that have types of their own: JSON Lines, Parquet, Python.

As with texts, what comes out is what SQLAlchemy would be given, and a `ValueError` says what was
expected. Text in a column of another type is parsed as in CSV; nothing else is made of anything,
but for numbers that are the same in both types, and numbers in text columns.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import types

from microcosm_sqlite.authoring.values.parsing import EXACT_INTEGER, Parser

Taker = Callable[[Any], Any]
"""Takes a value that is neither None nor, but for text and JSON columns, text."""


def make_taker(type_: types.TypeEngine[Any], parse: Parser) -> Taker:
    """What takes values for a type, given the parser of its texts."""
    while isinstance(type_, types.TypeDecorator) and not isinstance(type_, types.Interval):
        type_ = type_.impl_instance
    if isinstance(type_, types.JSON):
        return spell_json
    take = next((take for kind, take in _TAKERS if isinstance(type_, kind)), _refuse)

    def take_value(value: Any) -> Any:
        if isinstance(value, enum.Enum):
            value = value.name
        return parse(value) if isinstance(value, str) else take(value, parse)

    return take_value


def spell_json(value: Any) -> Any:
    """A value of which JSON can be made: other types than it has are spelled as text.

    >>> spell_json([date(2013, 1, 31), {"price": Decimal("1.10")}, float("nan")])
    ['2013-01-31', {'price': '1.10'}, None]
    """
    if isinstance(value, dict):
        return {str(key): spell_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [spell_json(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | None) else str(value)


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
            return value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
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


def _refuse(value: Any, parse: Parser) -> Any:  # noqa: ARG001
    raise ValueError("text")


_TAKERS: tuple[tuple[type[types.TypeEngine[Any]], Callable[[Any, Parser], Any]], ...] = (
    (types.Interval, _take_instance(timedelta, "a duration")),
    (types.Enum, _refuse),
    (types.String, _take_text),
    (types.Integer, _take_integer),
    (types.Boolean, _take_boolean),
    (types.Float, _take_number),
    (types.Numeric, _take_number),
    (types.DateTime, _take_datetime),
    (types.Date, _take_date),
    (types.Time, _take_time),
    (types.Uuid, _take_instance(UUID, "a UUID")),
    (types.LargeBinary, _take_binary),
)
