"""The head of a delimited text, read as one dialect would have it, and the kinds of its columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import groupby, pairwise
from typing import IO, Any, NamedTuple
from unicodedata import category

from microcosm_sqlite.authoring.sources.streams import BUFFER_SIZE
from microcosm_sqlite.common.kinds import BOOLEAN, DATETIME, NUMBER, TEXT, UUID

_DIGITS = re.compile(r"[-+]?[$€£]?\.?[0-9][0-9.,:/ %-]*([eE][-+]?[0-9]{1,3})?")
_MOMENT = re.compile(
    r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}T[0-9]{2}.*|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.,]+ ?(Z|UTC|[-+].*)"
    r"|([0-9]{1,2}[ /-][a-z]{3,9}|[a-z]{3,9} [0-9]{1,2}),?[ /-][0-9]{4}( [0-9:.]+( [ap]m)?)?"
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9]{2})? ?[ap]\.?m\.?",
    re.IGNORECASE,
)
_BOOLEAN = re.compile("true|false|yes|no", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|([0-9a-f]{2}[:-]){5}[0-9a-f]{2}"
    r"|https?://\S+|[^@\s]+@[^@\s]+\.[a-z]+",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"[-.?* ]*|#?n/?a|nan|\(?null\)?|<na>|nil|none|missing|\\n", re.IGNORECASE)
"""What says nothing of the kind of a column; whether it stands for no value is the author's to
say."""

COMMENT = "#"
"""The marks that begin a comment wherever they are."""

_COMMENTS = (COMMENT, "%", "!", ";", "//")
"""The beginnings of lines before a header that are not part of the table."""


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


def drop_blank_surplus(names: Sequence[str], width: int) -> Sequence[str]:
    """The names of a header without blank ones at its end, where rows have no fields for them.

    >>> drop_blank_surplus(["day", "", ""], 2), drop_blank_surplus(["day", "size"], 1)
    (['day', ''], ['day', 'size'])
    """
    while len(names) > width and not names[-1].strip():
        names = names[:-1]
    return names


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


def is_unlike(row: Sequence[str], kinds: Mapping[int, str], least: int = 1) -> bool:
    """Whether a row has words where columns have numbers, dates or the like.

    Args:
        row: The row.
        kinds: The kinds of the columns that have one.
        least: In how many columns at least.

    >>> is_unlike(["", "kg"], {1: "number"}), is_unlike(["x", "3"], {1: "number"})
    (True, False)
    """
    filled = (row[index] for index in kinds if index < len(row) and not is_nothing(row[index]))
    found = [*map(find_kind, filled)]
    return len(found) >= least and set(found) == {TEXT}


def find_kinds(rows: Sequence[Sequence[str]], width: int) -> dict[int, str]:
    """The kinds of the columns that have one and the same in all rows, other than text."""
    kinds: dict[int, str] = {}
    for index in range(width):
        fields = (row[index] for row in rows if len(row) > index)
        first = next((field for field in fields if not is_nothing(field)), "")
        kind = find_kind(first)
        # Most fields are of the kind of the first, so whether they say nothing is asked last.
        if kind != TEXT and all(find_kind(each) == kind or is_nothing(each) for each in fields):
            kinds[index] = kind
    return kinds


def is_told_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a column has values of one kind below a name of another.

    >>> is_told_header(["name", "size"], [["x", "1"]]), is_told_header(["anna"], [["ben"]])
    (True, False)
    """
    kinds = find_kinds(rows, len(first))
    return any(find_kind(first[index]) != kind for index, kind in kinds.items())


def find_kind(text: str) -> str:
    """Return the rough kind of a text: digits count as a number, and web addresses as a UUID."""
    text = text.strip()
    if is_number(text):
        return NUMBER
    if _MOMENT.fullmatch(text):
        return DATETIME
    if _IDENTIFIER.fullmatch(text):
        return UUID
    return BOOLEAN if _BOOLEAN.fullmatch(text) else TEXT


def is_nothing(text: str) -> bool:
    """Whether a text says nothing of the kind of its column."""
    return bool(_NOTHING.fullmatch(text.strip()))


def is_number(text: str) -> bool:
    """Whether a text is digits with the marks that numbers, dates and times have."""
    return bool(_DIGITS.fullmatch(text.strip()))


_WIDE = {
    "utf-32-le": b"\n\0\0\0",
    "utf-32-be": b"\0\0\0\n",
    "utf-16-le": b"\n\0",
    "utf-16-be": b"\0\n",
}
"""Encodings of several bytes for each letter, and what ends a line in them."""
_FEWEST_ASCII, _MOST_STRANGE = 0.05, 0.01
"""How much of a text is ASCII in any language (digits, delimiters), and no letters at most."""


def find_wide(head: bytes) -> str:
    r"""UTF-16 or UTF-32 without a byte order mark, by its zero bytes; empty for all else.

    >>> find_wide("id,name\n1,\u041d\u0430\n".encode("utf-16-le")), find_wide(b"id\n1\0\n")
    ('utf-16-le', '')
    """
    for encoding, end in _WIDE.items() if b"\0" in head else ():
        text = head.decode(encoding, "replace")
        strange = sum(_is_strange(letter) for letter in text)
        ascii_ = sum(letter.isascii() for letter in text)
        is_believed = (
            len(head) % len(end) == 0
            and ascii_ >= _FEWEST_ASCII * len(text)
            and strange <= _MOST_STRANGE * len(text)
        )
        if "\n" in text and is_believed and 2 * text.count("\n") > head.count(b"\n"):
            return encoding
    return ""


def _is_strange(letter: str) -> bool:
    return letter == "\ufffd" or (category(letter)[0] == "C" and letter not in "\r\n\t")


def list_strange_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    r"""The lines that may not be plain ASCII, with their numbers.

    >>> [*list_strange_lines(BytesIO(b"a\n\0\n"))]
    [(1, b'a\n'), (2, b'\x00\n')]
    """
    number = 1
    while block := stream.read(BUFFER_SIZE) + stream.readline():
        if not block.isascii() or b"\x1b$" in block or b"\0" in block:
            yield from enumerate(BytesIO(block), number)
        number += block.count(b"\n")


def list_tables_among(
    lines: Sequence[str], dialect: Mapping[str, Any]
) -> Iterator[tuple[int, list[list[str]]]]:
    """Neighbouring lines with the same number of fields, and the number of the first of them."""
    rows = (
        (number, next(csv.reader([line], **dialect), [])) for number, line in enumerate(lines, 1)
    )
    with suppress(csv.Error):
        for width, alike in groupby(rows, lambda row: len(row[1])):
            found = [*alike]
            if width > 1 and len(found) > 1:
                yield found[0][0], [row for _, row in found]


def describe_blank_lines(lines: Iterable[str], skipped: int) -> str:
    """Where blank lines are among those of one column, which could be rows without a value.

    Args:
        lines: All lines of the text.
        skipped: How many lines are left out in front of the header.
    """
    filled = [number for number, line in enumerate(lines, 1) if line.strip("\r\n")]
    filled = [number for number in filled if number > skipped]
    gaps = [(line + 1, later - line - 1) for line, later in pairwise(filled) if later > line + 1]
    if not gaps:
        return ""
    count = sum(blank for _, blank in gaps)
    told = "1 blank line is not a row" if count == 1 else f"{count:,} blank lines are not rows"
    return f'{told} (line {gaps[0][0]} is the first); a row without a value is written `""`'
