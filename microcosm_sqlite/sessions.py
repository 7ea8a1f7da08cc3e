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

from sqlalchemy.orm import Session

from microcosm_sqlite.forking import track_session

if TYPE_CHECKING:
    from collections.abc import Callable


class DatasetSession(Session):
    """A session that starts anew in a forked child."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        track_session(self)


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
        for shelf in list(self._shelves.values()):
            close_sessions(shelf, os.getpid())


def close_sessions(sessions: dict[object, Session], process: int) -> None:
    """Close sessions, unless a child inherited them: its parent still uses them."""
    if os.getpid() == process:
        while sessions:
            sessions.popitem()[1].close()
