"""Stores: queries and writes on one model."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_args

from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, OperationalError

from microcosm_sqlite.binds import binds_of
from microcosm_sqlite.context import find_session
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import ModelNotFoundError, MultipleModelsFoundError, QueryError
from microcosm_sqlite.fulltext import filter_by_text, quote_words
from microcosm_sqlite.integrity import explain_integrity_error
from microcosm_sqlite.paging import Keyset, Page
from microcosm_sqlite.rows import fetch_rows
from microcosm_sqlite.sessions import ReadOnlySession
from microcosm_sqlite.statements import Statements, choose_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Select
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

    _is_plain = True

    def __init__(self, get_session: Callable[[Store[Any]], Session] = get_session) -> None:
        if type(self).model_class is Store.model_class:
            name = type(self).__name__
            raise TypeError(
                f"{name} has no model: write `class {name}(Store[Model])`, or define model_class."
            )
        self.get_session = get_session

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._is_plain = all(getattr(cls, hook) is getattr(Store, hook) for hook in _HOOKS)
        if "model_class" not in vars(cls):
            for base in getattr(cls, "__orig_bases__", ()):
                arguments = get_args(base)
                if arguments and _is_model(arguments[0]):
                    cls.model_class = arguments[0]  # type: ignore[method-assign,assignment]

    def __getstate__(self) -> dict[str, Any]:
        # Another process builds its own statements.
        return {key: value for key, value in vars(self).items() if key not in _CACHED}

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
        self._refuse_unknown(filters)
        prepared = self._statements and not criteria and self._statements.count(filters)
        if prepared:
            return cast("int", self.session.scalars(*prepared).one())
        return self._select(criteria, filters, is_ordered=False).count()

    def exists(self, *criteria: Criterion, **filters: Any) -> bool:
        """Whether any row matches."""
        query = self._select(criteria, filters, is_ordered=False)
        return bool(self.session.query(query.exists()).scalar())

    def get(self, key: Any) -> M | None:
        """The row with this primary key, or None; :meth:`_filter` has no say in it.

        Args:
            key: The key's value, or a tuple of the values of a composite key.
        """
        session = self.session
        statements = self._all_statements
        values = key if isinstance(key, tuple) else (key,)
        named = statements.name_key(values)
        if statements.is_deduplicating or statements.is_known(session, values):
            # Only SQLAlchemy knows whether what it has is expired, or of another class.
            return session.get(self.model_class, key)
        found = session.scalars(statements.by_key, named)
        return cast("M | None", found.one_or_none())

    def retrieve(self, key: Any) -> M:
        """The row with this primary key.

        Raises:
            ModelNotFoundError: There is none.
        """
        found = self.get(key)
        if found is None:
            raise ModelNotFoundError(f"No {self._describe((), {'key': key})}.")
        return found

    def first(
        self,
        *criteria: Criterion,
        offset: int | None = None,
        limit: int | None = None,
        **filters: Any,
    ) -> M | None:
        """The first match, or None."""
        prepared = self._prepare(criteria, filters, offset, 1)
        if prepared:
            return cast("M | None", self.session.scalars(*prepared).first())
        return self._select(criteria, filters, offset, limit).first()

    search_first = first

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
        prepared = self._prepare(criteria, filters, offset, limit)
        try:
            if prepared:
                return cast("M | None", self.session.scalars(*prepared).one_or_none())
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
        prepared = self._prepare(criteria, filters, offset, limit)
        if prepared:
            return cast("list[M]", self.session.scalars(*prepared).all())
        return self._select(criteria, filters, offset, limit).all()

    def stream(self, *criteria: Criterion, batch_size: int = 1000, **filters: Any) -> Iterator[M]:
        """All matches one by one, in memory that does not grow with their number.

        Args:
            criteria: SQLAlchemy expressions.
            batch_size: Number of rows to read at a time.
            filters: Columns and their values.
        """
        prepared = self._prepare(criteria, filters, None, None)
        if prepared:
            options = {"yield_per": batch_size}
            return iter(self.session.scalars(*prepared, execution_options=options))
        return iter(self._select(criteria, filters).yield_per(batch_size))

    def rows(
        self,
        *columns: str | InstrumentedAttribute[Any],
        where: Criterion | Sequence[Criterion] = (),
        offset: int | None = None,
        limit: int | None = None,
        **filters: Any,
    ) -> Iterator[tuple[Any, ...]]:
        """Matches as plain tuples, one by one, at almost the speed of SQLite's own cursor.

        >>> for tailnum, delay in store.rows("tailnum", "dep_delay"):       # doctest: +SKIP
        ...     ...

        Args:
            columns: Names of columns, or attributes of the model; all columns if none is given.
            where: A SQLAlchemy expression, or several.
            offset: Number of matches to leave out.
            limit: Number of matches at most.
            filters: Columns and their values.
        """
        criteria = tuple(where) if isinstance(where, list | tuple) else (where,)
        session = self.session
        self._refuse_unknown(filters)
        if self._is_plain and not criteria:
            dialect = session.get_bind().dialect
            prepared = self._all_statements.rows(columns, filters, offset, limit, dialect)
            if prepared:
                rows, values = prepared
                return rows.fetch(session, values)
        chosen = choose_columns(self.model_class, columns)
        query = self._select(criteria, filters, offset, limit).with_entities(*chosen)
        return fetch_rows(session, query.statement, [item.expression for item in chosen])

    def page(
        self,
        *criteria: Criterion,
        by: Sequence[InstrumentedAttribute[Any]] = (),
        after: tuple[Any, ...] | None = None,
        size: int = 100,
        descending: bool = False,
        **filters: Any,
    ) -> Page[M]:
        """A page of matches that costs the same however far in it is.

        >>> page = store.page(by=[Flight.time_hour], size=50)               # doctest: +SKIP
        >>> page = store.page(by=[Flight.time_hour], size=50, after=page.after)  # doctest: +SKIP

        Args:
            criteria: SQLAlchemy expressions.
            by: Columns to order by, before the primary key; none of them may be NULL.
            after: :attr:`Page.after` of the page before; None for the first page.
            size: Number of matches at most.
            descending: Order from the highest to the lowest.
            filters: Columns and their values.
        """
        keyset = Keyset(self.model_class, by, descending=descending)
        return keyset.fetch(self._select(criteria, filters, is_ordered=False), after, size)

    def match(
        self,
        text: str,
        *criteria: Criterion,
        offset: int | None = None,
        limit: int | None = None,
        raw: bool = False,
        **filters: Any,
    ) -> list[M]:
        """Full-text search, the best matches first, where the model declares ``__full_text__``.

        >>> store.match("new york", limit=5)                                # doctest: +SKIP

        Args:
            text: Words which all must be there, in any column and order.
            criteria: SQLAlchemy expressions.
            offset: Number of matches to leave out.
            limit: Number of matches at most.
            raw: Take the text as an FTS5 expression: phrases, prefixes, NEAR, OR.
            filters: Columns and their values.

        Raises:
            DatasetError: The model declares no full-text search.
            QueryError: The text is no FTS5 expression, or the file has no such index.
        """
        expression = text if raw else quote_words(text)
        if not expression.strip():
            return []
        query = self._select(criteria, filters, is_ordered=False)
        query = filter_by_text(query, self.model_class, expression)
        try:
            return self._paginate(query, offset=offset, limit=limit).all()
        except OperationalError as error:
            raise QueryError(
                f"Data set {self.model_class.dataset_name!r} cannot be searched for {text!r}: "
                f"{error.orig}."
            ) from error

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
        self._refuse_unknown(filters)
        query = self._filter(self._query(), **filters)
        if criteria:
            query = query.filter(*criteria)
        if is_ordered:
            # SQL wants this order: filter, order, page.
            query = self._order_by(query, **filters)
        return self._paginate(query, offset=offset, limit=limit)

    def _prepare(
        self,
        criteria: Sequence[Criterion],
        filters: dict[str, Any],
        offset: int | None,
        limit: int | None,
    ) -> tuple[Select[Any], dict[str, Any]] | None:
        """The statement that :meth:`_select` would build, where it is one that can be kept."""
        if criteria or self._statements is None:
            return None
        self._refuse_unknown(filters)
        return self._statements.select(filters, offset, limit)

    @cached_property
    def _all_statements(self) -> Statements[M]:
        return Statements(self.model_class, self.auto_filters)

    @cached_property
    def _statements(self) -> Statements[M] | None:
        """Kept statements, unless somebody changes or queries are more than rows."""
        statements = self._all_statements
        return statements if self._is_plain and not statements.is_deduplicating else None

    def _refuse_unknown(self, filters: dict[str, Any]) -> None:
        if self._is_plain and self.auto_filter_fields is None:
            for key in filters:
                if key not in self.auto_filters:
                    raise TypeError(
                        f"{type(self).__name__} cannot filter by {key!r}: "
                        f"{self.model_class.__name__} has no such column."
                    )

    def _describe(self, criteria: Sequence[Criterion], filters: dict[str, Any]) -> str:
        conditions = [str(criterion) for criterion in criteria]
        conditions += [f"{key}={value!r}" for key, value in filters.items()]
        model = self.model_class
        condition = f" has {', '.join(conditions)}" if conditions else ""
        return f"{model.__name__} in data set {model.dataset_name!r}{condition}"

    def _refuse_if_read_only(self) -> None:
        session = self.session
        if isinstance(session, ReadOnlySession):
            raise session.refuse()


_CACHED = frozenset(("auto_filters", "_all_statements", "_statements"))
_HOOKS = ("_query", "_filter", "_auto_filter", "_order_by", "_paginate")


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
