"""The head of a delimited text, read as one dialect would have it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

COMMENT = "#"
"""What begins a line that is a comment wherever it stands."""

_COMMENTS = (COMMENT, "%", "!", ";", "//")
"""What lines in front of a header begin with that are none of the table."""


class Row(NamedTuple):
    """A row of the head.

    Attributes:
        start: How many lines are in front of it.
        fields: Its fields.
    """

    start: int
    fields: list[str]

    @property
    def filled(self) -> int:
        """How many fields have something in them."""
        return sum(bool(field.strip()) for field in self.fields)

    @property
    def is_comment(self) -> bool:
        """Whether it is marked as a comment."""
        return self.fields[0].startswith(_COMMENTS)


class View(NamedTuple):
    """The head, read with one delimiter.

    Attributes:
        delimiter: Which.
        rows: The rows that are not blank.
        width: How many fields most of them have.
        agreement: How many of them have so many, of one.
        has_spaces: Whether there are spaces between delimiters and quotes.
    """

    delimiter: str
    rows: list[Row]
    width: int
    agreement: float
    has_spaces: bool


def guess_quotechar(lines: Sequence[str]) -> str:
    """Single quotes where they surround fields in most lines, or what would be several of one."""
    text = "".join(lines)
    single, double = (_surround(quote).findall(text) for quote in ("'", '"'))
    is_usual = 2 * len(single) >= len(lines)
    parts = not double and any(re.search(r"[,;\t|]", inside) for inside in single)
    return "'" if len(double) < len(single) and (is_usual or parts) else '"'


def _surround(quote: str) -> re.Pattern[str]:
    inside = f"([^{quote}\\r\\n]*)"
    return re.compile(rf"(?:^|[,;\t|] ?){quote}{inside}{quote}(?=[,;\t|\r\n]|$)", re.MULTILINE)


def view_head(lines: Sequence[str], delimiter: str, quotechar: str) -> View:
    """The first lines of a text, read with one delimiter."""
    rows = list(_parse(lines, delimiter, quotechar, has_spaces=False))
    spaced = re.compile(f" +{quotechar}")
    has_spaces = delimiter == " " or any(spaced.match(f) for row in rows for f in row.fields)
    if has_spaces:
        rows = list(_parse(lines, delimiter, quotechar, has_spaces=True))
    widths = Counter(len(row.fields) for row in rows if not row.is_comment) or Counter([1])
    width = max(widths, key=lambda width: (widths[width], width))
    return View(delimiter, rows, width, widths[width] / widths.total(), has_spaces)


def _parse(
    lines: Sequence[str], delimiter: str, quotechar: str, *, has_spaces: bool
) -> Iterator[Row]:
    reader = csv.reader(
        lines, delimiter=delimiter, quotechar=quotechar, skipinitialspace=has_spaces
    )
    start = 0
    try:
        for fields in reader:
            if len(fields) > 1 or "".join(fields).strip():
                yield Row(start, fields)
            start = reader.line_num
    except csv.Error:  # what the head has of it will do
        return


def are_spaced(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a space stands behind every delimiter."""
    later = [field for row in rows for field in row[1:] if field]
    return bool(later) and all(field.startswith(" ") for field in later)
