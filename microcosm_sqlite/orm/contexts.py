"""Session contexts, and the session that a store uses: that of a context or its own."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import text

from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.orm.answering import binds_of
from microcosm_sqlite.orm.arguments import check_data_set
from microcosm_sqlite.orm.sessions import (
    ReadOnlySession,
    current_thread_or_task,
    is_event_loop_running,
)
from microcosm_sqlite.orm.transactions import begin, take_lock

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from sqlalchemy.orm import Session

    from microcosm_sqlite.orm.data_sets import DataSet
    from microcosm_sqlite.orm.stores import Store


ANY_GRAPH = object()


class Scope:
    """One opening of a context.

    Attributes:
        session: Its session, or None once it is closed.
        graph: The object graph that it was opened with, or None.
        owner: The thread or task that opened it; others must not use its session.
        outer: The scope that it was opened in.
        is_entered: Whether a ``with`` block closes it.
    """

    __slots__ = ("context", "graph", "is_entered", "outer", "owner", "session")

    def __init__(self, session: Session, context: Any, owner: object, outer: Scope | None) -> None:
        self.session: Session | None = session
        self.context = context
        self.graph = context.graph
        self.owner = owner
        self.outer = outer
        self.is_entered = False


# What a worker thread opened for a task is not in the context variables of the task's next worker
# thread: frameworks run each piece in a copy. What the task opens afterwards is noted here too,
# which keeps the order.
_opened_for_tasks: dict[weakref.ref[object], list[Scope]] = {}


def find_session(data_set: type[DataSet], graph: Any = ANY_GRAPH) -> Session | None:
    """The session of the innermost context that this thread or task has open on the dataset.

    Args:
        data_set: The declarative base, or a model.
        graph: Only look at contexts of this object graph.
    """
    scope = data_set.innermost_scope.get()
    if scope is None and not _opened_for_tasks:
        return None
    current = current_thread_or_task()
    if _opened_for_tasks:
        for opened in reversed(_opened_for_tasks.get(weakref.ref(current), ())):
            if opened.context.data_set.resolve() is data_set.resolve() and (
                graph is ANY_GRAPH or opened.graph is graph
            ):
                return opened.session
    while scope is not None:
        if (
            scope.session is not None
            and scope.owner is current
            and (graph is ANY_GRAPH or scope.graph is graph)
        ):
            return scope.session
        scope = scope.outer
    return None


def find_lost_write(data_set: type[DataSet], session: Session) -> DatasetError | None:
    """Return the error for a write through a session that nobody commits, or None.

    Such is the session of a store outside of contexts, and one that took the place of a context
    which another thread or task has open.
    """
    if not getattr(session, "is_own", False):
        return None
    scope = data_set.innermost_scope.get()
    while scope is not None and (
        scope.session is None or scope.session.get_bind() is not session.get_bind()
    ):
        scope = scope.outer
    if scope is None and getattr(session, "is_reachable", False):
        return None
    cause = (
        "the context that is open belongs to another thread or task"
        if scope
        else "no context is open in this thread or task"
    )
    return DatasetError(
        f"Nothing would commit this write to dataset {data_set.dataset_name!r}: {cause}.",
        hint=(
            "Write within `with SessionContext(graph, Model) as context:` and call "
            "context.commit(), in one thread or task."
        ),
    )


def close_contexts(data_set: type[DataSet], graph: Any) -> None:
    """Close the contexts that this thread or task has open on a dataset of the graph."""
    scope = data_set.innermost_scope.get()
    while scope is not None:
        outer = scope.outer
        if scope.graph is graph and scope.owner is current_thread_or_task():
            scope.context.close()
        scope = outer


def is_for_task(owner: object) -> bool:
    """Whether this thread works for a task, or the task has contexts that such a thread opened."""
    return (hasattr(owner, "get_loop") and not is_event_loop_running()) or weakref.ref(
        owner
    ) in _opened_for_tasks


def _forget_task(task: weakref.ref[object]) -> None:
    _opened_for_tasks.pop(task, None)


class CurrentSession:
    """Class attribute: the session of the innermost open context, or None."""

    def __get__(self, instance: object, owner: type[DataSet]) -> Session | None:
        return find_session(owner.resolve())


class SessionContext:
    """Open a session that every store of a dataset uses within the block.

    Contexts nest, and closing one brings back the outer one. The session is for the thread or
    asyncio task that opened the context: another that runs at the same time gets its own, and
    may not write outside of a context of its own. Threads in which anyio works for a task, as
    FastAPI runs synchronous dependencies and endpoints, count as that task.

    >>> with SessionContext(graph, Flight) as context:          # doctest: +SKIP
    ...     store.create(Flight(id=1))
    ...     context.commit()

    Args:
        graph: The object graph, or None for registered and installed datasets.
        data_set: A dataset, or one of its models.
        expire_on_commit: Read objects again after a commit.
        defer_foreign_keys: Check foreign keys at the commit rather than at each statement.
    """

    def __init__(
        self,
        graph: Any,
        data_set: type[DataSet],
        expire_on_commit: bool = False,
        defer_foreign_keys: bool = False,
    ) -> None:
        self.graph = graph
        self.data_set = check_data_set(data_set)
        self.expire_on_commit = expire_on_commit
        self.defer_foreign_keys = defer_foreign_keys
        self._scopes: list[Scope] = []

    @property
    def session(self) -> Session:
        """The session of this context; None while it is not open, which its type leaves out."""
        scope = self._find_scope()
        return cast("Session", scope.session if scope else None)

    def open(self) -> Self:
        """Start a session; :meth:`close` must follow."""
        self._open()
        return self

    def _open(self) -> Scope:
        session = self.data_set.new_session(self.graph, expire_on_commit=self.expire_on_commit)
        innermost = self.data_set.innermost_scope
        owner = current_thread_or_task()
        scope = Scope(session, self, owner, innermost.get())
        innermost.set(scope)
        self._scopes.append(scope)
        if is_for_task(owner):
            # The reference calls what forgets it when the task is gone.
            task = weakref.ref(owner, _forget_task)
            _opened_for_tasks.setdefault(task, []).append(scope)
        return scope

    def close(self) -> None:
        """End the session, and bring back that of the outer context; a no-op when not open."""
        scope = self._find_scope()
        if scope is None or scope.session is None:
            return
        self._scopes.remove(scope)
        opened = _opened_for_tasks.get(weakref.ref(scope.owner)) if _opened_for_tasks else None
        if opened and scope in opened:
            opened.remove(scope)
        session, scope.session = scope.session, None
        innermost = self.data_set.innermost_scope
        current = innermost.get()
        while current is not None and current.session is None and current.owner is scope.owner:
            current = current.outer
        innermost.set(current)
        session.close()

    def commit(self) -> None:
        """Commit what was written since the last commit; a no-op when not open."""
        if self._find_scope():
            self.session.commit()

    def rollback(self) -> None:
        """Undo what was written since the last commit; a no-op when not open."""
        if self._find_scope():
            self.session.rollback()

    def lock(self) -> None:
        """Keep all others from writing until the commit, so that what is read now is still true.

        Without it, another may write between what this context reads and what it writes.

        >>> with SessionContext(graph, Counter) as context:         # doctest: +SKIP
        ...     context.lock()
        ...     counter = store.retrieve(1)
        ...     counter.value += 1
        ...     context.commit()

        Raises:
            ReadOnlyDatasetError: The dataset is read-only.
            DatasetError: The context is not open.
            sqlalchemy.exc.OperationalError: Another still writes when the time is over.
        """
        if self._find_scope() is None:
            raise refuse_closed()
        lock_session(self.session)

    def __enter__(self) -> Self:
        scope = self._find_scope()
        # What `open` opened is entered, and so closed; a context that is entered already nests.
        if scope is None or scope.is_entered or scope.owner is not current_thread_or_task():
            scope = self._open()
        scope.is_entered = True
        if self.defer_foreign_keys:
            self._defer_foreign_keys()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _defer_foreign_keys(self) -> None:
        try:
            # SQLite itself switches this off again when the transaction ends.
            connection = self.session.connection()
            begin(connection)
            connection.execute(text("PRAGMA defer_foreign_keys=ON"))
        except BaseException:
            self.close()
            raise

    def _find_scope(self) -> Scope | None:
        """Find the latest opening by this thread or task; a fixture may be closed by another."""
        if len(self._scopes) > 1:
            current = current_thread_or_task()
            for scope in reversed(self._scopes):
                if scope.owner is current:
                    return scope
        return self._scopes[-1] if self._scopes else None


def refuse_closed() -> DatasetError:
    """The error for what needs the session of a context that is not open."""
    return DatasetError(
        "This context is not open, and so has no session.",
        hint="Enter it first: `with context:`, or `async with context:`.",
    )


def lock_session(session: Session) -> None:
    """Let nobody else write until the transaction of a session ends."""
    if isinstance(session, ReadOnlySession):
        raise session.refuse()
    take_lock(session.connection())


def get_session(store: Store[Any]) -> Session:
    """The session of the open context, or else the one of this thread or task."""
    model = store.model_class
    session = find_session(model)
    if session is None:
        data_set = model.resolve()
        scope = data_set.innermost_scope.get()
        binds = binds_of(scope and scope.graph, data_set.dataset_name)
        session = binds.own_session(data_set)
    return session


class GetOrCreateSession:
    """Gives a store the session of the graph's open context, or else one of the thread or task.

    >>> store = FlightStore(GetOrCreateSession(graph))          # doctest: +SKIP

    Args:
        graph: The object graph.
        expire_on_commit: Read objects again after a commit.
    """

    def __init__(self, graph: Any, expire_on_commit: bool = False) -> None:
        if not hasattr(graph, "use"):
            raise TypeError(
                "A store takes an object graph, or a function that gives a session, or nothing "
                f"for installed datasets, not {graph!r}."
            )
        graph.use("sqlite")
        self.graph = graph
        self.expire_on_commit = expire_on_commit

    def __call__(self, store: Store[Any]) -> Session:
        """The session that the store is to use now."""
        model = store.model_class
        session = find_session(model, self.graph)
        if session is None:
            data_set = model.resolve()
            binds = binds_of(self.graph, data_set.dataset_name)
            session = binds.own_session(
                data_set, expire_on_commit=self.expire_on_commit, is_reachable=True
            )
        return session
