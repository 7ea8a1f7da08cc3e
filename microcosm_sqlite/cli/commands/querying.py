"""``query``, ``export``, ``schema`` and ``models``: what a dataset holds, and its declarations."""

from __future__ import annotations

import re
import sys
from pathlib import Path, PurePath

import click

from microcosm_sqlite.catalog import statement_errors
from microcosm_sqlite.catalog.frames import find_fields
from microcosm_sqlite.catalog.list_parameters import MISSING_LIST
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.catalog.statement_errors import list_schemas
from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import (
    Named,
    NamingCommand,
    PathToWrite,
    choose_tables,
    complete_columns,
    complete_dataset,
    complete_table,
    complete_table_path,
    dataset_argument,
    examples,
    find_named,
    output_options,
)
from microcosm_sqlite.cli.output import Count, Output
from microcosm_sqlite.cli.streams import is_terminal, open_result
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.interop.exporting.answers import answering
from microcosm_sqlite.interop.exporting.declarations import draw_mermaid, read_models, read_sql
from microcosm_sqlite.interop.exporting.text_formats import DESCRIBED_FORMATS, FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection
    from typing import TextIO

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.cli.output import Output


def read_value(text: str) -> str | int | float:
    """A parameter's value from the command line: a number where it is written as one.

    >>> read_value("5"), read_value("0.5"), read_value("007"), read_value("JFK")
    (5, 0.5, '007', 'JFK')
    """
    for kind, pattern in ((int, _INTEGER), (float, _DECIMAL)):
        if pattern.fullmatch(text):
            number: int | float = kind(text)
            return number if str(number) == text and abs(number) < 1 << 63 else text
    return text


_INTEGER = re.compile(r"-?\d+", re.ASCII)
_DECIMAL = re.compile(r"-?\d+\.\d+", re.ASCII)


def advise(text: str, connection: Connection, sql: str) -> str:
    """Return a hint for a message of SQLite in the words of the command line, or an empty text."""
    for pattern, answer in _ADVICE:
        if matched := re.match(pattern, text):
            name = matched.groupdict().get("name")
            if name not in list_schemas(connection):
                return answer.format(name)
    hint = statement_errors.advise(text, connection, sql)
    if hint.startswith(MISSING_LIST):
        return "Write IN (:NAME), and give each of its values with -p NAME VALUE."
    return "Attach other datasets with --attach NAME." if hint == statement_errors.ATTACH else hint


_ADVICE = (
    (r"no such table: (?P<name>[^.]+)\.", "Attach that dataset: --attach {}"),
    (r"You did not supply a value for binding parameter :(?P<name>\w+)", "Add: -p {} VALUE"),
    (
        r"Binding \d+ has no name|Incorrect number of bindings",
        "Write parameters as :name, and give each with -p name VALUE.",
    ),
)


@click.command(
    "query",
    cls=NamingCommand,
    short_help="Run one SQL statement.",
    epilog=examples(
        'microcosm-sqlite query nycflights13 "SELECT name FROM airlines ORDER BY name"',
        'microcosm-sqlite query nycflights13 -p day 6 "SELECT * FROM flights WHERE day = :day"',
        "microcosm-sqlite query nycflights13 --file delays.sql --csv > delays.csv",
        "echo 'SELECT count(*) FROM flights' | microcosm-sqlite query nycflights13",
        'microcosm-sqlite query nycflights13 "SELECT * FROM cities.city" --attach cities --json',
    ),
)
@dataset_argument
@click.argument("sql", required=False)
@click.option("-f", "--file", type=click.File(encoding="utf-8"), help="Read the SQL from a file.")
@click.option(
    "-p",
    "--param",
    "parameters",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="Value of the parameter :NAME; a number if it is written as one. Repeated, a list for IN.",
)
@click.option(
    "--attach",
    multiple=True,
    metavar="DATASET",
    shell_complete=complete_dataset,
    help="Another dataset to query; SQL names its tables as DATASET.table.",
)
@click.option(
    "--vertical",
    "format_",
    flag_value="vertical",
    help="A line for each value, as on a terminal where a table is too wide.",
)
@output_options
def run_query(
    name: str,
    sql: str | None,
    file: TextIO | None,
    parameters: tuple[tuple[str, str], ...],
    attach: tuple[str, ...],
    out: Output,
) -> None:
    r"""Run one SQL statement on dataset NAME. Without SQL or --file, it reads standard input.

    Rows are written as they come. NULL is empty in CSV and TSV and null in JSON; bytes are base64
    in JSON and X'..' in text; TSV writes tab, line feed and backslash as \t, \n and \\.
    """
    values = _collect(parameters)
    with answering(dataset(name), _read_sql(sql, file), values, attach, advise) as answer:
        out.rows(answer.columns, answer.rows, page=True)


def _collect(parameters: Iterable[tuple[str, str]]) -> dict[str, object]:
    """The values by their names; of a name that comes more than once, all in a list.

    >>> _collect([("a", "x"), ("b", "1"), ("b", "2")])
    {'a': 'x', 'b': [1, 2]}
    """
    values: dict[str, list[object]] = {}
    for key, value in parameters:
        values.setdefault(key.lstrip(":@$"), []).append(read_value(value))
    return {name: each if len(each) > 1 else each[0] for name, each in values.items()}


def _read_sql(sql: str | None, file: TextIO | None) -> str:
    if sql and file and sql != "-":
        raise click.UsageError("Give SQL or --file, not both.")
    if sql is None or sql == "-":
        if file is None and sys.stdin.isatty():
            raise click.UsageError("Give SQL, or --file, or SQL on standard input.")
        sql = _read(file or sys.stdin)
    if not sql.strip():
        raise click.UsageError("The SQL is empty.")
    return sql


def _read(file: TextIO) -> str:
    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"The SQL is not UTF-8: {error}.") from error


@click.command(
    "export",
    cls=NamingCommand,
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
    type=click.Choice(FORMATS),
    required=True,
    help="The format; the last two are CSV files with a JSON description.",
)
@click.option(
    "-o", "--output", type=PathToWrite(path_type=Path), help="The new file or folder to write."
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
    from microcosm_sqlite.interop.exporting import files

    is_described = form in DESCRIBED_FORMATS
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
    cls=NamingCommand,
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
