"""Examine a database file before it is opened, and name the true cause of every refusal.

SQLite has one message for a file that is missing, that may not be read, and that is a directory;
and where it is told that a file is immutable, it neither looks for a journal nor minds a log.
"""

from __future__ import annotations

import os
import sqlite3
from stat import S_ISDIR, S_ISREG

from microcosm_sqlite.common.platforms import find_user
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetError,
    DatasetFileError,
    DatasetFileMissingError,
    DatasetIOError,
    DatasetNotPackagedError,
    DatasetUnreadableError,
)

HEADER_SIZE = 100
MAGIC = b"SQLite format 3\x00"
ROLLBACK_MODE = b"\x01\x01"
WAL_MODE = b"\x02\x02"
SIDECARS = ("-wal", "-journal")

POINTER = (
    b"version https://git-lfs",
    "a Git LFS pointer: the file itself was not checked out",
)
"""How a file begins that Git LFS left in place of another, and what it is."""

NO_ROOM = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_GETTEMPPATH,
)
"""What SQLite says where it cannot write: of files that it reads, a temporary one."""

# What is found in place of a database, by its first bytes.
_IMPOSTORS = (
    POINTER,
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"PK\x03\x04", "a zip archive"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<html", "an HTML page"),
)


def preflight(path: str) -> os.stat_result:
    """Refuse a file that must not be opened immutable, and say why.

    The file is opened and read here, which is harmless only because nothing in this process holds
    locks on an immutable file (https://www.sqlite.org/howtocorrupt.html, section 2.2).

    Returns:
        What the system says of the file.

    Raises:
        DatasetFileError: One of its kinds.
    """
    status, header = _read_header(path)
    check_sidecars(path)
    _check_header(path, status.st_size, header)
    return status


def identify_state(status: os.stat_result) -> tuple[int, ...]:
    """Tell the state of a file from that of any other that is or was at its path.

    It changes when the file is replaced or written to, even if size and modification time are put
    back. It also changes with mode, owner and number of hard links, while the content stays.
    """
    changed = status.st_mtime_ns, status.st_ctime_ns
    return status.st_dev, status.st_ino, status.st_size, *changed


def check_sidecars(path: str) -> None:
    """Refuse a file with a log or journal beside it that holds part of its content.

    Raises:
        DatasetNotPackagedError: There is one.
    """
    path = _resolve(path)
    for suffix in SIDECARS:
        _check_sidecar(path, suffix)


def find_sidecars(path: str) -> list[str]:
    """The log and the journal beside a file, where they hold anything."""
    beside = [_resolve(path) + suffix for suffix in SIDECARS]
    return [each for each in beside if os.path.isfile(each) and _measure(each)]


def _measure(path: str) -> int:
    """The size of a file; 0 where it has just been removed."""
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def check_header(path: str) -> None:
    """Refuse what is not a complete SQLite file in rollback mode.

    Raises:
        DatasetFileError: One of its kinds.
    """
    status, header = _read_header(path)
    _check_header(path, status.st_size, header)


def preflight_live(path: str, hint: str = "") -> None:
    """Refuse what cannot be a database, without opening it: others may hold locks on it.

    Args:
        path: The file.
        hint: What to do about a file that is missing; by default, as for a path of the user's own.

    Raises:
        DatasetFileError: One of its kinds.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        raise explain(error, path, hint or CORRECT_PATH) from error
    check_regular(path, status)
    if status.st_size == 0:
        raise DatasetCorruptError(f"{path} is empty.", hint=hint or CORRECT_PATH)
    if not os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
        raise _unreadable(path)
    refuse_special_sidecars(path)


def refuse_special_sidecars(path: str) -> None:
    """Refuse a FIFO or device that stands where SQLite would look for a log or a journal.

    Raises:
        DatasetUnreadableError: There is one.
    """
    path = _resolve(path)
    for suffix in (*SIDECARS, "-shm"):
        _check_sidecar_is_regular(path + suffix)


def _resolve(path: str) -> str:
    """The file itself, beside which SQLite looks for a journal."""
    try:
        return os.path.realpath(path) if os.path.islink(path) else path
    except OSError:  # an installer has removed the link since; who opens the file will meet that
        return path


def _read_header(path: str) -> tuple[os.stat_result, bytes]:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        # O_NONBLOCK: opening a FIFO must fail below rather than wait for a writer.
        descriptor = os.open(path, flags)
        try:
            status = os.fstat(descriptor)
            check_regular(path, status)
            return status, os.read(descriptor, HEADER_SIZE)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise explain(error, path) from error


def check_regular(path: str, status: os.stat_result) -> None:
    """Refuse a folder, a FIFO, a socket or a device.

    Raises:
        DatasetUnreadableError: It is one.
    """
    if not S_ISREG(status.st_mode):
        what = "a folder, not a regular file" if S_ISDIR(status.st_mode) else "not a regular file"
        raise DatasetUnreadableError(f"{path} is {what}.", hint=NAME_FILE)


def _check_header(path: str, size: int, header: bytes) -> None:
    if not header.startswith(MAGIC) or len(header) < HEADER_SIZE:
        raise DatasetCorruptError(f"{path} is {_identify(size, header)}.", hint=REINSTALL)
    if header[18:20] == WAL_MODE:
        raise DatasetNotPackagedError(
            f"{path} is in write-ahead (WAL) mode: its last rows may be in another file.",
            hint="Publish it as `VACUUM INTO` writes it, or run PRAGMA journal_mode=DELETE on it.",
        )
    if header[18:20] != ROLLBACK_MODE:
        raise DatasetCorruptError(f"{path} has an unknown format in its header.", hint=REINSTALL)
    check_size(path, size, header)


def check_size(path: str, size: int, header: bytes) -> None:
    """Refuse a database whose size is not the one that its header claims.

    Raises:
        DatasetCorruptError: It has another size.
    """
    expected = _expected_size(header) if header.startswith(MAGIC) else 0
    if expected and expected != size:
        raise DatasetCorruptError(
            f"{path} has {size:,} bytes where its header says {expected:,}.", hint=REINSTALL
        )


def _expected_size(header: bytes) -> int:
    """The size that the header claims in bytes, or 0 where it makes no valid claim."""
    page_size = int.from_bytes(header[16:18], "big")
    page_size = 65536 if page_size == 1 else page_size
    is_claim_valid = header[24:28] == header[92:96]
    return page_size * int.from_bytes(header[28:32], "big") if is_claim_valid else 0


def _check_sidecar(path: str, suffix: str) -> None:
    status = _check_sidecar_is_regular(path + suffix)
    if status and status.st_size:
        raise DatasetNotPackagedError(
            f"{path}{suffix} holds changes that {path} lacks: it was copied while in use.",
            hint="Close its writer, then copy or publish it again.",
        )


def _check_sidecar_is_regular(path: str) -> os.stat_result | None:
    """Refuse a FIFO in place of a log or journal, which SQLite would wait for without end."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    check_regular(path, status)
    return status


