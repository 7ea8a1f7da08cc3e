"""Sessions that belong to one strand of execution: a thread, or an asyncio task in it.

A SQLAlchemy session must not be shared between threads or between tasks. Context variables alone
do not see to that, because a task inherits the variables of the one that started it; so whatever
holds a session also says whose it is.
"""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from threading import local
from typing import TYPE_CHECKING, Any

from sqlalchemy import QueuePool, event
from sqlalchemy.orm import Session

from microcosm_sqlite.orm.forking import track_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine


class DatasetSession(Session):
    """A session that starts anew in a forked child."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        track_session(self)


class IdleConnections:
    """One open connection per thread to a read-only engine, between two uses of it.

    Taking a connection from SQLAlchemy's pool and giving it back costs as much as the query that
    a short session is for. A connection that cannot write has no state that a second session
    could see, so a thread keeps its last one at hand.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._thread = local()

    def take(self) -> Connection | None:
        """The thread's idle connection, which is the caller's from now on."""
        connection: Connection | None = vars(self._thread).pop("connection", None)
        return connection

    def give(self, connection: Connection) -> None:
        """Keep a connection for the thread's next session."""
        if "connection" in vars(self._thread):
            connection.close()
        else:
            self._thread.connection = connection

    def keep_one(self) -> None:
        """Take a connection from the pool for the thread's next session, if one is open there."""
        pool = self.engine.pool
        if isinstance(pool, QueuePool) and pool.checkedin() and not vars(self._thread):
            self._thread.connection = self.engine.connect()

    def close(self) -> None:
        """Give this thread's connection back to the pool, and forget those of other threads."""
        connection = self.take()
        if connection is not None:
            connection.close()
        self._thread = local()


class ReadOnlySession(DatasetSession):
    """A session on data that nobody can change.

    Args:
        args: As for a SQLAlchemy session.
        refuse: Makes the error for a write.
        kwargs: As for a SQLAlchemy session.
    """

    def __init__(self, *args: Any, refuse: Callable[[], Exception], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refuse = refuse


@event.listens_for(ReadOnlySession, "before_flush", propagate=True)
def _refuse_flush(session: ReadOnlySession, *_: object) -> None:
    raise session.refuse()


class LeasingSession(ReadOnlySession):
    """A read-only session that takes the connection which its thread keeps.

    Args:
        args: As for a SQLAlchemy session.
        idle: Where to take the connection from.
        kwargs: As for a read-only session.
    """

    def __init__(self, *args: Any, idle: IdleConnections, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle = idle
        self._leased = idle.take() if self.bind is idle.engine else None
        if self._leased is not None:
            self.bind = self._leased

    def close(self) -> None:
        """Release objects and connection; the session may be used again."""
        super().close()
        if self._leased is not None:
            self.bind = self._idle.engine
            self._idle.give(self._leased)
            self._leased = None
        elif self.bind is self._idle.engine:
            self._idle.keep_one()


def current_strand() -> object:
    """What runs now: the asyncio task, or else an object that stands for the thread."""
    asyncio = sys.modules.get("asyncio")
    # Neither import asyncio for those who do without, nor ask for a task where no loop runs.
    if asyncio is not None and asyncio._get_running_loop() is not None:
        task: object = asyncio.current_task()
        if task is not None:
            return task
    try:
        return _thread.strand
    except AttributeError:
        strand = _thread.strand = _ThreadStrand()
        return strand


class _ThreadStrand:
    __slots__ = ("__weakref__",)


_thread = local()


_all_own_sessions: weakref.WeakSet[OwnSessions] = weakref.WeakSet()


@atexit.register
def _close_last_sessions() -> None:
    # Registered after the engines' own, so it comes before them; the main thread, which is the
    # last to run, has no other end.
    for own_sessions in list(_all_own_sessions):
        own_sessions.close_mine()


class OwnSessions:
    """One session per strand and key, closed when the strand ends."""

    def __init__(self) -> None:
        self._shelves: weakref.WeakKeyDictionary[object, dict[object, Session]] = (
            weakref.WeakKeyDictionary()
        )
        _all_own_sessions.add(self)

    def get(self, key: object, create: Callable[[], Session]) -> Session:
        """The strand's session of this key, made on first use."""
        strand = current_strand()
        shelf = self._shelves.get(strand)
        if shelf is None:
            shelf = self._shelves[strand] = {}
            weakref.finalize(strand, close_sessions, shelf, os.getpid()).atexit = False
        session = shelf.get(key)
        if session is None:
            session = shelf[key] = create()
        return session

    def close_mine(self) -> None:
        """Close the sessions of this strand."""
        close_sessions(self._shelves.get(current_strand(), {}), os.getpid())

    def close(self) -> None:
        """Close the sessions of every strand."""
        for reference in self._shelves.keyrefs():
            close_sessions(self._shelves.get(reference(), {}), os.getpid())


def close_sessions(sessions: dict[object, Session], process: int) -> None:
    """Close sessions, unless a child inherited them: its parent still uses them."""
    if os.getpid() == process:
        while sessions:
            sessions.popitem()[1].close()
