"""A clean copy of a database that may be in use: complete, consistent, nothing left beside it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from microcosm_sqlite.authoring.sources.databases import refuse_impostor
from microcosm_sqlite.catalog.connection import database_uri
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import SourceError

_TIMEOUT = 5.0
_UNSAFE = re.compile(r"malformed database schema \((.*)\) - unsafe use of (.*)", re.DOTALL)
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNFINISHED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)


def take_snapshot(path: Path, target: Path) -> None:
    """Write all that a database holds, its write-ahead log included, as `VACUUM INTO` does.

    The database is only read; whoever uses it goes on doing so.

    Raises:
        SourceError: It is no database, is damaged, is held by a writer, or waits to be recovered.
    """
    try:
        refuse_impostor(path, path.name)
    except SourceError as error:
        if _has_journal(path):
            raise _tell_unfinished(path, error) from error
        raise
    before = _look(path)
    is_quiet = not any(path.with_name(f"{path.name}{end}").exists() for end in ("-wal", "-shm"))
    # Without a log, a read-only connection in write-ahead mode would leave an empty one behind.
    uri = database_uri(str(path.resolve()), immutable=is_quiet and _logs_ahead(path))
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=_TIMEOUT)) as connection:
            _refuse_damaged(connection, path)
            _copy(connection, target)
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    if is_quiet and _look(path) != before:
        raise SourceError(
            f"{path.name} was written to while it was copied.",
            file=path.name,
            hint="Try again when nobody writes to it.",
        )


def drop_unsafe_indexes(snapshot: Path, name: str) -> dict[str, str]:
    """Drop the indexes for which no careful reader could open a copy.

    Functions of SQLite that it does not take for harmless may not stand in a schema that is not
    trusted; which these are differs from release to release.

    Args:
        snapshot: The copy.
        name: What errors call it.

    Returns:
        What was dropped, to the reason.

    Raises:
        SourceError: A table needs such a function.
    """
    dropped: dict[str, str] = {}
    while found := _find_unsafe(snapshot):
        with closing(sqlite3.connect(snapshot)) as connection:
            index = connection.execute(
                "SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = ?", found[:1]
            ).fetchone()
            if index is None:
                raise SourceError(
                    f"{name}, table `{found[0]}`: {found[1]} computes a column, and SQLite "
                    f"{sqlite3.sqlite_version} does not let readers run it.",
                    file=name,
                    hint="Store its values in an ordinary column, or use a later SQLite.",
                )
            connection.execute(f"DROP INDEX {quote_identifier(found[0])}")
            connection.commit()
        reason = f"readers with SQLite {sqlite3.sqlite_version} may not run {found[1]}"
        dropped[f"index {found[0]} of {index[0]}"] = reason
    return dropped


def _find_unsafe(snapshot: Path) -> tuple[str, str] | None:
    """What of a schema readers may not use, and the function for which they may not."""
    with closing(sqlite3.connect(snapshot)) as connection:
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError as error:
            found = _UNSAFE.search(str(error))
            return (found[1], found[2]) if found else None
    return None


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
            raise
        # Its schema needs what is not here, such as a collation of some application, or is one
        # of those that VACUUM of SQLite 3.40 stumbles over: then page by page, as it is.
        target.unlink(missing_ok=True)
        with closing(sqlite3.connect(target)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")


def _look(path: Path) -> tuple[int, int, int, bool]:
    status = path.stat()
    log = path.with_name(f"{path.name}-wal")
    return status.st_mtime_ns, status.st_size, status.st_ino, log.exists()


def _logs_ahead(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(20)[18:] == b"\x02\x02"


def _refuse_damaged(connection: sqlite3.Connection, path: Path) -> None:
    try:
        problems = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
            raise
        return  # a schema that needs what only its own application has cannot be checked
    if problems != ["ok"]:
        raise SourceError(
            f"{path.name} is damaged: {'; '.join(problems)}.",
            file=path.name,
            hint=f'Save what can be saved: sqlite3 {path.name} ".recover" | sqlite3 recovered.db',
        )


def _explain(error: sqlite3.Error, path: Path) -> SourceError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _IN_USE:
        return SourceError(
            f"{path.name} is being written to: {error}.",
            file=path.name,
            hint="Try again when its writer is done.",
        )
    if code in _UNFINISHED and _has_journal(path):
        return _tell_unfinished(path, error)
    return SourceError(
        f"{path.name} cannot be copied: {error}.",
        file=path.name,
        hint=f'See what is wrong with it: sqlite3 {path.name} "PRAGMA integrity_check"',
    )


def _has_journal(path: Path) -> bool:
    journal = path.with_name(f"{path.name}-journal")
    return journal.exists() and journal.stat().st_size > 0


def _tell_unfinished(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path.name} was left in the middle of a transaction: {error}",
        file=path.name,
        hint=f'Let SQLite roll it back: sqlite3 {path.name} "PRAGMA quick_check"',
    )
