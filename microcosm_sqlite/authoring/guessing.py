"""What kind of value a column holds, judged by every text in it.

A kind is only taken where nothing is lost: leading zeros, ``NULL``, ``NA``, numbers of more digits
than a double holds, and anything mixed stay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from microcosm_sqlite.authoring.parsing import EXACT_INTEGER, parse_date, parse_datetime

INTEGER, NUMBER, BOOLEAN = "integer", "number", "boolean"
DATE, DATETIME, MOMENT, TEXT = "date", "datetime", "datetime with offset", "text"

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_BOOLEANS = frozenset({"true", "false", "yes", "no"})
_DIGITS_OF_A_DOUBLE = 17


@dataclass
class Guess:
    """What is known of a column after the texts that were added.

    Attributes:
        kind: One of the kinds of this module; empty while there was no text.
        is_nullable: Whether an empty field was among them.
        length: Characters of the longest.
        is_long: Whether a whole number was beyond 32 bits.
    """

    kind: str = ""
    is_nullable: bool = False
    length: int = 0
    is_long: bool = False
    is_inexact: bool = False

    def add(self, text: str) -> None:
        """Learn from one field."""
        if not text:
            self.is_nullable = True
            return
        self.length = max(self.length, len(text))
        if self.kind == TEXT:
            return
        kind = classify(text)
        if kind == INTEGER:
            value = abs(int(text))
            self.is_long = self.is_long or value >= 1 << 31
            self.is_inexact = self.is_inexact or value > EXACT_INTEGER
        if kind != self.kind:
            self._widen(kind)

    def _widen(self, kind: str) -> None:
        if not self.kind:
            self.kind = kind
        elif {self.kind, kind} == {INTEGER, NUMBER}:
            self.kind = NUMBER
        else:
            self.kind = TEXT
        if self.kind == NUMBER and self.is_inexact:
            self.kind = TEXT


@lru_cache(maxsize=1 << 15)
def classify(text: str) -> str:
    """The narrowest kind of one text.

    >>> [classify(text) for text in ("7", "007", "7.5", "NA", "yes", "2013-02-30")]
    ['integer', 'text', 'number', 'text', 'boolean', 'text']
    """
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


def _is_number(text: str) -> bool:
    match = _NUMBER.fullmatch(text)
    if not match or not (match[1] or match[2]):
        return False
    digits = ((match[1] or "") + (match[2] or "")).replace(".", "").lstrip("0")
    return len(digits) <= _DIGITS_OF_A_DOUBLE and math.isfinite(float(text))


def _is_parsed(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True
