"""``export``: tables as files for other tools."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from microcosm_sqlite.catalog.installed import find_fields
from microcosm_sqlite.cli import exports
from microcosm_sqlite.cli.completion import complete_columns, complete_table_path
from microcosm_sqlite.cli.names import Named, find_named
from microcosm_sqlite.cli.options import examples
from microcosm_sqlite.cli.output import Output, is_terminal
from microcosm_sqlite.cli.values import Count


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
    type=click.Choice(["csv", "jsonl", "parquet", *exports.DESCRIPTORS]),
    required=True,
    help="The format; the last two are CSV files with a description of them.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The new file, or folder, to write."
)
@click.option(
    "--columns",
    metavar="COLUMN,...",
    shell_complete=complete_columns,
    help="Of one table, only these columns, in this order.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def export_tables(
    name: str, form: str, output: Path | None, columns: str | None, quiet: bool
) -> None:
    """Write a dataset, or one of its tables, in another format.

    One table goes to standard output unless --output names a file. A whole dataset, and what
    comes with a description, go to a folder. CSV holds bytes in base64 and NULL as an empty
    field; Parquet has the types of the models.
    """
    # Where the rows themselves are shown, a bar would run through them.
    out = Output(quiet=quiet or (output is None and is_terminal()))
    named = find_named(name)
    if named.field:
        raise click.UsageError("Name columns with --columns.")
    is_described = form in exports.DESCRIPTORS
    if columns is not None and (named.table is None or is_described):
        raise click.UsageError("--columns goes with one table, as CSV, JSON Lines or Parquet.")
    if output is None and not named.table:
        raise click.UsageError("This writes several files: give a folder with --output.")
    if output is None and (form == "parquet" or is_described):
        raise click.UsageError(f"A terminal or pipe takes no {form}: give a path with --output.")
    chosen = _choose_columns(named, columns)
    tables = named.tables
    total = sum(each.row_count for each in tables)
    with out.progress(total, f"Exporting {name}") as bar:
        if output is None:
            exports.write_table(
                named.dataset, tables[0], form, sys.stdout, bar.update, columns=chosen
            )
        elif named.table and not is_described:
            exports.write_file(named.dataset, named.table, form, output, bar.update, columns=chosen)
        else:
            exports.write_folder(named.dataset, tables, form, output, bar.update)
    if output is not None:
        written = f"{Count(total).of('row')} of {Count(len(tables)).of('table')}"
        out.note(f"{written} written to {output}.")


def _choose_columns(named: Named, listed: str | None) -> list[str]:
    if listed is None or named.table is None:
        return []
    names = {field.name for field in named.table.fields}
    # A comma in a name is rare, and then it names that column alone.
    wanted = [listed] if listed in names else [name.strip() for name in listed.split(",")]
    chosen = find_fields(named.dataset, named.table, list(dict.fromkeys(wanted)))
    return [field.name for field in chosen]
