"""Sheets of Excel and OpenDocument workbooks, by way of python-calamine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import BadZipFile

from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.sources.workbook_parts import (
    TOO_LARGE,
    Valueless,
    find_valueless,
    name_column,
    stamp_file,
)
from microcosm_sqlite.authoring.values.layout import make_identifier
from microcosm_sqlite.authoring.values.parsing import EXACT_INTEGER
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.wording import find_free_name, spell_count, suggest
from microcosm_sqlite.errors import SourceError

WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".ods")

_SHOWN = 60

_DAMAGED = (
    "Open it in a spreadsheet program and save it anew; it is damaged, encrypted, or no workbook."
)

Rows = list[tuple[int, list[Any]]]


@dataclass(frozen=True)
class Survey:
    """What a workbook holds.

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
        from python_calamine import SheetTypeEnum, SheetVisibleEnum

        for sheet in workbook.sheets_metadata:
            if sheet.typ != SheetTypeEnum.WorkSheet:
                others.append((sheet.name, "no sheet of cells"))
            elif sheet.visible != SheetVisibleEnum.Visible:
                others.append((sheet.name, "a hidden sheet; show it to make a table of it"))
            elif _read_cells(workbook, sheet.name)[0]:
                filled.append(sheet.name)
            else:
                others.append((sheet.name, "an empty sheet"))
    return tuple(filled), tuple(others)


@contextmanager
def _open_workbook(path: Path, name: str) -> Iterator[Any]:
    hint = "Install it, and add it to `requires` of [build-system]: pip install python-calamine"
    with extra("excel", name, hint=hint):
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
        raise SourceError(f"{name} cannot be read: {reason}.", file=name, hint=hint) from error


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
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT_INTEGER:
        return int(value)
    return None if value == "" else value


def read_sheet(path: Path, name: str, sheet: str) -> Sheet:
    """Read the table of a sheet; its header is the first row with more than one value.

    Raises:
        MissingDependencyError: python-calamine is not installed.
        SourceError: It cannot be read, or there is no such sheet.
    """
    with _open_workbook(path, name) as workbook:
        if sheet not in workbook.sheet_names:
            raise SourceError(
                f"{name} has no sheet {sheet!r}.",
                file=name,
                hint=suggest(sheet, workbook.sheet_names, "Its sheets", spell="{!r}".format),
            )
        rows, merged = _read_cells(workbook, sheet)
    found = find_valueless(path, name).get(sheet)
    if found and found.negatives:
        _refuse_early_dates(rows, found, name)
    if not rows:
        return Sheet([], [], ())
    start = next((at for at, (_, row) in enumerate(rows) if _count_filled(row) > 1), 0)
    titles, (line, head), body = rows[:start], rows[start], rows[start + 1 :]
    kept = [
        at
        for at, field in enumerate(head)
        if field is not None or any(row[at] is not None for _, row in body)
    ]
    below = [(number, [row[at] for at in kept]) for number, row in body]
    _join_types(below, len(kept))
    header = ["" if head[at] is None else str(head[at]) for at in kept]
    notes = [*_describe_titles(titles, line), *_describe_merged(merged, line)]
    notes += _describe_gaps([line, *(number for number, _ in below)])
    if found:
        notes += _describe_valueless(found)
    return Sheet(header, below, tuple(notes))


def _refuse_early_dates(rows: Rows, found: Valueless, name: str) -> None:
    for number, row in rows:
        for at, value in enumerate(row):
            spot = f"{name_column(at)}{number}"
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


def _join_types(rows: Rows, width: int) -> None:
    """Make values of one type of each column, where some are no numbers.

    calamine takes midnight for a date, so dates beside moments are moments. In a column of several
    types, all but numbers become texts, as other formats would write them.
    """
    for at in range(width):
        types = {type(row[at]) for _, row in rows} - {type(None)}
        if types == {date, datetime}:
            for _, row in rows:
                if type(row[at]) is date:
                    row[at] = datetime(row[at].year, row[at].month, row[at].day)
        elif len(types) > 1 and types != {int, float}:
            for _, row in rows:
                row[at] = _spell(row[at])


def _spell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else value


def _describe_titles(titles: Rows, line: int) -> Iterator[str]:
    if titles:
        first = next(value for value in titles[0][1] if value is not None)
        yield (
            f"the header is row {line}; left out in front of it: "
            f"{spell_count(len(titles), 'row')} (row {titles[0][0]} is {str(first)[:_SHOWN]!r})"
        )


def _describe_merged(merged: Sequence[Any], line: int) -> Iterator[str]:
    """Merged cells from the header on, of which calamine has the first, as the file does."""
    inside = [area for area in merged if area[1][0] + 1 >= line]
    if inside:
        (top, left), (bottom, right) = inside[0]
        first = f"{name_column(left)}{top + 1}:{name_column(right)}{bottom + 1}"
        yield (
            f"{spell_count(len(inside), 'area')} of merged cells (the first is {first}): "
            "only the first cell of each has the value, the others are empty"
        )


def _describe_gaps(numbers: Sequence[int]) -> Iterator[str]:
    blank = numbers[-1] - numbers[0] + 1 - len(numbers)
    if blank:
        yield f"{spell_count(blank, 'blank row')} left out"


def _describe_valueless(found: Valueless) -> Iterator[str]:
    first, count = found.errors
    if count:
        yield f"{spell_count(count, 'cell')} with an error (the first is {first}): no value"
    first, count = found.formulas
    if count:
        yield (
            f"{spell_count(count, 'formula')} without a stored result (the first is in {first}): "
            "no value; open the workbook in a spreadsheet program and save it to have results"
        )


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
