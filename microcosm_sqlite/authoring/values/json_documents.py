"""Documents of JSON: read, spelled and stored so that nothing in them is lost without a word."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

DIGITS_OF_A_DOUBLE = 17
"""A number of more digits is never written for a double, which would lose some of them."""

_NO_DIGITS = str.maketrans("", "", "+-.")


def keeps_digits(text: str) -> bool:
    """Whether a double keeps what the text of a decimal number says.

    >>> [keeps_digits(text) for text in ("0.30000000000000004", "0.300000000000000044", "1e999")]
    [True, False, False]
    >>> keeps_digits("2.500000000000000000e-01")
    True
    """
    mantissa = re.split("[eE]", text)[0]
    mantissa = mantissa.rstrip("0") if "." in mantissa else mantissa
    digits = mantissa.translate(_NO_DIGITS).lstrip("0")
    return len(digits) <= DIGITS_OF_A_DOUBLE and math.isfinite(float(text))


class WrittenFloat(float):
    """A double that knows how it was written, as text columns take it: `1.10`."""

    __slots__ = ("text",)

    text: str

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


class WrittenDecimal(Decimal):
    """A decimal number that knows how it was written: `1e999`."""

    __slots__ = ("text",)

    text: str

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


def read_json(text: str) -> Any:
    """A document as Python's own reader makes it, but nothing in it is lost.

    A decimal number whose digits a double would not keep is a `Decimal`, and `-0` a double.
    Decimal numbers remember how they were written.

    Raises:
        ValueError: It is not JSON, has NaN or Infinity, which Python takes and JSON does not have,
            names a key twice, or has half of a character.
    """
    decoder = _sign_decoder if _SIGNED_ZERO.search(text) else _decoder
    document = decoder.decode(text)
    if _HALF.search(text):
        refuse_halves(json.dumps(document, ensure_ascii=False, default=str))
    return document


def read_element(text: str, start: int) -> tuple[Any, int]:
    """A document as `read_json` makes it that begins within a text, and where it ends.

    >>> read_element('[{"a": 1}, 2]', 1)
    ({'a': 1}, 9)

    Raises:
        ValueError: As for `read_json`; or the text ends before the document does.
    """
    document, end = _decoder.raw_decode(text, start)
    if _SIGNED_ZERO.search(text, start, end):
        document, _ = _sign_decoder.raw_decode(text, start)
    if _HALF.search(text, start, end):
        refuse_halves(json.dumps(document, ensure_ascii=False, default=str))
    return document, end


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
    return float(value) if isinstance(value, float) else str(value)  # however it was written


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
    raise ValueError(f"{name} is not JSON, which has null for it")


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(k for k in keys if keys.count(k) > 1)!r} is there twice")
    return made


def _read_number(text: str) -> float | Decimal:
    number = float(text)
    if repr(number) == text:
        return number
    is_short = len(text) <= DIGITS_OF_A_DOUBLE and math.isfinite(number)
    written: WrittenFloat | WrittenDecimal
    try:
        written = WrittenFloat(text) if is_short or keeps_digits(text) else WrittenDecimal(text)
    except InvalidOperation:
        raise ValueError(f"{text} has an exponent beyond all bounds") from None
    written.text = text
    return written


def _read_whole(text: str) -> float:
    return -0.0 if text == "-0" else int(text)


_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Halves of a character, which are text only in pairs."""

_NUMBER_STARTS = frozenset("-0123456789")

_SIGNED_ZERO = re.compile(r"[\s:,\[]-0[\s,\]}]")
"""Zero with a sign, which Python reads as a whole number without it."""

_decoder, _sign_decoder = (
    json.JSONDecoder(
        parse_float=_read_number,
        parse_int=parse_whole,
        parse_constant=refuse_constant,
        object_pairs_hook=_make_object,
    )
    for parse_whole in (None, _read_whole)
)


def make_json_binder(
    bind: Callable[[Any], Any], *, is_numeric: bool = True
) -> Callable[[Any], Any]:
    """Return the stored form of a document, if it is JSON.

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
