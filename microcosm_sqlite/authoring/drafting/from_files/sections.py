"""The rows of a file that are its table, without notes, units, or a second table below it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.dialects import is_data
from microcosm_sqlite.authoring.drafting.from_files.late_tables import count_descriptions
from microcosm_sqlite.authoring.drafting.from_files.views import (
    find_kind,
    find_kinds,
    is_number,
    is_unlike,
)

MARK = "\ufeff"
RAGGED = "ragged"
"""The kind of a row that nothing is found for but that it has another width."""

_MOST_NOTES = 20
_SAMPLE = 100
_SAME_NAMES = 0.6
_COMPARED_FIELDS = 3
_UNIT = re.compile(
    r"[(\[].{0,12}[)\]]|[^\s\d]{0,4}[°%µμΩ²³$€£][^\s]{0,6}|[A-Za-zµ]{1,6}(/|\^|\*|·)[^\s]{1,6}"
    r"|-|\d{1,2}[a-z]|[numck]?[mgsLlAVWFHNJ]|[hkM]?Pa|k?Hz|[KCFh]|min|days?|hours?|years?|mol|pp[mb]|deg[CF]?"
    r"|mph|ft|lbs?|inch|USD|EUR|GBP|count|number|none|unit(less|s)?"
)
_UNITS = re.compile(r"(units?|einheit(en)?|unit[eé]s?|unidad(es)?|unità)\b.{0,80}", re.IGNORECASE)
"""The beginning of a row whose only field names the units of all columns."""
_RULE = re.compile(r"[-=+:|_]+")
_LONG_RULE = 3
_TOTAL = re.compile(
    r"(grand |sub|over)?-?totals?|totaux|totale|total general|totaal|sum(me)?|somme|suma|soma"
    r"|(ins)?gesamt(summe)?|ogółem|celkem|összesen|yhteensä|summa|i alt|итого|всего|合計|总计"
    r"|averages?|avg\.?|durchschnitt|mittelwert|moyenne|promedio",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"(sources?|notes?|footnotes?|quellen?|anmerkung(en)?|hinweise?|fuentes?|notas?|fontes?|bron"
    r"|last updated?|updated|generated|exported|copyright|data from|stand)\b.*[:. ].*|\*.+|©.+"
    r"|\(?\d+ rows?( affected| selected| in set.*)?\)?\.?|-* ?end of [a-z]+ ?-*|[(\[]\w[)\]] .+",
    re.IGNORECASE | re.DOTALL,
)
"""The beginnings of notes below a table, some of them written by tools."""


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
    def end(self) -> int:
        """How many lines there are up to its last one."""
        return self.start + self.lines

    @property
    def filled(self) -> int:
        """How many fields have something in them."""
        return sum(bool(field.strip()) for field in self.fields)


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
    if is_data(rows[header].fields, [row.fields for row in rows[header + 1 :][:_SAMPLE]]):
        header = 0  # what is above values is their header, however it is written
    other = _find_other(rows, header, width) if has_header else len(rows)
    notes = _find_notes(rows[:other], header, width)
    if not has_header:
        return Sections(header, header, header, notes, other)
    top, units = 1, 0
    below = [row for row in rows[header + 1 : notes] if not row.kind or row.filled == 1]
    while below and below[0].fields == rows[header].fields:
        top += 1
        below.pop(0)
    kinds = find_kinds([row.fields for row in below[1 : _SAMPLE + 1]], width)
    if described := count_descriptions([row.fields for row in below[:_SAMPLE]], width):
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


def is_rule(fields: Sequence[str]) -> bool:
    """Whether a row is a line that is drawn below a header.

    >>> is_rule(["", "---", ":--", ""]), is_rule(["----+-----"]), is_rule(["--", "----"])
    (True, True, True)
    >>> is_rule(["-", ""]), is_rule(["--", "--"])
    (False, False)
    """
    filled = [field.strip() for field in fields if field.strip()]
    is_long = any(len(field) >= _LONG_RULE for field in filled)
    return is_long and all(map(_RULE.fullmatch, filled))


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
    above, below = _find_kinds(rows[first:position]), _find_kinds(rows[position + 1 :])
    return is_unlike(row.fields, below) and (not above or is_unlike(row.fields, above))


def _find_kinds(rows: Iterable[Row]) -> dict[int, str]:
    """The kinds of the columns of the first rows that are as wide as others."""
    regular = [*islice((row.fields for row in rows if not row.kind), _SAMPLE)]
    return find_kinds(regular, len(regular[0]) if regular else 0)


def resembles(fields: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a row is a header again: all names, or nearly all where there are many.

    In several columns, they may be in other capitals.

    >>> resembles(["a", "b", "c"], ["a", "b", "x"]), resembles(["a", "b"], ["a", "c"])
    (True, False)
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


def _find_notes(rows: Sequence[Row], header: int, width: int) -> int:
    """Where notes and totals begin that stand below all other rows, as none above them do."""
    kinds = _find_kinds(rows[header + 1 : -1])  # the last row may be the note
    notes = _pass_up(rows, header, lambda row: _may_be_note(row, width, kinds))
    longest = max((len(row.fields[0]) for row in rows[header + 1 : notes]), default=0)
    while notes < len(rows) and not _is_sure_note(rows[notes], longest):
        notes += 1
    above = (row for row in rows[header + 1 : notes] if not is_rule(row.fields))
    if any(_may_be_note(row, width, kinds) for row in above):
        notes = len(rows)
    at = _pass_up(rows[:notes], header, lambda row: is_total(row) or is_rule(row.fields))
    if at == notes and _is_sum(rows[header + 1 : notes]):
        at -= 1
    if at == header + 1 or any(map(is_total, rows[header + 1 : at])):
        at = notes
    return at if at > header + 1 and len(rows) - at <= _MOST_NOTES else len(rows)


def _pass_up(rows: Sequence[Row], header: int, is_below: Callable[[Row], bool]) -> int:
    """Where rows of some sort begin that go on to the end; empty rows may be among them."""
    at = len(rows)
    while at - 1 > header and (is_below(rows[at - 1]) or not rows[at - 1].filled):
        at -= 1
    while at < len(rows) and not rows[at].filled:
        at += 1  # empty rows are told as such
    return at


def may_end(fields: Sequence[str]) -> bool:
    """Whether the last row of a file may be a note or a total."""
    row = Row(0, 1, [*fields])
    is_note = row.filled <= 1 or bool(_NOTE.fullmatch(",".join(fields).strip()))
    return len(fields) > 1 and (is_note or is_total(row) or not fields[0].strip())


def is_total(row: Row) -> bool:
    """Whether a row is called a total, and has others of its fields.

    >>> [is_total(Row(0, 1, fields)) for fields in (["TOTAL:", "", "7"], ["Totnes", "7"])]
    [True, False]
    """
    called = next((field.strip() for field in row.fields if field.strip()), "")
    return row.filled > 1 and bool(_TOTAL.fullmatch(called.rstrip(": ")))


def _is_sum(rows: Sequence[Row]) -> bool:
    """Whether the last row lacks what the others begin with, and its numbers are their sums."""
    *others, last = rows or [Row(0, 1, [""])]
    if len(others) < 2 or last.fields[0].strip() or last.kind:
        return False
    if not all(row.fields[0].strip() and not row.kind for row in others):
        return False
    try:
        sums = [
            math.isclose(float(text), math.fsum(float(row.fields[column]) for row in others))
            for column, text in enumerate(last.fields)
            if text.strip()
        ]
    except ValueError:
        return False
    return bool(sums) and all(sums)


def _may_be_note(row: Row, width: int, kinds: Mapping[int, str]) -> bool:
    """Whether a row has one field only, which is no value of its column, or commas in a note."""
    is_filled = row.filled == width and is_unlike(row.fields, kinds)
    if is_filled or (row.kind == RAGGED and len(row.fields) > width):
        return bool(_NOTE.fullmatch(",".join(row.fields).strip()))
    text = next((field for field in row.fields if field.strip()), "").strip()
    if row.filled != 1 or width < 2:
        return False
    if not row.fields[0].strip():
        return bool(_NOTE.fullmatch(text))
    if 0 in kinds:
        return find_kind(text) != kinds[0]
    return width > 2 or bool(_NOTE.fullmatch(text))


def _is_sure_note(row: Row, longest: int) -> bool:
    text = "".join(row.fields).strip()
    is_sentence = len(text) > longest and " " in text
    is_rule = not any(map(str.isalnum, text))
    return row.kind == RAGGED or is_sentence or is_rule or bool(_NOTE.fullmatch(text))
