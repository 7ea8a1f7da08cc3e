"""Databases in memory that several connections of a process share."""

from __future__ import annotations

import sqlite3
from itertools import count

from microcosm_sqlite.orm.transactions import PATIENCE

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

    def connect(self, timeout: float = PATIENCE) -> sqlite3.Connection:
        """A connection of its own for whoever asks, which waits so many seconds for a lock."""
        self.find_uri()
        return self._connect(timeout)

    def find_uri(self) -> str:
        """The address that any connection of this process can open or attach."""
        if not self._anchors:
            self._uri = self._uri or f"file:/microcosm-sqlite-{next(_numbers)}?vfs=memdb"
            self._anchors.append(self._connect())
        return self._uri

    def close(self, *_: object) -> None:
        """Let the database go; the next connection is to a new one."""
        self._uri = ""
        while self._anchors:
            self._anchors.pop().close()

    def _connect(self, timeout: float = PATIENCE) -> sqlite3.Connection:
        return sqlite3.connect(
            self._uri,
            timeout=timeout,
            uri=True,
            check_same_thread=False,
            isolation_level=None,
        )
