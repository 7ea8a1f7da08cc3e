"""Tell how far a build is."""

from __future__ import annotations

from collections.abc import Callable


class Progress:
    """Told of each step of a build; this one keeps silent.

    Derive from it to show what happens. The calls come from one thread, often enough for a
    progress bar and not for every row.
    """

    def start(self, text: str, total: int = 0) -> None:
        """A step begins, with `total` bytes to read, or none to speak of."""

    def advance(self, count: int) -> None:
        """That many bytes more were read."""

    def count_rows(self, count: int) -> None:
        """That many rows more went into the table."""

    def finish(self, text: str = "") -> None:
        """The step ended; `text` says what came of it."""


class LineProgress(Progress):
    """One line for each finished step, for logs."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._text = ""

    def start(self, text: str, total: int = 0) -> None:  # noqa: ARG002
        """Remember what the step is called."""
        self._text = text

    def finish(self, text: str = "") -> None:
        """Write the line."""
        self._write(f"{self._text}: {text}" if text else self._text)
