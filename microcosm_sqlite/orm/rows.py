"""Rows as plain tuples from SQLite's cursor, and pages of rows that cost the same at any depth.

Only columns whose type needs it are converted. ``OFFSET`` reads and drops every row before a page;
a keyset asks for the rows after the last one seen, which an index answers at once.
"""

from __future__ import annotations

import sqlite3
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import inspect, tuple_

from microcosm_sqlite.orm.arguments import check_after, check_attributes
from microcosm_sqlite.orm.comparing import PLAIN, leaves_plain_values
from microcosm_sqlite.orm.related_tables import refuse_strangers
from microcosm_sqlite.orm.transactions import begin_before_writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Dialect, Executable, Select

    Row = tuple[Any, ...]
    Processor = Callable[[Any], Any]
    from sqlalchemy.orm import InstrumentedAttribute, Query

    from microcosm_sqlite.orm.data_sets import DataSet

    Key = tuple[Any, ...]


def fetch_rows(
    connection: Connection,
    statement: Executable,
    convert: Callable[[Row], Row] | None,
    values: dict[str, Any] | None = None,
) -> Iterator[Row]:
    """Execute a statement, and give its rows one by one.

    SQLAlchemy compiles and executes; its result objects, which cost more than the rows, are left
    out.

    Args:
        connection: What to execute it on.
        statement: The statement.
        convert: What :func:`make_converter` makes for its columns.
        values: Its values.
    """
    result = connection.execute(statement, values or {})
    rows: Iterator[Row] = result.cursor  # type: ignore[assignment]  # a DBAPI cursor iterates
    rows = map(convert, rows) if convert else rows
    return iter_rows(rows, result.close, connection, statement, values)


