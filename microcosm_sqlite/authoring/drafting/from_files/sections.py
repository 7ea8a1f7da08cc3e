"""Which rows of a file are its table: not its notes, its units, or a second table below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.dialects import is_data, is_unlike

MARK = "\ufeff"
RAGGED = "ragged"
"""The kind of a row that nothing is found for but that it has another width."""

_MOST_NOTES = 20
_SAMPLE = 100
_SAME_NAMES = 0.6
_COMPARED_FIELDS = 3
_UNIT = re.compile(
    r"[(\[].{0,12}[)\]]|[^\s\d]{0,4}[°%µμΩ²³$€£][^\s]{0,6}|[A-Za-zµ]{1,6}(/|\^|\*|·)[^\s]{1,6}"
    r"|-|[numck]?[mgsLlAVWFHNJ]|[hkM]?Pa|k?Hz|[KCFh]|min|days?|hours?|years?|mol|pp[mb]|deg[CF]?"
    r"|mph|ft|lbs?|inch|USD|EUR|GBP|count|number|none|unit(less|s)?"
)


class Row(NamedTuple):
    """A row of a file, which may not fit the others.

    Attributes:
        start: How many lines are in front of it.
        lines: How many lines it has.
        fields: Its fields, as they are to be read.
        kind: Why they are not read so; empty where they are.
    """

    start: int
    lines: int
    fields: list[str]
    kind: str = ""

    @property
    def filled(self) -> int:
        """How many fields have something in them."""
        return sum(bool(field.strip()) for field in self.fields)


class Sections(NamedTuple):
    """Where the parts of a file begin, as positions among its rows.

    Attributes:
        header: Where the header is, behind notes.
        units: Where units are, behind all rows of the header.
        body: Where the values begin.
        notes: Where notes begin below the values.
        other: Where another table begins; how many rows there are where there is none.
    """

    header: int
    units: int
    body: int
    notes: int
    other: int


def find_sections(rows: Sequence[Row], width: int, *, has_header: bool) -> Sections:
    """Find the parts of a file, the first table of which has so many columns."""
    header = _pass_notes(rows, width)
    if is_data(rows[header].fields, [row.fields for row in rows[header + 1 :][:_SAMPLE]]):
        header = 0  # what is above values is their header, however it is written
    other = _find_other(rows, header, width) if has_header else len(rows)
    notes = _find_notes(rows[:other], header, width)
    if not has_header:
        return Sections(header, header, header, notes, other)
    below = [row.fields for row in rows[header + 1 : notes] if not row.kind]
    top, units = 1, 0
    while below and below[0] == rows[header].fields:
        top += 1
        below.pop(0)
    if len(below) > 1 and is_unlike(below[0], below[1 : _SAMPLE + 1]):
        units = int(_are_units(below[0]))
        has_names = _are_names(below[0]) and is_unlike(below[0], below[1 : _SAMPLE + 1], least=2)
        top += int(has_names and not units)
    return Sections(header, header + top, header + top + units, notes, other)


def _pass_notes(rows: Sequence[Row], width: int) -> int:
    """How many rows in front of the header are notes."""
    count = 0
    while count < min(len(rows), _MOST_NOTES) and _is_note(rows[count], width):
        count += 1
    return count if count < min(len(rows), _MOST_NOTES) else 0


def _is_note(row: Row, width: int) -> bool:
    is_short = row.kind == RAGGED and 2 * row.filled <= width and len(row.fields) < width
    return width > 2 and (row.filled <= 1 or is_short)


def _find_other(rows: Sequence[Row], header: int, width: int) -> int:
    """Where a second table begins, which has a header of its own."""
    names = [*map(str.strip, rows[header].fields)]
    known = {field for field in names if field}
    first = header + 1
    while first < len(rows) and rows[first].fields == rows[header].fields:
        first += 1
    for position in range(first, len(rows)):
        fields = [field.strip().lstrip(MARK) for field in rows[position].fields]
        shared = known.intersection(fields)
        is_header = len(shared) > 1 and len(shared) >= _SAME_NAMES * len(known)
        is_again = is_header or resembles(fields, names)
        if is_again and (len(fields) != width or _repeats(rows, header, position)):
            return position
        if len(fields) != width and _starts_table(rows, position):
            return position
    return len(rows)


def resembles(fields: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row is a header again: all names, or nearly all where there are many.

    >>> resembles(["a", "b", "c"], ["a", "b", "C"]), resembles(["a", "b"], ["a", "c"])
    (True, False)
    """
    filled = [(field.strip(), name.strip()) for field, name in zip(fields, names, strict=False)]
    same = sum(field == name != "" for field, name in filled)
    most = sum(name != "" for _, name in filled)
    is_near = same > 1 and same >= _SAME_NAMES * most
    return len(fields) == len(names) and most > 0 and (same == most or is_near)


def _repeats(rows: Sequence[Row], header: int, position: int) -> bool:
    """Whether most rows behind a header that is there again are those in front of it."""
    before = {tuple(row.fields[:_COMPARED_FIELDS]) for row in rows[header:position]}
    behind = rows[position + 1 :]
    again = sum(tuple(row.fields[:_COMPARED_FIELDS]) in before for row in behind)
    return 2 * again > len(behind)


def _starts_table(rows: Sequence[Row], position: int) -> bool:
    """Whether names of another number are followed by rows of their number up to the end."""
    names = rows[position].fields
    if len(names) < 2 or not (_are_names(names) and all(names)):
        return False
    behind = range(position + 1, len(rows))
    if len(behind) < 2 or not all(len(rows[each].fields) == len(names) for each in behind):
        return False
    return is_unlike(names, [rows[each].fields for each in behind])


def _are_names(fields: Sequence[str]) -> bool:
    filled = [field for field in fields if field.strip()]
    return 2 * len(filled) >= len(fields) and len(set(filled)) == len(filled)


def _are_units(fields: Sequence[str]) -> bool:
    filled = [field.strip() for field in fields if field.strip()]
    return 2 * sum(bool(_UNIT.fullmatch(field)) for field in filled) > len(filled)


def _find_notes(rows: Sequence[Row], header: int, width: int) -> int:
    """Where rows begin that have a first field only, up to the end, as no others do."""
    at = len(rows)
    while at - 1 > header and (_is_note_below(rows[at - 1], width) or not rows[at - 1].filled):
        at -= 1
    while at < len(rows) and not rows[at].filled:
        at += 1  # empty rows are told as such
    is_usual = any(_is_note_below(row, width) for row in rows[header + 1 : at])
    is_body_left = at > header + 1
    return at if is_body_left and not is_usual and len(rows) - at <= _MOST_NOTES else len(rows)


def _is_note_below(row: Row, width: int) -> bool:
    return width > 2 and row.filled <= 1 and (row.kind == RAGGED or bool(row.fields[0].strip()))
