"""Make files beside their target, so that a rename publishes them whole or not at all."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from microcosm_sqlite.common.platforms import IS_WINDOWS, find_user, find_writers, remove_tree
from microcosm_sqlite.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "lock"
JOURNAL = ".journal"
"""In a workspace: what is being changed, and is to be restored from it should the process end."""
HIDDEN = ".hatch"
"""The name of folders that hatchling packs into no wheel and no source distribution."""

_SCRATCH = "microcosm-sqlite-"


@contextmanager
def open_workspace(folder: Path, prefix: str) -> Iterator[Path]:
    """Make a directory in a folder, on the same file system, and remove it afterwards.

    What processes that were killed left behind is removed first: a lock, which the operating
    system releases when its process ends, tells it from work under way.

    Args:
        folder: Where to.
        prefix: What its name begins with, and the names of those that are removed.
    """
    with naming_full_disk(folder / prefix):
        sweep(folder, prefix)
        directory, lock = _make(folder, prefix)
    try:
        yield directory
    finally:
        remove_workspace(directory, lock)
        lock.release()


@contextmanager
def making_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it where they are missing; if anything fails, unmake them."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for path in made:
            with suppress(OSError):  # not empty, as somebody else uses it
                path.rmdir()
        raise


@contextmanager
def open_hidden_workspace(folder: Path, prefix: str) -> Iterator[Path]:
    """Make a workspace in a folder that is packed, and that is not packed with it.

    What a process leaves that is killed then gets into no wheel and no source distribution. No
    workspace gets into a commit either.
    """
    hidden = folder / HIDDEN
    try:
        with open_workspace(hidden, prefix) as directory:
            yield directory
    finally:
        with suppress(OSError):  # not empty, as when others work there
            hidden.rmdir()


@contextmanager
def open_scratch() -> Iterator[Path]:
    """Make a workspace for what is not published, in the folder of temporary files."""
    with open_workspace(Path(gettempdir()), _SCRATCH) as directory:
        yield directory


def write_new(path: Path, text: str) -> None:
    """Write a file that appears as a whole, in UTF-8.

    Raises:
        FileExistsError: There is one.
    """
    with naming_full_disk(path), open_workspace(path.parent, f".{_SCRATCH}") as workspace:
        draft = workspace / "draft"
        draft.write_text(text, encoding="utf-8", newline="\n")
        publish_new(draft, path)


def publish_new(draft: Path, target: Path) -> None:
    """Move a file or folder to its place, unless something is there.

    Raises:
        FileExistsError: Something is there, if only since a moment ago.
    """
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    if draft.is_dir():
        draft.rename(target)
        return
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:
        draft.replace(target)  # a file system without links, where the last one wins


def sweep(folder: Path, prefix: str) -> None:
    """Remove what processes that were killed left of their workspaces in a folder."""
    found: list[Path] = []
    with suppress(FileNotFoundError):
        found = [*folder.glob(f"{escape(prefix)}*")]
    for directory in found:
        with suppress(OSError, Timeout):  # in use
            # Nobody is led to a file elsewhere by a link that a stranger put here.
            if is_own(directory):
                _remove_dead(directory)


def _remove_dead(directory: Path) -> None:
    """Remove a directory whose lock nobody holds, unless a project is to be restored from it."""
    if (directory / JOURNAL).exists():
        return
    with FileLock(directory / LOCK, timeout=0) as lock:
        remove_workspace(directory, lock)


def remove_workspace(directory: Path, lock: FileLock) -> None:
    """Remove a directory whose lock is held."""
    if IS_WINDOWS:
        lock.release()  # as no file is removed there that is open
    remove_tree(directory)


def _make(folder: Path, prefix: str) -> tuple[Path, FileLock]:
    while True:
        directory = _make_directory(folder, prefix)
        lock = FileLock(directory / LOCK)
        is_ready = False
        try:
            with suppress(FileExistsError, FileNotFoundError):
                is_ready = _occupy(directory, lock)
        finally:
            if not is_ready:
                remove_workspace(directory, lock)
                lock.release()
        if is_ready:
            return directory, lock


def _occupy(directory: Path, lock: FileLock) -> bool:
    """Lock a directory; whether it is still there, and this user's alone.

    Another process may have swept it before it was locked; to lock it would then recreate it, for
    others to read.
    """
    lock.acquire()
    (directory / ".gitignore").write_text("*\n", newline="\n")  # should this process be killed
    return not find_writers(directory.stat(), 0o077) and (directory / LOCK).exists()


def _make_directory(folder: Path, prefix: str) -> Path:
    for _ in range(100):
        # Another process may remove the folder at any time as long as it is empty.
        with suppress(FileExistsError, FileNotFoundError):
            folder.mkdir(exist_ok=True)
            return Path(mkdtemp(prefix=prefix, dir=folder))
    return Path(mkdtemp(prefix=prefix, dir=folder))


def is_own(directory: Path) -> bool:
    """Whether a directory belongs to this user, and is no link to another."""
    status = directory.lstat()
    is_ours = find_user() in (None, status.st_uid)
    return is_ours and not directory.is_symlink() and directory.is_dir()


@contextmanager
def writing_database(path: Path) -> Iterator[None]:
    """Tell that a database cannot be written as the operating system tells it of any file.

    SQLite would say "database or disk is full" of whatever database it was reading.

    Args:
        path: What is written.

    Raises:
        OSError: There is no room for it, or the disk fails.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0)
        if code not in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE):
            raise
        number = errno.ENOSPC if code == sqlite3.SQLITE_FULL else errno.EIO
        raise OSError(number, str(error), str(path)) from error


