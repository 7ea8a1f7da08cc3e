"""``query``: one SQL statement on a dataset."""

from __future__ import annotations

import re
import sys

import click

from microcosm_sqlite.catalog import statement_errors
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.catalog.statement_errors import list_schemas
from microcosm_sqlite.cli.options import (
    complete_dataset,
    dataset_argument,
    examples,
    output_options,
)
from microcosm_sqlite.interop.exporting.answers import answering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import TextIO

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
    return statement_errors.advise(text, connection, sql)


_ADVICE = (
    (r"no such table: (?P<name>[^.]+)\.", "Attach that dataset: --attach {}"),
    (r"You did not supply a value for binding parameter :(?P<name>\w+)", "Add: -p {} VALUE"),
    (
        r"Binding \d+ has no name|Incorrect number of bindings",
        "Write parameters as :name, and give each with -p name VALUE.",
    ),
    (r"too many attached databases", "Attach other datasets with --attach NAME."),
)


@click.command(
    "query",
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
    help="Value of the parameter :NAME; a number if it is written as one.",
)
@click.option(
    "--attach",
    multiple=True,
    metavar="DATASET",
    shell_complete=complete_dataset,
    help="Another dataset to query; SQL names its tables as DATASET.table.",
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
    values = {key.lstrip(":@$"): read_value(value) for key, value in parameters}
    with answering(dataset(name), _read_sql(sql, file), values, attach, advise) as answer:
        out.rows(answer.columns, answer.rows, page=True)


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
