"""Session contexts for asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import event

from microcosm_sqlite.orm.answering import binds_of
from microcosm_sqlite.orm.arguments import check_data_set
from microcosm_sqlite.orm.async_engines import AsyncSession, async_engine
from microcosm_sqlite.orm.contexts import Scope, lock_session, refuse_closed
from microcosm_sqlite.orm.engine_errors import refuse_blocking
from microcosm_sqlite.orm.sessions import DatasetSession, ReadOnlySession, current_thread_or_task

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from microcosm_sqlite.orm.data_sets import DataSet


class AsyncSessionContext:
    """Open a session for the running task, which every :class:`AsyncStore` in the block uses.

    Args:
        graph: The object graph, or None for registered and installed datasets.
        data_set: A dataset, or one of its models.
        expire_on_commit: Read objects again after a commit.
    """

    def __init__(
        self, graph: Any, data_set: type[DataSet], *, expire_on_commit: bool = False
    ) -> None:
        self.graph = graph
        self.data_set = check_data_set(data_set)
        self.expire_on_commit = expire_on_commit
        self._session: AsyncSession | None = None
        self._scope: Scope | None = None

    @property
    def session(self) -> AsyncSession:
        """The session of this context; None while it is not open, which its type leaves out."""
        return cast("AsyncSession", self._session)

    async def open(self) -> Self:
        """Start a session; :meth:`close` must follow, in the same task."""
        binds = binds_of(self.graph, self.data_set.dataset_name)
        engine, session_factory = binds(self.data_set.dataset_name)
        binds.check_models(self.data_set)
        refuse = session_factory.kw.get("refuse")
        options = {"refuse": refuse} if refuse else {}
        self._session = AsyncSession(
            async_engine(engine),
            sync_session_class=ReadOnlySession if refuse else DatasetSession,
            expire_on_commit=self.expire_on_commit,
            **options,
        )
        if not refuse:
            # A flush that fails rolls back, which would fail as well.
            event.listen(self._session.sync_session, "before_flush", refuse_blocking)
        innermost = self.data_set.innermost_scope
        self._scope = Scope(
            self._session.sync_session, self, current_thread_or_task(), innermost.get()
        )
        innermost.set(self._scope)
        return self

    async def close(self) -> None:
        """End the session, and bring back that of the outer context; a no-op when not open."""
        if self._session is None or self._scope is None:
            return
        self.data_set.innermost_scope.set(self._scope.outer)
        session, self._session, self._scope = self._session, None, None
        await session.close()

    async def commit(self) -> None:
        """Commit what was written since the last commit; a no-op when not open."""
        if self._session is not None:
            await self._session.commit()

    async def rollback(self) -> None:
        """Undo what was written since the last commit; a no-op when not open."""
        if self._session is not None:
            await self._session.rollback()

    async def lock(self) -> None:
        """See :meth:`microcosm_sqlite.orm.contexts.SessionContext.lock`."""
        if self._session is None:
            raise refuse_closed()
        await self._session.run_sync(lock_session)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
