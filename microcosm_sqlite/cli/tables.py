"""Tables as people read them on a terminal."""

from __future__ import annotations

import click
from tabulate import tabulate

from microcosm_sqlite.cli.formats import blob_literal
from microcosm_sqlite.cli.output import is_terminal, use_color

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

WIDEST = 80
"""Characters of a cell that a terminal shows; nothing is cut elsewhere."""


def draw_table(columns: Sequence[str], rows: list[Sequence[Any]], header: bool) -> str:
    """Aligned text with a final newline: numbers to the right, the rest to the left."""
    widest = WIDEST if is_terminal() else 0
    cells = [[_cell(value, widest) for value in row] for row in rows]
    # As a header of tabulate's it would come with padding of its own.
    heading = [[_plain(column) for column in columns]] if header else []
    sides = [_side(values) for values in zip(*rows, strict=True)]
    return f"{_align(heading + cells, sides)}\n"


def draw_plain(rows: Sequence[Sequence[str]]) -> str:
    """Aligned text without a header, such as facts and their names."""
    return _align([[_plain(text) for text in row] for row in rows])


def _align(cells: list[list[str]], sides: Sequence[str] = ()) -> str:
    drawn = tabulate(
        cells,
        tablefmt="plain",
        disable_numparse=True,
        preserve_whitespace=True,
        colalign=sides or None,
    )
    return "\n".join(line.rstrip() for line in drawn.split("\n"))


def _cell(value: Any, widest: int) -> str:
    if value is None:
        return click.style("NULL", dim=True) if widest and use_color() is None else "NULL"
    if isinstance(value, bytes):
        text = blob_literal(value)
    elif isinstance(value, str):
        text = _plain(value)
    else:
        text = value.human() if hasattr(value, "human") else str(value)
    return f"{text[: widest - 1]}…" if 0 < widest < len(text) else text


def _plain(text: str) -> str:
    """Text without control characters: data must not be able to command the terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )


def _side(values: Sequence[Any]) -> str:
    known = [value for value in values if value is not None]
    return "right" if known and all(isinstance(v, int | float) for v in known) else "left"
