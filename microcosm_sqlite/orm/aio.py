"""Contexts and stores for asyncio: the loop goes on while SQLite works.

Needs the extra ``async``. Within a context, queries run on SQLAlchemy's asyncio extension, in a
thread per connection; outside of any, in a few threads that all loops share. The same store
classes serve threads and tasks::

    store = AsyncStore(FlightStore())
    async with AsyncSessionContext(graph, Flight) as context:
        flight = await store.one(id=1)

What a relationship refers to has to be loaded with the object (``selectinload``, ``joinedload``):
loading it later would block, and SQLAlchemy refuses to.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from contextvars import copy_context
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from microcosm_sqlite.orm.answering import binds_of
from microcosm_sqlite.orm.async_contexts import AsyncSessionContext
from microcosm_sqlite.orm.async_engines import (
    async_engine,
    close_later,
    dispose_async_engines,
    find_executor,
)
from microcosm_sqlite.orm.contexts import SessionContext, find_session

__all__ = ["AsyncSessionContext", "AsyncStore", "async_engine", "dispose_async_engines"]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from typing import ParamSpec

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute

    from microcosm_sqlite.orm.async_engines import AsyncSession
    from microcosm_sqlite.orm.data_sets import DataSet
    from microcosm_sqlite.orm.rows import Page
    from microcosm_sqlite.orm.stores import Store

    P = ParamSpec("P")
    Attribute = InstrumentedAttribute
    Criterion = ColumnElement[bool]
    Number = int | None
    Where = Criterion | Sequence[Criterion]

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
M = TypeVar("M", bound="DataSet")
T = TypeVar("T")


class AsyncStore(Generic[M]):
    """The methods of a store, to be awaited.

    Within an :class:`AsyncSessionContext` they use its session. Outside of any, each call has a
    session of its own in one of a few threads; to write there is an error, as nothing would
    commit it.

    Args:
        store: The store.
        graph: The object graph to use outside of contexts, by default the store's own.
    """

    def __init__(self, store: Store[M], graph: Any = None) -> None:
        if isinstance(store, type) or not hasattr(type(store), "model_class"):
            raise TypeError(
                f"AsyncStore takes a store, such as AsyncStore(FlightStore()), not {store!r}."
            )
        self.store = store
        self.graph = graph

    async def count(self, *criteria: Criterion, **filters: Any) -> int:
        """See :meth:`microcosm_sqlite.orm.stores.Store.count`."""
        return await self._run(self.store.count, *criteria, **filters)

    async def exists(self, *criteria: Criterion, **filters: Any) -> bool:
        """See :meth:`microcosm_sqlite.orm.stores.Store.exists`."""
        return await self._run(self.store.exists, *criteria, **filters)

    async def get(self, key: Any) -> M | None:
        """See :meth:`microcosm_sqlite.orm.stores.Store.get`."""
        return await self._run(self.store.get, key)

    async def retrieve(self, key: Any) -> M:
        """See :meth:`microcosm_sqlite.orm.stores.Store.retrieve`."""
        return await self._run(self.store.retrieve, key)

    async def first(
        self, *criteria: Criterion, offset: Number = None, limit: Number = None, **filters: Any
    ) -> M | None:
        """See :meth:`microcosm_sqlite.orm.stores.Store.first`."""
        return await self._run(self.store.first, *criteria, offset=offset, limit=limit, **filters)

    search_first = first

    async def one(
        self, *criteria: Criterion, offset: Number = None, limit: Number = None, **filters: Any
    ) -> M:
        """See :meth:`microcosm_sqlite.orm.stores.Store.one`."""
        return await self._run(self.store.one, *criteria, offset=offset, limit=limit, **filters)

    async def one_or_none(
        self, *criteria: Criterion, offset: Number = None, limit: Number = None, **filters: Any
    ) -> M | None:
        """See :meth:`microcosm_sqlite.orm.stores.Store.one_or_none`."""
        return await self._run(
            self.store.one_or_none, *criteria, offset=offset, limit=limit, **filters
        )

    async def search(
        self, *criteria: Criterion, offset: Number = None, limit: Number = None, **filters: Any
    ) -> list[M]:
        """See :meth:`microcosm_sqlite.orm.stores.Store.search`."""
        return await self._run(self.store.search, *criteria, offset=offset, limit=limit, **filters)

    async def page(
        self,
        *criteria: Criterion,
        by: Sequence[Attribute[Any]] = (),
        after: tuple[Any, ...] | None = None,
        size: int = 100,
        descending: bool = False,
        **filters: Any,
    ) -> Page[M]:
        """See :meth:`microcosm_sqlite.orm.stores.Store.page`."""
        options: Any = {"by": by, "after": after, "size": size, "descending": descending}
        return await self._run(self.store.page, *criteria, **options, **filters)

    async def match(
        self,
        text: str,
        *criteria: Criterion,
        offset: Number = None,
        limit: Number = None,
        raw: bool = False,
        **filters: Any,
    ) -> list[M]:
        """See :meth:`microcosm_sqlite.orm.stores.Store.match`."""
        options: Any = {"offset": offset, "limit": limit, "raw": raw}
        return await self._run(self.store.match, text, *criteria, **options, **filters)

    async def create(self, instance: M) -> M:
        """See :meth:`microcosm_sqlite.orm.stores.Store.create`."""
        return await self._run(self.store.create, instance)

    async def delete(self, *criteria: Criterion, **filters: Any) -> bool:
        """See :meth:`microcosm_sqlite.orm.stores.Store.delete`."""
        return await self._run(self.store.delete, *criteria, **filters)

    async def stream(
        self, *criteria: Criterion, batch_size: int = 1000, **filters: Any
    ) -> AsyncIterator[M]:
        """See :meth:`microcosm_sqlite.orm.stores.Store.stream`."""
        async with self._context() as session:
            items: Iterator[M] = await session.run_sync(
                lambda _: self.store.stream(*criteria, batch_size=batch_size, **filters)
            )
            while batch := await session.run_sync(lambda _: list(islice(items, batch_size))):
                for item in batch:
                    yield item

    @overload
    async def rows(
        self,
        a: Attribute[A],
        /,
        *,
        where: Where = ...,
        offset: Number = ...,
        limit: Number = ...,
        **filters: Any,
    ) -> Sequence[tuple[A]]: ...

    @overload
    async def rows(
        self,
        a: Attribute[A],
        b: Attribute[B],
        /,
        *,
        where: Where = ...,
        offset: Number = ...,
        limit: Number = ...,
        **filters: Any,
    ) -> Sequence[tuple[A, B]]: ...

    @overload
    async def rows(
        self,
        a: Attribute[A],
        b: Attribute[B],
        c: Attribute[C],
        /,
        *,
        where: Where = ...,
        offset: Number = ...,
        limit: Number = ...,
        **filters: Any,
    ) -> Sequence[tuple[A, B, C]]: ...

    @overload
    async def rows(
        self,
        /,
        *columns: str | Attribute[Any],
        where: Where = ...,
        offset: Number = ...,
        limit: Number = ...,
        **filters: Any,
    ) -> Sequence[tuple[Any, ...]]: ...

    async def rows(
        self,
        /,
        *columns: str | Attribute[Any],
        where: Where = (),
        offset: Number = None,
        limit: Number = None,
        **filters: Any,
    ) -> Sequence[tuple[Any, ...]]:
        """See :meth:`microcosm_sqlite.orm.stores.Store.rows`; all rows at once."""
        options: dict[str, Any] = {"where": where, "offset": offset, "limit": limit}
        return await self._run(lambda: list(self.store.rows(*columns, **options, **filters)))

    async def _run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        session = self._find_session()
        if session is not None:
            return await session.run_sync(lambda _: function(*args, **kwargs))
        # What the task has in context variables is there for hooks of the store.
        call: Callable[[], T] = partial(function, *args, **kwargs)
        run = partial(copy_context().run, self._run_outside, self._find_graph(), call)
        return await asyncio.get_running_loop().run_in_executor(find_executor(), run)

    def _run_outside(self, graph: Any, call: Callable[[], T]) -> T:
        data_set = self.store.model_class.resolve()
        with SessionContext(graph, data_set) as context:
            binds_of(graph, data_set.dataset_name).mark_own(context.session)
            return call()

    def _find_session(self) -> AsyncSession | None:
        data_set = self.store.model_class.resolve()
        scope = data_set.innermost_scope.get()
        known = find_session(data_set)
        if (
            scope is not None
            and known is not None
            and isinstance(scope.context, AsyncSessionContext)
        ):
            session = scope.context._session
            if session is not None and session.sync_session is known:
                return session
        return None

    def _find_graph(self) -> Any:
        graph = self.graph
        if graph is None:
            graph = getattr(self.store.get_session, "graph", None)
        if graph is None and (scope := self.store.model_class.innermost_scope.get()):
            graph = scope.graph
        return graph

    @asynccontextmanager
    async def _context(self) -> AsyncIterator[AsyncSession]:
        session = self._find_session()
        if session is not None:
            yield session
            return
        data_set = self.store.model_class.resolve()
        context = await AsyncSessionContext(self._find_graph(), data_set).open()
        try:
            yield context.session
        except asyncio.CancelledError:
            # As when a program ends that has left a loop over a stream: to wait here then is what
            # Python refuses, with a traceback on the terminal.
            close_later(context.close())
            raise
        except BaseException:
            await context.close()
            raise
        await context.close()
