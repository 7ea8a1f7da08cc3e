"""Stores: queries and writes on one model."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args

from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError, MultipleResultsFound

from microcosm_sqlite.binds import REFUSAL, binds_of
from microcosm_sqlite.context import find_session
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import ModelNotFoundError, MultipleModelsFoundError
from microcosm_sqlite.integrity import explain_integrity_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Query, Session
    from typing_extensions import TypeIs

    Criterion = ColumnElement[bool]

M = TypeVar("M", bound="DataSet")


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


class Store(Generic[M]):
    """Repository of one model, which the type argument, an attribute or a property names.

    >>> class FlightStore(Store[Flight]):                       # doctest: +SKIP
    ...     def _order_by(self, query, **kwargs):
    ...         return query.order_by(Flight.id)

    Queries take SQLAlchemy expressions and keywords. Keywords filter by columns: by those in
    :attr:`auto_filter_fields`, or by any column where that is None. One whose value is None does
    not filter; say ``Flight.tailnum.is_(None)`` for that. Override :meth:`_filter` and
    :meth:`_order_by`, which are given the keywords, for other meanings.

    Committing is the caller's part: see :class:`~microcosm_sqlite.context.SessionContext`.

    Args:
        get_session: Gives the session, each time that one is needed.
    """

    auto_filter_fields: Sequence[InstrumentedAttribute[Any]] | None = None

    def __init__(self, get_session: Callable[[Store[Any]], Session] = get_session) -> None:
        if type(self).model_class is Store.model_class:
            name = type(self).__name__
            raise TypeError(
                f"{name} has no model: write `class {name}(Store[Model])`, or define model_class."
            )
        self.get_session = get_session

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "model_class" not in vars(cls):
            for base in getattr(cls, "__orig_bases__", ()):
                arguments = get_args(base)
                if arguments and _is_model(arguments[0]):
                    cls.model_class = arguments[0]  # type: ignore[method-assign,assignment]

    @property
    def model_class(self) -> type[M]:
        """The model."""
        raise NotImplementedError("model_class")

    @property
    def session(self) -> Session:
        """The session that queries and writes go through now."""
        return self.get_session(self)

    @cached_property
    def auto_filters(self) -> dict[str, InstrumentedAttribute[Any]]:
        """The columns that keywords filter by."""
        if self.auto_filter_fields is not None:
            return {field.name: field for field in self.auto_filter_fields}
        if type(self)._filter is not Store._filter:
            # Its author decided what keywords mean.
            return {}
        attributes = inspect(self.model_class).column_attrs
        return {attribute.key: getattr(self.model_class, attribute.key) for attribute in attributes}

    def count(self, *criteria: Criterion, **filters: Any) -> int:
        """The number of matching rows."""
        return self._select(criteria, filters, is_ordered=False).count()

    def exists(self, *criteria: Criterion, **filters: Any) -> bool:
        """Whether any row matches."""
        query = self._select(criteria, filters, is_ordered=False)
        return bool(self.session.query(query.exists()).scalar())

    def first(
        self,
        *criteria: Criterion,
        offset: int | None = None,
        limit: int | None = None,
        **filters: Any,
    ) -> M | None:
        """The first match, or None."""
        return self._select(criteria, filters, offset, limit).first()

    def one(
        self,
        *criteria: Criterion,
        offset: int | None = None,
        limit: int | None = None,
        **filters: Any,
    ) -> M:
        """The only match.

        Raises:
            ModelNotFoundError: There is none.
            MultipleModelsFoundError: There are several.
        """
        found = self.one_or_none(*criteria, offset=offset, limit=limit, **filters)
        if found is None:
            raise ModelNotFoundError(f"No {self._describe(criteria, filters)}.")
        return found

    def one_or_none(
        self,
        *criteria: Criterion,
        offset: int | None = None,
        limit: int | None = None,
        **filters: Any,
    ) -> M | None:
        """The only match, or None.

        Raises:
            MultipleModelsFoundError: There are several.
        """
        try:
            return self._select(criteria, filters, offset, limit).one_or_none()
        except MultipleResultsFound as error:
            raise MultipleModelsFoundError(
                f"Several {self._describe(criteria, filters)}."
            ) from error

    def search(
        self,
        *criteria: Criterion,
        offset: int | None = None,
        limit: int | None = None,
        **filters: Any,
    ) -> list[M]:
        """All matches, or one page of them.

        >>> store.search(Flight.dep_delay > 60, origin="JFK", limit=20)     # doctest: +SKIP

        Args:
            criteria: SQLAlchemy expressions.
            offset: Number of matches to leave out.
            limit: Number of matches at most.
            filters: Columns and their values.
        """
        return self._select(criteria, filters, offset, limit).all()

    search_first = first

    def create(self, instance: M) -> M:
        """Add a row.

        Raises:
            DuplicateModelError: A row with this key is there.
            ModelIntegrityError: It breaks another constraint.
            ReadOnlyDatasetError: The dataset is read-only.
        """
        self._refuse_if_read_only()
        with self.flushing():
            self.session.add(instance)
        return instance

    def delete(self, *criteria: Criterion, **filters: Any) -> bool:
        """Delete all matching rows.

        Raises:
            ModelNotFoundError: There is none.
            ReadOnlyDatasetError: The dataset is read-only.
        """
        self._refuse_if_read_only()
        query = self._select(criteria, filters, is_ordered=False)
        with self.flushing():
            deleted = query.delete()
        if deleted == 0:
            raise ModelNotFoundError(f"No {self._describe(criteria, filters)}.")
        return True

    @contextmanager
    def flushing(self) -> Iterator[None]:
        """Flush the session at the end of the block; roll it back if a constraint is broken.

        Raises:
            DuplicateModelError: A primary or unique key is repeated.
            ModelIntegrityError: Another constraint is broken.
        """
        try:
            yield
            self.session.flush()
        except IntegrityError as error:
            self.session.rollback()
            model = self.model_class
            raise explain_integrity_error(error, model.__name__, model.dataset_name) from error

    def _query(self) -> Query[M]:
        """The query that all others start from."""
        return self.session.query(self.model_class)

    def _filter(self, query: Query[M], **kwargs: Any) -> Query[M]:
        """Narrow a query by the keywords of a call."""
        return self._auto_filter(query, **kwargs)

    def _auto_filter(self, query: Query[M], **kwargs: Any) -> Query[M]:
        for key, value in kwargs.items():
            field = self.auto_filters.get(key)
            if field is not None and value is not None:
                query = query.filter(field == value)
        return query

    def _order_by(self, query: Query[M], **kwargs: Any) -> Query[M]:  # noqa: ARG002
        """Order a query; by default the order is SQLite's."""
        return query

    def _paginate(
        self, query: Query[M], offset: int | None = None, limit: int | None = None
    ) -> Query[M]:
        """Take one page of a query."""
        if offset is not None:
            query = query.offset(offset)
        if limit is not None:
            query = query.limit(limit)
        return query

    def _select(
        self,
        criteria: Sequence[Criterion],
        filters: dict[str, Any],
        offset: int | None = None,
        limit: int | None = None,
        *,
        is_ordered: bool = True,
    ) -> Query[M]:
        criteria, offset, limit = _take_positions(criteria, offset, limit)
        query = self._filter(self._query(), **filters)
        if criteria:
            query = query.filter(*criteria)
        if is_ordered:
            # SQL wants this order: filter, order, page.
            query = self._order_by(query, **filters)
        return self._paginate(query, offset=offset, limit=limit)

    def _describe(self, criteria: Sequence[Criterion], filters: dict[str, Any]) -> str:
        conditions = [str(criterion) for criterion in criteria]
        conditions += [f"{key}={value!r}" for key, value in filters.items()]
        model = self.model_class
        condition = f" has {', '.join(conditions)}" if conditions else ""
        return f"{model.__name__} in data set {model.dataset_name!r}{condition}"

    def _refuse_if_read_only(self) -> None:
        refuse = self.session.info.get(REFUSAL)
        if refuse is not None:
            raise refuse()


def _is_model(argument: object) -> TypeIs[type[DataSet]]:
    return isinstance(argument, type) and issubclass(argument, DataSet)


def _take_positions(
    criteria: Sequence[Any], offset: int | None, limit: int | None
) -> tuple[Sequence[Criterion], int | None, int | None]:
    """Tell an offset and a limit from criteria: in 2.0.0 they could be given by position."""
    if not criteria or not isinstance(criteria[0], int | None):
        return criteria, offset, limit
    offset, *rest = criteria
    if rest and isinstance(rest[0], int | None):
        limit, *rest = rest
    return rest, offset, limit
