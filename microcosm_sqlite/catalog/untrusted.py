"""Open a file that an enemy may have made, or run SQL that an enemy may have written.

The ordinary connection already writes nothing, attaches nothing and calls no function of the
application from a view. What is added here bounds what a question may cost, after SQLite's own
advice (https://www.sqlite.org/security.html).
"""

from __future__ import annotations

import sqlite3
import time

from microcosm_sqlite.catalog.connection import SQLITE_ERRORS, attach_late, translate
from microcosm_sqlite.errors import DatasetCorruptError

TIME_LIMIT = 10.0
"""Seconds that an untrusted connection may be used for, before its statements are interrupted."""

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 16 << 20,  # bytes of one value or row
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 2_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 250_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 32,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

_STEPS = 10_000
"""Virtual machine steps between two looks at the clock: a fraction of a millisecond."""

_READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_SAVEPOINT,
    # R-trees prepare these to be read; the file is read-only, so that none ever runs.
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_DELETE,
}
_DANGEROUS_FUNCTIONS = {"load_extension", "fts3_tokenizer"}
_DESCRIBING_PRAGMAS = {
    "data_version",
    "database_list",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "read_uncommitted",  # SQLAlchemy asks for it when it connects
    "table_info",
    "table_list",
    "table_xinfo",
}


def restrict(connection: sqlite3.Connection, path: str, time_limit: float = TIME_LIMIT) -> None:
    """Check a file's structure, then bound the size, the time and the kind of what follows.

    Statements that go on for longer than the limit, counted from here, raise
    :class:`sqlite3.OperationalError` ("interrupted"); larger values raise
    :class:`sqlite3.DataError`; anything that is no question, :class:`sqlite3.DatabaseError`.

    Raises:
        DatasetCorruptError: The structure is not sound, or takes too long to check.
    """
    limit_time(connection, time_limit)
    try:
        (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except SQLITE_ERRORS as error:
        raise translate(error, path) from error
    if finding != "ok":
        raise DatasetCorruptError(f"{path} is damaged: {finding}.")
    for category, limit in LIMITS.items():
        connection.setlimit(category, limit)
    connection.set_authorizer(_authorize)
    limit_time(connection, time_limit)


def attach_restricted(connection: sqlite3.Connection, schema: str, uri: str, path: str) -> None:
    """Attach one more database to a restricted connection, and check and bound that one too.

    Raises:
        DatasetError: It cannot be attached, or is damaged.
    """
    connection.set_authorizer(None)
    try:
        attach_late(connection, schema, uri, path)
    finally:
        restrict(connection, path)


def limit_time(connection: sqlite3.Connection, seconds: float) -> None:
    """Interrupt whatever the connection runs later than this from now; a pool may call it again."""
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)


def _authorize(
    action: int, first: str | None, second: str | None, _schema: str | None, _origin: str | None
) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() not in _DANGEROUS_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (first or "").lower() in _DESCRIBING_PRAGMAS
    else:
        allowed = action in _READING
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
