"""``build``: build the database of a dataset project, with progress."""

from __future__ import annotations

import sys
from contextlib import closing, contextmanager
from time import monotonic

import click

from microcosm_sqlite.authoring.progress import LineProgress
from microcosm_sqlite.cli.options import PathToWrite, examples
from microcosm_sqlite.cli.output import Output, Size
from microcosm_sqlite.cli.streams import printable, write_note
from microcosm_sqlite.common.wording import spell_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from microcosm_sqlite.authoring.progress import Progress

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


@click.command(
    "build",
    short_help="Build and verify a project's database.",
    epilog=examples(
        "microcosm-sqlite build",
        "microcosm-sqlite build examples/nycflights13-data --force",
        "microcosm-sqlite build --wheels dist",
        "pip wheel --no-deps --wheel-dir dist .",
    ),
)
@click.argument("directory", type=click.Path(exists=True, file_okay=False), default=".")
@click.option("--force", is_flag=True, help="Build even if nothing changed.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
@click.option(
    "--wheels",
    metavar="DIR",
    type=PathToWrite(file_okay=False),
    help="Write the wheels there too, in shards if they are too large for the index.",
)
def build_project(directory: str, force: bool, quiet: bool, wheels: str | None) -> None:
    """Build and verify the database of the dataset project in DIRECTORY, and print its path.

    If a build fails, the previous database is kept. To make wheels, use pip or any other frontend,
    which runs the same build, or --wheels, which prints their paths in the order in which to
    publish them. Only --wheels makes shards.
    """
    from pathlib import Path

    from microcosm_sqlite.authoring.build import build_dataset
    from microcosm_sqlite.authoring.project.settings import ProjectSettings
    from microcosm_sqlite.authoring.sharding.project_wheels import build_wheels
    from microcosm_sqlite.authoring.sharding.size_limits import explain_refusal

    settings, out = ProjectSettings.from_pyproject(directory), Output()
    with open_progress(quiet) as progress:
        built = [build_dataset(settings, progress=progress, force=force).path]
        if wheels is not None:
            built = build_wheels(settings, Path(wheels), progress=progress)
    for path in built:
        out.text(str(path))
        if wheels is not None and (refusal := explain_refusal(settings, path)):
            out.warn(*refusal)


@contextmanager
def open_progress(quiet: bool) -> Iterator[Progress]:
    """Show progress on standard error: a bar on a terminal, or a line for each finished step."""
    from microcosm_sqlite.authoring.progress import LineProgress, Progress

    if quiet:
        yield Progress()
    elif sys.stderr.isatty():
        with closing(BarProgress()) as progress:
            yield progress
    else:
        yield LineProgress(Output().note)
