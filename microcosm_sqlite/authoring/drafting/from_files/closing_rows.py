"""Notes and totals that stand below the rows of a table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from microcosm_sqlite.authoring.drafting.from_files.file_rows import (
    RAGGED,
    Row,
    find_row_kinds,
    is_rule,
)
from microcosm_sqlite.authoring.drafting.from_files.views import find_kind, is_unlike

MOST_NOTES = 20
"""Rows of notes at most, in front of a table as below it."""
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


def find_closing_rows(rows: Sequence[Row], header: int, width: int) -> int:
    """Where notes and totals begin that stand below all other rows, as none above them do."""
    kinds = find_row_kinds(rows[header + 1 : -1])  # the last row may be the note
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
    return at if at > header + 1 and len(rows) - at <= MOST_NOTES else len(rows)


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
