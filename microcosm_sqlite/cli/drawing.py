"""Draw rows and facts for people: as tables, value by value, or as aligned lines.

What is drawn fits the terminal where it can; nothing is cut where the output is none.
"""

from __future__ import annotations

from itertools import zip_longest

import click

from microcosm_sqlite.cli.streams import is_terminal, printable, use_color
from microcosm_sqlite.common.wording import align, measure
from microcosm_sqlite.interop.exporting.text_formats import blob_literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.interop.exporting.text_formats import Batches

WIDEST = 80
"""Characters of a cell that a terminal shows; nothing is cut elsewhere."""

LONGEST = 2000
"""The same where each value has lines of its own."""

GAP = "  "
NULL = "NULL"


def write_table(columns: Sequence[str], batches: Batches, header: bool) -> Iterator[str]:
    """Aligned columns; long results are drawn in pieces."""
    gap = ""
    for batch in batches:
        yield gap + draw_table(columns, batch, header)
        gap = "\n" if header else ""
    if not gap and header and columns:
        yield draw_table(columns, [], header)


def draw_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], header: bool) -> str:
    """Aligned text with a final newline: numbers to the right, the rest to the left."""
    widest = WIDEST if is_terminal() else 0
    cells = [[_cell(value, widest) for value in row] for row in rows]
    heading = [[_plain(column) for column in columns]] if header else []
    lines = align(heading + cells, [_is_numeric(values) for values in zip(*rows, strict=True)])
    if widest and use_color() is not False:
        lines[len(heading) :] = map(_dim_nulls, rows, lines[len(heading) :])
    return "".join(f"{GAP.join(line).rstrip()}\n" for line in lines)


def write_listing(columns: Sequence[str], batches: Batches, header: bool) -> Iterator[str]:
    """Aligned columns of which nothing is cut; texts are wrapped where the terminal is narrow."""
    rows = [row for batch in batches for row in batch]
    cells = [[_plain(column) for column in columns]] if header else []
    cells += [[_cell(value, 0) for value in row] for row in rows]
    if not cells:
        return
    to_right = [_is_numeric(values) for values in zip(*rows, strict=True)] or [False] * len(columns)
    widths = _share_width(cells, to_right, measure_terminal())
    lines: list[list[str]] = []
    for row in cells:
        pieces = [wrap(text, width).split("\n") for text, width in zip(row, widths, strict=True)]
        lines += map(list, zip_longest(*pieces, fillvalue=""))
    yield from (f"{GAP.join(line).rstrip()}\n" for line in align(lines, to_right))


def _share_width(cells: list[list[str]], is_fixed: Sequence[bool], width: int) -> list[int]:
    """How wide each column may be, so that all fit; 0 where none has to give way.

    Args:
        cells: The cells, row by row.
        is_fixed: Which columns are not wrapped.
        width: The columns of the terminal; 0 where there is none.
    """
    columns = list(zip(*cells, strict=True))
    widths = [max(map(measure, column)) for column in columns]
    room = width - len(GAP) * (len(columns) - 1)
    if not width or sum(widths) <= room:
        return [0] * len(columns)
    least = [
        whole if fixed else max(measure(word) for text in column for word in text.split() or [""])
        for whole, fixed, column in zip(widths, is_fixed, columns, strict=True)
    ]
    # The widest gives way first; no word is broken, since it may be a name or a path.
    while sum(widths) > room:
        wide = [place for place, each in enumerate(widths) if each > least[place]]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def fits(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bool:
    """Whether a table of these rows is no wider than the terminal; anywhere else, it fits."""
    width = measure_terminal()
    if not width:
        return True
    cells = [[_plain(column) for column in columns]]
    cells += [[_cell(value, WIDEST) for value in row] for row in rows]
    widths = [max(map(measure, column)) for column in zip(*cells, strict=True)]
    return sum(widths) + len(GAP) * (len(widths) - 1) <= width


def write_vertical(columns: Sequence[str], batches: Batches, header: bool) -> Iterator[str]:
    """A line for each value, with the name of its column; for rows that are too wide for a table.

    Args:
        columns: The names.
        batches: The rows.
        header: Whether a line with its number stands before each row.
    """
    names = [_plain(column) for column in columns]
    number = 0
    for batch in batches:
        lines = []
        for row in batch:
            number += 1
            lines += [""] * (number > 1)
            lines += [f"-[ row {number:,} ]-"] * header
            cells = [_cell(value, LONGEST if is_terminal() else 0) for value in row]
            lines.append(draw_plain(list(zip(names, cells, strict=True))))
        yield "\n".join(lines) + "\n"


def draw_plain(rows: Sequence[Sequence[str]]) -> str:
    """Aligned text without a header, such as facts and their names.

    On a terminal, the last column is wrapped between words, so that lines fit its width.
    """
    lines = align([[_plain(text) for text in row] for row in rows])
    width = measure_terminal()
    if not width:
        return "\n".join(GAP.join(line).rstrip() for line in lines)
    return "\n".join(wrap_last(line, width) for line in lines)


def measure_terminal() -> int:
    """The columns of the terminal that is written to; 0 where it is none."""
    from shutil import get_terminal_size

    return get_terminal_size().columns if is_terminal() else 0


def wrap_last(cells: Sequence[str], width: int) -> str:
    """A line whose last cell is wrapped between words, below itself or, with no room, below all.

    >>> print(wrap_last(["id ", "integer", "number of the row in the source"], 36))
    id   integer  number of the row in
                  the source
    >>> print(wrap_last(["a_long_name", "integer", "number of the row"], 24))
    a_long_name  integer
        number of the row

    Args:
        cells: The cells, all but the last one filled to the widths of their columns.
        width: The columns that a line may take.
    """
    *first, last = cells
    start = GAP.join(first)
    last = last.rstrip()
    indent = measure(start) + len(GAP)
    if not first or not last or indent + measure(last) <= width:
        return GAP.join((*first, last)).rstrip()
    if width - indent < _NARROW:
        return f"{start.rstrip()}\n{wrap(last, width, ' ' * 4)}"
    return f"{start}{GAP}{wrap(last, width, ' ' * indent).lstrip()}"


def wrap(text: str, width: int, indent: str = "") -> str:
    """A text in lines of a width, broken between words alone; as it is for a width of 0."""
    from textwrap import fill

    if not width:
        return text
    return fill(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


_NARROW = 20
"""Columns that are too few to wrap a text in."""


def _cell(value: Any, widest: int) -> str:
    if value is None:
        return NULL
    if isinstance(value, bytes):
        text = blob_literal(value)
    elif isinstance(value, str):
        text = _plain(value)
    else:
        text = value.human() if hasattr(value, "human") else str(value)
    return f"{text[: widest - 1]}…" if 0 < widest < len(text) else text


def _plain(text: str) -> str:
    """Text for one line."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _is_numeric(values: Sequence[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) for value in known)


def _dim_nulls(row: Sequence[Any], line: list[str]) -> list[str]:
    dimmed = click.style(NULL, dim=True)
    return [
        text.replace(NULL, dimmed) if value is None else text
        for value, text in zip(row, line, strict=True)
    ]
