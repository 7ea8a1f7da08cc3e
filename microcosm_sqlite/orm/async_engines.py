"""Engines for asyncio: connections of one event loop, and threads that all loops share.

A connection of aiosqlite has a thread and belongs to a loop: both are bounded, and end with it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from sqlalchemy import AsyncAdaptedQueuePool, event

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.platforms import open_pool, register_at_fork
from microcosm_sqlite.orm.engine_errors import refuse_blocking
from microcosm_sqlite.orm.engines import recipes
from microcosm_sqlite.orm.external_keys import find_attachments
from microcosm_sqlite.orm.types import copy_dialect

with extra("async"):
    import aiosqlite
    from sqlalchemy.ext import asyncio as sqlalchemy_asyncio
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

__all__ = [
    "AsyncSession",
    "async_engine",
    "close_later",
    "dispose_async_engines",
    "find_executor",
]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from concurrent.futures import Executor
    from threading import Thread

    from sqlalchemy import Engine

WORKERS = 8
"""Threads of a process for calls outside of contexts; SQLite seldom gains from more."""

CONNECTIONS = 16
"""Connections, each with its thread, that one loop keeps to one database; twice as many at most."""


_MOST_WAITS = 1000
"""How many milliseconds a loop waits at its end for threads that should have nothing to do."""


class _LoopEngines:
    """The engines of one event loop, whose connections are closed when the loop shuts down."""

    def __init__(self) -> None:
        self.twins: WeakKeyDictionary[Engine, AsyncEngine] = WeakKeyDictionary()
        self.connections: WeakSet[aiosqlite.Connection] = WeakSet()
        self.closing: set[asyncio.Future[None]] = set()
        self.threads: WeakSet[Thread] = WeakSet()
        # A loop that ends as `asyncio.run` ends it closes the generators that were begun in it.
        self._end = self._dispose_at_end()
        with suppress(StopIteration):
            begin: Any = self._end.__anext__()
            begin.send(None)

    async def _dispose_at_end(self) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.gather(*self.closing, return_exceptions=True)
            await self.dispose()
            # What was in use when an engine was disposed of is in no pool any longer.
            for connection in list(self.connections):
                await connection.close()
            await self._wait_for_threads()

    async def _wait_for_threads(self) -> None:
        """Let threads end whose connection is closed or could not be opened: they use the loop."""
        for _ in range(_MOST_WAITS):
            if not any(thread.is_alive() for thread in self.threads):
                break
            await asyncio.sleep(0.001)

    async def dispose(self) -> None:
        """Close the idle connections."""
        for twin in list(self.twins.values()):
            await twin.dispose()

    def stop(self) -> None:
        """Close every connection of a loop that is closed, from outside of it."""
        for connection in list(self.connections):
            stop: Any = getattr(connection, "stop", None)  # since aiosqlite 0.22
            if stop is not None:
                stop()


# A connection belongs to the event loop that it was opened in.
_engines: dict[asyncio.AbstractEventLoop, _LoopEngines] = {}


def _loop_engines() -> _LoopEngines:
    loop = asyncio.get_running_loop()
    known = _engines.get(loop)
    if known is None:
        for other in [other for other in list(_engines) if other.is_closed()]:
            ended = _engines.pop(other, None)
            if ended is not None:
                ended.stop()
        known = _engines[loop] = _LoopEngines()
    return known


def async_engine(engine: Engine) -> AsyncEngine:
    """Return the twin for the running event loop of an engine that this package made."""
    engines = _loop_engines()
    twin = engines.twins.get(engine)
    if twin is None:
        twin = engines.twins[engine] = _make_twin(engine, engines)
    return twin


def close_later(closing: Coroutine[Any, Any, None]) -> None:
    """Let something be closed by the running event loop, before it ends, without waiting for it."""
    tasks = _loop_engines().closing
    task = asyncio.ensure_future(closing)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def dispose_async_engines() -> None:
    """Close the idle connections of the running event loop."""
    await _loop_engines().dispose()


_executors: list[Executor] = []
register_at_fork(after_in_child=_executors.clear)  # a child has none of its parent's threads


def find_executor() -> Executor:
    """Return the threads for calls outside of contexts, which all loops of the process share."""
    if not _executors:
        _executors.append(open_pool(WORKERS, "microcosm-sqlite"))
    return _executors[0]


def _make_twin(engine: Engine, engines: _LoopEngines) -> AsyncEngine:
    recipe = recipes[engine]

    def open_async() -> aiosqlite.Connection:
        refuse_blocking()
        connection = aiosqlite.Connection(recipe.open, iter_chunk_size=64)
        # A connection that nobody closed must not keep the program from ending.
        thread: Any = getattr(connection, "_thread", connection)
        thread.daemon = True
        engines.threads.add(thread)
        engines.connections.add(connection)
        return connection

    # Not imported by name: OpenTelemetry may have put its own in this place since.
    twin = sqlalchemy_asyncio.create_async_engine(
        engine.url.set(drivername="sqlite+aiosqlite"),
        async_creator=open_async,
        echo=engine.echo,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=CONNECTIONS,
        max_overflow=CONNECTIONS,
        pool_reset_on_return=recipe.reset,
    )
    copy_dialect(engine, twin.sync_engine)
    recipe.listen(twin.sync_engine)
    event.listen(twin.sync_engine, "before_execute", refuse_blocking)
    attachments = find_attachments(engine)
    if attachments:
        attachments.install(twin.sync_engine)
    return twin
