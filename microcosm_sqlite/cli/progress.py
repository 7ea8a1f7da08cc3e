"""Show the progress of a build on a terminal."""

from __future__ import annotations

import sys
from time import monotonic

import click

from microcosm_sqlite.authoring.progress import LineProgress
from microcosm_sqlite.cli.output import Size
from microcosm_sqlite.cli.streams import printable, write_note
from microcosm_sqlite.common.wording import spell_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONG = 1.0
"""Seconds after which a finished step shows its rate."""

_CLEAR_LINE = "\r\x1b[2K"


class BarProgress(LineProgress):
    """A line for each finished step; meanwhile its name, or a bar with time left, rows and rate.

    Close it, so that a build that fails in the middle of a step leaves the terminal in order.
    """

    def __init__(self) -> None:
        super().__init__(self._replace_line)
        self._bar: Any = None
        self._began = 0.0
        self._count = 0
        self._rows = 0
        self._is_open = False

    def start(self, text: str, total: int = 0) -> None:
        """Name the step, and draw its bar where it has a length."""
        text = printable(text)
        super().start(text, total)
        self._began, self._count, self._rows, self._is_open = monotonic(), 0, 0, True
        if not total:
            write_note(f"{text} ...", end="")
            return
        self._bar = click.progressbar(
            length=total, label=text, file=sys.stderr, item_show_func=lambda _: self._spell_rows()
        )
        self._bar.render_progress()

    def advance(self, count: int) -> None:
        """Move the bar."""
        self._count += count
        if self._bar:
            self._bar.update(count)

    def count_rows(self, count: int) -> None:
        """Count the rows, which the bar shows when it moves."""
        self._rows += count

    def finish(self, text: str = "") -> None:
        """Replace the name or the bar by a line."""
        seconds = monotonic() - self._began
        if self._count and seconds >= LONG:
            text += f", {Size(self._count).human()} in {seconds:.1f} s: {self._spell_rate()}"
        super().finish(printable(text))

    def close(self) -> None:
        """End the line of a step that did not finish."""
        if self._is_open:
            self._end_line()

    def _replace_line(self, line: str) -> None:
        write_note(f"{_CLEAR_LINE}{line}", end="")
        self._end_line()

    def _end_line(self) -> None:
        if self._bar:
            self._bar.render_finish()  # which shows the cursor again
        else:
            write_note("")
        self._bar, self._is_open = None, False

    def _spell_rows(self) -> str:
        rows = spell_count(self._rows, "row") if self._rows else ""
        return ", ".join(filter(None, (rows, self._spell_rate())))

    def _spell_rate(self) -> str:
        seconds = monotonic() - self._began
        return f"{Size(self._count / seconds).human()}/s" if self._count and seconds else ""
