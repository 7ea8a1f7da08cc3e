"""Write results to standard output in one of several formats, the rest to standard error.

Commands hand over what they found (rows, an object, a text, a note); how it looks is decided here:
as a table that fits the terminal, or in a format for programs.
"""

from __future__ import annotations

import os
import sys

import click

from microcosm_sqlite.cli.drawing import fits, write_listing, write_table, write_vertical
from microcosm_sqlite.cli.streams import (
    is_terminal,
    printable,
    use_color,
    write_note,
    write_result,
)
from microcosm_sqlite.common.wording import spell_count, spell_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.interop.exporting.text_formats import Batch, Batches

    Rows = Iterable[Sequence[Any]]
    Drawn = dict[str, Callable[[Sequence[str], Batches, bool], Iterator[str]]]

FORMATS = ("table", "vertical", "json", "jsonl", "csv", "tsv")
_DRAWN: Drawn = {"table": write_table, "vertical": write_vertical}
"""Formats that are drawn for people."""


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
            page: Whether a long table on a terminal goes through the pager, and one that is
                wider than the terminal is written row by row, unless the user chose a format.
        """
        self._write(columns, rows, _DRAWN, page=page)

    def _write(
        self, columns: Sequence[str], rows: Rows, drawn: Drawn, *, page: bool = False
    ) -> None:
        from microcosm_sqlite.interop.exporting.text_formats import WRITERS, batched

        batches = batched(rows)
        form = self.format
        if page and not self.is_chosen and form == "table":
            form, batches = _fit(columns, batches)
        texts = (drawn.get(form) or WRITERS[form])(columns, batches, self.header)
        if form not in drawn:
            write_result(texts, form)
        elif page and is_terminal():
            _page(texts)
        else:
            sys.stdout.writelines(texts)  # coloured, and its cells are printable

    def listing(self, columns: Sequence[str], rows: Rows) -> None:
        """Write a list, of which nothing is cut; when quiet, its first column without a header."""
        if self.quiet:
            columns, rows, self.header = columns[:1], (row[:1] for row in rows), False
        if self.format in (*_DRAWN, "tsv"):
            columns = [column.upper() for column in columns]
        if self.format in _DRAWN:
            rows = (["-" if value is None else value for value in row] for row in rows)
        self._write(columns, rows, _DRAWN | {"table": write_listing})

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

    def human(self) -> str:
        """The size as a table shows it, in decimal units."""
        return spell_size(self)


def report_error(message: str, hint: str = "") -> None:
    """Write to standard error why the command fails, and what to do."""
    _report("Error", "red", message, hint)


def _report(kind: str, color: str, message: str, hint: str) -> None:
    lines = [f"{click.style(f'{kind}:', fg=color, bold=True)} {printable(message)}"]
    if hint:
        lines.append(f"{click.style('Hint:', bold=True)} {printable(hint)}")
    write_note("\n".join(lines))


def _fit(columns: Sequence[str], batches: Iterator[Batch]) -> tuple[str, Iterator[Batch]]:
    """The format for rows on a terminal, of which the first ones tell, and all of the rows."""
    from itertools import chain

    first = next(batches, [])
    is_wide = len(columns) > 1 and bool(first) and not fits(columns, first)
    return "vertical" if is_wide else "table", chain([first] if first else [], batches)


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