def _identify(size: int, header: bytes) -> str:
    if size == 0:
        return "empty"
    for prefix, name in _IMPOSTORS:
        if header.startswith(prefix):
            return f"not a SQLite database but {name}"
    return "cut short" if MAGIC.startswith(header[:16]) else "not a SQLite database"


REINSTALL = "Reinstall the distribution that it belongs to, or build it again."
CHECK_MEDIUM = "Check the medium."
NAME_FILE = "Name the database file itself."
CORRECT_PATH = "Correct the path that was configured or registered, or write the file again."


def explain(error: OSError | ValueError, path: str, hint: str = REINSTALL) -> DatasetFileError:
    """Return the error of this package for an operating system error while a database is read.

    Args:
        error: The error.
        path: The file.
        hint: What to do if there is no such file.
    """
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):  # or a NUL in it
        return DatasetFileMissingError(f"{path} does not exist.", hint=hint)
    if isinstance(error, PermissionError):
        return _unreadable(path)
    return DatasetIOError(f"{path} cannot be read: {error.strerror}.", hint=CHECK_MEDIUM)


def _unreadable(path: str) -> DatasetUnreadableError:
    try:
        status = os.stat(path)
        facts = f"mode {status.st_mode & 0o7777:04o}, owner uid {status.st_uid}"
    except OSError:
        facts = "its directory may not be entered"
    uid = find_user()
    user = "this user" if uid is None else f"uid {uid}"
    return DatasetUnreadableError(
        f"{path} may not be read by {user} ({facts}).",
        hint="Make it readable (chmod a+r), or reinstall its distribution with umask 022.",
    )


def translate(
    error: sqlite3.Error | DatasetError | UnicodeDecodeError | MemoryError, path: str
) -> DatasetFileError:
    """Return the error of this package for what SQLite raises while it opens or reads a file."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if known := _find_known(error, path, code):
        return known
    if isinstance(error, MemoryError):
        return DatasetIOError(f"{path} needs more memory than there is.", hint=VERIFY)
    is_garbled = isinstance(error, UnicodeDecodeError)
    if is_garbled or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        # SQLite says this of a passing read error as well; hashing the file tells.
        return DatasetCorruptError(
            f"{path} is damaged: {error}.",
            hint=f"{REINSTALL} {VERIFY}",
        )
    if code == sqlite3.SQLITE_READONLY:
        return DatasetNotPackagedError(
            f"{path} was left in the middle of a transaction: {error}.",
            hint="Open it once with write access, so that SQLite can roll back.",
        )
    if getattr(error, "sqlite_errorcode", 0) in NO_ROOM:
        return DatasetIOError(
            f"SQLite cannot write a temporary file to sort rows of {path}: {error}.",
            hint="Set SQLITE_TMPDIR to a folder with room, or first run PRAGMA temp_store=MEMORY.",
        )
    # An error of our own connections names the dataset, and may have a hint on SQL.
    reason = (error.message if isinstance(error, DatasetError) else str(error)).rstrip(".")
    problem = "is being written to" if code in _BUSY else "cannot be read"
    hint = NOT_UTF8 if UNDECODED in reason else _HINTS.get(code, VERIFY)
    return DatasetIOError(f"{path} {problem}: {reason}.", hint=hint)


_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_MEDIUM = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL)
_HINTS = dict.fromkeys(_BUSY, "Try again.") | dict.fromkeys(_MEDIUM, CHECK_MEDIUM)
UNDECODED = "Could not decode to UTF-8"
"""How sqlite3 begins to tell of a text that it cannot read."""
NOT_UTF8 = (
    "A text or a name is not UTF-8; select CAST(column AS BLOB) to see the bytes of a text, and "
    "rename tables and columns in a copy of the file."
)
VERIFY = "If it is an installed dataset, `microcosm-sqlite verify` tells whether it is damaged."


def _find_known(error: Exception, path: str, code: int) -> DatasetFileError | None:
    """An error that was translated before, or what the file itself shows."""
    if isinstance(error, DatasetFileError):
        return error
    if code == sqlite3.SQLITE_CANTOPEN and not os.path.exists(path):
        return explain(FileNotFoundError(), path)
    if code == sqlite3.SQLITE_NOTADB and os.path.exists(path):
        try:
            check_header(path)
        except DatasetFileError as cause:
            return cause
    return None
