"""``new``, ``add`` and ``refresh``: write a dataset project, and take more and newer files."""

from __future__ import annotations

import click

from microcosm_sqlite.cli.commands.fetching import (
    FETCHED,
    FileOrAddress,
    fetch_files,
    fetch_for_new,
)
from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import PathToWrite, choose_accept, examples
from microcosm_sqlite.cli.output import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from microcosm_sqlite.authoring.drafting.report import Draft


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


_CODEBOOK = click.option(
    "--codebook",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="What columns mean: a datapackage.json, or CSV of table, column, description, unit, "
    "labels.",
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
@click.argument("directory", type=PathToWrite())
@click.option(
    "--from",
    "folder",
    metavar="FOLDER|URL",
    type=FileOrAddress(exists=True),
    help="Make tables from the files there (text, JSON, Parquet, Feather, ORC, Excel, SQLite, "
    "Stata, SPSS, SAS, maps), from an archive, a database or a file to fetch, not the example.",
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
@_CODEBOOK
@click.option("--dry-run", is_flag=True, help="With --from: print the report, and write nothing.")
@click.option("--propose", hidden=True, type=PathToWrite())
@click.option("--accept", hidden=True, type=click.Path(exists=True))
@click.option("--again", is_flag=True, help="Draft a project again that nobody has edited.")
@FETCHED
@_question_options
@isolated("folder", "codebook", around=fetch_for_new)
def new_project(
    directory: str,
    folder: str | None,
    *,
    null_values: tuple[str, ...],
    repair: bool,
    exclude: tuple[str, ...],
    codebook: str | None,
    dry_run: bool,
    again: bool,
    propose: str | None,
    accept: str | None,
    fetched: str | None,
    **answers: str | None,
) -> None:
    """Write a complete dataset project into DIRECTORY, with a small example to replace.

    Prints the path of the project. Everything can be changed later, in its pyproject.toml. With
    --from, types, keys and references are inferred from every row, and reported. On a terminal, it
    asks which repairs to make of rows that do not fit.
    """
    given = {name: answer for name, answer in answers.items() if answer is not None}
    out = Output()
    if folder is None and (exclude or dry_run or codebook):
        raise click.UsageError(
            "--exclude, --codebook and --dry-run are for files that --from names."
        )
    if folder is None:
        from microcosm_sqlite.authoring.drafting.scaffold import scaffold

        out.text(str(scaffold(directory, again=again, **given)))
    else:
        from microcosm_sqlite.common.extras import extra

        with extra("new"):
            from microcosm_sqlite.authoring.drafting.downloads import read_downloads
            from microcosm_sqlite.authoring.drafting.draft import draft_project, list_proposals

        downloads = read_downloads(fetched)
        if propose is not None:
            files = [str(each.path.parent) for each in (downloads or {}).values() if each]
            list_proposals(files[0] if files else folder, propose)
            return
        draft = draft_project(
            directory,
            folder,
            null_values=null_values,
            accept=choose_accept(accept, repair=repair),
            exclude=exclude,
            codebook=codebook,
            dry_run=dry_run,
            again=again,
            downloads=downloads,
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
        "microcosm-sqlite add parks.db --exclude notes",
    ),
)
@click.argument(
    "files", metavar="FILE|URL...", nargs=-1, required=True, type=FileOrAddress(exists=True)
)
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
@click.option(
    "--exclude", metavar="TABLE", multiple=True, help="A table to leave out; may be repeated."
)
@_CODEBOOK
@FETCHED
@isolated("files", "project", "codebook", around=fetch_files)
def add_to_project(
    files: tuple[str, ...],
    *,
    project: str,
    null_values: tuple[str, ...],
    repair: bool,
    exclude: tuple[str, ...],
    codebook: str | None,
    fetched: str | None,
) -> None:
    """Draft a table for each FILE into a project: model, store, source, settings.

    A folder stands for its files, a database for its tables, and an address for the file there,
    which is fetched.
    References from and to the tables of the project are inferred as well. What you wrote stays
    as it is: classes are appended, imports and settings inserted. If anything fails, the
    project is left as it was.
    """
    from microcosm_sqlite.common.extras import extra

    with extra("new"):
        from microcosm_sqlite.authoring.drafting.adding import add_tables
        from microcosm_sqlite.authoring.drafting.downloads import read_downloads

    draft = add_tables(
        project,
        files,
        null_values=null_values,
        accept=choose_accept(None, repair=repair),
        exclude=exclude,
        codebook=codebook,
        downloads=read_downloads(fetched),
    )
    _tell(draft)


@click.command(
    "refresh",
    short_help="Compare new editions of sources with the models.",
    epilog=examples(
        "microcosm-sqlite refresh ./season-2026",
        "microcosm-sqlite refresh ./season-2026 --apply --add",
        "microcosm-sqlite refresh https://example.org/batting.csv --apply",
        "microcosm-sqlite refresh batting.csv players.csv --project baseball-data",
    ),
)
@click.argument("files", metavar="[FILE|URL]...", nargs=-1, type=FileOrAddress(exists=True))
@_PROJECT
@click.option("--apply", is_flag=True, help="Replace the sources, and make the safe edits.")
@click.option("--fewer-rows", is_flag=True, help="Accept files that lack half of the rows as well.")
@click.option(
    "--add", "adds", is_flag=True, help="With --apply: draft tables for the files that are new."
)
@_CODEBOOK
@FETCHED
@isolated("files", "project", "codebook", around=fetch_files)
def refresh_project(
    files: tuple[str, ...],
    project: str,
    apply: bool,
    fewer_rows: bool,
    adds: bool,
    codebook: str | None,
    fetched: str | None,
) -> int:
    """Compare new editions of a project's sources with its models, and say what no longer fits.

    A folder stands for its files, and an address for the file there, which is fetched; without
    arguments, the addresses in the settings `upstream` and `origins` are fetched. Each file must
    be named after its table or its source, or as `upstream` says. With --apply, the files replace
    the sources; longer texts, more labels, wider whole numbers and new columns are edited into the
    models. If anything else no longer fits, or no file belongs to a table, nothing is changed, and
    the exit code is 1. With --add, new editions and new tables are both taken, or neither.
    """
    from microcosm_sqlite.common.extras import extra

    if adds and not apply:
        raise click.UsageError("--add is for a refresh with --apply.")
    with extra("new"):
        from microcosm_sqlite.authoring.drafting import downloads, refreshing

    done = refreshing.refresh_project(
        project,
        files,
        apply=apply,
        fewer_rows=fewer_rows,
        codebook=codebook,
        downloads=downloads.read_downloads(fetched),
        adds=adds,
    )
    Output().text("\n".join(done.spell()))
    if done.added:
        _tell(done.added)
    return 1 if done.decisions else 0


def _tell(draft: Draft) -> None:
    """Print what needs a decision, then the report, and the project's path as the result."""
    out = Output()
    out.note(draft.spell().rstrip("\n"))
    out.text(str(draft.path))
