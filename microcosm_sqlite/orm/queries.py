"""How a store turns criteria and keywords into queries."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, get_args, overload

from microcosm_sqlite.common.arguments import read_number
from microcosm_sqlite.orm.arguments import find_mapper, refuse_filter
from microcosm_sqlite.orm.data_sets import DataSet
from microcosm_sqlite.orm.related_tables import refuse_unrelated
from microcosm_sqlite.orm.rows import fetch_rows, make_converter
from microcosm_sqlite.orm.statements import (
    OBJECTS,
    OPTIONS,
    Statements,
    choose_columns,
    take_options,
    take_positions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import InstrumentedAttribute, Query, Session
    from typing_extensions import TypeIs

    Attribute = InstrumentedAttribute
    Criterion = ColumnElement[bool]
    Where = Criterion | Sequence[Criterion]

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")
M = TypeVar("M", bound="DataSet")


class QueryBuilder(Generic[M]):
    """Queries on one model, which the type argument, an attribute or a property names.

    Subclasses say what keywords mean by overriding :meth:`_filter` and :meth:`_order_by`. Where
    none does, statements are prepared once and kept.
    """

    auto_filter_fields: Sequence[InstrumentedAttribute[Any]] | None = None

    _is_plain = True
    _takes_any_keyword = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._is_plain = all(getattr(cls, hook) is getattr(QueryBuilder, hook) for hook in _HOOKS)
        cls._takes_any_keyword = any(
            getattr(cls, hook) is not getattr(QueryBuilder, hook) for hook in _HOOKS_OF_KEYWORDS
        )
        if "model_class" not in vars(cls):
            for base in getattr(cls, "__orig_bases__", ()):
                arguments = get_args(base)
                if arguments and _is_model(arguments[0]):
                    cls.model_class = arguments[0]  # type: ignore[method-assign,assignment]

    def __getstate__(self) -> dict[str, Any]:
        # Another process builds its own statements.
        return {key: value for key, value in vars(self).items() if key not in _CACHED}

    def __class_getitem__(cls, model: Any) -> Any:
        # A type variable, or the name of a model that is defined later, is none yet.
        if isinstance(model, type) and model is not Any and not _is_model(model):
            raise TypeError(f"A store is of a model, not of {model.__name__}: Store[Model].")
        return super().__class_getitem__(model)  # type: ignore[misc]  # of Generic

    @property
    def model_class(self) -> type[M]:
        """The model; for ``Store[Model]()``, which makes no subclass, that of the type argument.

        Raises:
            TypeError: Nothing names it.
        """
        arguments = get_args(getattr(self, "__orig_class__", None))
        if arguments and _is_model(arguments[0]):
            return cast("type[M]", arguments[0])
        name = type(self).__name__
        raise TypeError(
            f"{name} has no model: write `class {name}(Store[Model])`, or define model_class."
        )

    @property
    def session(self) -> Session:
        """The session that queries go through now."""
        raise NotImplementedError("session")

    @cached_property
    def auto_filters(self) -> dict[str, InstrumentedAttribute[Any]]:
        """The columns that keywords filter by."""
        if self.auto_filter_fields is not None:
            return {field.name: field for field in self.auto_filter_fields}
        if type(self)._filter is not QueryBuilder._filter:
            # Its author decided what keywords mean.
            return {}
        attributes = find_mapper(self.model_class).column_attrs
        return {attribute.key: getattr(self.model_class, attribute.key) for attribute in attributes}

    @overload
    def rows(
        self,
        a: Attribute[A],
        /,
        *,
        where: Where = ...,
        offset: int | None = ...,
        limit: int | None = ...,
        **filters: Any,
    ) -> Iterator[tuple[A]]: ...

    @overload
    def rows(
        self,
        a: Attribute[A],
        b: Attribute[B],
        /,
        *,
        where: Where = ...,
        offset: int | None = ...,
        limit: int | None = ...,
        **filters: Any,
    ) -> Iterator[tuple[A, B]]: ...

    @overload
    def rows(
        self,
        a: Attribute[A],
        b: Attribute[B],
        c: Attribute[C],
        /,
        *,
        where: Where = ...,
        offset: int | None = ...,
        limit: int | None = ...,
        **filters: Any,
    ) -> Iterator[tuple[A, B, C]]: ...

    @overload
    def rows(
        self,
        a: Attribute[A],
        b: Attribute[B],
        c: Attribute[C],
        d: Attribute[D],
        /,
        *,
        where: Where = ...,
        offset: int | None = ...,
        limit: int | None = ...,
        **filters: Any,
    ) -> Iterator[tuple[A, B, C, D]]: ...

    @overload
    def rows(
        self,
        a: Attribute[A],
        b: Attribute[B],
        c: Attribute[C],
        d: Attribute[D],
        e: Attribute[E],
        /,
        *,
        where: Where = ...,
        offset: int | None = ...,
        limit: int | None = ...,
        **filters: Any,
    ) -> Iterator[tuple[A, B, C, D, E]]: ...

    @overload
    def rows(
        self,
        a: Attribute[A],
        b: Attribute[B],
        c: Attribute[C],
        d: Attribute[D],
        e: Attribute[E],
        f: Attribute[F],
        /,
        *,
        where: Where = ...,
        offset: int | None = ...,
        limit: int | None = ...,
        **filters: Any,
    ) -> Iterator[tuple[A, B, C, D, E, F]]: ...

    @overload
    def rows(
        self,
        /,
        *columns: str | Attribute[Any],
        where: Where = ...,
        offset: int | None = ...,
        limit: int | None = ...,
        **filters: Any,
    ) -> Iterator[tuple[Any, ...]]: ...

    def rows(
        self,
        /,
        *columns: str | Attribute[Any],
        where: Where = (),
        offset: int | None = None,
        limit: int | None = None,
        **filters: Any,
    ) -> Iterator[tuple[Any, ...]]:
        """Matches as plain tuples, one by one, at almost the speed of SQLite's own cursor.

        >>> for tailnum, delay in store.rows("tailnum", "dep_delay"):       # doctest: +SKIP
        ...     ...

        Args:
            columns: Names of columns, or attributes; all columns if none is given.
            where: A SQLAlchemy expression, or several.
            offset: Number of matches to leave out.
            limit: Number of matches at most.
            filters: Columns and their values.
        """
        criteria = where if isinstance(where, _SEVERAL) else (where,)
        session = self.session
        if self._is_plain:
            rows = self._all_statements.fetch_rows(
                session.connection(), columns, criteria, filters, offset, limit
            )
            if rows is not None:
                return rows
        self._refuse_unknown(filters)
        chosen = choose_columns(self.model_class, columns)
        query = self._select(criteria, filters, offset, limit, columns=chosen)
        statement = query.with_entities(*chosen).statement
        connection = session.connection()
        expressions = [item.expression for item in chosen]
        return fetch_rows(connection, statement, make_converter(expressions, connection.dialect))

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
            query = query.offset(read_number("offset", offset))
        if limit is not None:
            query = query.limit(read_number("limit", limit))
        return query

    def _select(
        self,
        criteria: Sequence[Criterion],
        filters: dict[str, Any],
        offset: int | None = None,
        limit: int | None = None,
        *,
        is_ordered: bool = True,
        columns: Sequence[Any] = (),
    ) -> Query[M]:
        criteria, offset, limit = take_positions(criteria, offset, limit)
        options, filters = take_options(filters)
        self._refuse_unknown(filters)
        query = self._filter(self._query(), **filters).options(*options)
        if criteria:
            query = query.filter(*criteria)
        refuse_unrelated(self.model_class, query, columns)
        if is_ordered:
            # SQL wants this order: filter, order, page.
            query = self._order_by(query, **filters)
        return self._paginate(query, offset=offset, limit=limit)

    def _prepare(
        self,
        criteria: Sequence[Criterion],
        filters: dict[str, Any],
        offset: int | None = None,
        limit: int | None = None,
        *,
        kind: str = OBJECTS,
    ) -> tuple[Select[Any], dict[str, Any]] | None:
        """The statement that :meth:`_select` would build, where its start is one to keep."""
        if self._statements is None or OPTIONS in filters:
            return None
        if criteria:
            criteria, offset, limit = take_positions(criteria, offset, limit)
            if kind != OBJECTS and (offset, limit) != (None, None):
                return None
        return self._statements.find(kind, criteria, filters, offset, limit)

    @cached_property
    def _all_statements(self) -> Statements[M]:
        return Statements(self.model_class, self.auto_filters)

    @cached_property
    def _statements(self) -> Statements[M] | None:
        """Kept statements, unless somebody changes or queries are more than rows."""
        statements = self._all_statements
        return statements if self._is_plain and not statements.is_deduplicating else None

    def _refuse_unknown(self, filters: dict[str, Any]) -> None:
        if not filters or self._takes_any_keyword:
            return
        known = self.auto_filters
        model = self.model_class.__name__ if self.auto_filter_fields is None else ""
        for key in filters:
            if key not in known:
                raise refuse_filter(type(self).__name__, key, known, model)

    def _refuse_to_delete_all(self, query: Query[M], *, is_deliberate: bool) -> None:
        # 2.0.0's `delete()` empties a table, and stores with hooks of their own rely on it.
        if is_deliberate and self._takes_any_keyword:
            return
        chosen, all_rows = query.whereclause, self._query().whereclause
        if chosen is None or (all_rows is not None and chosen.compare(all_rows)):
            raise ValueError(
                f"{type(self).__name__}.delete would delete every row: nothing given chooses any. "
                "For all rows, say delete(sqlalchemy.true())."
            )


_SEVERAL = (list, tuple)
"""Not ``list | tuple``, which each call would make again."""

_CACHED = frozenset(("auto_filters", "_all_statements", "_statements"))
_HOOKS_OF_KEYWORDS = ("_query", "_filter", "_auto_filter", "_order_by")
_HOOKS = (*_HOOKS_OF_KEYWORDS, "_paginate")


def _is_model(argument: object) -> TypeIs[type[DataSet]]:
    return isinstance(argument, type) and issubclass(argument, DataSet)