class PreparedRows:
    """A compiled statement and what its values go through, for one dialect.

    Args:
        statement: A select.
        names: Its parameters that each call gives, in the order in which it gives them.
        columns: The columns that it selects.
        dialect: The dialect to compile for.
    """

    def __init__(
        self,
        statement: Select[Any],
        names: Sequence[str],
        columns: Sequence[ColumnElement[Any]],
        dialect: Dialect,
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.statement = statement
        self.sql = str(compiled)
        # SQLAlchemy writes lists into the statement whenever it executes it.
        has_lists = bool(compiled.post_compile_params)
        # Where SQLite takes a name in double quotes that it does not know for a text, the engine
        # refuses the statement, and so has to see it.
        self._is_for_engine = '"' in self.sql or has_lists or dialect.is_async
        self._names = list(names)
        places = () if has_lists else compiled.positiontup or ()
        self._parameters = [_Parameter(compiled, name, names, dialect) for name in places]
        self._binds_directly = compiled.positiontup == self._names and all(
            parameter.leaves_plain for parameter in self._parameters
        )
        self.convert = make_converter(columns, dialect)

    def fetch(
        self, connection: Connection, given: list[Any], *, are_plain: bool = False
    ) -> Iterator[Row]:
        """The rows for these values, straight from the driver.

        Args:
            connection: What to execute it on.
            given: The values, in the order of their names.
            are_plain: Whether all are known to be of the types of ``PLAIN``.
        """
        if self._is_left_to_engine(connection):
            return self._fetch_by_engine(connection, given)
        driver_connection: Any = connection.connection.dbapi_connection
        try:
            values = given if are_plain and self._binds_directly else self._bind(given)
            cursor = driver_connection.execute(self.sql, values)
            first = cursor.fetchmany(2)
        except Exception:  # noqa: BLE001  # such as of a type that does not take a value
            # SQLAlchemy meets the same error, and those who listen to it explain it.
            return self._fetch_by_engine(connection, given)
        # A row by its key is all there is: nothing is left to close, and no page to be damaged.
        if len(first) < 2:
            return map(self.convert, first) if self.convert else iter(first)
        rows: Iterator[Row] = chain(first, cursor)
        rows = map(self.convert, rows) if self.convert else rows
        return iter_rows(rows, cursor.close, connection, self.statement, self.name(given))

    def fetch_all(self, connection: Connection, given: list[Any]) -> list[Row] | None:
        """A list of the rows, or None where SQLAlchemy has to execute the statement."""
        if self._is_left_to_engine(connection):
            return None
        driver_connection: Any = connection.connection.dbapi_connection
        try:
            rows: list[Row] = driver_connection.execute(self.sql, self._bind(given)).fetchall()
        except Exception:  # noqa: BLE001  # SQLAlchemy meets the same error, and wraps it
            return None
        return [*map(self.convert, rows)] if self.convert else rows

    def name(self, given: list[Any]) -> dict[str, Any]:
        """The values by the names of their parameters."""
        return dict(zip(self._names, given, strict=True))

    def _fetch_by_engine(self, connection: Connection, given: list[Any]) -> Iterator[Row]:
        return fetch_rows(connection, self.statement, self.convert, self.name(given))

    def _is_left_to_engine(self, connection: Connection) -> bool:
        if self._is_for_engine or connection._echo or connection._execution_options:
            return True
        # SQLAlchemy's own flags answer in a tenth of the time that the lists of listeners take.
        has_events = connection._has_events or connection.engine._has_events
        return has_events and _is_watched(connection)

    def _bind(self, given: list[Any]) -> list[Any]:
        if self._binds_directly and PLAIN.issuperset(map(type, given)):
            return given
        return [parameter.read(given) for parameter in self._parameters]


class _Parameter:
    """One place of a compiled statement, and the value there.

    Args:
        compiled: The statement.
        name: The name of the parameter.
        names: Those that each call gives, in their order.
        dialect: The dialect that it is compiled for.
    """

    def __init__(self, compiled: Any, name: str, names: Sequence[str], dialect: Dialect) -> None:
        type_ = compiled.binds[name].type
        self.place = names.index(name) if name in names else None
        self.process: Processor | None = type_.dialect_impl(dialect).bind_processor(dialect)
        self.leaves_plain = self.process is None or leaves_plain_values(type_)
        self.fixed = None if self.place is not None else self._process(compiled.params[name])

    def read(self, given: list[Any]) -> Any:
        """What is bound, if a call gives these values."""
        return self.fixed if self.place is None else self._process(given[self.place])

    def _process(self, value: Any) -> Any:
        # The processor of a plain value costs more than all else here.
        if self.process is None or (self.leaves_plain and type(value) in PLAIN):
            return value
        return self.process(value)


def _is_watched(connection: Connection) -> bool:
    """Whether anybody is told of statements: a tracer, an application, or our own limit of time."""
    dispatch: Any = connection.dispatch
    return bool(
        set(dispatch.before_cursor_execute) - {begin_before_writing}
        or dispatch.after_cursor_execute
        or dispatch.before_execute
        or dispatch.after_execute
    )


def iter_rows(
    rows: Iterator[Row],
    close: Callable[[], None],
    connection: Connection,
    statement: Executable,
    values: dict[str, Any] | None,
) -> Iterator[Row]:
    """The rows; then, or when they are no longer wanted, close what they come from.

    Args:
        rows: The rows.
        close: Closes what they come from.
        connection: What reads them through SQLAlchemy when SQLite fails in the middle of them.
        statement: The statement that is then executed.
        values: Its values.
    """
    try:
        yield from rows
    except sqlite3.Error:
        _read_again(connection, statement, values)
        raise
    finally:
        close()


def _read_again(
    connection: Connection, statement: Executable, values: dict[str, Any] | None
) -> None:
    """Let SQLAlchemy meet the error of a damaged page, so that those who listen explain it."""
    for _ in connection.execute(statement, values or {}, execution_options={"yield_per": 1000}):
        pass


def make_converter(
    columns: Sequence[ColumnElement[Any]], dialect: Dialect
) -> Callable[[Row], Row] | None:
    """A function from SQLite's values to those of the columns' types; None if they are the same."""
    processors = [
        (place, processor)
        for place, column in enumerate(columns)
        if (processor := column.type.dialect_impl(dialect).result_processor(dialect, None))
    ]
    if not processors:
        return None
    if len(processors) == 1:
        return _convert_one(*processors[0])

    def convert(row: Row) -> Row:
        values = list(row)
        for place, processor in processors:
            values[place] = processor(values[place])
        return tuple(values)

    return convert


def _convert_one(place: int, processor: Processor) -> Callable[[Row], Row]:
    def convert(row: Row) -> Row:
        values = [*row]
        values[place] = processor(values[place])
        return tuple(values)

    return convert


M = TypeVar("M", bound="DataSet")


class Page(Generic[M]):
    """Some rows in order, and where to go on.

    Attributes:
        items: The rows.
        after: What to give as ``after`` for the next page; None on the last page.
    """

    __slots__ = ("after", "items")

    def __init__(self, items: list[M], after: Key | None) -> None:
        self.items = items
        self.after = after

    def __iter__(self) -> Iterator[M]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


class Keyset(Generic[M]):
    """An order of a model's rows in which no two rows are equal.

    Args:
        model: The model.
        columns: What to order by; the primary key is added where it is not among them.
        descending: Order from the highest to the lowest.

    Raises:
        ValueError: A column may be NULL, and SQL does not say whether NULL is before a value.
        TypeError: A column is one of another table.
    """

    def __init__(
        self,
        model: type[M],
        columns: Sequence[InstrumentedAttribute[Any]] = (),
        *,
        descending: bool = False,
    ) -> None:
        columns = check_attributes(model, columns)
        refuse_strangers(model, columns, f"Order by columns of {model.__name__}.")
        mapper = inspect(model)
        keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        names = dict.fromkeys([*(column.key for column in columns), *keys])
        self.names = list(names)
        self.columns: list[InstrumentedAttribute[Any]] = [getattr(model, name) for name in names]
        self.descending = descending
        for name, column in zip(self.names, self.columns, strict=True):
            if column.expression.nullable and name not in keys:
                raise ValueError(
                    f"{model.__name__}.{name} may be NULL, so pages cannot be ordered by it."
                )

    def fetch(self, query: Query[M], after: Key | None, size: int) -> Page[M]:
        """The page that follows a key.

        Raises:
            TypeError: ``after`` is no sequence of values.
            ValueError: It does not have one value for each column of the order.
        """
        if after is not None:
            query = query.filter(self._follows(after))
        order = [column.desc() if self.descending else column.asc() for column in self.columns]
        # One row more than asked for tells whether another page follows.
        items = query.order_by(*order).limit(size + 1).all()
        has_more = len(items) > size
        del items[size:]
        return Page(items, self._key(items[-1]) if has_more else None)

    def _follows(self, after: Key) -> ColumnElement[bool]:
        check_after(self.names, after)
        row = tuple_(*self.columns)
        return row < tuple_(*after) if self.descending else row > tuple_(*after)

    def _key(self, item: M) -> Key:
        return tuple(getattr(item, name) for name in self.names)
