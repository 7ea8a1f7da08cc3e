"""Warn of a fork while another thread may be inside SQLite, whose child may then hang.

A fork may copy a mutex of SQLite's that another thread holds; nothing releases it in the child.
That thread shows in two ways: its code is this package's or SQLAlchemy's, or it has a connection
open, whose methods are C code that leaves no frame to look at.
"""

from __future__ import annotations

import sqlite3
import sys
import warnings
import weakref
from threading import active_count, get_ident

from microcosm_sqlite.catalog.dataset_connection import DatasetConnection
from microcosm_sqlite.common.platforms import register_at_fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class ForkSafetyWarning(RuntimeWarning):
    """The process forks while another of its threads is inside SQLite: the child may hang.

    Fork before threads start, or use the ``spawn`` or ``forkserver`` start method.
    """


class WatchedConnection(DatasetConnection):
    """A connection that is known, while it is open, with the thread that opened it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.thread = get_ident()
        _connections.add(weakref.ref(self, _connections.discard))

    def is_open(self) -> bool:
        """Whether it was not closed; any thread may ask."""
        try:
            return self.total_changes >= 0
        except sqlite3.ProgrammingError:
            return False


_connections: set[weakref.ref[WatchedConnection]] = set()
_engine_checks: list[Callable[[], bool]] = []


def watch_engines(are_connected: Callable[[], bool]) -> None:
    """Take code of SQLAlchemy for code that is inside SQLite, whenever a function says so."""
    _engine_checks.append(are_connected)


def _warn_of_active_threads() -> None:
    if active_count() == 1:
        return
    known = (reference() for reference in list(_connections))
    busy = {one.thread for one in known if one is not None and one.is_open()}
    prefixes: tuple[str, ...] = ("microcosm_sqlite.",)
    if any(are_connected() for are_connected in _engine_checks):
        prefixes += ("sqlalchemy.",)
    frames = sys._current_frames()
    for thread, frame in frames.items():
        if frame.f_globals.get("__name__", "").startswith(prefixes):
            busy.add(thread)
    if others := busy & frames.keys() - {get_ident()}:
        warnings.warn(
            f"Forking while {len(others)} other thread(s) may be inside SQLite: the child may "
            "hang. Fork before threads start, or use the spawn or forkserver start method.",
            ForkSafetyWarning,
            stacklevel=2,
        )


register_at_fork(before=_warn_of_active_threads)
