"""The progress of a build, as a terminal shows it."""

from __future__ import annotations

import sys

import click

from microcosm_sqlite.authoring.progress import LineProgress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BarProgress(LineProgress):
    """A line for each finished step, and a bar for one that takes its time."""

    def __init__(self) -> None:
        super().__init__(lambda line: click.echo(line, err=True))
        self._bar: Any = None

    def start(self, text: str, total: int = 0) -> None:
        """Draw the bar of a step that has a length."""
        super().start(text, total)
        if total:
            self._bar = click.progressbar(length=total, label=text, file=sys.stderr).__enter__()

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(count)

    def finish(self, text: str = "") -> None:
        """Put the line in place of the bar."""
        if self._bar:
            self._bar = None
            click.echo("\r\x1b[2K", nl=False, err=True)
        super().finish(text)
