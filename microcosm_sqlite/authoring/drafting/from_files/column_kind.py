"""The kind of one text or value of a column.

A kind is only taken where nothing is lost: leading zeros, ``NULL``, ``NA``, numbers of more digits
than a double holds, and anything mixed stay text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from microcosm_sqlite.authoring.values.json_documents import keeps_digits, take_json
from microcosm_sqlite.authoring.values.parsing import (
    EXACT_DIGITS,
    SQLITE_SPACE,
    check_interval,
    parse_date,
    parse_datetime,
)
from microcosm_sqlite.common.kinds import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TEXT,
    TIME,
)
from microcosm_sqlite.common.kinds import UUID as UUID_

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,6})?)?"
    r"|[0-9]{8}T[0-9]{6})"
    r"(?P<offset>Z| ?UTC|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_BOOLEANS = frozenset({"true", "false", "yes", "no"})


@lru_cache(maxsize=1 << 15)
def classify(text: str) -> str:
    """The narrowest kind of one text; blanks around it do not count, but in texts.

    >>> [classify(text) for text in ("7", "007", "7.5", "NA", "yes", "2013-02-30")]
    ['integer', 'text', 'number', 'text', 'boolean', 'text']
    """
    text = text.strip(SQLITE_SPACE)
    if _INTEGER.fullmatch(text) and -(2**63) <= int(text) < 2**63:
        return INTEGER
    if _is_number(text):
        return NUMBER
    if text.lower() in _BOOLEANS:
        return BOOLEAN
    if _DATE.fullmatch(text):
        return DATE if _is_parsed(parse_date, text) else TEXT
    if match := _DATETIME.fullmatch(text):
        kind = MOMENT if match["offset"] else DATETIME
        return kind if _is_parsed(parse_datetime, text) else TEXT
    return TEXT


def classify_value(value: object) -> tuple[str, str]:
    """The kind of a value that has a type of its own, and its text, as a build judges it.

    Text stays text, but for dates and moments, for which JSON has no type.

    >>> classify_value("7"), classify_value(7), classify_value("2013-01-31")
    (('text', '7'), ('integer', '7'), ('date', '2013-01-31'))

    Raises:
        ValueError: It holds what JSON does not have, or is no duration that is stored; the text
            says what was expected.
    """
    for type_, classify_one in _CLASSIFIERS:
        if isinstance(value, type_):
            return classify_one(value)
    return JSON, json.dumps(take_json(value))


def classify_string(value: str) -> tuple[str, str]:
    """The kind of a text of a source with types, and the text; but for moments, it is text."""
    kind = classify(value)
    return (kind if kind in (DATE, DATETIME, MOMENT) else TEXT), value


def _classify_whole(value: int) -> tuple[str, str]:
    return (INTEGER if -(2**63) <= value < 2**63 else TEXT), str(value)


def _classify_decimal(value: Decimal) -> tuple[str, str]:
    if value.as_tuple().exponent == 0:
        return _classify_whole(int(value))
    digits = "".join(map(str, value.as_tuple().digits)).rstrip("0")
    is_exact = len(digits) <= EXACT_DIGITS and math.isfinite(float(value))
    return (NUMBER if is_exact else TEXT), str(value)


def _classify_datetime(value: datetime) -> tuple[str, str]:
    return (DATETIME if value.tzinfo is None else MOMENT), value.isoformat(" ")


# The first that fits: true is a whole number to Python, and a moment is a date.
_CLASSIFIERS: tuple[tuple[type, Callable[[Any], tuple[str, str]]], ...] = (
    (str, classify_string),
    (bool, lambda value: (BOOLEAN, str(value).lower())),
    (int, _classify_whole),
    (float, lambda value: (NUMBER, str(value))),
    (Decimal, _classify_decimal),
    (datetime, _classify_datetime),
    (date, lambda value: (DATE, str(value))),
    (time, lambda value: (TIME, str(value))),
    (timedelta, lambda value: (DURATION, str(check_interval(value)))),
    (UUID, lambda value: (UUID_, str(value))),
    (bytes, lambda value: (BINARY, value.hex())),
)


def _is_number(text: str) -> bool:
    match = _NUMBER.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return False
    return keeps_digits(text)


def _is_parsed(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
