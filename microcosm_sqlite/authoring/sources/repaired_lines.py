"""The lines of a delimited text, with those of each repair replaced by the row that they become."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import islice
from typing import Any

from microcosm_sqlite.authoring.project.repairs import (
    EMPTY_FILE,
    REPAIRS_FILE,
    Repair,
    strip_end,
)
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

_SHOWN = 80
_DELETE_IT = f"Delete that repair from {REPAIRS_FILE}, or draft the file again with --repair."


def repair_lines(
    lines: Iterable[str],
    repairs: Sequence[Repair],
    dialect: dict[str, Any],
    source: str,
    passed: int = 0,
) -> Iterator[str]:
    """The lines as they are to be read; there are as many as before, so that numbers stay.

    Args:
        lines: The text, with the ends of its lines.
        repairs: Its repairs, in the order of their lines.
        dialect: The parameters of `csv.reader`, in which rows are written.
        source: How errors call the text.
        passed: How many lines of it were left out in front.

    Raises:
        SourceError: A repair is for other lines than these, or for lines that are not there.
    """
    rest = iter(lines)
    for repair in repairs:
        if repair.kind == EMPTY_FILE:
            yield from _check_empty(rest, repair, source)
            return
        for line in islice(rest, repair.line - 1 - passed):
            passed += 1
            yield line
        found = [*islice(rest, repair.lines)]
        text = "\n".join(map(strip_end, found))
        if len(found) < repair.lines or not repair.is_for(text):
            raise _refuse(repair, source, text)
        passed += repair.lines
        yield from _replace(repair, dialect, source)
    yield from rest


def _check_empty(lines: Iterator[str], repair: Repair, source: str) -> Iterator[str]:
    for line in lines:
        if line.strip():
            raise _refuse(repair, source, strip_end(line))
        yield line


def _replace(repair: Repair, dialect: dict[str, Any], source: str) -> Iterator[str]:
    """The row, and blank lines in the place of those that it does not need."""
    try:
        text = write_row(repair.becomes, dialect) if repair.becomes else ""
    except ValueError as error:
        raise SourceError(
            f"{source}, line {repair.line}: a repair gives a row that {error}.",
            file=source,
            line=repair.line,
            hint=f"Change `becomes` of that repair in {REPAIRS_FILE}.",
        ) from error
    written = StringIO(text, newline="").readlines()
    yield from written
    yield from ["\n"] * (repair.lines - len(written))


def write_row(fields: Sequence[str], dialect: dict[str, Any]) -> str:
    """A row as a dialect has it, with a newline.

    Raises:
        ValueError: It cannot be written so.

    >>> dialect = {"delimiter": ";", "quotechar": "'", "escapechar": None}
    >>> write_row(["a", "isn't;"], dialect).rstrip()
    "'a';'isn''t;'"
    """
    quotes = {"quoting": csv.QUOTE_ALL} if dialect["quotechar"] else {}
    text = StringIO(newline="")
    try:
        csv.writer(text, lineterminator="\n", **{**dialect, **quotes}).writerow(fields)
    except csv.Error as error:
        raise ValueError(f"cannot be written: {error}") from error
    written = text.getvalue()
    if next(csv.reader(StringIO(written, newline=""), **dialect), []) != [*fields]:
        raise ValueError("this dialect has no way to write")
    return written


def _refuse(repair: Repair, source: str, found: str) -> SourceError:
    lines = f"line {repair.line}"
    if repair.lines > 1:
        lines = f"the {spell_count(repair.lines, 'line')} from line {repair.line} on"
    shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."
    return SourceError(
        f"{source}, line {repair.line}: {REPAIRS_FILE} repairs {lines}, "
        f"but the source has changed there since: {shown!r}.",
        file=source,
        line=repair.line,
        hint=_DELETE_IT,
    )
