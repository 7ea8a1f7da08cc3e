"""Statements that are built once and then only given values.

Building a SQLAlchemy statement takes longer than SQLite takes to answer it. A store whose queries
nobody overrides sends few different ones, so they are kept.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import (
    bindparam,
    func,
    inspect,
    literal,
    select,
)
from sqlalchemy.sql.base import ExecutableOption

from microcosm_sqlite.common.arguments import read_number
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.orm.arguments import EXPRESSIONS, check_column, find_mapper, refuse_key
from microcosm_sqlite.orm.comparing import PLAIN
from microcosm_sqlite.orm.objects import PlainObjects, PlainSelect, is_plain
from microcosm_sqlite.orm.related_tables import has_strangers, refuse_strangers
from microcosm_sqlite.orm.rows import PreparedRows, fetch_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Dialect, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from microcosm_sqlite.orm.data_sets import DataSet

    Criterion = ColumnElement[bool]
    Values = dict[str, Any]

M = TypeVar("M", bound="DataSet")

# No parameter of a user's expression has a name like these, or that of a filter.
_OFFSET = "page offset"
_LIMIT = "page limit"

_JOIN = "Take it out of auto_filter_fields, or join its model in _query."

OPTIONS = "options"
"""The keyword of loader options."""

OBJECTS = "objects"
COUNT = "count"
PRESENCE = "presence"
"""Kinds of statements: matches, their number, and one row if there is any."""

_GIVEN = PLAIN - {type(None)}
"""Types of values of filters that need no other look."""

_STARTS: dict[str, Callable[[Any], Select[Any]]] = {
    OBJECTS: select,
    COUNT: lambda model: select(func.count()).select_from(model),
    PRESENCE: lambda model: select(literal(1)).select_from(model).limit(1),
}


class Statements(Generic[M]):
    """The statements on one model that filter by equality.

    Args:
        model: The model.
        fields: The columns to filter by, by keyword.
    """

    def __init__(self, model: type[M], fields: Mapping[str, InstrumentedAttribute[Any]]) -> None:
        self.model = model
        self.mapper = find_mapper(model)
        self._names = {key: f"filter {key}" for key in fields}
        self._fields = {self._names[key]: field for key, field in fields.items()}
        self._identity_class = self.mapper.base_mapper.class_
        self._key_names = [str(place) for place in range(len(self.mapper.primary_key))]
        self._kept: dict[tuple[str, ...], Select[Any]] = {}
        self._rows: dict[tuple[object, ...], PreparedRows] = {}
        self._plain: dict[Select[Any], PlainSelect[M]] = {}

    @cached_property
    def by_key(self) -> Select[Any]:
        """The statement that gives the object of a primary key."""
        keys = enumerate(self.mapper.primary_key)
        return self._note_plain(
            select(self.model).where(
                *(column == bindparam(str(place), type_=column.type) for place, column in keys)
            )
        )

    def is_known(self, session: Session, key: tuple[Any, ...]) -> bool:
        """Whether the session holds the object of this primary key."""
        return (self._identity_class, key, None) in session.identity_map

    def name_key(self, key: tuple[Any, ...]) -> Values:
        """The values of :attr:`by_key` for a primary key.

        Raises:
            ValueError: The primary key has another number of columns.
            TypeError: A value cannot be one of a key, such as a list.
        """
        try:
            hash(key)  # a list in it has none, and costs the others least to find
            is_key = len(key) == len(self._key_names)
        except TypeError:
            is_key = False
        if not is_key:
            raise refuse_key(self.model, [each.name for each in self.mapper.primary_key], key)
        return dict(zip(self._key_names, key, strict=True))

    @cached_property
    def is_deduplicating(self) -> bool:
        """Whether rows repeat objects, because a related table is joined to load it."""
        return any(
            relationship.lazy in ("joined", False) for relationship in self.mapper.relationships
        )

    def find(
        self,
        kind: str,
        criteria: Sequence[Criterion],
        filters: Mapping[str, Any],
        offset: int | None = None,
        limit: int | None = None,
    ) -> tuple[Select[Any], Values] | None:
        """A statement that gives :data:`OBJECTS`, or one of the other kinds, and its values.

        None for an expression as a value, an unknown field, or a criterion on another table.
        """
        values = self._choose_values(filters, offset, limit)
        if values is None:
            return None
        key = (kind, *values)
        statement = self._kept.get(key)
        if statement is None:
            statement = self._complete(_STARTS[kind](self.model), values)
            self._kept[key] = self._note_plain(statement) if kind == OBJECTS else statement
        if not criteria:
            return statement, values
        narrowed = self._narrow(statement, criteria)
        return None if narrowed is None else (narrowed, values)

    def load(self, session: Session, statement: Select[Any], values: Values) -> list[M]:
        """The objects that a statement of :meth:`find`, or :attr:`by_key`, gives in a session."""
        plain = self._plain.get(statement)
        found = None if plain is None else plain.load(session, values)
        if found is None:
            found = list(session.scalars(statement, values))
        return found

    def _note_plain(self, statement: Select[Any]) -> Select[Any]:
        if self._plain_objects is not None:
            self._plain[statement] = PlainSelect(self._plain_objects, statement)
        return statement

    @cached_property
    def _plain_objects(self) -> PlainObjects[M] | None:
        return PlainObjects(self.mapper) if is_plain(self.mapper) else None

    def fetch_rows(
        self,
        connection: Connection,
        columns: tuple[str | InstrumentedAttribute[Any], ...],
        criteria: Sequence[Criterion],
        filters: Mapping[str, Any],
        offset: int | None,
        limit: int | None,
    ) -> Iterator[tuple[Any, ...]] | None:
        """Matches as plain rows of these columns, or None as :meth:`find` does."""
        if criteria:
            criteria, offset, limit = take_positions(criteria, offset, limit)
        values = [*filters.values()]
        are_plain = _GIVEN.issuperset(map(type, values))
        if not are_plain:
            given = self._choose_filters(filters)
            if given is None:
                return None
            filters, values = given, [*given.values()]
        # The dialect knows which tables are in an attached database.
        key = (connection.dialect, columns, tuple(filters), offset is None, limit is None)
        try:
            prepared = self._rows.get(key)
        except TypeError:  # a list cannot be a key
            choose_columns(self.model, columns)
            raise
        if prepared is None:
            named = self._choose_values(filters, offset, limit)
            if named is None:
                return None
            chosen = choose_columns(self.model, columns)
            if criteria and has_strangers(self.model, chosen):
                return None
            prepared = self._rows[key] = self._prepare_rows(connection.dialect, chosen, named)
        if offset is not None:
            values.append(read_number("offset", offset))
        if limit is not None:
            values.append(read_number("limit", limit))
        if not criteria:
            return prepared.fetch(connection, values, are_plain=are_plain)
        narrowed = self._narrow(prepared.statement, criteria)
        if narrowed is None:
            return None
        return fetch_rows(connection, narrowed, prepared.convert, prepared.name(values))

    def _prepare_rows(
        self, dialect: Dialect, chosen: list[InstrumentedAttribute[Any]], named: Values
    ) -> PreparedRows:
        refuse_strangers(self.model, chosen)
        statement = self._complete(select(*chosen), named)
        expressions = [item.expression for item in chosen]
        return PreparedRows(statement, list(named), expressions, dialect)

    def _narrow(self, statement: Select[Any], criteria: Sequence[Criterion]) -> Select[Any] | None:
        """The statement with criteria added, or None where one reads another table."""
        narrowed = statement.where(*criteria)
        return None if has_strangers(self.model, [narrowed.whereclause]) else narrowed

    def _choose_values(
        self, filters: Mapping[str, Any], offset: int | None = None, limit: int | None = None
    ) -> Values | None:
        given = self._choose_filters(filters)
        if given is None:
            return None
        values = {self._names[key]: value for key, value in given.items()}
        if offset is not None:
            values[_OFFSET] = read_number("offset", offset)
        if limit is not None:
            values[_LIMIT] = read_number("limit", limit)
        return values

    def _choose_filters(self, filters: Mapping[str, Any]) -> Values | None:
        """The filters that have a value; None if one is unknown or an expression."""
        given = {}
        for key, value in filters.items():
            # That a value is plain is told in less time than that it is no expression.
            is_expression = type(value) not in PLAIN and isinstance(value, EXPRESSIONS)
            if is_expression or key not in self._names:
                return None
            if value is not None:
                given[key] = value
        return given

    def _complete(self, statement: Select[Any], values: Values) -> Select[Any]:
        fields = {name: self._fields[name] for name in values if name in self._fields}
        refuse_strangers(self.model, fields.values(), _JOIN)
        statement = statement.where(*(field == bindparam(name) for name, field in fields.items()))
        if _OFFSET in values:
            statement = statement.offset(bindparam(_OFFSET))
        if _LIMIT in values:
            statement = statement.limit(bindparam(_LIMIT))
        return statement


def choose_columns(
    model: type[DataSet], columns: Sequence[str | InstrumentedAttribute[Any]]
) -> list[InstrumentedAttribute[Any]]:
    """The attributes of these names; all that stand for columns if there are none.

    Raises:
        AttributeError: The model has no column of this name.
        TypeError: What is given is a relationship.
    """
    if not columns:
        columns = [attribute.key for attribute in inspect(model).column_attrs]
    return [_choose(model, column) for column in columns]


def _choose(model: type[DataSet], column: Any) -> Any:
    mapper = inspect(model)
    name = column if isinstance(column, str) else getattr(column, "key", "")
    is_own = isinstance(column, str) or issubclass(model, getattr(column, "class_", ()))
    if is_own and name in mapper.relationships:
        raise TypeError(
            f"{model.__name__}.{name} is a relationship, and rows have columns alone: search with "
            f"options=[selectinload({model.__name__}.{name})] loads it."
        )
    if not is_own:
        return check_column(column)
    if name not in mapper.all_orm_descriptors:
        known = [attribute.key for attribute in mapper.column_attrs]
        raise AttributeError(
            f"{model.__name__} has no column {name!r}. {suggest(name, known, 'It has')}".rstrip(),
            name=name,
            obj=model,
        )
    return getattr(model, name)


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
    """Tell an offset and a limit from criteria: in 2.0.0 they could be given by position.

    Raises:
        TypeError: A criterion is no expression but what Python made of one.
    """
    for criterion in criteria:
        if isinstance(criterion, bool):
            raise TypeError(
                f"A criterion is an expression such as Model.name == 'x', not {criterion}: Python "
                "compares by `is`, `in`, `not`, `and` and `or`. Write .is_(), .in_(), ~, & and |; "
                f"or sqlalchemy.{str(criterion).lower()}()."
            )
    if not criteria or not isinstance(criteria[0], int | None):
        return criteria, offset, limit
    offset, *rest = criteria
    if rest and isinstance(rest[0], int | None):
        limit, *rest = rest
    return rest, offset, limit
