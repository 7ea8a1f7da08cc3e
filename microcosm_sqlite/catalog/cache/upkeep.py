"""Maintain the extraction cache: list what is in it, and remove what is not needed.

Everything in it can be made again, so that removing too much costs time and never data. Readers
that have a file open keep it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from microcosm_sqlite.catalog.cache import private_files as private
from microcosm_sqlite.catalog.cache.folders import DIGEST_LENGTH, layout_levels
from microcosm_sqlite.catalog.cache.twins import parse_name
from microcosm_sqlite.common.platforms import remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

UNUSED_DAYS = 30
"""Days without a read after which :func:`prune` removes what is not installed here."""


class CacheEntry:
    """One cached file: a database, or the columnar twin of a table.

    Attributes:
        name: The dataset that it was written for.
        table: The table that it is the twin of; empty for a database.
        digest: The first 40 hex digits of the sha256 of the database.
        path: The file.
        bytes: Its size.
        last_used: Seconds since the epoch of the last read; on file systems that do not record
            reads, of the extraction.
        is_installed: Whether a dataset that is installed in this environment refers to it. The
            cache is shared with the user's other environments.
    """

    __slots__ = ("bytes", "digest", "is_installed", "last_used", "name", "path", "table")

    def __init__(self, path: str, status: os.stat_result, *, is_installed: bool) -> None:
        folder, file = os.path.split(path)
        twin = parse_name(path)
        self.name = twin.dataset if twin else os.path.splitext(file)[0]
        self.table = twin.table if twin else ""
        self.digest = os.path.basename(folder)
        self.path = path
        self.bytes = status.st_size
        self.last_used = max(status.st_atime, status.st_mtime)
        self.is_installed = is_installed

    def __repr__(self) -> str:
        return f"<CacheEntry {self.name} {self.digest[:12]}: {self.bytes:,} bytes>"

    def as_dict(self) -> dict[str, object]:
        """The attributes, for JSON."""
        return {name: getattr(self, name) for name in sorted(self.__slots__)}


def entries() -> list[CacheEntry]:
    """List the cached files, sorted by name; a cache that was never used is empty.

    Raises:
        CacheUnsafeError: Somebody else could write to the cache.
        CacheUnavailableError: It cannot be read.
    """
    installed = _installed_digests()
    found = []
    for folder in _folders():
        for file in _list(folder.path):
            with suppress(FileNotFoundError):  # a peer may be clearing as well
                status = file.stat(follow_symlinks=False)
                if file.is_file(follow_symlinks=False) and not private.is_litter(file.name):
                    found.append(
                        CacheEntry(file.path, status, is_installed=folder.name in installed)
                    )
    return sorted(found, key=lambda entry: (entry.name, entry.digest, entry.table))


def clear() -> list[CacheEntry]:
    """Remove everything, and return what was removed.

    Lock files stay: two processes that wait for one of them must go on meeting there.

    Raises:
        CacheUnsafeError: Somebody else could write to the cache.
        CacheUnavailableError: Something cannot be removed.
    """
    return _remove(entries(), litter_age=0)


def prune(days: float = UNUSED_DAYS) -> list[CacheEntry]:
    """Remove what no dataset refers to and nobody read for ``days``, and return what it was.

    Raises:
        CacheUnsafeError: Somebody else could write to the cache.
        CacheUnavailableError: Something cannot be removed.
    """
    oldest = time.time() - days * 24 * 3600
    unused = (entry for entry in entries() if not entry.is_installed and entry.last_used <= oldest)
    return _remove(list(unused), litter_age=private.LITTER_AGE)


def _remove(doomed: list[CacheEntry], litter_age: float) -> list[CacheEntry]:
    for entry in doomed:
        try:
            remove(entry.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise private.describe(error, entry.path) from error
    for folder in _folders():
        private.sweep(folder.path, litter_age)
        with suppress(OSError):  # it is not empty, or a peer is at work in it
            os.rmdir(folder.path)
    return doomed


def _folders() -> Iterator[os.DirEntry[str]]:
    """The folders of cached files, after every directory above them was checked."""
    levels = layout_levels()
    for level in levels:
        private.check_directory(level, create=False)
    for folder in _list(levels[-1]):
        if len(folder.name) == DIGEST_LENGTH and folder.is_dir(follow_symlinks=False):
            private.check_directory(folder.path, create=False)
            yield folder


def _list(path: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as found:
            return list(found)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise private.describe(error, path) from error


def _installed_digests() -> set[str]:
    from microcosm_sqlite.catalog.registry import datasets

    return {
        dataset.manifest.sha256[:DIGEST_LENGTH]
        for dataset in datasets().values()
        if dataset.manifest
    }
