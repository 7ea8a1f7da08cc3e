"""Make files beside their target, so that a rename publishes them whole or not at all."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "lock"


@contextmanager
def open_workspace(folder: Path, prefix: str) -> Iterator[Path]:
    """Make a directory in a folder, on the same file system, and remove it afterwards.

    What processes that were killed left behind is removed first: a lock, which the operating
    system releases when its process ends, tells it from work under way.

    Args:
        folder: Where to.
        prefix: What its name begins with, and the names of those that are removed.
    """
    _sweep(folder, prefix)
    directory = Path(mkdtemp(prefix=prefix, dir=folder))
    lock = FileLock(directory / LOCK)
    try:
        with lock:
            yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _sweep(folder: Path, prefix: str) -> None:
    for directory in folder.glob(f"{prefix}*"):
        try:
            with FileLock(directory / LOCK, timeout=0):
                pass
        except (Timeout, OSError):
            continue  # in use, or not ours to touch
        shutil.rmtree(directory, ignore_errors=True)


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
