"""Differences between a sheet as it is shown and as it is read, as sentences for the author."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from microcosm_sqlite.authoring.sources.workbook_parts import Valueless, name_column
from microcosm_sqlite.common.wording import list_few, spell_count

Rows = list[tuple[int, list[Any]]]
"""The rows of a sheet, each with its number there."""

NOTHING_SEEN = (
    "rows and columns that it hides are read too, and cannot be told of in this format; to be "
    "told, save it as .xlsx"
)
"""Of a workbook whose parts cannot be read, which is one of old Excel."""
_SHOWN = 60
_NAMES_TOLD = 3
_DIGITS_KEPT, _LONGEST_CODE = 15, 20
"""Digits of a number that spreadsheets keep, and those of the longest codes, as of parcels."""


def describe_titles(titles: Rows, line: int) -> Iterator[str]:
    """The rows in front of the header, which are left out."""
    if titles:
        first = next(value for value in titles[0][1] if value is not None)
        yield (
            f"the header is row {line}; left out in front of it: "
            f"{spell_count(len(titles), 'row')} (row {titles[0][0]} is {str(first)[:_SHOWN]!r})"
        )


def describe_merged(merged: Sequence[Any], line: int) -> Iterator[str]:
    """Merged cells from the header on, of which calamine has the first, as the file does."""
    inside = [area for area in merged if area[1][0] + 1 >= line]
    if inside:
        (top, left), (bottom, right) = inside[0]
        first = f"{name_column(left)}{top + 1}:{name_column(right)}{bottom + 1}"
        yield (
            f"{spell_count(len(inside), 'area')} of merged cells (the first is {first}): "
            "only the first cell of each has the value, the others are empty"
        )


def describe_gaps(numbers: Sequence[int]) -> Iterator[str]:
    """The blank rows among the others, which are left out."""
    blank = numbers[-1] - numbers[0] + 1 - len(numbers)
    if blank:
        yield f"{spell_count(blank, 'blank row')} left out"


def describe_neighbours(rows: Rows, columns: Sequence[int], line: int) -> Iterator[str]:
    """What may be other tables of the sheet: beside blank columns, or below blank rows.

    Args:
        rows: The rows below the header, of the columns that are read.
        columns: The places of these columns in the sheet, from zero.
        line: The row of the header.
    """
    gaps = {at: at - before - 1 for before, at in pairwise(columns) if at > before + 1}
    if gaps:
        count = sum(gaps.values())
        places = list_few([name_column(at) for at in gaps], _NAMES_TOLD)
        yield (
            f"{spell_count(count, 'blank column')} {'is' if count == 1 else 'are'} left out in "
            f"front of column{'s' * (len(gaps) > 1)} {places}; if another table begins there, "
            f"{_APART}"
        )
    headers = [rows[at] for at in _find_headers(rows, line)]
    if headers:
        number, first = headers[0]
        names = ", ".join(str(value) for value in first if value is not None)
        more = f", and so may {spell_count(len(headers) - 1, 'row')} more" * (len(headers) > 1)
        yield (
            f"row {number}, below blank rows, may be the header of another table "
            f"({names[:_SHOWN]!r}){more}; if it is, {_APART}"
        )


_APART = "put that on a sheet of its own"


def _find_headers(rows: Rows, line: int) -> Iterator[int]:
    """The rows of texts that begin a block, or follow its title, above values that are no texts."""
    numbers = [line, *(number for number, _ in rows)]
    starts = [at for at, (one, two) in enumerate(pairwise(numbers)) if at and two > one + 1]
    for start, end in pairwise([*starts, len(rows)]):
        for at in range(start, min(start + 2, end - 1)):
            row = rows[at][1]
            filled = [place for place, value in enumerate(row) if value is not None]
            block = [each for _, each in rows[at + 1 : end]]
            is_named = len(filled) > 1 and all(isinstance(row[place], str) for place in filled)
            if is_named and any(
                _holds_no_text([each[place] for each in block]) for place in filled
            ):
                yield at
                break


def describe_valueless(found: Valueless) -> Iterator[str]:
    """The cells that are shown otherwise than they are read."""
    first, count = found.errors
    if count:
        yield f"{spell_count(count, 'cell')} with an error (the first is {first}): no value"
    first, count = found.formulas
    if count:
        yield (
            f"{spell_count(count, 'formula')} without a stored result (the first is in {first}): "
            "no value; open the workbook in a spreadsheet program and save it to have results"
        )
    if found.shown.count:
        place = f"the first is {found.shown.first}, by " if found.shown.first else "such as by "
        yield (
            f"{spell_count(found.shown.count, 'number')} shown with more than digits "
            f"({place}{found.shown.format}): only the number is read"
        )


def describe_hidden(found: Valueless, rows: Sequence[int], columns: Sequence[int]) -> Iterator[str]:
    """The rows and columns that a sheet does not show, and that are read all the same.

    Args:
        found: What the sheet says of itself.
        rows: The numbers of the rows that are read.
        columns: The places of the columns that are, from zero.
    """
    hidden = [number for number in rows if number in found.hidden_rows]
    if hidden:
        verb = "is" if len(hidden) == 1 else "are"
        yield (
            f"{spell_count(len(hidden), 'row')} that the sheet hides {verb} read too (the first is "
            f"row {hidden[0]}); delete what is not meant"
        )
    names = [
        name_column(at)
        for at in columns
        if any(first <= at + 1 <= last for first, last in found.hidden_columns)
    ]
    if names:
        verb = "is" if len(names) == 1 else "are"
        yield (
            f"{spell_count(len(names), 'column')} that the sheet hides {verb} read too "
            f"({', '.join(names)}); delete what is not meant"
        )


def describe_ranges(found: Valueless, rows: Sequence[int], columns: Sequence[int]) -> Iterator[str]:
    """The named ranges of several rows and columns that are not all of what is read.

    Args:
        found: What the workbook says of the sheet.
        rows: The numbers of the rows that are read, with the header.
        columns: The places of the columns that are, from zero.
    """
    for each in found.ranges:
        (left, right), (top, bottom) = each.columns, each.rows
        is_all = left <= columns[0] and columns[-1] <= right
        is_all = is_all and top <= rows[0] and rows[-1] <= bottom
        if left < right and top < bottom and not is_all:
            yield (
                f"the named range {each.name} is {each} only, and the whole sheet is read; to have "
                "a table of that range, copy it to a sheet of its own"
            )


def describe_doubt(rows: Rows) -> Iterator[str]:
    """That the first row below the header reads like a header itself, if it does."""
    if len(rows) < 2:
        return
    (number, first), *others = rows
    is_of_texts = all(isinstance(value, str) for value in first)
    if is_of_texts and any(
        _holds_no_text([row[at] for _, row in others]) for at in range(len(first))
    ):
        yield (
            f"row {number} may be the header: it has only texts, and below it are columns without "
            "any; if it is, delete the rows in front of it"
        )


def describe_lost_days(column: str, cells: Sequence[tuple[int, Any]]) -> Iterator[str]:
    """The times of day in a column of dates, as which calamine reads days that it has no date for.

    Args:
        column: What the column is called.
        cells: The values of the column, each with its row.
    """
    times = [number for number, value in cells if isinstance(value, time)]
    if times and any(isinstance(value, date) for _, value in cells):
        yield (
            f"{column}: {spell_count(len(times), 'time')} of day among dates (the first is in row "
            f"{times[0]}), as which day 0 and days before it are read; write the day as text, or "
            "clear the cell"
        )


def describe_lost_digits(column: str, cells: Sequence[tuple[int, Any]]) -> Iterator[str]:
    """The whole numbers that may be codes, and are longer than spreadsheets keep.

    Args:
        column: What the column is called.
        cells: The values of the column, each with its row.
    """
    numbers = [(row, abs(value)) for row, value in cells if type(value) in (int, float)]
    if not all(number < 10**_LONGEST_CODE and number == int(number) for _, number in numbers):
        return
    long = [row for row, number in numbers if number >= 10**_DIGITS_KEPT]
    if long:
        yield (
            f"{column}: {spell_count(len(long), 'number')} of more than {_DIGITS_KEPT} digits (the "
            f"first is in row {long[0]}), of which spreadsheets keep {_DIGITS_KEPT}; if these are "
            "codes, enter them again, as text"
        )


def describe_names(head: Sequence[Any], rows: Rows, line: int) -> Iterator[str]:
    """That the header may be a row of data: it has values of the types of those below, or texts.

    Args:
        head: The cells of the header, of the columns that are read.
        rows: The rows below it.
        line: Its row.
    """
    if not rows:
        yield f"row {line} is taken for the header, and no row is below it"
        return
    below = [{_find_type(row[at]) for _, row in rows} - {type(None)} for at in range(len(head))]
    alike = [
        name
        for name, types in zip(head, below, strict=True)
        if name is not None and types == {_find_type(name)}
    ]
    names = [str(name) for name in alike if not isinstance(name, str)]
    told = f"row {line} is taken for the header"
    if names:
        more = ", and more" * (len(names) > _NAMES_TOLD)
        yield (
            f"{told}, but could be data: {', '.join(names[:_NAMES_TOLD])}{more}; if it is, put "
            "a row of names in front of it"
        )
    elif all(types <= {str} for types in [*below, {*map(type, head)} - {type(None)}]):
        yield f"{told}; all values are text, so nothing tells whether it is one"


def _find_type(value: Any) -> type:
    """The type of a value, where all numbers are of one, and so are all dates."""
    if type(value) is int:
        return float
    return date if type(value) is datetime else type(value)


def _holds_no_text(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and not any(isinstance(value, str) for value in known)
