"""What the texts or values of a column tell of the kind of value that it holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from microcosm_sqlite.authoring.drafting.from_files.column_kind import (
    classify,
    classify_string,
    classify_value,
)
from microcosm_sqlite.authoring.drafting.from_files.plain_texts import are_plain
from microcosm_sqlite.authoring.drafting.from_files.tally import Tally, TextCounts
from microcosm_sqlite.authoring.values.date_formats import (
    STYLES,
    choose_style,
    find_styles,
    has_time,
)
from microcosm_sqlite.authoring.values.json_documents import take_json
from microcosm_sqlite.authoring.values.parsing import (
    EXACT_INTEGER,
    NULL_WORDS,
    SQLITE_SPACE,
    is_infinity,
    is_odd,
)
from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, JSON, NUMBER, TEXT

_SHORT, _EXACT = 9, 15
"""Characters of whole numbers that are within 32 bits, and of those that a double holds."""


@dataclass
class Guess:
    """The evidence about a column after the texts that were added.

    Attributes:
        is_nullable: Whether there was no value in a field: an empty one of a source that has
            nothing but texts.
        empty_count: How many empty texts were among the values of a source with types.
        null_count: How many of its values were null.
        nan_count: How many of its numbers were NaN.
        length: Characters of the longest.
        is_long: Whether a whole number was beyond 32 bits.
        has_infinity: Whether a number of a source with types was infinite.
        narrow: The kind of the texts but for `words`; empty while there was none.
        is_padded: Whether a text had blanks around it.
        words: Texts that often stand for no value, such as `NA`; they make the column text.
        styles: The formats that every text is a date in, where the narrow kind is text.
        odd: The first text that a value of its kind is not written as: `1.50`, `yes`.
        has_strings: Whether a value of a source with types was a text.
        others: The values of a source with types that were no texts, but become some where the
            column is text.
        documents: Those that become other documents where the column is JSON.
        is_beyond: Whether a number was among them that no column of JSON takes.
        texts: How often each text was there; of those that `add_all` was given.
    """

    is_nullable: bool = False
    length: int = 0
    is_long: bool = False
    has_infinity: bool = False
    empty_count: int = 0
    null_count: int = 0
    nan_count: int = 0
    narrow: str = ""
    is_padded: bool = False
    words: set[str] = field(default_factory=set)
    styles: frozenset[str] = frozenset()
    odd: str = ""
    has_strings: bool = False
    others: Tally = field(default_factory=Tally)
    documents: Tally = field(default_factory=Tally)
    is_beyond: bool = False
    texts: TextCounts = field(default_factory=TextCounts)
    _is_inexact: bool = False

    @property
    def kind(self) -> str:
        """One of `common.kinds`, or empty while there was no text."""
        if self.words and self.narrow != JSON:
            return TEXT
        if self.date_format:
            return DATETIME if has_time(self.date_format) else DATE
        return self.narrow

    @property
    def date_format(self) -> str:
        """The format of the dates that all texts are; empty for those of ISO 8601."""
        return "" if self.words else choose_style(self.styles)

    def add(self, text: str) -> None:
        """Learn from one field of a source that has nothing but texts."""
        if not text:
            self.is_nullable = True
        elif self.narrow == TEXT and not self.styles:
            self.length = max(self.length, len(text))
        elif text in NULL_WORDS or text.isspace() or is_infinity(text):
            self.length = max(self.length, len(text))
            self.words.add(text)
        else:
            kind = classify(text)
            self._learn(kind, text)
            if not self.odd and is_odd(kind, text):
                self.odd = text

    def add_all(self, texts: Sequence[str]) -> None:
        """Learn from many fields, as from one after the other, but faster."""
        if not self.texts.is_complete and self.narrow == TEXT and not self.styles:
            self.is_nullable = self.is_nullable or "" in texts
            self.length = max(self.length, max(map(len, texts), default=0))
            return
        if not self.texts.is_complete and self._add_plain(texts):
            return
        new = self.texts.add(texts)
        if "" in new:
            self.is_nullable = True
            new.remove("")
        if new and not self._add_plain(new):
            self.add(new.pop(0))  # which tells their kind, where these are the first
            if new and not self._add_plain(new):
                for text in new:
                    self.add(text)

    def _add_plain(self, texts: Sequence[str]) -> bool:
        """Learn from texts all of which are plainly of the kind known so far; else from none."""
        if not are_plain(self.narrow, texts, may_be_odd=bool(self.odd)):
            return False
        longest = max(map(len, texts), default=0)
        self.length = max(self.length, longest)
        if self.narrow == INTEGER and longest > (_EXACT if self.is_long else _SHORT):
            self._note_width(max(map(abs, map(int, texts))))
        return True

    def merge(self, other: Guess) -> None:
        """Learn what another guess did from other fields of a source that has nothing but texts."""
        self.is_nullable = self.is_nullable or other.is_nullable
        self.length = max(self.length, other.length)
        self.is_padded = self.is_padded or other.is_padded
        self.is_long = self.is_long or other.is_long
        self._is_inexact = self._is_inexact or other._is_inexact
        self.words |= other.words
        self.odd = self.odd or other.odd
        self.texts.merge(other.texts)
        if not self.narrow:
            self.styles = other.styles
        elif other.narrow:
            # What one of them knows for no text has no styles there, and so none here.
            self.styles &= other.styles
        if other.narrow not in ("", self.narrow):
            self._widen(other.narrow)

    def add_value(self, value: Any) -> str:
        """Learn from one field of a source that has types; return its text."""
        if isinstance(value, str):
            return self._add_string(value)
        if value is None or _is_nan(value):
            self.is_nullable = True
            self.null_count += value is None
            self.nan_count += value is not None
            return ""
        kind, text = classify_value(value)
        self._learn(kind, text)
        self.others.add(value)
        if kind == JSON or isinstance(value, float | Decimal):
            self.documents.add(value, _spell_document(value))
        self.is_beyond = self.is_beyond or _is_beyond(value)
        if kind == NUMBER and not self.odd and _may_be_odd(value) and is_odd(kind, text):
            self.odd = text
        if isinstance(value, float) and math.isinf(value):
            self.has_infinity = True
        return text

    def _add_string(self, value: str) -> str:
        self.has_strings = True
        if not value:
            self.empty_count += 1
        elif value in NULL_WORDS or is_infinity(value):
            self.length = max(self.length, len(value))
            self.words.add(value)
        else:
            kind, _ = classify_string(value)
            self._learn(kind, value)
            if not self.odd and kind != TEXT and is_odd(kind, value):
                self.odd = value
        return value

    def _learn(self, kind: str, text: str) -> None:
        self.length = max(self.length, len(text))
        self.is_padded = self.is_padded or text != text.strip(SQLITE_SPACE)
        if kind == INTEGER:
            self._note_width(abs(int(text)))
        if kind == TEXT and self.narrow in ("", TEXT):
            left = self.styles if self.narrow else frozenset(STYLES)
            self.styles = find_styles(text.strip(SQLITE_SPACE), left)
        else:
            self.styles = frozenset()
        if self.narrow not in (kind, JSON):
            self._widen(kind)

    def _note_width(self, number: int) -> None:
        self.is_long = self.is_long or number >= 1 << 31
        self._is_inexact = self._is_inexact or number > EXACT_INTEGER

    def _widen(self, kind: str) -> None:
        if not self.narrow:
            self.narrow = kind
        elif {self.narrow, kind} == {INTEGER, NUMBER}:
            self.narrow = NUMBER
        elif kind == JSON:
            self.narrow = JSON
        else:
            self.narrow = TEXT
        if self.narrow == NUMBER and self._is_inexact:
            self.narrow = TEXT


def _spell_document(value: Any) -> Any:
    """The statistics of a JSON column: documents, doubles or decimal numbers."""
    if isinstance(value, Decimal):
        return str(value)
    if not isinstance(value, float):
        return take_json(value)
    is_whole = value.is_integer() and abs(value) <= EXACT_INTEGER
    return int(value) if is_whole else float(value)


def _is_beyond(value: object) -> bool:
    if isinstance(value, int):
        return not -(2**63) <= value < 2**63
    return isinstance(value, Decimal) and not math.isfinite(float(value))


def _may_be_odd(value: object) -> bool:
    """Whether a number may be written otherwise than Python does: most are not."""
    return type(value) is not float or value == 0


def _is_nan(value: object) -> bool:
    """Whether a value is NaN, which frames write for nothing, and which SQLite does not have."""
    return isinstance(value, float) and math.isnan(value)
