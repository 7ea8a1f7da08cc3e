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

from microcosm_sqlite.catalog.preflight import (
    REINSTALL,
    check_header,
    explain,
    preflight,
    preflight_live,
)
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetFileError,
    DatasetFileMissingError,
    DatasetIOError,
    DatasetNotPackagedError,
    QueryError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

    from microcosm_sqlite.catalog.criteria import Described, Plan
    from microcosm_sqlite.catalog.location import Location

SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError, MemoryError)
"""What reading a damaged file may raise: names that are not text, impossible sizes."""

_PRAGMAS = """
PRAGMA trusted_schema=OFF;  -- a hostile view must not call the application's own functions
PRAGMA query_only=ON;
PRAGMA cell_size_check=ON;  -- damaged pages are found before they are believed
PRAGMA mmap_size=0;         -- a file truncated under a memory map would kill the process
PRAGMA temp_store=MEMORY;   -- sorting must work where no temporary directory does
"""


_PAUSES = (0.02, 0.08, 0.2, 0.5)
_JUST_NOW = 2.0
"""Seconds in which a file that is not complete may be one that an installer still writes."""

_MOST = 125
"""More databases than SQLite can attach, so that its own limit holds."""


_SPELLED = frozenset("'\"?:@$")  # what texts and parameters begin with
_MOST_PLANS = 500
"""How many statements of a connection are known at most."""


class DatasetCursor(sqlite3.Cursor):
    """A cursor that finds what is asked for, however it is written, and explains its errors.

    Errors name the dataset and say what to do; they are sqlite3's as well.
    """

    connection: DatasetConnection

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        """As of :class:`sqlite3.Cursor`."""
        try:
            plans = self.connection.plans
            if plans is None or _SPELLED.isdisjoint(sql):
                return super().execute(sql, parameters)
            plan = plans.get(sql) or self.connection.plan(sql)
            bound = plan.bind(parameters) if plan.spellers else parameters
            return super().execute(plan.sql, bound)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._explain(error, sql) from error

    def fetchall(self) -> list[Any]:
        """As of :class:`sqlite3.Cursor`."""
        try:
            return super().fetchall()
        except sqlite3.Error as error:
            raise self._explain(error, "") from error

    def _explain(self, error: sqlite3.Error | sqlite3.Warning, sql: str) -> Exception:
        from microcosm_sqlite.catalog.statement_errors import explain_statement

        return explain_statement(error, self.connection.dataset, self.connection, sql)


class DatasetConnection(sqlite3.Connection):
    """A connection whose cursors know the dataset.

    Attributes:
        dataset: The dataset's name, for errors.
        plans: How statements are executed, of those that were; None where they are not looked at.
    """

    dataset = ""
    plans: dict[str, Plan] | None = None
    _datasets: dict[str, Described] | None

    def understand(self, datasets: Mapping[str, Described] | None) -> None:
        """Spell what statements compare with columns as the columns store it.

        Args:
            datasets: The dataset, as `main`, and those that are attached, by schema; None to see to
                names in double quotes alone.
        """
        named = {name.lower(): dataset for name, dataset in (datasets or {}).items()}
        self._datasets, self.plans = named or None, {}

    def plan(self, sql: str) -> Plan:
        """How a statement is executed that was not executed before."""
        from microcosm_sqlite.catalog.criteria import plan_statement

        if self.plans is None or len(self.plans) >= _MOST_PLANS:
            self.plans = {}
        self.plans[sql] = plan_statement(self, self._datasets, sql)
        return self.plans[sql]

    def cursor(self, factory: Any = DatasetCursor) -> Any:
        """As of :class:`sqlite3.Connection`."""
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As of :class:`sqlite3.Connection`."""
        return super().cursor(DatasetCursor).execute(sql, parameters)


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
    uri = checked_uri(location)
    try:
        return sqlite3.connect(uri, uri=True, check_same_thread=check_same_thread, factory=factory)
    except sqlite3.Error as error:
        raise translate(error, location.path) from error


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
    if location.renew is not None:
        location.renew()
    if location.immutable:
        location.pin(_preflight_settled(location))
    else:
        preflight_live(location.path)
    return database_uri(location.path, immutable=location.immutable)


def _preflight_settled(location: Location) -> os.stat_result:
    """Preflight a file; wait while an installer writes the next version of one that was open."""
    for pause in _PAUSES if location.was_opened else ():
        try:
            return preflight(location.path)
        except (DatasetCorruptError, DatasetFileMissingError):
            import time

            if not _was_touched(location.path, time.time()):
                raise
            time.sleep(pause)
    return preflight(location.path)


def _was_touched(path: str, now: float) -> bool:
    """Whether the file or its folder changed within the last seconds."""
    for each in (path, os.path.dirname(path)):
        try:
            if abs(now - os.stat(each).st_mtime) < _JUST_NOW:
                return True
        except OSError:
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
    """Forbid what ``mode=ro`` allows: ATTACH, VACUUM INTO, foreign code in views."""
    connection.executescript(_PRAGMAS)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA, False)
        # A misspelt "column" would else be a text, and a condition on it true of every row.
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)


def translate(
    error: sqlite3.Error | UnicodeDecodeError | MemoryError, path: str
) -> DatasetFileError:
    """Return the error of this package for what SQLite raises while it opens or reads a file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, MemoryError):
        return DatasetIOError(
            f"{path} needs more memory than there is.",
            hint="If the file is damaged, its sizes may be wrong. Run: microcosm-sqlite verify",
        )
    if code == sqlite3.SQLITE_NOTADB and os.path.exists(path):
        try:
            check_header(path)
        except DatasetFileError as cause:
            return cause
    is_garbled = isinstance(error, UnicodeDecodeError)
    if is_garbled or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        # SQLite says this of a passing read error as well; hashing the file tells.
        return DatasetCorruptError(
            f"{path} is damaged: {error}.",
            hint=f"Run: microcosm-sqlite verify. {REINSTALL}",
        )
    if code == sqlite3.SQLITE_READONLY:
        return DatasetNotPackagedError(
            f"{path} was left in the middle of a transaction: {error}.",
            hint="Open it once with write access, so that SQLite can roll back.",
        )
    if code == sqlite3.SQLITE_CANTOPEN and not os.path.exists(path):
        return explain(FileNotFoundError(), path)
    is_busy = code == sqlite3.SQLITE_BUSY
    problem = "is being written to" if is_busy else "cannot be read"
    hint = "Try again." if is_busy else "Check the medium."
    return DatasetIOError(f"{path} {problem}: {error}.", hint=hint)


def _quote(path: str) -> str:
    # urllib.parse.quote does the same, at the price of importing urllib on every cold start.
    text = path.replace(os.sep, "/")
    text = text if text.startswith("/") else f"/{text}"
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in os.fsencode(text))


_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:")
