"""Documents of JSON: read, spelled and stored so that nothing in them is lost without a word."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn

DIGITS_OF_A_DOUBLE = 17
"""A number of more digits is never written for a double, which would lose some of them."""

_NO_DIGITS = str.maketrans("", "", "+-.")


def keeps_digits(text: str) -> bool:
    """Whether a double keeps what the text of a decimal number says.

    >>> [keeps_digits(text) for text in ("0.30000000000000004", "0.300000000000000044", "1e999")]
    [True, False, False]
    """
    digits = re.split("[eE]", text)[0].translate(_NO_DIGITS).lstrip("0")
    return len(digits) <= DIGITS_OF_A_DOUBLE and math.isfinite(float(text))


def read_json(text: str) -> Any:
    """A document as Python's own reader makes it, but nothing in it is lost.

    A decimal number whose digits a double would not keep is a `Decimal`.

    Raises:
        ValueError: It is no JSON, has NaN or Infinity, which Python takes and JSON does not have,
            names a key twice, or has half of a character.
    """
    document = _decode(text)
    if _HALF.search(text):
        refuse_halves(json.dumps(document, ensure_ascii=False, default=str))
    return document


def spell_json(value: Any) -> Any:
    """A value of which JSON can be made: other types than it has are spelled as text.

    NaN is null, as frames write it for nothing.

    >>> from datetime import date
    >>> spell_json([date(2013, 1, 31), {"price": Decimal("1.10")}, float("nan")])
    ['2013-01-31', {'price': '1.10'}, None]

    Raises:
        ValueError: A number is infinite, two keys are one in JSON, or a text has half of a
            character.
    """
    if isinstance(value, dict):
        return _make_object([(str(key), spell_json(item)) for key, item in value.items()])
    if isinstance(value, list | tuple):
        return [spell_json(item) for item in value]
    if isinstance(value, float | Decimal):
        return _spell_number(value)
    if isinstance(value, int | None):
        return value
    if isinstance(value, bytes):
        return value.hex()
    text = value if isinstance(value, str) else str(value)
    refuse_halves(text)
    return text


def _spell_number(value: float | Decimal) -> float | str | None:
    if math.isnan(value):
        return None
    if not math.isfinite(float(value)):
        raise ValueError(f"{value} is not finite, or too large for a double")
    return value if isinstance(value, float) else str(value)


def parse_json(text: str) -> Any:
    """JSON of any kind, as `read_json` gives it."""
    try:
        return read_json(text)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("JSON") from None
    except ValueError as error:
        raise ValueError(f"JSON, as {error}") from None


def take_json(value: Any) -> Any:
    """The same as `spell_json`, where the text of the error says what was expected."""
    try:
        return spell_json(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"JSON, as {error}") from None


def refuse_halves(text: str) -> None:
    """Refuse text with halves of characters, which no file in UTF-8 has.

    Raises:
        ValueError: It has one.
    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            half = error.object[error.start]
            raise ValueError(f"{half!a} is half of a character") from None


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's reader takes and JSON does not have."""
    raise ValueError(f"{name} is no JSON, which has null for it")


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(k for k in keys if keys.count(k) > 1)!r} is there twice")
    return made


def _read_number(text: str) -> float | Decimal:
    number = float(text)
    is_short = len(text) <= DIGITS_OF_A_DOUBLE and math.isfinite(number)
    return number if is_short or keeps_digits(text) else Decimal(text)


_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Halves of a character, which are text only in pairs."""

_NUMBER_STARTS = frozenset("-0123456789")

_decode = json.JSONDecoder(
    parse_float=_read_number, parse_constant=refuse_constant, object_pairs_hook=_make_object
).decode


def make_json_binder(
    bind: Callable[[Any], Any], *, is_numeric: bool = True
) -> Callable[[Any], Any]:
    """What a JSON type stores for a document, where that is JSON.

    Python writes NaN and Infinity, which JSON does not have. And a column that is declared JSON
    has numeric affinity, so that SQLite reads a document that is one number: it would round a
    large whole number, and is off by some units in the last place of a fraction.

    Args:
        bind: What the type does.
        is_numeric: Whether the column has numeric affinity.
    """

    def bind_document(document: Any) -> Any:
        try:
            text = bind(document)
        except TypeError:  # a number that is no double, or whatever a program makes
            text = bind(spell_json(document))
        if isinstance(text, str):
            if "NaN" in text or "Infinity" in text:
                json.loads(text, parse_constant=refuse_constant)
            if is_numeric and text[:1] in _NUMBER_STARTS:
                return _keep_number(json.loads(text), text)
        return text

    return bind_document


def _keep_number(number: Any, text: str) -> float | str:
    if isinstance(number, float):
        return number
    if not -(2**63) <= number < 2**63:
        raise ValueError("SQLite keeps whole numbers of 64 bits")
    return text
