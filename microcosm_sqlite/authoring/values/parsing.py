"""Parse the texts of a source: one parser for each kind of values.

Every parser takes text and returns the value that SQLAlchemy would be given, or raises
`ValueError`, whose text says what was expected ("a whole number").
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Collection
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from uuid import UUID

from microcosm_sqlite.authoring.values.date_formats import compile_format, compile_number_format
from microcosm_sqlite.common.durations import parse_duration
from microcosm_sqlite.common.kinds import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    KINDS,
    MOMENT,
    NUMBER,
    TEXT,
    TIME,
    parse_boolean,
    store_duration,
)
from microcosm_sqlite.common.stored_values import read_moment

if TYPE_CHECKING:
    from collections.abc import Callable


Parser = Callable[[str], Any]

SQLITE_SPACE = " \t\n\v\f\r"
EXACT_INTEGER = 2**53 - 1
"""Up to here, no two whole numbers are one double."""
EXACT_DIGITS = 15
"""Decimal numbers of so many digits come back from a double unchanged."""

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITY = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
NULL_WORDS = frozenset(
    {
        "-", "--", ".", "..", "...", "?", "*", "\\N", "#N/A", "#DIV/0!", "#REF!", "#VALUE!",
        "#NAME?", "#NUM!", "#NULL!",
        "N/A", "NA", "NAN", "NULL", "NaN", "None", "Null", "n/a", "na", "nan", "nil", "none",
        "null", "(null)", "<NA>", "missing",
    }
)  # fmt: skip
"""Texts that often stand for no value, as blanks do. That is for the author to say, so they stay
text."""


def is_word(value: object, words: Collection[str]) -> bool:
    """Whether a text or a number of any source is one of some words, as it is written.

    >>> is_word(-999, {"-999"}), is_word("NA", {"NA"}), is_word(True, {"True"})
    (True, True, False)
    """
    is_plain = isinstance(value, str | int | float | Decimal) and not isinstance(value, bool)
    return is_plain and str(value) in words


def is_infinity(text: str) -> bool:
    """Whether a text is an infinite number: `inf` or `Infinity`, with a sign or without."""
    return bool(_INFINITY.fullmatch(text))


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
    if is_infinity(text.strip(SQLITE_SPACE)):
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
    """True or false, in the spellings of `microcosm_sqlite.common.kinds`."""
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
        raise ValueError(f"a date as in {KINDS[DATE].example}") from None


def parse_datetime(text: str) -> datetime:
    """An ISO 8601 date and time; one with an offset becomes UTC, as SQLite stores no offset."""
    try:
        return read_moment(text)
    except (ValueError, OverflowError):
        raise ValueError(f"a date and time as in {KINDS[DATETIME].example}") from None


def parse_time(text: str) -> time:
    """An ISO 8601 time of day, without offset."""
    try:
        value = time.fromisoformat(text.strip())
    except ValueError:
        value = None
    if value is None or value.tzinfo is not None:
        raise ValueError(f"a time of day as in {KINDS[TIME].example}")
    return value


def parse_interval(text: str) -> timedelta:
    """A duration: ISO 8601 (`P1DT2H`), or a clock as Python shows it (`1 day, 2:00:00`)."""
    try:
        duration = parse_duration(text)
    except OverflowError:
        raise ValueError(_SHORT_DURATION) from None
    except ValueError:
        raise ValueError(f"a duration as in {KINDS[DURATION].example} or 26:30:00") from None
    return check_interval(duration)


_SHORT_DURATION = "a duration that, counted from 1970, ends in the years 1 to 9999"


def check_interval(value: timedelta) -> timedelta:
    """The duration itself, if it is one that is stored.

    Raises:
        ValueError: It is not.
    """
    try:
        store_duration(value)
    except OverflowError:
        raise ValueError(_SHORT_DURATION) from None
    return value


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


def make_number_parser(parse: Parser, format_: str) -> Parser:
    """Numbers in a format, or ValueError where that is none."""
    spell = compile_number_format(format_)
    return lambda text: parse(spell(text))


def make_date_parser(parse: Parser, format_: str) -> Parser:  # noqa: ARG001
    """Dates in a format, or ValueError where that is none."""
    read = compile_format(format_)
    return lambda text: read(text).date()


def spell_value(kind: str, text: str) -> str:
    """Return how the value of a text is shown once its kind is known.

    >>> spell_value("number", "1.50"), spell_value("boolean", "No"), spell_value("integer", " 7")
    ('1.5', 'false', '7')
    >>> spell_value("number", "-0.0"), spell_value("datetime", "2013-01-31T10:00")
    ('0.0', '2013-01-31 10:00:00')
    """
    text = text.strip(SQLITE_SPACE)
    if kind == NUMBER:
        return repr(float(text) + 0.0)  # zero has no sign in SQLite
    if kind == BOOLEAN:
        return str(parse_boolean(text)).lower()
    return parse_datetime(text).isoformat(" ") if kind in (DATETIME, MOMENT) else text


def is_odd(kind: str, text: str) -> bool:
    """Whether a text is not how the value is shown that it stands for.

    >>> is_odd("integer", " 7"), is_odd("datetime", "2013-01-31 10:00:00"), is_odd("text", " 7")
    (True, False, False)
    """
    if kind in (NUMBER, BOOLEAN, MOMENT):
        return spell_value(kind, text) != text
    if kind == DATETIME:
        return _PLAIN_MOMENT.fullmatch(text) is None
    return kind != TEXT and text != text.strip(SQLITE_SPACE)


_PLAIN_MOMENT = re.compile(r"[0-9-]{10} [0-9:]{8}(\.[0-9]{6})?")
