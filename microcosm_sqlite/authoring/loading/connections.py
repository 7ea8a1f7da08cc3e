"""Connections that whole tables are created and filled through: of apsw, else of Python.

What is written and read is the same, and so are the bytes of the finished file; apsw only spends
less on each value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

import sqlalchemy as sa
from sqlalchemy.exc import CompileError, IntegrityError
from sqlalchemy.pool import StaticPool

from microcosm_sqlite.authoring.loading.bulk import ApswConnection, has_apsw
from microcosm_sqlite.authoring.project.table_width import ADVICE
from microcosm_sqlite.catalog.connection import connect, database_uri
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.common.sql import MOST_COLUMNS
from microcosm_sqlite.errors import BuildError, DatasetError, SettingsError
from microcosm_sqlite.orm.external_keys import leave_out_external_keys
from microcosm_sqlite.orm.fulltext import full_text_index
from microcosm_sqlite.orm.types import quote_keywords

PAGE_SIZE = 4096

LOADING = f"""
PRAGMA page_size={PAGE_SIZE};
PRAGMA auto_vacuum=NONE;
PRAGMA encoding='UTF-8';
PRAGMA journal_mode=MEMORY;
PRAGMA synchronous=OFF;
PRAGMA foreign_keys=OFF;
PRAGMA temp_store=FILE;
PRAGMA cache_size=-16000;
"""

_APPENDING = "PRAGMA cache_size=-1000;"
"""Rows go to the end of one table, and nothing is read again."""

SORTING_CACHE = 2000
"""Kibibytes. SQLite sorts an index in pieces as large as its page cache, and sorts such pieces as
fit into a processor's cache a quarter faster than those of `LOADING`."""

INSERT = "insert INTO"
"""Before 3.13, Python counts rows only after a word that its C library takes for `insert`: in a
Turkish locale, `INSERT` is none."""


class Writer(Protocol):
    """The methods of a connection that loading needs; those of Python have them."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: tuple[Any, ...] = ..., /) -> Any:
        """Run a statement; what comes back has `fetchone` and `rowcount`."""

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run a statement for each row; what comes back has `rowcount`."""

    def create_function(self, name: str, narg: int, func: Callable[..., Any], /) -> None:
        """Let SQL call a function."""

    def close(self) -> None:
        """Close the file."""


def open_loading(path: Path) -> sqlite3.Connection:
    """Open a database that nobody else sees, and that is thrown away when anything fails."""
    connection = sqlite3.connect(path, isolation_level=None, uri=True)  # for what is attached
    connection.executescript(LOADING)
    return connection


def open_writer(path: Path) -> closing[Writer]:
    """Open a database that is thrown away soon, to write many rows to."""
    if not has_apsw():
        return closing(cast("Writer", open_loading(path)))
    writer = ApswConnection(str(path))
    writer.execute(LOADING + _APPENDING).fetchall()
    return closing(writer)


@contextmanager
def open_writer_beside(connection: sqlite3.Connection) -> Iterator[Writer]:
    """Another way into the database of a connection that is in no transaction."""
    if not has_apsw():
        yield cast("Writer", connection)
        return
    with open_writer(find_file(connection)) as writer:
        yield writer


def find_file(connection: sqlite3.Connection) -> Path:
    """The file of the database that a connection is to."""
    (_, _, path), *_ = connection.execute("PRAGMA database_list").fetchall()
    return Path(path)


def load_csv_module(writer: Writer) -> Path | None:
    """Let a connection of apsw read CSV by itself.

    Returns:
        A file of its own to be read, beside the database; None where the module is not there.
    """
    return writer.load_csv_module() if isinstance(writer, ApswConnection) else None


def open_scanner(path: Path) -> closing[sqlite3.Connection]:
    """Open a finished database, to read every row of it: only `execute` and `fetch...` are there.

    Raises:
        DatasetFileError: It cannot be opened.
    """
    if not has_apsw():
        return closing(connect(Location(str(path), immutable=True)))
    apsw = import_module("apsw")
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    scanner = ApswConnection(database_uri(str(path), immutable=True), flags)
    return closing(cast("sqlite3.Connection", scanner))


@contextmanager
def open_engine(connection: sqlite3.Connection) -> Iterator[sa.Engine]:
    """An engine over one open connection, for DDL; the connection stays open."""
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    quote_keywords(engine)
    try:
        yield engine
    finally:
        engine.dispose(close=False)


def create_tables(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Create the tables, with whatever DDL events hang on them, but without their indexes.

    An index made in one go over loaded rows is smaller, and sooner there.

    Raises:
        SettingsError: SQLite does not take what they declare, or an event of theirs fails.
    """
    held = {table: set(table.indexes) for table in metadata.tables.values()}
    _refuse_too_wide(held)
    for table in held:
        leave_out_external_keys(table)
    try:
        for table in held:
            table.indexes.clear()
        with engine.begin() as connection:
            metadata.create_all(connection, checkfirst=False)
    except CompileError as error:
        raise SettingsError(f"The models cannot be made into SQLite tables: {error}.") from error
    except sa.exc.DBAPIError as error:
        statement = " ".join(str(error.statement).partition("(")[0].split())
        raise SettingsError(f"SQLite refuses `{statement}`: {error.orig}.") from error
    except Exception as error:  # whatever the project's own code raises
        raise SettingsError(
            f"An event of the models fails: {type(error).__name__}: {str(error).rstrip('.')}."
        ) from error
    finally:
        for table, indexes in held.items():
            table.indexes.update(indexes)


def _refuse_too_wide(tables: Iterable[sa.Table]) -> None:
    for table in tables:
        if len(table.columns) > MOST_COLUMNS:
            raise SettingsError(
                f"Table `{table.name}` has {len(table.columns):,} columns in the models, where "
                f"SQLite has room for {MOST_COLUMNS:,}.",
                hint=ADVICE,
            )


def create_full_text(connection: sqlite3.Connection, model: type[Any]) -> None:
    """Create the full-text index that a model declares, if it does, over its loaded rows.

    Raises:
        SettingsError: What it declares cannot be indexed.
    """
    try:
        index = full_text_index(model)
    except DatasetError as error:
        raise SettingsError(error.message) from error
    for statement in index.ddl if index else ():
        connection.execute(statement)


def create_indexes(engine: sa.Engine, table: sa.Table) -> None:
    """Create the indexes of a loaded table, in the order of their names.

    Raises:
        IntegrityError: A unique index has duplicates.
        BuildError: SQLite refuses one for another reason.
    """
    with engine.begin() as connection:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            try:
                index.create(connection)
            except IntegrityError:
                raise
            except sa.exc.DBAPIError as error:
                raise BuildError(
                    f"Index `{index.name}` cannot be created: {error.orig}."
                ) from error
