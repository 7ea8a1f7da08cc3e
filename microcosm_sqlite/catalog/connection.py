"""Open a database file for reading, safely: look first, open read-only, close every side door.

Two promises of SQLite are told apart throughout. *Read-only* (``mode=ro``): this connection does
not write. *Immutable* (``immutable=1``): nobody writes, so SQLite takes no locks and looks for no
journal; it is four times faster on point queries, and wrong answers follow if it is not true. So
packaged and cached files, which are only ever replaced by rename, open immutable, and only after
:func:`preflight` has seen that nothing is under way beside them.
"""

from __future__ import annotations

import os
import sqlite3
import sys

from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetFileError,
    DatasetFileMissingError,
    DatasetIOError,
    DatasetNotPackagedError,
    DatasetUnreadableError,
    QueryError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from microcosm_sqlite.catalog.location import Location

HEADER_SIZE = 100
MAGIC = b"SQLite format 3\x00"
ROLLBACK_MODE = b"\x01\x01"
WAL_MODE = b"\x02\x02"
SIDECARS = ("-wal", "-journal")

SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError, MemoryError)
"""What reading a damaged file may raise: its names need not be text, its sizes not be sizes."""

# What is found in place of a database, by its first bytes.
_IMPOSTORS = (
    (b"version https://git-lfs", "a Git LFS pointer: the file itself was not checked out"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"PK\x03\x04", "a zip archive"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<html", "an HTML page"),
)

_PRAGMAS = """
PRAGMA trusted_schema=OFF;  -- a hostile view must not call the application's own functions
PRAGMA query_only=ON;
PRAGMA cell_size_check=ON;  -- damaged pages are found before they are believed
PRAGMA mmap_size=0;         -- a file truncated under a memory map would kill the process
PRAGMA temp_store=MEMORY;   -- sorting must work where no temporary directory does
"""


def connect(
    location: Location,
    *,
    attach: Mapping[str, Location] | None = None,
    check_same_thread: bool = True,
    untrusted: bool = False,
) -> sqlite3.Connection:
    """Open a located database read-only and hardened.

    Args:
        location: The file, and whether it can be trusted not to change.
        attach: More databases, by the schema name that SQL will use for them.
        check_same_thread: As for :func:`sqlite3.connect`.
        untrusted: Take the file, or the SQL, for hostile; see
            :func:`microcosm_sqlite.catalog.untrusted.restrict`.

    Raises:
        DatasetFileError: One of its kinds, with the true cause.
        QueryError: A schema name cannot be attached.
    """
    try:
        connection = _open(location, check_same_thread)
    except DatasetFileMissingError:
        if not location.is_cached:
            raise
        # The cache was cleared between the look and the opening.
        connection = _open(location, check_same_thread)
    try:
        for schema, other in (attach or {}).items():
            _attach(connection, schema, other)
        harden(connection)
        if untrusted:
            from microcosm_sqlite.catalog.untrusted import restrict

            restrict(connection, location.path)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(location: Location, check_same_thread: bool) -> sqlite3.Connection:
    uri = checked_uri(location)
    try:
        return sqlite3.connect(uri, uri=True, check_same_thread=check_same_thread)
    except sqlite3.Error as error:
        raise translate(error, location.path) from error


def _attach(connection: sqlite3.Connection, schema: str, location: Location) -> None:
    uri = checked_uri(location)
    try:
        connection.execute(f"ATTACH DATABASE ? AS {quote_identifier(schema)}", (uri,))
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # a reserved name, or one too many
            raise QueryError(f"{schema!r} cannot be attached: {error}.") from error
        raise translate(error, location.path) from error


def checked_uri(location: Location) -> str:
    """The URI to open a location with, once :func:`preflight` has nothing against it.

    An extracted file is looked up, and made again if need be.
    """
    if location.renew is not None:
        location.renew()
    if location.immutable:
        preflight(location.path)
    else:
        preflight_live(location.path)
    return database_uri(location.path, immutable=location.immutable)


def database_uri(path: str, *, immutable: bool) -> str:
    """The SQLite URI of a file, whatever characters its path holds.

    >>> database_uri("/data/what?.db", immutable=True)
    'file:///data/what%3F.db?mode=ro&immutable=1'
    """
    quoted = _quote(os.path.abspath(path))
    return f"file://{quoted}?mode=ro" + ("&immutable=1" if immutable else "")


def quote_identifier(name: str) -> str:
    """A table or column name as SQL takes it, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def harden(connection: sqlite3.Connection) -> None:
    """Close what ``mode=ro`` leaves open: ATTACH, VACUUM INTO, foreign code in views."""
    connection.executescript(_PRAGMAS)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_TRUSTED_SCHEMA, False)


def preflight(path: str) -> None:
    """Refuse a file that must not be opened immutable, and say why.

    The file is opened and read here, which is harmless only because nothing in this process holds
    locks on an immutable file (https://www.sqlite.org/howtocorrupt.html, section 2.2).

    Raises:
        DatasetFileError: One of its kinds.
    """
    size, header = _read_header(path)
    check_sidecars(path)
    _check_header(path, size, header)


def check_sidecars(path: str) -> None:
    """Refuse a file beside which a log or journal holds a part of its content.

    Raises:
        DatasetNotPackagedError: There is one.
    """
    if os.path.islink(path):
        # SQLite looks for a journal beside the file itself.
        path = os.path.realpath(path)
    for suffix in SIDECARS:
        _check_sidecar(path, suffix)


def check_header(path: str) -> None:
    """Refuse what is no complete SQLite file in rollback mode.

    Raises:
        DatasetFileError: One of its kinds.
    """
    _check_header(path, *_read_header(path))


def preflight_live(path: str) -> None:
    """Refuse what cannot be a database, without opening it: others may hold locks on it.

    Raises:
        DatasetFileError: One of its kinds.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise explain(error, path) from error
    _check_regular(path, status)
    if status.st_size == 0:
        raise DatasetCorruptError(f"{path} is empty.", hint="Build or copy it again.")
    if not os.access(path, os.R_OK):
        raise _unreadable(path)


def _read_header(path: str) -> tuple[int, bytes]:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        # O_NONBLOCK: opening a FIFO must fail below rather than wait for a writer.
        descriptor = os.open(path, flags)
        try:
            status = os.fstat(descriptor)
            _check_regular(path, status)
            return status.st_size, os.read(descriptor, HEADER_SIZE)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise explain(error, path) from error


def _check_regular(path: str, status: os.stat_result) -> None:
    if status.st_mode & 0o170000 != 0o100000:
        raise DatasetUnreadableError(f"{path} is not a regular file.")


def _check_header(path: str, size: int, header: bytes) -> None:
    if not header.startswith(MAGIC) or len(header) < HEADER_SIZE:
        raise DatasetCorruptError(f"{path} is {_identify(size, header)}.", hint=_REINSTALL)
    if header[18:20] == WAL_MODE:
        raise DatasetNotPackagedError(
            f"{path} is in write-ahead (WAL) mode: its last rows may be in another file.",
            hint="Publish it as `VACUUM INTO` writes it, or run PRAGMA journal_mode=DELETE on it.",
        )
    if header[18:20] != ROLLBACK_MODE:
        raise DatasetCorruptError(f"{path} has an unknown format in its header.", hint=_REINSTALL)
    expected = _expected_size(header)
    if expected and expected != size:
        raise DatasetCorruptError(
            f"{path} has {size:,} bytes where its header says {expected:,}.", hint=_REINSTALL
        )


def _expected_size(header: bytes) -> int:
    """The size that the header claims in bytes, or 0 where it makes no valid claim."""
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    is_claim_valid = header[24:28] == header[92:96]
    return page_size * int.from_bytes(header[28:32], "big") if is_claim_valid else 0


def _check_sidecar(path: str, suffix: str) -> None:
    try:
        size = os.stat(path + suffix).st_size
    except (OSError, ValueError):
        return
    if size:
        raise DatasetNotPackagedError(
            f"{path}{suffix} holds changes that {path} lacks: it was copied while in use.",
            hint="Close its writer, then copy or publish it again.",
        )


def _identify(size: int, header: bytes) -> str:
    if size == 0:
        return "empty"
    for prefix, name in _IMPOSTORS:
        if header.startswith(prefix):
            return f"not a SQLite database but {name}"
    return "cut short" if MAGIC.startswith(header[:16]) else "not a SQLite database"


_REINSTALL = "Reinstall the distribution that it belongs to, or build it again."


def explain(error: OSError | ValueError, path: str) -> DatasetFileError:
    """The error of ours that tells what an operating system error means for a database."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):  # or a NUL in it
        return DatasetFileMissingError(f"{path} does not exist.", hint=_REINSTALL)
    if isinstance(error, PermissionError):
        return _unreadable(path)
    return DatasetIOError(f"{path} cannot be read: {error.strerror}.", hint="Check the medium.")


def _unreadable(path: str) -> DatasetUnreadableError:
    try:
        status = os.stat(path)
        facts = f"mode {status.st_mode & 0o7777:04o}, owner uid {status.st_uid}"
    except OSError:
        facts = "its directory may not be entered"
    user = f"uid {os.getuid()}" if hasattr(os, "getuid") else "this user"
    return DatasetUnreadableError(
        f"{path} may not be read by {user} ({facts}).",
        hint="Make it readable (chmod a+r), or reinstall its distribution with umask 022.",
    )


def translate(
    error: sqlite3.Error | UnicodeDecodeError | MemoryError, path: str
) -> DatasetFileError:
    """The error of ours for what SQLite says while a database is opened or read."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    is_garbled = isinstance(error, UnicodeDecodeError | MemoryError)
    if is_garbled or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        # SQLite says this of a passing read error as well; hashing the file tells.
        return DatasetCorruptError(
            f"{path} is damaged: {str(error) or 'senseless sizes'}.",
            hint=f"Run: microcosm-sqlite verify. {_REINSTALL}",
        )
    if code == sqlite3.SQLITE_READONLY:
        return DatasetNotPackagedError(
            f"{path} was left in the middle of a transaction: {error}.",
            hint="Open it once with write access, so that SQLite can roll back.",
        )
    if code == sqlite3.SQLITE_CANTOPEN and not os.path.exists(path):
        return explain(FileNotFoundError(), path)
    if code == sqlite3.SQLITE_BUSY:
        return DatasetIOError(f"{path} is being written to: {error}.", hint="Try again.")
    return DatasetIOError(f"{path} cannot be read: {error}.", hint="Check the medium.")


def _quote(path: str) -> str:
    # urllib.parse.quote does the same, at the price of importing urllib on every cold start.
    text = path.replace(os.sep, "/")
    text = text if text.startswith("/") else f"/{text}"
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in os.fsencode(text))


_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:")
