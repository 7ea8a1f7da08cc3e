"""Sessions that belong to one thread, or to one asyncio task in it.

A SQLAlchemy session must not be shared between threads or between tasks. Context variables alone
do not see to that, because a task inherits the variables of the one that started it; so whatever
holds a session also says whose it is.
"""

from __future__ import annotations

import atexit
import os
import sqlite3
import sys
import warnings
import weakref
from threading import local
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import QueuePool, event
from sqlalchemy.orm import Session

from microcosm_sqlite.errors import DuplicateModelError, ModelIntegrityError
from microcosm_sqlite.orm.forking import track_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import IntegrityError
    from sqlalchemy.orm import Mapper

K = TypeVar("K")


class DatasetSession(Session):
    """A session that starts again in a forked child.

    Attributes:
        is_own: Whether it serves a thread or task outside of contexts, and so is committed by none.
        is_reachable: Whether its user may commit it nevertheless.
    """

    is_own = False
    is_reachable = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        track_session(self)


class IdleConnections:
    """One open connection per thread to a read-only engine, between two uses of it.

    Taking a connection from SQLAlchemy's pool and giving it back costs as much as the query that
    a short session is for. A connection that cannot write has no state that a second session
    could see, but for execution options; so a thread keeps its last one without any at hand.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._thread = local()

    def take(self) -> Connection | None:
        """The thread's idle connection, which is the caller's from now on."""
        connection: Connection | None = vars(self._thread).pop("connection", None)
        return None if connection is None or _is_of_parent(connection) else connection

    def give(self, connection: Connection) -> None:
        """Keep a connection for the thread's next session."""
        has_options = connection.get_execution_options() != self.engine.get_execution_options()
        if "connection" in vars(self._thread) or has_options or _is_of_parent(connection):
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


def _is_of_parent(connection: Connection) -> bool:
    """Whether a forked child inherited a connection, which only its parent may use."""
    return not connection.connection.is_valid


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
    """A read-only session that takes the connection which its thread keeps, or will keep.

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

    def connection(self, bind_arguments: Any = None, execution_options: Any = None) -> Connection:
        """As of a SQLAlchemy session, at a quarter of the price where it leased its connection."""
        leased = self._leased
        if leased is None and self.bind is self._idle.engine and not self.in_transaction():
            leased = self._leased = self.bind = self._idle.engine.connect()
        if leased is None or self.bind is not leased or bind_arguments or execution_options:
            return super().connection(bind_arguments, execution_options)
        # Before it has begun in both, SQLAlchemy has yet to enlist it.
        if leased.in_transaction() and self.in_transaction():
            return leased
        return super().connection()

    def lease(self, mapper: Mapper[Any]) -> Connection | None:
        """The leased connection, begun; None if another one answers for this mapper."""
        connection = self.connection()
        is_leased = connection is self._leased and self.get_bind(mapper) is connection
        return connection if is_leased else None

    def rollback(self) -> None:
        """As of a SQLAlchemy session; in a forked child, end the lease of the parent as well."""
        super().rollback()
        if self._leased is not None and _is_of_parent(self._leased):
            self._end_lease()

    def close(self) -> None:
        """Release objects and connection; the session may be used again."""
        super().close()
        leased = self._end_lease()
        if leased is not None:
            self._idle.give(leased)
        elif self.bind is self._idle.engine:
            self._idle.keep_one()

    def end(self) -> None:
        """Close, and give the connection to the pool rather than to a thread that ends."""
        super().close()
        leased = self._end_lease()
        if leased is not None:
            leased.close()

    def _end_lease(self) -> Connection | None:
        leased, self._leased = self._leased, None
        if leased is not None:
            self.bind = self._idle.engine
        return leased


def has_uncommitted_writes(session: Session) -> bool:
    """Whether an own session has begun to write and was neither committed nor rolled back."""
    if not getattr(session, "is_own", False):
        return False
    if not session.is_active:  # a flush has failed: its error was told, and nothing is left of it
        return False
    if session.new or session.dirty or session.deleted:
        return True
    if not session.in_transaction():
        return False
    driver_connection: Any = session.connection().connection.dbapi_connection
    return bool(driver_connection.in_transaction)


def current_thread_or_task() -> object:
    """Return the asyncio task that runs, or that this thread works for, or else the thread."""
    modules = sys.modules
    asyncio = modules.get("asyncio")
    # Neither import asyncio for those who do without, nor ask for a task where no loop runs.
    if asyncio is not None:
        task: object = None
        if asyncio._get_running_loop() is not None:
            task = asyncio.current_task()
        elif _ANYIO in modules:
            task = _find_waiting_task(modules[_ANYIO])
        if task is not None:
            return task
    try:
        return _thread.current
    except AttributeError:
        current = _thread.current = _Thread()
        return current


def is_event_loop_running() -> bool:
    """Whether this thread runs an event loop now, without importing asyncio for the answer."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


