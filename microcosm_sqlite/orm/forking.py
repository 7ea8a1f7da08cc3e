"""Keep SQLite's promises across ``os.fork``: no connection is shared, and none closed twice.

SQLite forbids a child to use, or even to close, a connection that its parent opened
(https://www.sqlite.org/howtocorrupt.html, section 2.6). So in a child every engine starts a new
pool, sessions forget what they were in the middle of, and the inherited connections stay
referenced for ever. Nothing has to be called for it.

What this cannot prevent: a fork while another thread is inside SQLite may copy a locked
mutex, and the child then hangs at its first query. A warning of
:mod:`~microcosm_sqlite.catalog.fork_safety` tells of it.
"""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from microcosm_sqlite.catalog.fork_safety import watch_engines
from microcosm_sqlite.common.platforms import register_at_fork

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session
    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

T = TypeVar("T")


class WeakBag(Generic[T]):
    """Objects for as long as others use them.

    A ``WeakSet`` cannot be gone through while another thread adds to it; this can.
    """

    def __init__(self) -> None:
        self._references: set[weakref.ref[T]] = set()

    def add(self, item: T) -> None:
        """Take an object in."""
        self._references.add(weakref.ref(item, self._references.discard))

    def clear(self) -> None:
        """Forget all objects."""
        self._references.clear()

    def __iter__(self) -> Iterator[T]:
        for reference in list(self._references):
            item = reference()
            if item is not None:
                yield item


class ConnectionTracker:
    """The open connections of one engine, and who has them.

    Attributes:
        engine: A weak reference to the engine.
        connections: Every open DBAPI connection.
        is_copied: Whether a child may go on with them.
    """

    def __init__(self, engine: Engine, *, is_copied: bool) -> None:
        self.engine = weakref.ref(engine)
        self.is_copied = is_copied
        self.connections: set[sqlite3.Connection] = set()
        self._entries: WeakBag[ConnectionPoolEntry] = WeakBag()
        # What is still open when nobody has the engine any more is closed.
        event.listen(engine, "connect", self._add)
        event.listen(engine, "checkout", self._lend)
        event.listen(engine, "close", self._discard)
        event.listen(engine, "close_detached", self.connections.discard)
        weakref.finalize(engine, close_all, self.connections).atexit = False

    def leases(self) -> list[PoolProxiedConnection]:
        """The connections that are in use."""
        found = [entry.info["lease"]() for entry in self._entries if "lease" in entry.info]
        return [lease for lease in found if lease is not None]

    def abandon(self) -> None:
        """Disown all connections without closing them, those in use included."""
        make_immortal(self.connections)
        for lease in self.leases():
            # Without its connection SQLAlchemy takes it for invalidated and does not touch it.
            lease.dbapi_connection = None  # type: ignore[misc]
        for entry in self._entries:
            entry.dbapi_connection = None  # type: ignore[misc]
            entry.fairy_ref = None  # type: ignore[attr-defined]  # its pool's lock may be held
        self.connections.clear()
        self._entries.clear()

    def _add(self, connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        self.connections.add(connection)
        self._entries.add(entry)

    def _lend(
        self, _: sqlite3.Connection, entry: ConnectionPoolEntry, fairy: PoolProxiedConnection
    ) -> None:
        entry.info["lease"] = weakref.ref(fairy)

    def _discard(self, connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        self.connections.discard(connection)


_trackers: set[ConnectionTracker] = set()
_sessions: WeakBag[Session] = WeakBag()
_held: list[object] = []


def track_engine(engine: Engine, *, is_copied: bool = False) -> None:
    """Give the engine new connections in every child of this process.

    Args:
        engine: The engine.
        is_copied: Its database is in memory, and so is the child's own already.
    """
    tracker = ConnectionTracker(engine, is_copied=is_copied)
    _trackers.add(tracker)
    weakref.finalize(engine, _trackers.discard, tracker).atexit = False


def track_session(session: Session) -> None:
    """Have the session start again in every child of this process."""
    _sessions.add(session)


def close_all(connections: set[sqlite3.Connection]) -> None:
    """Close what nobody can use any more."""
    while connections:
        connections.pop().close()


def make_immortal(objects: set[sqlite3.Connection]) -> None:
    """Keep objects from ever being deallocated, the end of the process included."""
    if objects:
        from ctypes import py_object, pythonapi

        for one in objects:
            pythonapi.Py_IncRef(py_object(one))


@atexit.register
def _close_idle_connections() -> None:
    for tracker in list(_trackers):
        engine = tracker.engine()
        if engine is not None:
            engine.dispose()


def _prepare() -> None:
    # A child's first act is to clear away the threads that it does not have; without these
    # references it would roll back and close what they had open.
    _held.extend(_sessions)
    for tracker in list(_trackers):
        _held.extend(tracker.leases())


def _start_anew() -> None:
    for tracker in list(_trackers):
        engine = tracker.engine()
        if engine is not None and not tracker.is_copied:
            tracker.abandon()
            engine.dispose(close=False)
    for session in _sessions:
        try:
            session.rollback()
        except SQLAlchemyError:
            # It belonged to a thread that does not exist here.
            continue
    _held.clear()


watch_engines(lambda: any(tracker.connections for tracker in list(_trackers)))
register_at_fork(before=_prepare, after_in_parent=_held.clear, after_in_child=_start_anew)
