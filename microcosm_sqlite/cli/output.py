"""Write results to standard output in one of several formats, the rest to standard error.

Commands hand over what they found (rows, an object, a text, a note); how it looks is decided here:
as a table that fits the terminal, or in a format for programs.
"""

from __future__ import annotations

import os
import sys

import click

from microcosm_sqlite.cli.streams import (
    is_terminal,
    printable,
    use_color,
    write_note,
    write_result,
)
from microcosm_sqlite.common.wording import measure, spell_count
from microcosm_sqlite.interop.exporting.text_formats import blob_literal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, ClassVar

    Rows = Iterable[Sequence[Any]]
    from collections.abc import Sequence
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


FORMATS = ("table", "json", "jsonl", "csv", "tsv")


class Output:
    """The output of a command.

    Attributes:
        format: One of :data:`FORMATS`; a table on a terminal and TSV in a pipe, unless chosen.
        is_chosen: Whether the user chose it.
        header: Whether column names come first.
        quiet: Whether notes and progress are left out.
    """

    def __init__(
        self, chosen: str | None = None, *, header: bool = True, quiet: bool = False
    ) -> None:
        self.format = chosen or ("table" if is_terminal() else "tsv")
        self.is_chosen = chosen is not None
        self.header = header
        self.quiet = quiet

    def rows(self, columns: Sequence[str], rows: Rows, *, page: bool = False) -> None:
        """Write rows as they come, in constant memory.

        Args:
            columns: Their names.
            rows: The rows; values are those of SQLite, or a :class:`Count` or :class:`Size`.
            page: Whether a long table on a terminal goes through the pager.
        """
        from microcosm_sqlite.interop.exporting.text_formats import WRITERS, batched

        writers = WRITERS
        if self.format == "table":
            from microcosm_sqlite.cli.output import write_table

            writers = {"table": write_table}
        texts = writers[self.format](columns, batched(rows), self.header)
        if self.format != "table":
            write_result(texts, self.format)
        elif page and is_terminal():
            _page(texts)
        else:
            sys.stdout.writelines(texts)  # coloured, and its cells are printable

    def listing(self, columns: Sequence[str], rows: Rows) -> None:
        """Write a list; when quiet, only its first column and no header."""
        if self.quiet:
            columns, rows, self.header = columns[:1], (row[:1] for row in rows), False
        if self.format in ("table", "tsv"):
            columns = [column.upper() for column in columns]
        if self.format == "table":
            rows = (["-" if value is None else value for value in row] for row in rows)
        self.rows(columns, rows)

    def value(self, found: object) -> None:
        """Write one object as JSON."""
        from microcosm_sqlite.interop.exporting.text_formats import dump_json

        write_result([dump_json(found, indent=2), "\n"], "json")

    def text(self, text: str) -> None:
        """Write a text that is the result, such as SQL."""
        write_result([text, "\n"])

    def page(self, text: str) -> None:
        """Write a page that was drawn for people, with its colours; its texts are printable."""
        click.echo(text, color=use_color())

    def note(self, text: str) -> None:
        """Write a note to standard error, unless quiet."""
        if not self.quiet:
            write_note(printable(text))

    def warn(self, message: str, hint: str = "") -> None:
        """Write a warning to standard error."""
        _report("Warning", "yellow", message, hint)

    def progress(self, length: int, label: str) -> Any:
        """A progress bar on standard error; nothing where that is not a terminal."""
        is_hidden = self.quiet or not sys.stderr.isatty()
        return click.progressbar(
            length=length, label=printable(label), file=sys.stderr, hidden=is_hidden
        )


class Count(int):
    """A number of things, with thousands separators in tables."""

    def human(self) -> str:
        """The number as a table shows it.

        >>> Count(336776).human()
        '336,776'
        """
        return f"{int(self):,}"

    def of(self, thing: str) -> str:
        """The number of some thing, in words.

        >>> Count(1).of("table"), Count(5).of("table")
        ('1 table', '5 tables')
        """
        return spell_count(self, thing)


class Size(int):
    """A number of bytes."""

    _UNITS: ClassVar = ("kB", "MB", "GB", "TB")

    def human(self) -> str:
        """The size as a table shows it, in decimal units.

        >>> Size(38_400_000).human()
        '38.4 MB'
        """
        if self < 1000:
            return f"{int(self)} B"
        amount = float(self)
        for unit in self._UNITS:
            amount /= 1000
            if amount < 999.95 or unit == self._UNITS[-1]:
                break
        return f"{amount:,.1f} {unit}"


def report_error(message: str, hint: str = "") -> None:
    """Write to standard error why the command fails, and what to do."""
    _report("Error", "red", message, hint)


def _report(kind: str, color: str, message: str, hint: str) -> None:
    lines = [f"{click.style(f'{kind}:', fg=color, bold=True)} {printable(message)}"]
    if hint:
        lines.append(f"{click.style('Hint:', bold=True)} {printable(hint)}")
    write_note("\n".join(lines))


def _page(texts: Iterator[str]) -> None:
    """Show texts through the pager, unless all of it fits on the screen."""
    from itertools import chain
    from shutil import get_terminal_size

    first = next(texts, "")
    second = next(texts, "")
    everything = chain((first, second), texts)
    if not second and first.count("\n") < get_terminal_size().lines:
        click.echo(first, nl=False, color=use_color())
        return
    # Tables are wider than screens: lines are chopped, to be scrolled sideways.
    os.environ.setdefault("LESS", "-RS")
    click.echo_via_pager(everything, color=use_color())
