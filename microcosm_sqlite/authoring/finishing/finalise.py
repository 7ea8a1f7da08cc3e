"""Turn a loaded database into the file that is published: the same bytes for the same rows."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

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
