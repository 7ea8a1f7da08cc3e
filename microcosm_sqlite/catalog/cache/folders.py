"""The folders of the extraction cache, and how a file comes to be in one: by one process at a time.

The folder of a content is named by its sha256. Only what follows from that content is in it, so
that nothing is ever updated. A file appears there only by rename, complete and verified; the lock
merely spares work, because on some network file systems every process is told that it holds it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

from microcosm_sqlite.catalog.cache import private_files as private
from microcosm_sqlite.errors import CacheUnavailableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Find = Callable[[str], str]

VARIABLE = "MICROCOSM_SQLITE_CACHE_DIR"
LAYOUT = "v1"
DIGEST_LENGTH = 40
"""Digits of the sha256 that name a cached file's folder."""

LOCK_TIMEOUT = 60.0
"""Seconds to wait for another process that extracts the same content."""

SILENT_WAIT = 2.0
"""Seconds of that wait after which it is told."""


def cache_directory() -> str:
    """The cache's root: the environment variable, else the user's cache directory.

    Raises:
        CacheUnavailableError: The variable is not an absolute path, or there is no home directory.
    """
    root = os.environ.get(VARIABLE, "")
    if not root:
        from platformdirs import user_cache_dir

        try:
            root = user_cache_dir("microcosm-sqlite", appauthor=False)
        except RuntimeError as error:  # older platformdirs return a relative path
            raise CacheUnavailableError(
                "This user has no home directory, in which datasets could be extracted.",
                hint=f"Set {VARIABLE} to an absolute path that this user can write.",
            ) from error
    if not os.path.isabs(root):
        raise CacheUnavailableError(
            f"The cache directory {root!r} is not an absolute path.",
            hint=f"Set {VARIABLE} to an absolute path.",
        )
    return root


def layout_levels(root: str = "") -> tuple[str, ...]:
    """The directories, outermost first, that hold the folders of cached files."""
    root = root or cache_directory()
    return root, os.path.join(root, LAYOUT)


def make_plain(name: str) -> str:
    """A name that is safe as a part of a file name: a manifest's name is not to be trusted."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)


def find_file(sha256: str, find: Find, root: str = "") -> str:
    """The path that a search in the folder of a content gives; empty where it finds nothing.

    Args:
        sha256: Hex digest of the content.
        find: Given the folder, returns the path of a published file in it, or an empty text.
        root: A folder to take in place of the user's cache.

    Raises:
        CacheError: The cache is not safe.
    """
    return find(_check_levels(sha256, root)[-1])


def ensure_file(sha256: str, find: Find, write: Find, root: str = "") -> str:
    """:func:`find_file`, and write the file where it is not there yet: one process at a time.

    Args:
        sha256: Hex digest of the content.
        find: Given the folder, returns the path of a published file in it, or an empty text.
        write: Given the folder, publishes the file, and returns its path.
        root: A folder to take in place of the user's cache.

    Raises:
        CacheError: The file cannot be written, or the cache is not safe.
    """
    levels = _check_levels(sha256, root)
    if path := find(levels[-1]):
        return path
    try:
        return _write_locked(levels, find, write)
    except CacheUnavailableError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        # Somebody cleared the cache at this moment.
        return _write_locked(levels, find, write)


def _check_levels(sha256: str, root: str) -> tuple[str, ...]:
    """The directories, outermost first, down to the folder of a content, after checking them."""
    levels = layout_levels(root)
    levels = (*levels, os.path.join(levels[-1], sha256[:DIGEST_LENGTH]))
    private.check_ancestors(levels[0])
    for level in levels:
        private.check_directory(level, create=False)
    return levels


def _write_locked(levels: Sequence[str], find: Find, write: Find) -> str:
    for level in levels:
        private.check_directory(level, create=True)
    folder = levels[-1]
    with _lock(f"{folder}.lock"):
        # A peer may have published it while this process waited for the lock.
        if path := find(folder):
            return path
        private.sweep(folder)
        return write(folder)


@contextmanager
def _lock(path: str) -> Iterator[None]:
    """Wait for a process that is extracting the same content; continue where locking fails."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=0o600)
    with suppress(NotImplementedError, OSError, Timeout):
        try:
            lock.acquire(timeout=min(SILENT_WAIT, LOCK_TIMEOUT))
        except Timeout:
            _tell_of_wait(path)
            lock.acquire(timeout=max(0, LOCK_TIMEOUT - SILENT_WAIT))
    try:
        yield
    finally:
        with suppress(OSError):
            lock.release()


def _tell_of_wait(path: str) -> None:
    from logging import getLogger

    # Python prints warnings of loggers that nobody configured on standard error.
    getLogger("microcosm_sqlite").warning(
        "Waiting up to %.0f seconds for another process that extracts the same dataset (lock %s).",
        LOCK_TIMEOUT,
        path,
    )
