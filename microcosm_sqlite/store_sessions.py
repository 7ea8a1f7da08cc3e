"""Where a store's sessions come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microcosm_sqlite.binds import binds_of
from microcosm_sqlite.context import find_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from microcosm_sqlite.stores import Store


def get_session(store: Store[Any]) -> Session:
    """The session of the open context, or else the one of this thread or task."""
    data_set = store.model_class.resolve()
    session = find_session(data_set)
    if session is None:
        scope = data_set.innermost_scope.get()
        session = binds_of(scope and scope.graph).own_session(data_set)
    return session


class GetOrCreateSession:
    """Gives a store the session of the graph's open context, or else one of the thread or task.

    >>> store = FlightStore(GetOrCreateSession(graph))          # doctest: +SKIP

    Args:
        graph: The object graph.
        expire_on_commit: Read objects again after a commit.
    """

    def __init__(self, graph: Any, expire_on_commit: bool = False) -> None:
        graph.use("sqlite")
        self.graph = graph
        self.expire_on_commit = expire_on_commit

    def __call__(self, store: Store[Any]) -> Session:
        """The session that the store is to use now."""
        data_set = store.model_class.resolve()
        session = find_session(data_set, self.graph)
        if session is None:
            session = binds_of(self.graph).own_session(
                data_set, expire_on_commit=self.expire_on_commit
            )
        return session
