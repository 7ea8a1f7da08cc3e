"""Tables that begin behind rows of something else: a head of settings, notes, a smaller table.

Which of two is the table that is meant is told by how much of it is numbers, dates and the like.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby, takewhile

from microcosm_sqlite.authoring.drafting.from_files.views import (
    Row,
    View,
    find_kind,
    find_kinds,
    is_nothing,
    is_number,
    is_told_header,
)
from microcosm_sqlite.common.kinds import TEXT

MOST_PREAMBLE = 60
"""Rows in front of a header."""
_MOST_SUBHEADS = 3
_FEWEST_SETTINGS, _FEWEST_LABELS = 2, 4
"""Rows of settings in front of a table: with a gap behind them, and without."""
_PAIR = 2
_MANY = 2
"""How many rows there are below names that a gap alone marks, for each one above them."""
_FEWEST_DESCRIPTIONS = 3
"""Rows below a header that describe it, before they are thought to; fewer are units or names."""
_DESCRIPTION = re.compile(
    r"(pre)?units?|cdid|source.{0,20}|(next )?release( date)?|(important )?notes?|frequency"
    r"|descriptions?|last updated?",
    re.IGNORECASE,
)
"""Names of a row below a header that describes the columns."""
_DATE = re.compile(r"([0-9]{1,2}[-/.]){2}[0-9]{2,4}|[0-9]{4}([-/.][0-9]{1,2}){2}")
_ENOUGH_ROWS = 2
"""Rows below a header that stands behind rows of other widths."""


def find_late_table(view: View) -> int:
    """The position of a header behind rows of other widths; zero where no table starts there."""
    widths = [len(row.fields) for row in view.rows]
    alike = (at for at, row in enumerate(view.rows) if len(row.fields) == view.width)
    first = next((at for at in alike if not view.rows[at].is_comment), 0)
    others = [at for at, width in enumerate(widths[:MOST_PREAMBLE]) if width != view.width]
    last = others[-1] + 1 if others and first < others[-1] < len(widths) - 1 else first
    above = [row.fields for row in view.rows[first:last] if len(row.fields) == view.width]
    if above and is_told_header(above[0], above[1:]):
        last = first  # what is above is a table too, and goes first
    for position in (first, last):
        if 0 < position < MOST_PREAMBLE and _starts_table(view.rows[position:], view):
            return position
    return _find_names_below(view)


def view_late_table(view: View) -> View:
    """The same head, as wide as its last rows where these are the table that is meant.

    A bank has more lines about an account than a short month has bookings.
    """
    body = _strip_notes([row for row in view.rows if not row.is_comment], view.width)
    width = len(body[-1].fields) if body else 0
    if width <= view.width:
        return view
    start = len(body)
    while start and len(body[start - 1].fields) == width:
        start -= 1
    late = view._replace(width=width)
    if not (start and _starts_table(body[start:], late)):
        return view
    runs = groupby(body[:start], lambda row: len(row.fields))
    most = max(weigh_table([row.fields for row in rows]) for _, rows in runs)
    return late if weigh_table([row.fields for row in body[start:]]) > most else view


def _strip_notes(rows: Sequence[Row], width: int) -> Sequence[Row]:
    """The rows without those at their end that are shorter."""
    end = len(rows)
    while end and len(rows[end - 1].fields) < width:
        end -= 1
    return rows[:end]


def weigh_table(rows: Sequence[Sequence[str]]) -> int:
    """How many numbers, dates and the like stand below names, where the first row has these.

    >>> weigh_table([["day", "size"], ["2020-01-31", "1"], ["2020-02-01", "2"]])
    4
    """
    if not rows:
        return 0
    header, *below = rows
    kinds = find_kinds(below, len(header))
    return len(below) * sum(find_kind(header[index]) == TEXT for index in kinds)


def _find_names_below(view: View) -> int:
    """The position of a header behind rows as wide as it is, which are settings or notes."""
    rows = _strip_notes(view.rows, view.width)
    for position in range(1, min(MOST_PREAMBLE, len(rows) - _ENOUGH_ROWS)):
        names = rows[position].fields
        if not is_header_alike(rows[position], view) or not _are_names(names):
            continue
        below = [row.fields for row in rows[position + 1 :] if not row.is_comment]
        kinds = find_kinds(below, view.width)
        if (
            all(len(fields) == view.width for fields in below)
            and {find_kind(names[index]) for index in kinds} == {TEXT}
            and _stands_apart(rows, position, kinds)
            and weigh_table([names, *below]) > weigh_table([row.fields for row in rows[:position]])
        ):
            return position
    return 0


def _are_names(fields: Sequence[str]) -> bool:
    """Whether fields may be names of columns: different ones, and no description of these."""
    have_letters = all(any(map(str.isalpha, field)) for field in fields)
    is_description = bool(_DESCRIPTION.fullmatch(fields[0].strip()))
    return len({*fields}) == len(fields) and have_letters and not is_description


def _stands_apart(rows: Sequence[Row], position: int, kinds: Collection[int]) -> bool:
    """Whether rows above names are no values of their columns.

    Each begins with another word, where values begin with a number or date, or a gap is behind
    them. Rows that fill more than two columns are names above names.
    """
    above = [row for row in rows[:position] if row.filled]
    width = len(rows[position].fields)
    is_full = any(row.filled == width for row in above)
    if is_full and width > _PAIR:
        return False
    last = rows[position - 1]
    lines = 1 + sum(field.count("\n") for field in last.fields)
    has_gap = not last.filled or rows[position].start > last.start + lines
    labels = [row.fields[0].strip() for row in above]
    are_words = 0 in kinds and all(find_kind(label) == TEXT for label in labels)
    are_words = are_words and (not is_full or len({*labels} - {""}) == len(labels))
    least = _FEWEST_SETTINGS if has_gap or not is_full else _FEWEST_LABELS
    is_told = are_words or (has_gap and len(rows) - position > _MANY * len(above))
    return is_told and len(above) >= least


def _starts_table(rows: Sequence[Row], view: View) -> bool:
    """Whether names are followed by rows of their number, with values that names are not."""
    below = [row.fields for row in rows[1:] if not row.is_comment]
    while below and len(below[-1]) < view.width:  # notes may follow
        below.pop()
    has_width = all(len(fields) == view.width > 1 for fields in below)
    names = rows[0].fields[:-1] if not rows[0].fields[-1].strip() else rows[0].fields
    is_header = is_header_alike(rows[0], view) and not any(map(is_nothing, names))
    is_header = is_header and (
        len(names) == view.width or not any(row[-1].strip() for row in below if row)
    )
    if len(below) < _ENOUGH_ROWS or not (has_width and is_header):
        return False
    # A few rows of further names, or of units, may stand in front of the values.
    kinds = [
        find_kinds(below[at:], view.width) for at in range(min(_MOST_SUBHEADS + 1, len(below) - 1))
    ]
    found = next(filter(None, kinds), {})
    return any(find_kind(rows[0].fields[index]) == TEXT for index in found)


def is_header_alike(row: Row, view: View) -> bool:
    """Whether a row has a name for each column, and no number.

    The last one may be blank, where a delimiter ends each line.
    """
    names = [name for name in row.fields if name.strip()]
    is_ended = len(names) == view.width - 1 > 1 and not row.fields[-1].strip()
    is_full = len(row.fields) == view.width and (len(names) == view.width or is_ended)
    return is_full and not any(map(is_number, names))


def count_descriptions(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many rows at once below a header describe the columns, as offices of statistics do.

    >>> heads = [["code", "A7"], ["unit", "%"], ["release", "13-08-2024"], ["note", ""]]
    >>> count_descriptions([*heads, *([str(year), "2"] for year in range(1971, 1979))], 2)
    4
    """
    if any(len(fields) != width for fields in rows):
        return 0
    labels = [*takewhile(_is_label, (fields[0].strip() for fields in rows[: len(rows) // 2]))]
    for count in range(min(MOST_PREAMBLE, len(labels)), _FEWEST_DESCRIPTIONS - 1, -1):
        kinds = _find_finer_kinds(rows[count:], width)
        told = {fields[index].strip() for fields in rows[:count] for index in kinds if index}
        agree = any(_agrees(fields, kinds) for fields in rows[:count])
        values = {fields[0].strip() for fields in rows[count:]}
        are_labels = len({*labels[:count]} - values) == count
        if kinds and are_labels and len(told - {""}) > 1 and not agree:
            return count
    return 0


def _is_label(text: str) -> bool:
    """Whether a text may say what is described beside it, as no year or number does."""
    return not is_nothing(text) and not any(map(str.isdigit, text))


def _find_finer_kinds(rows: Sequence[Sequence[str]], width: int) -> dict[int, str]:
    """As `find_kinds`, for columns of numbers that are no dates, and the first column."""
    kinds = find_kinds(rows, width)
    return {
        index: kind
        for index, kind in kinds.items()
        if index == 0 or not any(_DATE.fullmatch(fields[index].strip()) for fields in rows)
    }


def _agrees(fields: Sequence[str], kinds: Mapping[int, str]) -> bool:
    """Whether one field at least is of its column's kind."""
    return any(
        find_kind(fields[index]) == kind and not _DATE.fullmatch(fields[index].strip())
        for index, kind in kinds.items()
        if not is_nothing(fields[index])
    )
