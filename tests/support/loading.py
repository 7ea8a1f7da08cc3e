"""Load CSV text into a table in memory, the way that a build does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.loading.connections import create_tables, open_engine
from microcosm_sqlite.authoring.loading.load import load_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.project.source_options import CsvOptions, TableOptions
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.layout import TableRules


@dataclass
class Loaded:
    """What a load left in the database.

    Attributes:
        stored: The rows as SQLite has them, in the order of their rowids.
        read: The rows as SQLAlchemy reads them.
    """

    stored: list[tuple[Any, ...]]
    read: list[tuple[Any, ...]]


def plan_load(
    table: sa.Table,
    folder: Path,
    *texts: str | bytes,
    null_values: tuple[str, ...] = (),
    csv: CsvOptions | None = None,
    skip_unknown: bool = False,
) -> TableLoad:
    """Write each text to a file and plan to load them all into `table`."""
    openers = []
    for number, text in enumerate(texts, start=1):
        path = folder / f"{table.name}{number}.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        source = SourceFile(path, path.name, "csv")
        openers.append(DelimitedOpener(source, csv or CsvOptions()))
    rules = TableRules.of(table, dialect(), TableOptions(null_values=null_values))
    return TableLoad(rules, openers, skip_unknown=skip_unknown)


def load_text(table: sa.Table, folder: Path, *texts: str | bytes, **options: Any) -> Loaded:
    """Load texts into a fresh database in memory, and read the table back."""
    load = plan_load(table, folder, *texts, **options)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
            load_table(connection, load)
            with engine.connect() as reader:
                read = [tuple(row) for row in reader.execute(sa.select(table))]
        return Loaded(connection.execute(f'SELECT * FROM "{table.name}"').fetchall(), read)


def store_values(table: sa.Table, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Insert Python values through SQLAlchemy, and return what SQLite stored: the oracle."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
            with engine.begin() as writer:
                writer.execute(sa.insert(table), rows)
        return connection.execute(f'SELECT * FROM "{table.name}"').fetchall()


def _has_csv_module() -> bool:
    try:
        return bool(import_module("apsw.sqlite_extra").has("csv"))
    except ImportError:
        return False


needs_csv_module = pytest.mark.skipif(
    not _has_csv_module(), reason="apsw is missing, or comes without its module for CSV"
)
