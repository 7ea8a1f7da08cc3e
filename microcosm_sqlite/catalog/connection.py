"""Open a database file for reading, safely: check it first, open it read-only, harden it.

Two promises of SQLite are told apart throughout. *Read-only* (``mode=ro``): this connection does
not write. *Immutable* (``immutable=1``): nobody writes, so SQLite takes no locks and looks for no
journal; it is four times faster on point queries, and wrong answers follow if it is not true. So
packaged and cached files, which nobody changes in place, open immutable, and only after
:mod:`~microcosm_sqlite.catalog.preflight` has seen that nothing is under way beside them. An
installer may put another version in their place: the file that was opened first is held on to.
"""

from __future__ import annotations

import os
import sqlite3
import sys

from microcosm_sqlite.catalog.dataset_connection import DatasetConnection
from microcosm_sqlite.catalog.preflight import (
    preflight,
    preflight_live,
    translate,
)
from microcosm_sqlite.common.platforms import has_temporary_folder
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetFileMissingError,
    QueryError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from microcosm_sqlite.catalog.location import Location

SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError, MemoryError)
"""Errors of reading a damaged file: names that are not text, impossible sizes."""

_PRAGMAS = """
PRAGMA trusted_schema=OFF;  -- a hostile view must not call the application's own functions
PRAGMA query_only=ON;
PRAGMA cell_size_check=ON;  -- damaged pages are found before they are believed
PRAGMA mmap_size=0;         -- a file truncated under a memory map would kill the process
"""

IN_MEMORY = "PRAGMA temp_store=MEMORY"
"""What keeps SQLite from writing temporary files: sorting then takes as much memory as it needs."""

_PAUSES = (0.05, 0.1, 0.2, *[0.5] * 18)
"""Seconds between looks at a file that an installer may be writing: ten in all, at most."""

_JUST_NOW = 2.0
"""Seconds in which a file that is not complete may be one that an installer still writes."""

_MOST = 125
"""More databases than SQLite can attach, so that its own limit holds."""


def connect(
    location: Location,
    *,
    attach: Mapping[str, Location] | None = None,
    check_same_thread: bool = True,
    untrusted: bool = False,
    dataset: str = "",
) -> sqlite3.Connection:
    """Open a located database read-only and hardened.

    Args:
        location: The file, and whether it can be trusted not to change.
        attach: More databases, by the schema name that SQL will use for them.
        check_same_thread: As for :func:`sqlite3.connect`.
        untrusted: Take the file, or the SQL, for hostile; see
            :func:`microcosm_sqlite.catalog.untrusted.restrict`.
        dataset: For a connection that a user gets: the name that errors and warnings tell.

    Raises:
        DatasetFileError: One of its kinds, with the true cause.
        QueryError: A schema name cannot be attached.
    """
    factory = _choose_class() if dataset else sqlite3.Connection
    try:
        connection = _open(location, check_same_thread, factory)
    except DatasetFileMissingError:
        if not location.is_cached:
            raise
        # The cache was cleared between the look and the opening.
        connection = _open(location, check_same_thread, factory)
    if isinstance(connection, DatasetConnection):
        connection.dataset = dataset
    try:
        if untrusted:
            from microcosm_sqlite.catalog.untrusted import bound, restrict

            bound(connection)
        for schema, other in (attach or {}).items():
            attach_database(connection, schema, checked_uri(other), other.path)
        harden(connection)
        if untrusted:
            restrict(connection, location.path)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(
    location: Location, check_same_thread: bool, factory: type[sqlite3.Connection]
) -> sqlite3.Connection:
    """Open the file that was checked, and not one that an installer put there since."""
    while True:
        uri = checked_uri(location)
        try:
            connection = sqlite3.connect(
                uri, uri=True, check_same_thread=check_same_thread, factory=factory
            )
        except sqlite3.Error as error:
            if not location.is_pinned():
                continue  # removed since it was checked: another one is waited for
            raise translate(error, location.path) from error
        if location.is_pinned():
            return connection
        connection.close()


