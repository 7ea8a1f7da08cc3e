"""Cut a database into stretches that are compressed one by one.

All stretches have the same length, so that a row that changes in place changes one of them. What
stands behind a place where pages were added or removed changes as a whole: SQLite's pages name
each other by number, so that no other way of cutting would keep much more of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from pathlib import Path

from microcosm_sqlite.authoring.finishing.describe import digest
from microcosm_sqlite.authoring.finishing.finalise import compress
from microcosm_sqlite.catalog.shards import MAX_SHARDS
from microcosm_sqlite.errors import SettingsError

LARGEST_PAGE = 1 << 16
"""Bytes of a page of SQLite at most: no page is cut in two."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a database, compressed.

    Attributes:
        offset: Where it begins in the database, in bytes.
        bytes: How long it is there.
        path: The compressed file.
        sha256: Hex digest of that file.
    """

    offset: int
    bytes: int
    path: Path
    sha256: str


def cut_database(
    database: Path, folder: Path, limit: int, level: int, packed_size: int
) -> list[Stretch]:
    """Cut a database into as few stretches of one length as fit a limit, and compress them.

    The length is the limit times a power of two, rather than whatever would fit: it stays the same
    from one release to the next, although they compress differently.

    Args:
        database: The database.
        folder: Where the compressed files go.
        limit: Bytes that one of them may have.
        level: How hard zstd tries.
        packed_size: About how many bytes the whole database has, compressed.

    Raises:
        SettingsError: They would be too many.
        OSError: One cannot be written.
    """
    size = database.stat().st_size
    power = int(log2(max(1, size / max(1, packed_size))))
    while True:
        length = int(limit * 2.0**power) // LARGEST_PAGE * LARGEST_PAGE
        if length == 0 or size > length * MAX_SHARDS:
            raise SettingsError(
                f"Option `shards` is too small: {size:,} bytes would take more than "
                f"{MAX_SHARDS:,} shards."
            )
        stretches = []
        for offset in range(0, size, length):
            stretch = _pack(database, folder, offset, min(length, size - offset), level)
            if stretch.path.stat().st_size > limit:
                break
            stretches.append(stretch)
        else:
            return stretches
        power -= 1


def _pack(database: Path, folder: Path, offset: int, size: int, level: int) -> Stretch:
    path = folder / f"{offset}.zst"
    compress(database, path, level, offset, size)
    return Stretch(offset, size, path, digest(path))
