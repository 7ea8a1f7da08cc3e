"""What is said of a column of a statement: by the manifest, and by the declaration of its table."""

from __future__ import annotations

import sqlite3

from microcosm_sqlite.catalog.preflight import UNDECODED
from microcosm_sqlite.errors import DatasetFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from microcosm_sqlite.catalog.comparisons import Tables
    from microcosm_sqlite.catalog.expressions import Column
    from microcosm_sqlite.catalog.manifest_tables import Field, Table

    class Described(Protocol):
        """A dataset, as far as its tables are concerned."""

        @property
        def tables(self) -> Mapping[str, Table]:
            """The tables by name."""


def find_field(datasets: Mapping[str, Described], column: Column) -> Field | None:
    """The field of a column, if the manifest of its dataset has it.

    Args:
        datasets: The datasets by the schemas that SQL has for them, in small letters.
        column: Its schema, table and name, in small letters.
    """
    schema, table, name = column
    dataset = datasets.get(schema)
    if dataset is None:
        return None
    try:
        tables = dataset.tables
    except DatasetFileError:  # without a manifest, and with a name that is not UTF-8
        return None
    found = (
        field
        for each in tables
        if each.lower() == table
        for field in tables[each].fields
        if field.name.lower() == name
    )
    return next(found, None)


def find_declared_type(tables: Tables, column: Column) -> str:
    """The declared type of a column; empty where there is none, and for what is computed."""
    schema, table, name = column
    if not schema:
        return ""
    query = "SELECT type FROM pragma_table_xinfo(?, ?) WHERE lower(name) = ?"
    found = tables.ask(query, table, schema, name)
    return found[0][0] if found else ""


FIRST_ROWS = 100
"""Among so many rows an example is looked for in a column of texts, which may be empty."""


def read_example(ask: Callable[[str], list[Any]], owner: str, column: str, rows: int) -> object:
    """A value of a column, if one of the first rows has any.

    Args:
        ask: Returns the rows of an answer.
        owner: The table, as SQL has to write it.
        column: The column, likewise.
        rows: The number of rows; -1 for all.
    """
    first = f"SELECT {column} AS x FROM {owner} LIMIT {rows}"
    try:
        found = ask(f"SELECT x FROM ({first}) WHERE x IS NOT NULL AND x <> '' LIMIT 1")
    except sqlite3.OperationalError as error:
        if UNDECODED not in str(error):
            raise
        return None  # a text that is not UTF-8 is an example of nothing
    return found[0][0] if found else None
