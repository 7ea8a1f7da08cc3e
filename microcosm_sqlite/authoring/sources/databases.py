"""SQLite files as they are found: told from other files, opened where safe, listed, copied."""

from __future__ import annotations

import re
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
from microcosm_sqlite.catalog.structure import find_damages, table_names
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.common.workspace import writing_database
from microcosm_sqlite.errors import (
    DatasetFileError,
    DatasetNotPackagedError,
    SourceError,
)

DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
SIDECARS = ("-wal", "-shm", "-journal")
"""Ends of the names of files that SQLite keeps beside a database."""

_SNAPSHOT = "Take a copy that has everything: sqlite3 {} \"VACUUM INTO 'copy.db'\""
_NEEDS_APPLICATION = ("no query solution", "collation sequence", "unknown function")
_DAMAGED = "Fetch or copy it anew, and whole; or see what sqlite3 makes of it: .recover"
_ENCRYPTED = "If it is encrypted, decrypt it with the program that did so."


def find_owner(path: Path) -> Path | None:
    """The database that a file is a log of, by its name; None for other files."""
    ends = (end for end in SIDECARS if path.name.endswith(end))
    return next((path.with_name(path.name.removesuffix(end)) for end in ends), None)


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
        raise _translate(error, path, name, _ENCRYPTED if is_strange else _DAMAGED) from error


def _translate(error: DatasetFileError, path: Path, name: str, hint: str) -> SourceError:
    return SourceError(error.message.replace(str(path), name), file=name, hint=hint)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Translate what SQLite says of a database that cannot be read."""
    try:
        yield
    except sqlite3.Error as error:
        hint = f'See what is wrong with it: sqlite3 {name} "PRAGMA integrity_check"'
        if any(words in str(error) for words in _NEEDS_APPLICATION):
            hint = "Let the application that made it write a copy without what only it has."
        raise SourceError(f"{name} cannot be read: {error}.", file=name, hint=hint) from error


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


_TIMEOUT = 5.0
_UNSAFE = re.compile(r"malformed database schema \((.*)\) - unsafe use of (.*)", re.DOTALL)
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNFINISHED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)


def take_snapshot(path: Path, target: Path) -> None:
    """Write all that a database holds, its write-ahead log included, as `VACUUM INTO` does.

    The database is only read; whoever uses it goes on doing so.

    Raises:
        SourceError: It is no database, is damaged, is held by a writer, or waits to be recovered.
        OSError: The copy cannot be written.
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
            with writing_database(target):
                _copy(connection, target)
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    if is_quiet and _look(path) != before:
        raise SourceError(
            f"{path.name} was written to while it was copied.",
            file=path.name,
            hint="Try again when nobody writes to it.",
        )


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
        problems = find_damages(connection, limit=3)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
            raise
        return  # a schema that needs what only its own application has cannot be checked
    if problems:
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


def drop_unusable_indexes(snapshot: Path, name: str) -> dict[str, str]:
    """Drop the indexes of a copy for which no careful reader could open or query it.

    They are by collations of some application, or by functions of SQLite that may not stand in a
    schema that is not trusted, which differ from release to release.

    Args:
        snapshot: The copy.
        name: What errors call it.

    Returns:
        What was dropped, to the reason.

    Raises:
        SourceError: A table needs such a function.
    """
    dropped: dict[str, str] = {}
    while unsafe := _find_unsafe(snapshot):
        index, function = unsafe
        with closing(sqlite3.connect(snapshot)) as connection:
            found = connection.execute(
                "SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = ?", (index,)
            ).fetchone()
            if found is None:
                raise SourceError(
                    f"{name}, table `{index}`: {function} computes a column, and SQLite "
                    f"{sqlite3.sqlite_version} does not let readers run it.",
                    file=name,
                    hint="Store its values in an ordinary column, or use a later SQLite.",
                )
            reason = f"readers with SQLite {sqlite3.sqlite_version} may not run {function}"
            dropped[f"index {index} of {found[0]}"] = reason
            _drop_index(connection, index)
    with closing(sqlite3.connect(snapshot)) as connection:
        for index, table, collation in connection.execute(_FOREIGN_COLLATIONS).fetchall():
            reason = f"only its application has the collation {collation}"
            dropped[f"index {index} of {table}"] = reason
            _drop_index(connection, index)
    return dropped


_FOREIGN_COLLATIONS = """
SELECT made.name, tbl_name, min(coll) FROM sqlite_schema AS made, pragma_index_xinfo(made.name)
WHERE type = 'index' AND sql NOTNULL AND upper(coll) NOT IN ('BINARY', 'NOCASE', 'RTRIM')
GROUP BY 1, 2
"""


def _drop_index(connection: sqlite3.Connection, index: str) -> None:
    connection.execute(f"DROP INDEX {quote_identifier(index)}")
    connection.commit()


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
