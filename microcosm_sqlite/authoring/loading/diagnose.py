"""Say which rows a table refused, and on which lines they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.loading.judge import Findings
from microcosm_sqlite.authoring.loading.lines import read_lines
from microcosm_sqlite.authoring.loading.unique_keys import explain_duplicates, list_unique_keys
from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.errors import BuildError, SourceError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.loading.table_load import TableLoad


def explain_rejected_rows(load: TableLoad, error: Exception) -> None:
    """Raise the error that tells of rows which every column takes, but the table refused."""
    for key in list_unique_keys(load.rules.table):
        explain_duplicates(load, key, error)
    _explain_one_by_one(load, error)


def _explain_one_by_one(load: TableLoad, cause: Exception) -> None:
    """Insert row by row into a copy of the empty table, and note what SQLite says of each."""
    table = load.rules.table
    findings = Findings(load.error_limit)
    with closing(sqlite3.connect("")) as scratch:
        scratch.execute(str(sa.schema.CreateTable(table).compile(dialect=dialect())))
        names = list(load.rules.by_name)
        for line in read_lines(load, names):
            given = {n: v for n, v in zip(names, line.values, strict=True) if v is not None}
            try:
                _insert(scratch, table.name, given)
            except (sqlite3.Error, ValueError) as error:  # or text that UTF-8 does not have
                message = f"{line.place}: {error}."
                findings.add(SourceError(message, file=line.file, line=line.number))
    findings.raise_any()
    raise BuildError(f"Table `{table.name}` refuses its rows: {cause}.") from cause


def _insert(scratch: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    names = ", ".join(map(quote_identifier, values))
    given = f"({names}) VALUES ({', '.join('?' * len(values))})" if values else "DEFAULT VALUES"
    scratch.execute(f"INSERT INTO {quote_identifier(table)} {given}", tuple(values.values()))
