"""A database in memory that serves the connections of one engine, from any thread."""

from __future__ import annotations

import os
import sqlite3
from itertools import count
from pathlib import Path

from microcosm_sqlite.catalog.connection import attach_database

MEMORY = ":memory:"
"""The path that stands for a database in memory."""

_numbers = count(1)


class MemoryDatabase:
    """A database in memory that several connections share.

    SQLite's ``memdb`` file system gives each connection its own transaction, and the locks of a
    file with their timeout, where a shared cache fails at once on a locked table. The database
    lives as long as one connection to it is open, so one is kept here.
    """

    def __init__(self) -> None:
        self._anchors: list[sqlite3.Connection] = []
        self._uri = ""

    def connect(self) -> sqlite3.Connection:
        """A connection of its own for whoever asks."""
        self.find_uri()
        return self._connect()

    def find_uri(self) -> str:
        """What any connection of this process can open or attach."""
        if not self._anchors:
            self._uri = self._uri or f"file:/microcosm-sqlite-{next(_numbers)}?vfs=memdb"
            self._anchors.append(self._connect())
        return self._uri

    def close(self, *_: object) -> None:
        """Let the database go; the next connection is to a new one."""
        self._uri = ""
        while self._anchors:
            self._anchors.pop().close()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._uri, uri=True, check_same_thread=False, isolation_level=None)


def attach_to_memory(connection: sqlite3.Connection, schema: str, uri: str, path: str) -> None:
    """Attach another database to one in memory, under a name.

    What is attached to a database of one file system is looked for there, unless told otherwise.
    """
    if "vfs=" not in uri:
        uri = uri if uri.startswith("file:") else Path(uri).as_uri()
        uri += f"{'&' if '?' in uri else '?'}vfs={'win32' if os.name == 'nt' else 'unix'}"
    attach_database(connection, schema, uri, path)
