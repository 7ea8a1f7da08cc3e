"""Explain what SQLite says of a statement that an engine was given: cause, place and what to do.

Each function here is what an engine calls when a statement fails (SQLAlchemy's ``handle_error``),
or makes the error for it.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.util.concurrency import in_greenlet

from microcosm_sqlite.catalog.preflight import CORRECT_PATH, check_header, translate
from microcosm_sqlite.catalog.registry import dataset, explain_edition, find
from microcosm_sqlite.catalog.statement_errors import (
    DAMAGE,
    add_edition,
    advise,
    explain_statement,
)
from microcosm_sqlite.errors import (
    DatasetFileError,
    DatasetNotFoundError,
    QueryError,
    ReadOnlyDatasetError,
)

if TYPE_CHECKING:
    import os

    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext

    from microcosm_sqlite.catalog.location import Location


def refuse_write(name: str, path: str) -> ReadOnlyDatasetError:
    """The error for a write to read-only data."""
    return ReadOnlyDatasetError(
        f"Dataset {name!r} is read-only ({path})." if name else f"{path} is read-only.",
        hint=(
            "For a copy that can be written, copy the file and name the copy in the "
            f"configuration: sqlite.paths[{name or 'name'!r}]."
        ),
    )


def explain_read_only(name: str, location: Location, context: ExceptionContext) -> None:
    """Explain a write to a read-only file, a page of it that is damaged, and a name that is wrong.

    Raises:
        ReadOnlyDatasetError: The statement writes.
        DatasetFileError: The file is damaged, or cannot be read.
        QueryError: A name is not UTF-8.
    """
    error = context.original_exception
    if isinstance(error, UnicodeDecodeError) and context.connection is not None:
        opened = find_driver_connection(context.connection)
        raise explain_statement(error, name, opened, context.statement or "") from error
    if not isinstance(error, sqlite3.Error):
        return
    if _code(error) == sqlite3.SQLITE_READONLY:
        raise refuse_write(name, location.path) from error
    if _code(error) in DAMAGE:
        explained = translate(error, location.path)
        owner = f"Dataset {name!r}: " if name else ""
        hint = explained.hint if location.immutable else CORRECT_PATH
        raise type(explained)(owner + explained.message, hint=hint) from error
    if context.connection is not None and context.sqlalchemy_exception is not None:
        # It stays the error of SQLAlchemy, which programs expect.
        opened = find_driver_connection(context.connection)
        hint = advise(str(error), opened, context.statement or "")
        if hint := add_edition(str(error), hint, partial(explain_absence, name, location.path)):
            context.sqlalchemy_exception.add_note(hint)


def explain_refusal(context: ExceptionContext) -> None:
    """Raise an error of our own as it is, which SQLAlchemy would wrap in one of its own.

    Raises:
        QueryError: A value cannot be compared with its column.
    """
    if isinstance(context.original_exception, QueryError):
        raise context.original_exception


def explain_absence(name: str, path: str | None) -> str:
    """Say that a row may be missing because only an edition is read; empty if all rows are.

    Args:
        name: The dataset's name.
        path: The file that is read, which may be another than the dataset's.
    """
    found = find(name)
    explained = explain_edition(found) if found else ""
    return explained if found and explained and found.location.path == path else ""


def find_driver_connection(connection: Connection) -> sqlite3.Connection:
    """Return the connection of sqlite3, to be used before a statement is executed."""
    found: Any = connection.connection.driver_connection
    # What asyncio's driver wraps is used in another thread, and only between two statements.
    opened: sqlite3.Connection = getattr(found, "_conn", found)
    return opened


def refuse_blocking(*_: object) -> None:
    """Refuse what is asked of an engine for asyncio and no ``await`` waits for.

    It is called before the driver makes a coroutine for it, which nobody would ever await.

    Raises:
        QueryError: It names what uses the database so, and what to do instead.
    """
    if not in_greenlet():
        raise QueryError(
            "The database was used without await, which would block the event loop: a Store was "
            "called, or a relationship or column was read that was not loaded with its object.",
            hint=(
                "Load it with the object: store.search(options=[selectinload(Model.name)]); and "
                "await AsyncStore(store) rather than calling the Store."
            ),
        )


def explain_configured(path: str, context: ExceptionContext) -> None:
    """Explain why the file at a configured path is not a database.

    Raises:
        DatasetFileError: It is something else, is damaged, or cannot be opened.
    """
    error = context.original_exception
    if isinstance(error, sqlite3.Error) and _code(error) in DAMAGE:
        raise refuse_unopened(path, error) from error


def refuse_unopened(path: str, error: sqlite3.Error) -> DatasetFileError:
    """The error for a configured path that SQLite cannot open."""
    try:
        check_header(path)
    except DatasetFileError as cause:
        return type(cause)(cause.message, hint=CORRECT_PATH)
    return translate(error, path)


def _code(error: BaseException | None) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code


def explain_empty_memory(name: str, context: ExceptionContext) -> None:
    """Explain "no such table" when the dataset is not installed and its database is in memory.

    Raises:
        DatasetNotFoundError: It says where the dataset was looked for.
    """
    if not _is_empty(context):
        return
    try:
        dataset(name)
    except DatasetNotFoundError as missing:
        raise DatasetNotFoundError(
            f"Dataset {name!r} is empty: it is in memory, as no path is configured for it and no "
            "dataset of this name is installed.",
            hint=missing.hint,
        ) from context.original_exception


def explain_empty_file(name: str, path: str | os.PathLike[str], context: ExceptionContext) -> None:
    """Add to "no such table" that the file of a configured path is empty.

    It stays the error of SQLAlchemy, by which programs find out that they have to create tables.
    """
    if context.sqlalchemy_exception is not None and _is_empty(context):
        context.sqlalchemy_exception.add_note(
            f"Dataset {name!r} is empty: {path}, which is configured for it, has no tables. "
            f"{CORRECT_PATH} To create the tables, call create_all() of its DataSet."
        )


def _is_empty(context: ExceptionContext) -> bool:
    error = context.original_exception
    if context.connection is None or "no such table" not in str(error):
        return False
    connection: Any = context.connection.connection.dbapi_connection
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def explain_missing_reference(name: str, other: str, context: ExceptionContext) -> None:
    """Explain "no such table" when a dataset that this one refers to is not installed.

    Raises:
        DatasetNotFoundError: It names both.
    """
    error = context.original_exception
    if f"no such table: {other}." in str(error):
        raise DatasetNotFoundError(
            f"Dataset {name!r} refers to dataset {other!r}, which is not installed.",
            hint="Install the distribution that carries it, or configure its path.",
        ) from error
