"""Sheets of Excel and OpenDocument workbooks, by way of python-calamine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile

from microcosm_sqlite.authoring.sources.records import Records, SourceFile, library, take_whole
from microcosm_sqlite.authoring.sources.second_headers import describe_second_header
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.sources.workbook_notes import (
    NOTHING_SEEN,
    Rows,
    describe_doubt,
    describe_gaps,
    describe_hidden,
    describe_lost_days,
    describe_lost_digits,
    describe_merged,
    describe_names,
    describe_neighbours,
    describe_ranges,
    describe_titles,
    describe_valueless,
)
from microcosm_sqlite.authoring.sources.workbook_parts import (
    TOO_LARGE,
    Valueless,
    find_valueless,
    name_column,
    stamp_file,
)
from microcosm_sqlite.authoring.values.layout import make_identifier
from microcosm_sqlite.common.wording import find_free_name, spell_count, suggest
from microcosm_sqlite.errors import SourceError

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")

_DAMAGED = (
    "Open it in a spreadsheet program and save it again; it is damaged, encrypted, or no workbook."
)

_MOST_TITLES = 20
"""Rows among which the header is looked for, where titles have several cells."""


@dataclass(frozen=True)
class Survey:
    """The content of a workbook.

    Attributes:
        tables: Table to sheet, in the order of the workbook.
        left_out: Sheet to the reason why no table is made of it.
    """

    tables: dict[str, str]
    left_out: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """The table of one sheet.

    Attributes:
        header: The names of its fields.
        rows: Its rows, each with its number in the sheet.
        notes: What was not taken of it, as sentences for the author.
    """

    header: list[str]
    rows: Rows
    notes: tuple[str, ...]


def survey_workbook(path: Path, name: str, stem: str) -> Survey:
    """List the tables of a workbook: one for each visible sheet with cells.

    The table of the only sheet is called as the file is, all others as file and sheet.

    Args:
        path: Where it is.
        name: What errors call it.
        stem: The table that the file is named after.

    Raises:
        MissingDependencyError: python-calamine is not installed.
        SourceError: It cannot be read.
    """
    filled, others = _list_sheets(path, name, stamp_file(path, name))
    tables: dict[str, str] = {}
    for sheet in filled:
        table = f"{stem}_{make_identifier(sheet) or 'sheet'}" if len(filled) > 1 else stem
        tables[find_free_name(table, {each.lower() for each in tables})] = sheet
    return Survey(tables, dict(others))


@lru_cache(maxsize=64)
def _list_sheets(
    path: Path, name: str, _: tuple[int, int]
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """The sheets with tables, and the others with the reason why they have none."""
    filled, others = [], []
    with _open_workbook(path, name) as workbook:
        from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum

        for sheet in workbook.sheets_metadata:
            if sheet.typ != SheetTypeEnum.WorkSheet:
                others.append((sheet.name, "no sheet of cells"))
            elif sheet.visible != SheetVisibleEnum.Visible:
                others.append((sheet.name, "a hidden sheet; show it to make a table of it"))
            else:
                with suppress(CalamineError):  # which is raised when the sheet is read
                    if not _read_cells(workbook, sheet.name)[0]:
                        others.append((sheet.name, "an empty sheet"))
                        continue
                filled.append(sheet.name)
    return tuple(filled), tuple(others)


@contextmanager
def _open_workbook(path: Path, name: str, sheet: str = "") -> Iterator[Any]:
    with library("excel", name):
        from python_calamine import CalamineError, CalamineWorkbook
    try:
        find_valueless(path, name)  # which refuses what is beyond all bounds
        with closing(CalamineWorkbook.from_path(str(path))) as workbook:
            yield workbook
    except (CalamineError, BadZipFile, ElementTree.ParseError, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        hint = TOO_LARGE if "limit exceeded" in reason else _DAMAGED
        if "password" in reason.lower():
            hint = "Save it without a password."
        place = f"#{sheet}" if sheet and "#" not in name else ""
        raise SourceError(
            f"{name}{place} cannot be read: {reason}.", file=name, hint=hint
        ) from error


def _read_cells(workbook: Any, sheet: str) -> tuple[Rows, list[Any]]:
    """The rows that are not blank, numbered as in the sheet, and the areas of merged cells."""
    found = workbook.get_sheet_by_name(sheet)
    rows = [
        (number, [_take(value) for value in row])
        for number, row in enumerate(found.to_python(skip_empty_area=False), start=1)
    ]
    # Formats without merged cells, as calamine reads them, have None.
    return [row for row in rows if any(each is not None for each in row[1])], [
        *(found.merged_cell_ranges or ())
    ]


def _take(value: Any) -> Any:
    """A value as other sources have it: empty cells are nothing, and whole numbers are whole."""
    return None if value == "" else take_whole(value)


def read_sheet(path: Path, name: str, sheet: str) -> Sheet:
    """Read the table of a sheet; its header is the first row with more than one value.

    Raises:
        MissingDependencyError: python-calamine is not installed.
        SourceError: It cannot be read, or there is no such sheet.
    """
    with _open_workbook(path, name, sheet) as workbook:
        if sheet not in workbook.sheet_names:
            raise SourceError(
                f"{name} has no sheet {sheet!r}.",
                file=name,
                hint=suggest(sheet, workbook.sheet_names, "Its sheets", spell="{!r}".format),
            )
        rows, merged = _read_cells(workbook, sheet)
    found = find_valueless(path, name).get(sheet)
    if found and (found.negatives or found.leap_days):
        _refuse_early_dates(rows, found, name)
    if not rows:
        return Sheet([], [], ())
    start = _find_header(rows)
    titles, (line, head), body = rows[:start], rows[start], rows[start + 1 :]
    kept = [
        at
        for at, field in enumerate(head)
        if field is not None or any(row[at] is not None for _, row in body)
    ]
    below = [(number, [row[at] for at in kept]) for number, row in body]
    header = ["" if head[at] is None else str(head[at]) for at in kept]
    notes = [*describe_titles(titles, line), *describe_doubt(below)]
    notes += describe_second_header(header, [row for _, row in below], line + 1)
    if len(notes) == bool(titles):  # nothing speaks of another row as the header
        notes += describe_names([head[at] for at in kept], below, line)
    notes += describe_neighbours(below, kept, line)
    called = [name or f"column {name_column(at)}" for name, at in zip(header, kept, strict=True)]
    notes += [*describe_merged(merged, line), *_join_types(below, called)]
    notes += describe_gaps([line, *(number for number, _ in below)])
    if found:
        notes += describe_valueless(found)
        numbers = [number for number, _ in below]
        notes += describe_hidden(found, numbers, kept)
        notes += describe_ranges(found, [line, *numbers], kept)
    else:
        notes.append(NOTHING_SEEN)
    return Sheet(header, below, tuple(notes))


def _refuse_early_dates(rows: Rows, found: Valueless, name: str) -> None:
    for number, row in rows:
        for at, value in enumerate(row):
            spot = f"{name_column(at)}{number}"
            if spot in found.leap_days and str(value).startswith("1900-02-28"):
                raise SourceError(
                    f"{name}, cell {spot}: 29 February 1900, which is not a day.",
                    file=name,
                    line=number,
                    hint="Write the day that is meant, such as 1900-03-01.",
                )
            if isinstance(value, date | time | timedelta) and spot in found.negatives:
                raise SourceError(
                    f"{name}, cell {spot}: a date before 1900, or a negative time, which "
                    "workbooks do not have.",
                    file=name,
                    line=number,
                    hint="Write it as text, such as 1815-12-10.",
                )


def _count_filled(row: Sequence[Any]) -> int:
    return sum(value is not None for value in row)


def _find_header(rows: Rows) -> int:
    """The place of the header: the first row with several values.

    Where a row of more texts follows, that is the header, below titles, if a blank row is in
    front of it, or values that are no texts are in the row behind it.
    """
    first = next((at for at, (_, row) in enumerate(rows) if _count_filled(row) > 1), 0)
    head = rows[:_MOST_TITLES]
    for at, ((before, _), (number, row)) in enumerate(pairwise(head), start=1):
        widest = max(_count_filled(title) for _, title in rows[:at])
        is_wider = at > first and _count_filled(row) > widest and _is_of_texts(row)
        has_values = not _is_of_texts(rows[at + 1][1]) if at + 1 < len(rows) else False
        if is_wider and (number > before + 1 or has_values):
            return at
        if not _is_of_texts(row):
            break
    return first


def _is_of_texts(row: Sequence[Any]) -> bool:
    return all(isinstance(value, str) for value in row if value is not None)


def _join_types(rows: Rows, header: Sequence[str]) -> Iterator[str]:
    """Make values of one type of each column, where some are no numbers, and tell of it.

    calamine takes midnight for a date, so dates beside moments are moments. In a column of several
    types, all but numbers become texts, as other formats would write them.
    """
    for at, column in enumerate(header):
        types = {type(row[at]) for _, row in rows} - {type(None)}
        cells = [(number, row[at]) for number, row in rows]
        yield from (*describe_lost_days(column, cells), *describe_lost_digits(column, cells))
        if types == {date, datetime}:
            for _, row in rows:
                if type(row[at]) is date:
                    row[at] = datetime(row[at].year, row[at].month, row[at].day)
        elif len(types) > 1 and types != {int, float}:
            spelled = [(row[at], _spell(row[at])) for _, row in rows]
            changed = [text for value, text in spelled if type(value) is not type(text)]
            for (_, row), (_, text) in zip(rows, spelled, strict=True):
                row[at] = text
            if changed:
                yield (
                    f"{column}: {spell_count(len(changed), 'value')} beside those of other types "
                    f"became {'texts' if len(changed) > 1 else 'a text'}, such as {changed[0]!r}"
                )


def _spell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else value


@dataclass(frozen=True)
class SheetOpener:
    """Opens one sheet of a workbook; without its name, the only one that has cells."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            MissingDependencyError: python-calamine is not installed.
            SourceError: It cannot be read, or it is not said which sheet of several is meant.
        """
        path, name = self.source.path, self.source.name
        sheet = self.source.table or _find_only(path, name)
        yield _SheetRecords(name, read_sheet(path, name, sheet), advance, self.source.size)


def _find_only(path: Path, name: str) -> str:
    sheets, _ = _list_sheets(path, name, stamp_file(path, name))
    if len(sheets) != 1:
        told = ", ".join(map(repr, sheets)) or "none"
        raise SourceError(
            f"{name} has {spell_count(len(sheets), 'sheet')} with cells where one is expected: "
            f"{told}.",
            file=name,
            hint=f'Name one in the settings: `"{name}#{sheets[0]}"`.' if sheets else "",
        )
    return sheets[0]


class _SheetRecords(Records):
    unit = "row"
    has_types = True

    def __init__(self, name: str, sheet: Sheet, advance: Advance, size: int) -> None:
        super().__init__(name, sheet.header)
        self.notes = sheet.notes
        self.is_empty = not sheet.header
        self._rows = sheet.rows
        self._advance = advance
        self._size = size

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with its number in the sheet."""
        yield from self._rows
        self._advance(self._size)
