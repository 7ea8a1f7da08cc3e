"""Stores: queries and writes on one model."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy.exc import IntegrityError, OperationalError

from microcosm_sqlite.common.arguments import check_count
from microcosm_sqlite.errors import ModelNotFoundError, MultipleModelsFoundError, QueryError
from microcosm_sqlite.orm.arguments import check_instance
from microcosm_sqlite.orm.contexts import GetOrCreateSession, find_lost_write, get_session
from microcosm_sqlite.orm.engine_errors import explain_absence
from microcosm_sqlite.orm.fulltext import filter_by_text, quote_words
from microcosm_sqlite.orm.queries import QueryBuilder
from microcosm_sqlite.orm.rows import Keyset, Page
from microcosm_sqlite.orm.sessions import ReadOnlySession, explain_integrity_error
from microcosm_sqlite.orm.statements import COUNT, PRESENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from microcosm.object_graph import ObjectGraph
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from microcosm_sqlite.orm.data_sets import DataSet

    Criterion = ColumnElement[bool]

__all__ = ["GetOrCreateSession", "Store", "get_session"]

M = TypeVar("M", bound="DataSet")


class Store(QueryBuilder[M]):
    """Repository of one model, which the type argument, an attribute or a property names.

    >>> class FlightStore(Store[Flight]):                       # doctest: +SKIP
    ...     def _order_by(self, query, **kwargs):
    ...         return query.order_by(Flight.id)

    Queries take SQLAlchemy expressions and keywords. Keywords filter by columns: by those in
    :attr:`auto_filter_fields`, or by any column where that is None. One whose value is None does
    not filter; say ``Flight.tailnum.is_(None)`` for that. Override :meth:`_filter` and
    :meth:`_order_by`, which are given the keywords, for other meanings.

    Committing is the caller's part: see :class:`~microcosm_sqlite.orm.contexts.SessionContext`.

    Args:
        get_session: The object graph that the store is for, or a function that gives the session
            each time. By default it is that of the open context, or of the installed dataset.
    """

    def __init__(
        self, get_session: Callable[[Store[Any]], Session] | ObjectGraph = get_session
    ) -> None:
        is_generic = bool(getattr(type(self), "__parameters__", ()))
        if type(self).model_class is Store.model_class and not is_generic:
            self.model_class  # noqa: B018  # raises its error now, rather than at the first query
        self.get_session = get_session if callable(get_session) else GetOrCreateSession(get_session)

    @property
    def session(self) -> Session:
        """The session that queries and writes go through now."""
        return self.get_session(self)

    def count(self, *criteria: Criterion, **filters: Any) -> int:
        """The number of matching rows."""
        prepared = self._prepare(criteria, filters, kind=COUNT)
        if prepared:
            return cast("int", self.session.scalars(*prepared).one())
        return self._select(criteria, filters, is_ordered=False).count()

    def exists(self, *criteria: Criterion, **filters: Any) -> bool:
        """Whether any row matches."""
        prepared = self._prepare(criteria, filters, kind=PRESENCE)
        if prepared:
            return self.session.scalars(*prepared).first() is not None
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
        return self._take_only(statements.load(session, statements.by_key, named), (), {"key": key})

    def retrieve(self, key: Any) -> M:
        """The row with this primary key.

        Raises:
            ModelNotFoundError: There is none.
        """
        found = self.get(key)
        if found is None:
            raise self._refuse_absence((), {"key": key})
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
            return next(iter(self._all_statements.load(self.session, *prepared)), None)
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
            raise self._refuse_absence(criteria, filters)
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
        return self._take_only(self._load(criteria, filters, offset, limit), criteria, filters)

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
            filters: Columns and their values; and ``options=[selectinload(Flight.airport)]``,
                a list of SQLAlchemy's loader options, as every query here takes it.
        """
        return self._load(criteria, filters, offset, limit)

    def stream(self, *criteria: Criterion, batch_size: int = 1000, **filters: Any) -> Iterator[M]:
        """All matches one by one, in memory that does not grow with their number.

        Args:
            criteria: SQLAlchemy expressions.
            batch_size: Number of rows to read at a time.
            filters: Columns and their values.

        Raises:
            ValueError: The batch size is less than 1.
        """
        batch_size = check_count("batch_size", batch_size)
        prepared = self._prepare(criteria, filters, None, None)
        if prepared:
            options = {"yield_per": batch_size}
            return iter(self.session.scalars(*prepared, execution_options=options))
        return iter(self._select(criteria, filters).yield_per(batch_size))

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

        Raises:
            TypeError: ``after``, ``by`` or the size is of a type that cannot be meant.
            ValueError: The size is less than 1, or ``after`` lacks values.
        """
        size = check_count("size", size)
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
        if not isinstance(text, str):
            raise TypeError(f"The words to search for must be a string, not {text!r}.")
        expression = text if raw else quote_words(text)
        if not expression.strip():
            return []
        query = self._select(criteria, filters, is_ordered=False)
        query = filter_by_text(query, self.model_class, expression)
        try:
            return self._paginate(query, offset=offset, limit=limit).all()
        except OperationalError as error:
            raise QueryError(
                f"Dataset {self.model_class.dataset_name!r} cannot be searched for {text!r}: "
                f"{error.orig}."
            ) from error

    def create(self, instance: M) -> M:
        """Add a row.

        Raises:
            DuplicateModelError: A row with this key is there.
            ModelIntegrityError: It breaks another constraint.
            ReadOnlyDatasetError: The dataset is read-only.
            TypeError: It is no instance of a model of this dataset.
        """
        check_instance(instance, self.model_class)
        self._refuse_vain_write()
        with self.flushing():
            self.session.add(instance)
        return instance

    def delete(self, *criteria: Criterion, **filters: Any) -> bool:
        """Delete all matching rows; ``delete(sqlalchemy.true())`` deletes every row.

        Raises:
            ModelNotFoundError: There is none.
            ReadOnlyDatasetError: The dataset is read-only.
            ValueError: What is given chooses no rows, such as a keyword whose value is None.
        """
        self._refuse_vain_write()
        query = self._select(criteria, filters, is_ordered=False)
        self._refuse_to_delete_all(query, is_deliberate=not (criteria or filters))
        with self.flushing():
            deleted = query.delete()
        if deleted == 0:
            raise self._refuse_absence(criteria, filters)
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

    def _refuse_absence(
        self, criteria: Sequence[Criterion], filters: dict[str, Any]
    ) -> ModelNotFoundError:
        path = self.session.get_bind(self.model_class).engine.url.database
        return ModelNotFoundError(
            f"No {self._describe(criteria, filters)}.",
            hint=explain_absence(self.model_class.dataset_name, path),
        )

    def _load(
        self, criteria: Sequence[Criterion], filters: dict[str, Any], *page: int | None
    ) -> list[M]:
        prepared = self._prepare(criteria, filters, *page)
        if prepared:
            return self._all_statements.load(self.session, *prepared)
        return self._select(criteria, filters, *page).all()

    def _take_only(
        self, found: list[M], criteria: Sequence[Criterion], filters: dict[str, Any]
    ) -> M | None:
        if len(found) > 1:
            raise MultipleModelsFoundError(f"Several {self._describe(criteria, filters)}.")
        return found[0] if found else None

    def _refuse_vain_write(self) -> None:
        session = self.session
        if isinstance(session, ReadOnlySession):
            raise session.refuse()
        error = find_lost_write(self.model_class.resolve(), session)
        if error is not None:
            raise error

    def _describe(self, criteria: Sequence[Criterion], filters: dict[str, Any]) -> str:
        conditions = [str(criterion) for criterion in criteria]
        conditions += [f"{key}={value!r}" for key, value in filters.items()]
        model = self.model_class
        condition = f" has {', '.join(conditions)}" if conditions else ""
        return f"{model.__name__} in dataset {model.dataset_name!r}{condition}"
