"""Possible readings of a row of text that does not follow its dialect."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.views import find_kind, is_nothing

_FEW_COLUMNS = 2
_MOST_FIELDS = 200
_LONGEST_ROW = 20_000
_MOST_QUOTES = 200
_MOST_SURPLUS = 8

_LITERAL = 2
"""The cost of a quote that belongs to a text within quotes, or begins one without."""

_INSIDE = 1
"""That of a quote in the middle of a text without quotes around it, where many programs take it."""

_MISSING = 3
"""That of a delimiter which is missing beside a quote."""

_UNSEEN, _OF_WORDS = 0.1, 0.5
"""How often a shape counts that a column does not have; texts take other shapes more easily."""


def read_loosely(
    text: str,
    delimiter: str,
    quotechar: str,
    width: int,
    *,
    skips_spaces: bool = False,
    splits: bool = False,
) -> list[str] | None:
    """Read a row of so many fields, with as few quotes as can be taken for parts of texts.

    Args:
        text: The row, without the end of its last line.
        delimiter: What parts its fields.
        quotechar: What may surround them.
        width: How many there are.
        skips_spaces: Whether spaces behind delimiters do not count.
        splits: Whether a quote may begin or end a field where a delimiter is missing.

    Returns:
        The fields, or None where there is no such reading.

    >>> read_loosely('1,"plank,2', ",", '"', 3), read_loosely('1,"a"b, c",2', ",", '"', 3)
    (['1', '"plank', '2'], ['1', 'a"b, c', '2'])
    """
    is_long = len(text) > _LONGEST_ROW or text.count(quotechar) > _MOST_QUOTES
    if is_long or width > _MOST_FIELDS:
        return None

    line = _Line(text, delimiter, quotechar, skips_spaces, splits)

    @cache
    def read(start: int, left: int) -> tuple[int, str, int] | None:
        """The cheapest field from here, its costs with all behind it, and where the next starts."""
        best: tuple[int, str, int] | None = None
        for cost, field, following in line.list_fields(start):
            is_last = following > len(text)
            if is_last == (left == 1):
                rest = (0, "", 0) if is_last else read(following, left - 1)
                if rest is not None and (best is None or cost + rest[0] < best[0]):
                    best = cost + rest[0], field, following
        return best

    fields: list[str] = []
    start = 0
    while len(fields) < width:
        found = read(start, width - len(fields))
        if found is None:
            return None
        _, field, start = found
        fields.append(field)
    return fields


def holds_rows(text: str, delimiter: str, width: int, kinds: Mapping[int, str]) -> bool:
    r"""Whether every line of a row is one by itself, so that a quote seems to have swallowed them.

    Args:
        text: The row; quotes in it do not count.
        delimiter: What parts its fields.
        width: How many the other rows have.
        kinds: The kinds of the columns that have one.

    >>> holds_rows('7,"oak\n8,beam', ",", 2, {0: "number"})
    True
    >>> holds_rows('7,"Sir,\nyours, x', ",", 2, {0: "number"}), holds_rows("7,x", ",", 2, {})
    (False, False)
    """
    rows = [line.split(delimiter) for line in text.split("\n")]
    if len(rows) == 1 or width == 1 or not (kinds or width > _FEW_COLUMNS):
        return False
    return all(
        len(row) == width
        and all(
            is_nothing(row[column]) or find_kind(row[column].strip("\"' ")) == kind
            for column, kind in kinds.items()
        )
        for row in rows
    )


class _Line(NamedTuple):
    """A row that is read, and how."""

    text: str
    delimiter: str
    quotechar: str
    skips_spaces: bool
    splits: bool

    def list_fields(self, start: int) -> Iterator[tuple[int, str, int]]:
        """Each field that may start here: its cost, its text, and where the next one starts."""
        while self.skips_spaces and self.text[start : start + 1] == " ":
            start += 1
        end = self.text.find(self.delimiter, start)
        end = len(self.text) if end < 0 else end
        plain = self.text[start:end]
        is_opened = plain.startswith(self.quotechar)
        if is_opened:
            yield from self._list_quoted(start)
        if "\n" not in plain:
            yield _INSIDE * plain.count(self.quotechar) + _LITERAL * is_opened, plain, end + 1
        if self.splits and not is_opened and self.quotechar in plain:
            inside = plain.index(self.quotechar)
            yield _MISSING, plain[:inside], start + inside

    def _list_quoted(self, start: int) -> Iterator[tuple[int, str, int]]:
        """Each end that a field may have which starts with a quote."""
        text, quote, ends = self.text, self.quotechar, (self.delimiter, "")
        cost, at = 0, text.find(quote, start + 1)
        while at >= 0:
            before = text[start + 1 : at].replace(quote * 2, quote)
            following = text[at + 1 : at + 2]
            if self.splits and following not in ends:
                yield cost + _MISSING, before, at + 1
            if following == quote:
                if text[at + 2 : at + 3] in ends:
                    yield cost + _LITERAL, before + quote, at + 3
                at += 1
            else:
                if following in ends:
                    yield cost, before, at + 2
                cost += _LITERAL
            at = text.find(quote, at + 1)


def shape(text: str) -> str:
    """Return the shape of a text: digits as 9, letters as a; empty for long texts.

    >>> shape("28/01/2018"), shape("MG-8769"), shape(" "), shape("one or two, or three words")
    ('9/9/9', 'a-9', '', 'a a')
    """
    made = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text.strip()))
    return "a a" if re.match("a[ ,.'-]+a", made) else made[:12]


class Columns:
    """The shapes of the fields of each column, as far as the regular rows tell.

    Attributes:
        width: How many columns there are.
    """

    def __init__(self, rows: Iterable[Sequence[str]], width: int) -> None:
        self.width = width
        self._shapes = [Counter[str]() for _ in range(width)]
        self._rows = 0
        for row in rows:
            self._rows += 1
            for shapes, field in zip(self._shapes, row, strict=True):
                shapes[shape(field)] += 1
        self._unseen = [_OF_WORDS if "a" in shapes else _UNSEEN for shapes in self._shapes]

    def judge(self, field: str, column: int) -> float:
        """How well a field fits a column: a logarithm, at most about zero."""
        count = self._shapes[column][shape(field)] or self._unseen[column]
        return math.log(count / (self._rows + 1))

    def judge_row(self, fields: Sequence[str]) -> float:
        """How well a row of the right width fits the columns."""
        return sum(map(self.judge, fields, range(self.width)))

    def widen(self, fields: Sequence[str]) -> list[str]:
        """A row with an empty field where one is missing, so that the others fit best.

        >>> Columns([["ann", "1", "2020-01-02"], ["ben", "2", "2020-01-03"]], 3).widen(["x", "3"])
        ['x', '3', '']
        """
        if self.width > _MOST_FIELDS:
            return [*fields, *[""] * (self.width - len(fields))]
        best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]  # by how many fields were taken
        for column in range(self.width):
            gap = self.judge("", column)
            grown: list[tuple[float, tuple[str, ...]]] = []
            for taken in range(min(column + 1, len(fields)) + 1):
                ways = []
                if taken < len(best):
                    score, row = best[taken]
                    ways.append((score + gap, (*row, "")))
                if taken:
                    score, row = best[taken - 1]
                    field = fields[taken - 1]
                    ways.append((score + self.judge(field, column), (*row, field)))
                grown.append(max(ways, key=lambda way: way[0]))
            best = grown
        return list(best[len(fields)][1])

    def narrow(self, fields: Sequence[str], delimiter: str) -> list[str] | None:
        """A row without its surplus: empty fields are left out, others joined as they were.

        >>> columns = Columns([["ann", "1"], ["ben", "2"]], 2)
        >>> columns.narrow(["x", "", "3"], ","), columns.narrow(["x", " y", "3"], ",")
        (['x', '3'], ['x, y', '3'])
        """
        surplus = len(fields) - self.width
        if surplus > _MOST_SURPLUS or self.width > _MOST_FIELDS:
            filled = [*fields]
            while len(filled) > self.width and not filled[-1].strip():
                filled.pop()
            return filled if len(filled) == self.width else None
        best: dict[int, tuple[float, tuple[str, ...]]] = {0: (0.0, ())}  # by fields taken
        for column in range(self.width + 1):
            for taken in range(column, column + surplus):
                if taken in best and not fields[taken].strip():
                    score, row = best[taken]
                    _keep(best, taken + 1, score - 0.01, row)
            if column == self.width:
                break
            grown: dict[int, tuple[float, tuple[str, ...]]] = {}
            for taken, (score, row) in best.items():
                for count in range(1, surplus + 2):
                    if taken + count > len(fields):
                        break
                    field = delimiter.join(fields[taken : taken + count])
                    worth = score + self.judge(field, column) - 3 * (count - 1)
                    _keep(grown, taken + count, worth, (*row, field))
            best = grown
        return list(best[len(fields)][1]) if len(fields) in best else None


def _keep(
    best: dict[int, tuple[float, tuple[str, ...]]], key: int, score: float, row: tuple[str, ...]
) -> None:
    if key not in best or score >= best[key][0]:
        best[key] = (score, row)
