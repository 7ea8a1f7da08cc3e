"""``list``, ``info`` and ``path``: what is installed and where."""

from __future__ import annotations

import click

from microcosm_sqlite.catalog.connection import checked_uri
from microcosm_sqlite.catalog.registry import dataset, datasets, problems
from microcosm_sqlite.cli.inventory import (
    COLUMNS,
    TABLE_COLUMNS,
    describe,
    list_columns,
    summarize,
)
from microcosm_sqlite.cli.options import dataset_argument, examples, output_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.cli.output import Output


@click.command(
    "list",
    epilog=examples(
        "microcosm-sqlite list",
        "microcosm-sqlite list --json",
        "for name in $(microcosm-sqlite list -q); do microcosm-sqlite path $name; done",
    ),
)
@output_options
def list_datasets(out: Output) -> None:
    """List the installed datasets.

    Only metadata is read: no dataset is opened and none of its code is run. What is installed but
    broken is told on standard error, and does not keep the others from being listed.
    """
    found = datasets()
    out.listing(COLUMNS, (summarize(each) for each in found.values()))
    for problem in problems():
        out.warn(problem.message, problem.hint)
    if not found:
        out.note("No dataset is installed in this environment: pip install one.")


@click.command(
    "info",
    short_help="Describe a dataset, its tables and columns.",
    epilog=examples(
        "microcosm-sqlite info nycflights13",
        "microcosm-sqlite info nycflights13 --json",
        "microcosm-sqlite info nycflights13 --csv > columns.csv",
        "microcosm-sqlite info nycflights13 --bibtex >> references.bib",
    ),
)
@dataset_argument
@click.option("--bibtex", is_flag=True, help="Only the citation, as a BibTeX entry.")
@output_options
def show_info(name: str, bibtex: bool, out: Output) -> None:
    """Describe a dataset: licence, sources, citation, tables and their columns.

    As JSON it is one object that holds everything; CSV, TSV and JSON Lines list the columns.
    """
    found = dataset(name)
    if bibtex:
        from microcosm_sqlite.catalog.citation import write_bibtex

        out.text(write_bibtex(found))
    elif not out.is_chosen or out.format == "table":
        from microcosm_sqlite.cli.pages import draw_info

        out.page(draw_info(found))
    elif out.format == "json":
        out.value(describe(found))
    else:
        out.rows(TABLE_COLUMNS, list_columns(found))


@click.command(
    "path",
    short_help="Print where a dataset's file is.",
    epilog=examples(
        "microcosm-sqlite path nycflights13",
        'sqlite3 "file:$(microcosm-sqlite path nycflights13)?immutable=1"',
    ),
)
@dataset_argument
def show_path(name: str) -> None:
    """Print where a dataset's SQLite file is.

    A compressed dataset is extracted into the cache first, once.
    """
    location = dataset(name).location
    checked_uri(location)  # a path that cannot be opened would fail later, with less to say
    click.echo(location.path)