def _choose_class() -> type[sqlite3.Connection]:
    if "threading" not in sys.modules:
        return DatasetConnection  # a program without threads, whose start stays fast
    from microcosm_sqlite.catalog.fork_safety import WatchedConnection

    return WatchedConnection


def attach_database(connection: sqlite3.Connection, schema: str, uri: str, path: str) -> None:
    """Attach one more database to a connection that was opened with URIs allowed.

    Args:
        connection: The connection.
        schema: The name that SQL will use for the database.
        uri: What to attach; see :func:`checked_uri`.
        path: The file, for errors.

    Raises:
        DatasetFileError: One of its kinds, with the true cause.
        QueryError: The schema name is taken or reserved, or SQLite attaches no more.
    """
    try:
        connection.execute(f"ATTACH DATABASE ? AS {quote_identifier(schema)}", (uri,))
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise _refuse_schema(schema, error) from error
        raise translate(error, path) from error


def _refuse_schema(schema: str, error: sqlite3.Error) -> QueryError:
    if "too many" in str(error):
        hint = "SQLite allows no more in one connection; use a second one for the others."
    elif schema.lower() in ("main", "temp"):
        hint = "SQLite keeps this name for itself: register the file under another one."
    else:
        hint = "Two names that differ in upper and lower case only are one name to SQLite."
    return QueryError(f"{schema!r} cannot be attached: {error}.", hint=hint)


def attach_late(connection: sqlite3.Connection, schema: str, uri: str, path: str) -> None:
    """Attach a database to a hardened connection; see :func:`attach_database`."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, _MOST)
    try:
        attach_database(connection, schema, uri, path)
    finally:
        harden(connection)


def checked_uri(location: Location) -> str:
    """The URI to open a location with, after the preflight of its file.

    An extracted file that has vanished is made again.
    """
    if location.memory:
        return f"{location.memory}&mode=ro"
    location.restore()
    if location.immutable:
        location.pin(_preflight_settled(location))
    else:
        preflight_live(location.path)
    return database_uri(location.path, immutable=location.immutable)


def _preflight_settled(location: Location) -> os.stat_result:
    """Preflight a file; wait while an installer writes it.

    One that was open before is expected to come back as the next version. Any other that is not
    complete is waited for as long as it grows.
    """
    for pause in _PAUSES:
        try:
            return preflight(location.path)
        except (DatasetCorruptError, DatasetFileMissingError):
            import time

            if not _was_touched(location.path, time.time()):
                raise
            size = _measure(location.path)
            time.sleep(pause)
            if not location.was_opened and _measure(location.path) == size:
                raise
    return preflight(location.path)


def _measure(path: str) -> int:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return -1


def _was_touched(path: str, now: float) -> bool:
    """Whether the file, its folder or what that is in changed within the last seconds."""
    folder = os.path.dirname(path)
    for each in (path, folder, os.path.dirname(folder)):
        try:
            if abs(now - os.stat(each).st_mtime) < _JUST_NOW:
                return True
        except (OSError, ValueError):
            continue
    return False


def database_uri(path: str, *, immutable: bool) -> str:
    """The SQLite URI of a file, whatever characters its path holds.

    >>> database_uri("/data/what?.db", immutable=True)
    'file:///data/what%3F.db?mode=ro&immutable=1'
    """
    quoted = _quote(os.path.abspath(path))
    return f"file://{quoted}?mode=ro" + ("&immutable=1" if immutable else "")


def harden(connection: sqlite3.Connection) -> None:
    """Forbid what ``mode=ro`` allows: ATTACH, VACUUM INTO, foreign code in views.

    What does not fit into memory is sorted in a temporary file, if there is a folder for it.
    """
    connection.executescript(_PRAGMAS if has_temporary_folder() else _PRAGMAS + IN_MEMORY)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA, False)
        # A misspelt "column" would else be a text, and a condition on it true of every row.
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)


def _quote(path: str) -> str:
    # urllib.parse.quote does the same, at the price of importing urllib on every cold start.
    text = path.replace(os.sep, "/")
    text = text if text.startswith("/") else f"/{text}"
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in os.fsencode(text))


_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:")
