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

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "lock"
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
    sweep(folder, prefix)
    directory, lock = _make(folder, prefix)
    try:
        yield directory
    finally:
        _remove(directory, lock)
        lock.release()


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
    with open_workspace(path.parent, f".{_SCRATCH}") as workspace:
        draft = workspace / "draft"
        draft.write_text(text, encoding="utf-8")
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
    for directory in folder.glob(f"{escape(prefix)}*"):
        with suppress(OSError, Timeout):  # in use
            # Nobody is led to a file elsewhere by a link that a stranger put here.
            if _is_own(directory):
                _remove_dead(directory)


def _remove_dead(directory: Path) -> None:
    """Remove a directory whose lock nobody holds."""
    with FileLock(directory / LOCK, timeout=0) as lock:
        _remove(directory, lock)


def _remove(directory: Path, lock: FileLock) -> None:
    if IS_WINDOWS:
        lock.release()  # as no file is removed there that is open
    remove_tree(directory)


def _make(folder: Path, prefix: str) -> tuple[Path, FileLock]:
    while True:
        directory = Path(mkdtemp(prefix=prefix, dir=folder))
        lock = FileLock(directory / LOCK)
        # Another process may have swept it before it was locked; to lock it would then make it
        # anew, for others to read.
        with suppress(FileExistsError, FileNotFoundError):
            lock.acquire()
            is_private = not find_writers(directory.stat(), 0o077)
            if is_private and (directory / LOCK).exists():
                return directory, lock
        _remove(directory, lock)
        lock.release()


def _is_own(directory: Path) -> bool:
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


class Revision:
    """A copy of a project, to be changed.

    Attributes:
        path: Where the copy is.
        changed: The files that are changed, new or removed, relative to the project.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changed: set[Path] = set()

    def rewrite(self, file: Path, text: str) -> None:
        """Write a file of the copy, which may be a link to the one of the project until then."""
        self.remove(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())

    def take(self, source: Path, file: Path) -> None:
        """Copy a file from elsewhere to its place in the copy."""
        from shutil import copyfile

        self.remove(file)
        copyfile(source, file)

    def remove(self, file: Path) -> None:
        """Remove a file of the copy, if it is there."""
        file.unlink(missing_ok=True)
        self.changed.add(file.relative_to(self.path))

    def publish(self, root: Path, backup: Path) -> None:
        """Move what was changed into the project; whatever is raised, it stays as it was."""
        moved: list[Path] = []
        try:
            for name in sorted(self.changed):
                _move(root / name, backup / name)
                moved.append(name)
                _move(self.path / name, root / name)
        except BaseException:
            for name in reversed(moved):
                (root / name).unlink(missing_ok=True)
                _move(backup / name, root / name)
            raise


def _move(file: Path, target: Path) -> None:
    if file.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


@contextmanager
def revise_project(root: Path) -> Iterator[Revision]:
    """Make a copy of a project to be changed, and move the changes into it if nothing is raised.

    Hidden files, environments and what was packed stay out of the copy. It stands beside the
    project where that may be, so that relative paths out of it lead to the same files.
    """
    from shutil import copytree

    is_beside = not root.is_mount() and os.access(root.parent, os.W_OK)
    folder, prefix = (root.parent, f".{root.name}.revised-") if is_beside else (root, ".revised-")
    with open_workspace(folder, prefix) as copy, open_workspace(folder, f"{prefix}old-") as backup:
        copytree(
            root,
            copy,
            ignore=_leave_out,
            copy_function=_copy,
            ignore_dangling_symlinks=True,
            dirs_exist_ok=True,
        )
        revision = Revision(copy)
        yield revision
        revision.publish(root, backup)


_PACKED = {"__pycache__", "build", "dist", "node_modules"}
_LARGE = 1_000_000


def _leave_out(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if name.startswith(".") or name in _PACKED or Path(folder, name, "pyvenv.cfg").exists()
    ]


def _copy(file: str, target: str) -> None:
    """Link a large file, which nobody writes to, or copy it."""
    from shutil import copy2

    if Path(file).stat().st_size >= _LARGE:
        with suppress(OSError):
            os.link(Path(file).resolve(), target)
            return
    copy2(file, target)
