"""Open a file that an attacker may have made, or run SQL that an attacker may have written.

The ordinary connection already writes nothing, attaches nothing and calls no function of the
application from a view. What is added here bounds what a question may cost, after SQLite's own
advice (https://www.sqlite.org/security.html).
"""

from __future__ import annotations

import sqlite3
import time

from microcosm_sqlite.catalog.connection import IN_MEMORY, SQLITE_ERRORS, attach_late
from microcosm_sqlite.catalog.nested_views import find_overgrown_view
from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.common.sql import MOST_COLUMNS
from microcosm_sqlite.errors import DatasetCorruptError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

TIME_LIMIT = 10.0
"""Seconds that an untrusted connection may be used for, before its statements are interrupted."""

TRUST = "Open it without untrusted=True if you trust its author."

LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 4 << 20,  # bytes of one value or row
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: MOST_COLUMNS,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 32,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 50,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}

PROGRAM_LIMIT = 250_000
"""Steps of one compiled statement; the check of a large structure may need more."""

_STEPS = 100
"""Virtual machine steps between two looks at the clock.

One step may work through a value of the largest size, which takes LIKE about a second.
"""

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
_SLOW_FUNCTIONS = {
    "instr": 2,
    "json_patch": 2,
    "ltrim": 2,
    "replace": 3,
    "rtrim": 2,
    "trim": 2,
}
"""Functions, and for how many arguments, whose time grows with the product of two sizes.

SQLite cannot be interrupted inside one of them, which takes hours for values within the limits.
"""

DANGEROUS_FUNCTIONS = {
    "fts3_tokenizer",
    "load_extension",
    # With one argument, the other slow ones are harmless.
    "instr",
    "json_patch",
    "replace",
}
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
    """Bound the size, the time and the kind of what a connection runs, and check the structure.

    The bounds come first, so that the check itself cannot go on for ever. Statements that go on
    for longer than the limit, counted from the end of the check, raise
    :class:`sqlite3.OperationalError` ("interrupted"); larger values raise
    :class:`sqlite3.DataError`; anything that is no question, and a function that cannot be
    interrupted, :class:`sqlite3.DatabaseError`.

    Raises:
        DatasetCorruptError: The structure is not sound, takes too long to check, or uses a
            function that cannot be interrupted.
    """
    bound(connection, time_limit)
    _check_structure(connection, path, time_limit)
    connection.setlimit(sqlite3.SQLITE_LIMIT_VDBE_OP, PROGRAM_LIMIT)
    connection.set_authorizer(_authorize)
    limit_time(connection, time_limit)


def bound(connection: sqlite3.Connection, time_limit: float = TIME_LIMIT) -> None:
    """Bound the size and the time of what a connection reads, before it reads anything.

    What an attacker wrote gets into no temporary file.
    """
    connection.execute(IN_MEMORY)
    for category, limit in LIMITS.items():
        connection.setlimit(category, limit)
    # The authorizer is not asked about what a table's own definition calls; this refuses that too.
    for name, arguments in _SLOW_FUNCTIONS.items():
        connection.create_function(name, arguments, _refuse, deterministic=True)
    limit_time(connection, time_limit)


def _check_structure(connection: sqlite3.Connection, path: str, time_limit: float) -> None:
    try:
        (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except SQLITE_ERRORS as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code == sqlite3.SQLITE_INTERRUPT:
            raise DatasetCorruptError(
                f"{path} is refused as untrusted: the check of its structure was interrupted "
                f"after {time_limit:g} seconds.",
                hint=TRUST,
            ) from error
        if code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG) or "unsafe use" in str(error):
            raise DatasetCorruptError(
                f"{path} is refused as untrusted: {error}.",
                hint=TRUST,
            ) from error
        raise translate(error, path) from error
    if finding != "ok":
        raise DatasetCorruptError(f"{path} is damaged: {finding}.")
    if view := find_overgrown_view(connection):
        raise DatasetCorruptError(
            f"{path} is refused as untrusted: its views are made of one another so often that "
            f"SQLite would take too long over {view!r}.",
            hint=TRUST,
        )


def _refuse(*_: object) -> None:
    raise sqlite3.NotSupportedError


def attach_restricted(connection: sqlite3.Connection, schema: str, uri: str, path: str) -> None:
    """Attach one more database to a restricted connection, and check and bound that one too.

    Raises:
        DatasetError: It cannot be attached, or is damaged.
    """
    connection.set_authorizer(None)
    bound(connection)
    try:
        attach_late(connection, schema, uri, path)
    finally:
        restrict(connection, path)


def limit_time(
    connection: sqlite3.Connection, seconds: float, is_stopped: Callable[[], bool] | None = None
) -> None:
    """Interrupt whatever the connection runs later than this from now; a pool may call it again.

    Args:
        connection: The connection.
        seconds: How long it may run.
        is_stopped: Whether to interrupt it at once; it is asked every few microseconds.
    """
    end = time.monotonic() + seconds
    if is_stopped is None:
        connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
    else:
        connection.set_progress_handler(lambda: int(time.monotonic() > end or is_stopped()), _STEPS)


def _authorize(
    action: int, first: str | None, second: str | None, _schema: str | None, _origin: str | None
) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() not in DANGEROUS_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (first or "").lower() in _DESCRIBING_PRAGMAS
    else:
        allowed = action in _READING
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
