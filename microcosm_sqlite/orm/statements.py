"""Statements that are built once and then only given values.

Building a SQLAlchemy statement takes longer than SQLite takes to answer it. A store whose queries
nobody overrides sends few different ones, so they are kept.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import ClauseElement, bindparam, func, inspect, select
from sqlalchemy.orm import QueryableAttribute
from sqlalchemy.sql.base import ExecutableOption

from microcosm_sqlite.orm.rows import PreparedRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Dialect, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from microcosm_sqlite.orm.data_sets import DataSet

    Criterion = ColumnElement[bool]
    Values = dict[str, Any]

M = TypeVar("M", bound="DataSet")

# Names that no Python keyword argument can clash with.
_OFFSET = "page offset"
_LIMIT = "page limit"

OPTIONS = "options"
"""The keyword of loader options."""


class Statements(Generic[M]):
    """The statements on one model that filter by equality.

    Args:
        model: The model.
        fields: The columns to filter by, by keyword.
    """

    def __init__(self, model: type[M], fields: Mapping[str, InstrumentedAttribute[Any]]) -> None:
        self.model = model
        self.mapper = inspect(model)
        self.fields = fields
        self._identity_class = self.mapper.base_mapper.class_
        self._key_names = [str(place) for place in range(len(self.mapper.primary_key))]
        self._selects: dict[tuple[object, ...], Select[Any]] = {}
        self._rows: dict[tuple[object, ...], PreparedRows] = {}
        self._counts: dict[tuple[str, ...], Select[Any]] = {}
        self.by_key: Select[Any] = select(model).where(
            *(
                column == bindparam(str(place), type_=column.type)
                for place, column in enumerate(self.mapper.primary_key)
            )
        )

    def is_known(self, session: Session, key: tuple[Any, ...]) -> bool:
        """Whether the session holds the object of this primary key."""
        return (self._identity_class, key, None) in session.identity_map

    def name_key(self, key: tuple[Any, ...]) -> Values:
        """The values of :attr:`by_key` for a primary key.

        Raises:
            ValueError: The primary key has another number of columns.
        """
        if len(key) != len(self.mapper.primary_key):
            names = ", ".join(column.name for column in self.mapper.primary_key)
            raise ValueError(
                f"{self.model.__name__}: expected {len(self.mapper.primary_key)} key "
                f"value{'s' * (len(self.mapper.primary_key) != 1)} ({names}), got {len(key)}."
            )
        return dict(zip(self._key_names, key, strict=True))

    @cached_property
    def is_deduplicating(self) -> bool:
        """Whether rows repeat objects, because a related table is joined to load it."""
        return any(
            relationship.lazy in ("joined", False) for relationship in self.mapper.relationships
        )

    def select(
        self, filters: Mapping[str, Any], offset: int | None, limit: int | None
    ) -> tuple[Select[Any], Values] | None:
        """A statement and its values; None where a value is an expression."""
        values = self._choose_values(filters, offset, limit)
        if values is None:
            return None
        key = tuple(values)
        statement = self._selects.get(key)
        if statement is None:
            statement = self._selects[key] = self._complete(select(self.model), values)
        return statement, values

    def rows(
        self,
        columns: tuple[str | InstrumentedAttribute[Any], ...],
        filters: Mapping[str, Any],
        offset: int | None,
        limit: int | None,
        dialect: Dialect,
    ) -> tuple[PreparedRows, Values] | None:
        """The same for plain rows of these columns, compiled."""
        values = self._choose_values(filters, offset, limit)
        if values is None:
            return None
        # The dialect knows which tables are in an attached database.
        key = (dialect, columns, *values)
        prepared = self._rows.get(key)
        if prepared is None:
            chosen = choose_columns(self.model, columns)
            statement = self._complete(select(*chosen), values)
            prepared = PreparedRows(statement, [item.expression for item in chosen], dialect)
            self._rows[key] = prepared
        return prepared, values

    def count(self, filters: Mapping[str, Any]) -> tuple[Select[Any], Values] | None:
        """The same for the number of rows."""
        values = self._choose_values(filters)
        if values is None:
            return None
        key = tuple(values)
        statement = self._counts.get(key)
        if statement is None:
            statement = self._complete(select(func.count()).select_from(self.model), values)
            self._counts[key] = statement
        return statement, values

    def _choose_values(
        self, filters: Mapping[str, Any], offset: int | None = None, limit: int | None = None
    ) -> Values | None:
        values = {}
        for key, value in filters.items():
            if value is None or key not in self.fields:
                continue
            if isinstance(value, ClauseElement | QueryableAttribute):
                return None
            values[key] = value
        if offset is not None:
            values[_OFFSET] = offset
        if limit is not None:
            values[_LIMIT] = limit
        return values

    def _complete(self, statement: Select[Any], values: Values) -> Select[Any]:
        fields = [key for key in values if key in self.fields]
        statement = statement.where(*(self.fields[key] == bindparam(key) for key in fields))
        if _OFFSET in values:
            statement = statement.offset(bindparam(_OFFSET))
        if _LIMIT in values:
            statement = statement.limit(bindparam(_LIMIT))
        return statement


def choose_columns(
    model: type[DataSet], columns: Sequence[str | InstrumentedAttribute[Any]]
) -> list[InstrumentedAttribute[Any]]:
    """The attributes of these names; all that stand for columns if there are none."""
    if not columns:
        columns = [attribute.key for attribute in inspect(model).column_attrs]
    return [getattr(model, column) if isinstance(column, str) else column for column in columns]


def take_options(
    filters: dict[str, Any],
) -> tuple[Sequence[ExecutableOption], dict[str, Any]]:
    """Tell loader options from filters: a column may be called options as well."""
    options = filters.get(OPTIONS)
    if not options or not isinstance(options, list | tuple):
        return (), filters
    if not all(isinstance(option, ExecutableOption) for option in options):
        return (), filters
    return options, {key: value for key, value in filters.items() if key != OPTIONS}


def take_positions(
    criteria: Sequence[Any], offset: int | None, limit: int | None
) -> tuple[Sequence[Criterion], int | None, int | None]:
    """Tell an offset and a limit from criteria: in 2.0.0 they could be given by position."""
    if not criteria or not isinstance(criteria[0], int | None):
        return criteria, offset, limit
    offset, *rest = criteria
    if rest and isinstance(rest[0], int | None):
        limit, *rest = rest
    return rest, offset, limit