def is_disk_fault(error: BaseException) -> bool:
    """Whether an error comes from a disk that is full or fails, whatever was made of it since."""
    cause: BaseException | None = error
    while cause is not None:
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        number = cause.errno if isinstance(cause, OSError) else 0
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) or number in _DISK_FAULTS:
            return True
        cause = _find_cause(cause)
    return False


def _find_cause(error: BaseException) -> BaseException | None:
    """What an error was made of, by SQLAlchemy or otherwise."""
    cause: BaseException | None = getattr(error, "orig", None) or error.__cause__
    return cause


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_DISK_FAULTS = (*_NO_ROOM, errno.EIO)


@contextmanager
def naming_full_disk(target: Path) -> Iterator[None]:
    """Tell of a disk without room by what is written to it, whatever was made of that since.

    Python names the file that is copied, and not its copy, or none at all. SQLite names none.

    Args:
        target: What is written, or will be from a folder beside it.

    Raises:
        OSError: There is no room for it.
    """
    try:
        yield
    except Exception as error:
        if not _is_without_room(error, str(target.parent)):
            raise
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from error


def _is_without_room(error: BaseException, folder: str) -> bool:
    """Whether an error, or what it came from, says that there is no room in a folder."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DatasetError):
            return False  # it says by itself what there is no room for
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            return True
        if isinstance(cause, OSError):
            names = [str(name) for name in (cause.filename, cause.filename2) if name]
            # What copies a tree has a text for each file that could not be copied.
            is_full = cause.errno in _NO_ROOM or f"[Errno {errno.ENOSPC}]" in str(cause)
            return is_full and (not names or any(name.startswith(folder) for name in names))
        cause = _find_cause(cause)
    return False


def explain_os_error(error: OSError) -> tuple[str, str]:
    """Say what an error of the operating system is about, and what to do about it.

    >>> explain_os_error(OSError(errno.ENOSPC, "No space left on device", "/data/birds.db"))
    ('/data/birds.db: No space left on device.', 'Free some space there.')
    """
    where = f"{error.filename}: " if error.filename else ""
    hint = ""
    if error.filename and error.errno in _NO_ROOM:
        is_temporary = str(error.filename).startswith(f"{gettempdir()}{os.sep}{_SCRATCH}")
        elsewhere = ", or set TMPDIR to a folder with more" if is_temporary else " there"
        hint = f"Free some space{elsewhere}."
    return f"{where}{error.strerror or error}.", hint
