"""Draw aligned tables.

Importing tabulate for this would take as long as all of ``list`` may take.
"""

from __future__ import annotations

import click

from microcosm_sqlite.cli.streams import is_terminal, printable, use_color
from microcosm_sqlite.common.wording import measure
from microcosm_sqlite.interop.exporting.text_formats import blob_literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.interop.exporting.text_formats import Batches

WIDEST = 80
"""Characters of a cell that a terminal shows; nothing is cut elsewhere."""

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


def draw_plain(rows: Sequence[Sequence[str]]) -> str:
    """Aligned text without a header, such as facts and their names."""
    lines = align([[_plain(text) for text in row] for row in rows])
    return "\n".join(GAP.join(line).rstrip() for line in lines)


def align(cells: list[list[str]], to_right: Sequence[bool] = ()) -> list[list[str]]:
    """The cells, each filled with blanks to the width of its column.

    >>> align([["a", "1"], ["bcd", "10"]], [False, True])
    [['a  ', ' 1'], ['bcd', '10']]
    """
    widths = [max(map(measure, column)) for column in zip(*cells, strict=True)]
    sides = list(to_right) or [False] * len(widths)
    return [
        [_fill(text, width, side) for text, width, side in zip(row, widths, sides, strict=True)]
        for row in cells
    ]


def _fill(text: str, width: int, to_right: bool) -> str:
    blanks = " " * (width - measure(text))
    return blanks + text if to_right else text + blanks


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
