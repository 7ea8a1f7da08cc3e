"""The rows of a file that are its table, without notes, units, or a second table below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.closing_rows import (
    MOST_NOTES,
    find_closing_rows,
)
from microcosm_sqlite.authoring.drafting.from_files.dialects import is_data
from microcosm_sqlite.authoring.drafting.from_files.file_rows import (
    MARK,
    RAGGED,
    SAMPLE,
    Row,
    find_row_kinds,
    is_rule,
)
from microcosm_sqlite.authoring.drafting.from_files.late_tables import count_descriptions
from microcosm_sqlite.authoring.drafting.from_files.views import (
    find_kinds,
    is_number,
    is_unlike,
)

_SAME_NAMES = 0.6
_COMPARED_FIELDS = 3
_UNIT = re.compile(
    r"[(\[].{0,12}[)\]]|[^\s\d]{0,4}[°%µμΩ²³$€£][^\s]{0,6}|[A-Za-zµ]{1,6}(/|\^|\*|·)[^\s]{1,6}"
    r"|-|\d{1,2}[a-z]|[numck]?[mgsLlAVWFHNJ]|[hkM]?Pa|k?Hz|[KCFh]|min|days?|hours?|years?|mol|pp[mb]|deg[CF]?"
    r"|mph|ft|lbs?|inch|USD|EUR|GBP|count|number|none|unit(less|s)?"
)
_UNITS = re.compile(r"(units?|einheit(en)?|unit[eé]s?|unidad(es)?|unità)\b.{0,80}", re.IGNORECASE)
"""The beginning of a row whose only field names the units of all columns."""


class Sections(NamedTuple):
    """Where the parts of a file begin, as positions among its rows.

    Attributes:
        header: Where the header is, behind notes.
        units: Where units or descriptions are, behind all rows of the header.
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
    if is_data(rows[header].fields, [row.fields for row in rows[header + 1 :][:SAMPLE]]):
        header = 0  # what is above values is their header, however it is written
    other = _find_other(rows, header, width) if has_header else len(rows)
    notes = find_closing_rows(rows[:other], header, width)
    if not has_header:
        return Sections(header, header, header, notes, other)
    top, units = 1, 0
    below = [row for row in rows[header + 1 : notes] if not row.kind or row.filled == 1]
    while below and below[0].fields == rows[header].fields:
        top += 1
        below.pop(0)
    kinds = find_kinds([row.fields for row in below[1 : SAMPLE + 1]], width)
    if described := count_descriptions([row.fields for row in below[:SAMPLE]], width):
        units = described
    elif below and (tells_units(below[0].fields) or is_rule(below[0].fields)):
        units = 1
    elif len(below) > 1 and is_unlike(below[0].fields, kinds):
        units = int(_are_units(below[0].fields))
        names = join_header([rows[header].fields, below[0].fields])
        has_names = len(set(names)) == len(names) and is_unlike(below[0].fields, kinds, least=2)
        top += int(has_names and _are_names(below[0].fields) and not units)
    return Sections(header, header + top, header + top + units, notes, other)


def join_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of columns that a header of several rows gives them.

    A name above several columns stands above the first of them only.

    >>> join_header([["", "2019", "", "2020", ""], ["place", "m", "f", "m", "f"]])
    ['place', '2019 m', '2019 f', '2020 m', '2020 f']
    """
    columns = [*zip(*rows, strict=False)]
    names = [" ".join(filter(None, map(str.strip, column))) for column in columns]
    if len(set(names)) == len(names):
        return names
    above = ""
    for index, column in enumerate(columns):
        above = column[0].strip() or above
        if above and column[-1].strip() and not column[0].strip():
            names[index] = f"{above} {names[index]}"
    return names


def tells_units(fields: Sequence[str]) -> bool:
    """Whether the only field of a row tells the units of the columns below.

    >>> tells_units(["Units: mm", ""]), tells_units(["Unity", "1"]), tells_units(["Units"])
    (True, False, False)
    """
    filled = [field.strip() for field in fields if field.strip()]
    return len(filled) == 1 < len(fields) and bool(_UNITS.fullmatch(filled[0]))


def _pass_notes(rows: Sequence[Row], width: int) -> int:
    """How many rows in front of the header are notes."""
    count = 0
    while count < min(len(rows), MOST_NOTES) and _is_note(rows[count], width):
        count += 1
    return count if count < min(len(rows), MOST_NOTES) else 0


def _is_note(row: Row, width: int) -> bool:
    is_short = row.kind == RAGGED and 2 * row.filled <= width and len(row.fields) < width
    return width > 2 and (row.filled <= 1 or is_short)


def _find_other(rows: Sequence[Row], header: int, width: int) -> int:
    """Where a second table begins, which has a header of its own, or the title above that."""
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
        if not is_again and _starts_alike(rows, first, position):
            has_title = rows[position - 1].kind == RAGGED and rows[position - 1].filled == 1
            return position - has_title
    return len(rows)


def _starts_alike(rows: Sequence[Row], first: int, position: int) -> bool:
    """Whether other names begin a table of as many columns, behind a gap or a title."""
    before, row = rows[position - 1], rows[position]
    has_gap = row.start > before.end or before.filled <= 1
    if position <= first or not has_gap or row.kind or not all(map(str.strip, row.fields)):
        return False
    above, below = find_row_kinds(rows[first:position]), find_row_kinds(rows[position + 1 :])
    return is_unlike(row.fields, below) and (not above or is_unlike(row.fields, above))


def resembles(fields: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row is a header again: all names, or nearly all where there are many.

    In several columns, they may be in other capitals. What stands for another name is not a number.

    >>> resembles(["a", "b", "c"], ["a", "b", "x"]), resembles(["a", "b"], ["a", "c"])
    (True, False)
    >>> resembles(["3", "b", "c"], ["a", "b", "c"])
    False
    >>> resembles(["A", "B"], ["a", "b"]), resembles(["A"], ["a"])
    (True, False)
    """
    fold = str.casefold if len(names) > 1 else str
    filled = [
        (fold(field.strip()), fold(name.strip()))
        for field, name in zip(fields, names, strict=False)
    ]
    same = sum(field == name != "" for field, name in filled)
    most = sum(name != "" for _, name in filled)
    has_numbers = any(field != name and is_number(field) for field, name in filled)
    is_near = same > 1 and same >= _SAME_NAMES * most and not has_numbers
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
    if rows[position].start > rows[position - 1].end:  # a blank line parts them
        return True
    return is_unlike(names, find_kinds([rows[each].fields for each in behind], len(names)))


def _are_names(fields: Sequence[str]) -> bool:
    """Whether most columns have one; none is a number."""
    filled = [field for field in fields if field.strip()]
    return 2 * len(filled) >= len(fields) and not any(map(is_number, filled))


def _are_units(fields: Sequence[str]) -> bool:
    filled = [field.strip() for field in fields if field.strip()]
    return 2 * sum(bool(_UNIT.fullmatch(field)) for field in filled) > len(filled)