_ANYIO = "anyio._core._eventloop"


def _find_waiting_task(anyio: Any) -> object:
    """Return the task that waits for what anyio runs in this thread, or None.

    Starlette and FastAPI run each synchronous piece of a request in some thread of anyio, while
    the request's task waits: so the pieces never run at once. Where anyio's cancel scopes do not
    tell which task waits, the thread stands for itself. Private names of anyio, tried with 4.16.
    """
    scope = getattr(anyio.threadlocals, "current_cancel_scope", None)
    if scope is None:
        return None
    try:
        # It is the scope of this call, or else the one around it.
        children = tuple(scope._child_scopes)
        if children:
            (scope,) = children
        task: object = None if scope._child_scopes else scope._host_task
    except (AttributeError, RuntimeError, ValueError):
        return None
    return task


class _Thread:
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
    """One session per key and thread or task, closed when that ends."""

    def __init__(self) -> None:
        self._shelves: weakref.WeakKeyDictionary[object, dict[object, Session]] = (
            weakref.WeakKeyDictionary()
        )
        self._ends: weakref.WeakKeyDictionary[object, weakref.finalize[..., Any]] = (
            weakref.WeakKeyDictionary()
        )
        # A thread finds its shelf here in a fraction of the time.
        self._of_thread = local()
        _all_own_sessions.add(self)
        # Sessions of a graph that is gone last no longer than those who still use them.
        weakref.finalize(self, _detach_all, self._ends).atexit = False

    def get(self, key: K, create: Callable[[K], Session]) -> Session:
        """Return the session of this key, made from it on first use."""
        owner = current_thread_or_task()
        is_thread = type(owner) is _Thread
        shelf = getattr(self._of_thread, "shelf", None) if is_thread else self._shelves.get(owner)
        if shelf is None:
            shelf = self._start_shelf(owner)
            if is_thread:
                self._of_thread.shelf = shelf
        session: Session | None = shelf.get(key)
        if session is None:
            session = shelf[key] = create(key)
        return session

    def _start_shelf(self, owner: object) -> dict[object, Session]:
        shelf = self._shelves[owner] = {}
        end = weakref.finalize(owner, end_sessions, shelf, os.getpid())
        end.atexit = False
        self._ends[owner] = end
        return shelf

    def close_mine(self) -> None:
        """Close the sessions of this thread or task."""
        end_sessions(self._shelves.get(current_thread_or_task(), {}), os.getpid())

    def close(self) -> None:
        """Close the sessions of every thread and task."""
        for reference in self._shelves.keyrefs():
            close_sessions(self._shelves.get(reference(), {}), os.getpid())


def close_sessions(sessions: dict[object, Session], process: int) -> None:
    """Close sessions, unless a child inherited them: its parent still uses them."""
    if os.getpid() == process:
        while sessions:
            session = sessions.popitem()[1]
            # A connection kept for a thread that ends would stay open for ever.
            session.end() if isinstance(session, LeasingSession) else session.close()


def _detach_all(ends: weakref.WeakKeyDictionary[object, weakref.finalize[..., Any]]) -> None:
    for end in list(ends.values()):
        end.detach()


def end_sessions(sessions: dict[object, Session], process: int) -> None:
    """Close sessions whose thread or task has ended, and warn of writes that are lost."""
    if os.getpid() == process:
        for session in sessions.values():
            if has_uncommitted_writes(session):
                warnings.warn(
                    "A thread or task ended without committing what it wrote outside of a "
                    "context: the writes are rolled back. Call store.session.commit(), or write "
                    "within a context.",
                    RuntimeWarning,
                    stacklevel=2,
                )
    close_sessions(sessions, process)


_DUPLICATE_CODES = frozenset(
    (
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    )
)


def explain_integrity_error(error: IntegrityError, model: str, dataset: str) -> ModelIntegrityError:
    """Return the error of this package for a broken constraint, by SQLite's extended error code.

    https://www.sqlite.org/rescode.html#extended_result_code_list
    """
    code = getattr(error.orig, "sqlite_errorcode", 0)
    kind = DuplicateModelError if code in _DUPLICATE_CODES else ModelIntegrityError
    return kind(f"{model} in dataset {dataset!r}: {error.orig}.")
