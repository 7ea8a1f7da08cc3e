"""SQLite files as they are found: told from other files, opened where that is safe, listed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from microcosm_sqlite.catalog.connection import database_uri, harden
from microcosm_sqlite.catalog.preflight import (
    MAGIC,
    check_header,
    check_sidecars,
    refuse_special_sidecars,
)
from microcosm_sqlite.catalog.structure import table_names
from microcosm_sqlite.common.names import suggest
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import (
    DatasetFileError,
    DatasetNotPackagedError,
    SourceError,
)

DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
SIDECARS = ("-wal", "-shm", "-journal")
"""Ends of the names of files that SQLite keeps beside a database."""

_SNAPSHOT = "Take a copy that has everything: sqlite3 {} \"VACUUM INTO 'copy.db'\""
_ENCRYPTED = "If it is encrypted, decrypt it with the program that did so."


def is_database(path: Path) -> bool:
    """Whether a file begins as SQLite's do, whatever it is called."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


@contextmanager
def open_database(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    """Open a database that nobody writes to, to read it as a whole; no file appears beside it.

    Args:
        path: Where it is.
        name: What errors call it.

    Raises:
        SourceError: It is missing, no database, or lacks what another file has.
    """
    refuse_unusable(path, name)
    with closing(_connect(path)) as connection:
        with explained(name):
            harden(connection)
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        yield connection


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(database_uri(str(path), immutable=True), uri=True)


def refuse_unusable(path: Path, name: str) -> None:
    """Refuse what is no complete database in itself.

    Raises:
        SourceError: It is not; the text says what it is, or lacks.
    """
    try:
        check_sidecars(str(path))
    except DatasetFileError as error:
        raise _translate(error, path, name, _SNAPSHOT.format(path.name)) from error
    refuse_impostor(path, name)


def refuse_impostor(path: Path, name: str) -> None:
    """Refuse what is missing, or no database, or not all of one.

    Raises:
        SourceError: It is not; the text says what it is.
    """
    try:
        refuse_special_sidecars(str(path))
        check_header(str(path))
    except DatasetNotPackagedError:
        return  # in write-ahead mode, which is as good as any where there is no log
    except DatasetFileError as error:
        is_strange = error.message.endswith("is not a SQLite database.")
        raise _translate(error, path, name, _ENCRYPTED if is_strange else "") from error


def _translate(error: DatasetFileError, path: Path, name: str, hint: str) -> SourceError:
    return SourceError(error.message.replace(str(path), name), file=name, hint=hint)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Translate what SQLite says of a database that cannot be read."""
    try:
        yield
    except sqlite3.Error as error:
        raise SourceError(
            f"{name} cannot be read: {error}.",
            file=name,
            hint=f'See what is wrong with it: sqlite3 {name} "PRAGMA integrity_check"',
        ) from error


def list_tables(path: Path, name: str) -> list[str]:
    """The ordinary tables of a database, sorted.

    Full-text and other virtual tables, and what they keep their content in, are none.

    Raises:
        SourceError: It cannot be opened.
    """
    with open_database(path, name) as connection, explained(name):
        return table_names(connection)


def find_columns(connection: sqlite3.Connection, table: str, name: str) -> list[str]:
    """The columns of a table or view that hold something: those that are not generated.

    Raises:
        SourceError: There is no such table.
    """
    described = connection.execute(
        "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid", (table,)
    ).fetchall()
    if not described:
        known = table_names(connection)
        raise SourceError(
            f"{name} has no table `{table}`; it has {', '.join(known) or 'none'}.",
            file=name,
            hint=suggest(table, known, spell="`{}`".format),
        )
    return [column for (column,) in described]


def refuse_nameless_columns(connection: sqlite3.Connection, name: str) -> None:
    """Refuse a database with a column whose name is blank, which no model can have.

    Raises:
        SourceError: There is one; the text names its table.
    """
    for table in table_names(connection):
        for place, column in enumerate(find_columns(connection, table, name), start=1):
            if not column.strip():
                old, new = quote_identifier(column), f"column_{place}"
                raise SourceError(
                    f"{name}, table `{table}`: column {place} has no name.",
                    file=name,
                    hint="Give it one: "
                    f"ALTER TABLE {quote_identifier(table)} RENAME COLUMN {old} TO {new}",
                )


def split_table(name: str, root: Path) -> tuple[str, str]:
    """Take ``file.db#table`` apart; a file whose own name holds a ``#`` stays whole."""
    file, mark, table = name.rpartition("#")
    is_marked = mark and not (root / name).exists() and file.lower().endswith(DATABASE_SUFFIXES)
    return (file, table) if is_marked else (name, "")
