"""Statements that are built once and then only given values, and those that users write as SQL.

Building a SQLAlchemy statement takes longer than SQLite takes to answer it. A store whose queries
nobody overrides sends few different ones, so they are kept.
"""

from __future__ import annotations

import sqlite3
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import (
    bindparam,
    func,
    inspect,
    select,
)
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.types import NullType

from microcosm_sqlite.catalog import registry
from microcosm_sqlite.catalog.criteria import Plan, plan_statement, write_names
from microcosm_sqlite.common.arguments import read_number
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.orm.arguments import EXPRESSIONS, check_column, find_mapper, refuse_key
from microcosm_sqlite.orm.engine_errors import find_driver_connection
from microcosm_sqlite.orm.related_tables import refuse_strangers
from microcosm_sqlite.orm.rows import PreparedRows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Dialect, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.orm.data_sets import DataSet

    Criterion = ColumnElement[bool]
    Values = dict[str, Any]

M = TypeVar("M", bound="DataSet")

# Names that no Python keyword argument can clash with.
_OFFSET = "page offset"
_LIMIT = "page limit"

_JOIN = "Take it out of auto_filter_fields, or join its model in _query."

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
        self.mapper = find_mapper(model)
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

    def select(
        self, filters: Mapping[str, Any], offset: int | None, limit: int | None
    ) -> tuple[Select[Any], Values] | None:
        """A statement and its values; None for an expression as a value, or an unknown field."""
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
        try:
            prepared = self._rows.get(key)
        except TypeError:  # a list cannot be a key
            choose_columns(self.model, columns)
            raise
        if prepared is None:
            chosen = choose_columns(self.model, columns)
            refuse_strangers(self.model, chosen)
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
            if key not in self.fields or isinstance(value, EXPRESSIONS):
                return None
            if value is not None:
                values[key] = value
        if offset is not None:
            values[_OFFSET] = offset if type(offset) is int else read_number("offset", offset)
        if limit is not None:
            values[_LIMIT] = limit if type(limit) is int else read_number("limit", limit)
        return values

    def _complete(self, statement: Select[Any], values: Values) -> Select[Any]:
        fields = [key for key in values if key in self.fields]
        refuse_strangers(self.model, [self.fields[key] for key in fields], _JOIN)
        statement = statement.where(*(self.fields[key] == bindparam(key) for key in fields))
        if _OFFSET in values:
            statement = statement.offset(bindparam(_OFFSET))
        if _LIMIT in values:
            statement = statement.limit(bindparam(_LIMIT))
        return statement


class UserStatements:
    """Lets an engine find what the SQL of its users compares, however that is written.

    SQLAlchemy binds what it compares itself by the type of a column. In `text()` and in statements
    for the driver, literals and parameters are spelled as in `connect()`, and a name in double
    quotes is a name.

    Args:
        dataset: The dataset of the engine; None for a file that is none.
        is_spelled: Whether values are spelled; they are not where the SQL may be hostile.
    """

    def __init__(self, dataset: InstalledDataset | None, *, is_spelled: bool) -> None:
        self._dataset = dataset
        self._is_spelled = is_spelled
        self._plans: dict[tuple[str, bool], Plan | None] = {}

    @property
    def listeners(self) -> list[tuple[str, Callable[..., bool]]]:
        """Names of engine events, and what executes a statement in SQLAlchemy's place.

        Events of connections would cost every statement of a store a tenth of its time more.
        """
        return [("do_execute", self.execute), ("do_executemany", self.execute_many)]

    def execute(self, cursor: Any, statement: str, params: Any, context: Any) -> bool:
        """Execute a statement with its values as they are stored; False if it stays as it is."""
        plan = self._find_plan(statement, context)
        if plan is None:
            return False
        cursor.execute(plan.sql, plan.bind(params))
        return True

    def execute_many(self, cursor: Any, statement: str, params: Any, context: Any) -> bool:
        """Do the same with a statement for many sets of values."""
        plan = self._find_plan(statement, context)
        if plan is None:
            return False
        cursor.executemany(plan.sql, [plan.bind(values) for values in params])
        return True

    def _find_plan(self, statement: str, context: Any) -> Plan | None:
        key = statement, _is_typed(context)
        try:
            return self._plans[key]
        except KeyError:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._make_plan(context.root_connection, *key)
            return plan

    def _make_plan(self, connection: Connection, statement: str, is_typed: bool) -> Plan | None:
        if is_typed and not ("'" in statement or '"' in statement):
            return None
        opened = find_driver_connection(connection)
        try:
            datasets = self._find_datasets(opened) if self._is_spelled else None
            return plan_statement(opened, datasets, statement)
        except sqlite3.Error:
            # It is executed in a form that fails, for SQLAlchemy and those who listen to it.
            return Plan(write_names(statement))

    def _find_datasets(self, opened: sqlite3.Connection) -> dict[str, InstalledDataset]:
        """The datasets by the names that SQL has for them, as far as their files are installed."""
        found = {"main": self._dataset} if self._dataset else {}
        for _, schema, path in opened.execute("PRAGMA database_list"):
            other = registry.find(schema) if schema != "main" else None
            if other is not None and other.location.path == path:
                found[schema.lower()] = other
        return found


def _is_typed(context: Any) -> bool:
    """Whether SQLAlchemy knows the type of every value that a statement is given."""
    compiled = getattr(context, "compiled", None)
    if compiled is None:
        return False
    binds = getattr(compiled, "binds", None) or {}
    return not any(isinstance(bind.type, NullType) for bind in binds.values())


_MOST_PLANS = 500
"""How many statements of an engine are known at most."""


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
