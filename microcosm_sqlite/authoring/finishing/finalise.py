"""Turn a loaded database into the file that is published: the same bytes for the same rows."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

APPLICATION_ID = 0x4D435351
"""`MCSQ` in the header, for `file(1)` and its like."""

USER_VERSION = 3
"""The major version of the file layout."""

SETTLING = f"""
PRAGMA secure_delete=OFF;
PRAGMA application_id={APPLICATION_ID};
PRAGMA user_version={USER_VERSION};
PRAGMA schema_version=1;
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Gather statistics, and set what `VACUUM INTO` would carry over from the loading file.

    That is the schema cookie, `secure_delete` (whose default differs between builds of SQLite),
    and statistics that only some builds write.
    """
    connection.execute("ANALYZE")
    if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat4'").fetchone():
        connection.execute("DROP TABLE sqlite_stat4")
    connection.executescript(SETTLING)


def write_copy(connection: sqlite3.Connection, target: Path) -> None:
    """Write the file anew, with pages that are laid out by content alone."""
    connection.execute("VACUUM INTO ?", (str(target),))


def settle(path: Path) -> None:
    """Bring a file to the disk, readable by everybody, before a rename makes it visible."""
    path.chmod(0o644)
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def publish(source: Path, target: Path) -> None:
    """Put a settled file in its place, all at once."""
    source.replace(target)
    if os.name != "posix":
        return  # elsewhere a directory cannot be opened to bring its entries to the disk
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 19
"""As small as zstd gets before it asks more memory of readers."""


def compress(source: Path, target: Path) -> None:
    """Compress a file with zstd: the same bytes for the same file, however many processors."""
    parameter: Any = zstd.CompressionParameter
    options = {
        parameter.compression_level: LEVEL,
        parameter.checksum_flag: 1,
        # One worker cuts the file into the same blocks as many do; none at all does not.
        parameter.nb_workers: max(1, os.cpu_count() or 1),
    }
    with source.open("rb") as plain, zstd.ZstdFile(target, "wb", options=options) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)
