"""Plain tuples straight from SQLite's cursor, converted only where a column's type needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Dialect, Executable
    from sqlalchemy.orm import Session

    Row = tuple[Any, ...]
    Processor = Callable[[Any], Any]


def fetch_rows(
    session: Session,
    statement: Executable,
    columns: Sequence[ColumnElement[Any]],
    values: dict[str, Any] | None = None,
) -> Iterator[Row]:
    """Execute a statement that selects these columns, and give its rows one by one.

    SQLAlchemy compiles and executes; its result objects, which cost more than the rows, are left
    out.
    """
    connection = session.connection()
    result = connection.execute(statement, values or {})
    convert = make_converter(columns, connection.dialect)
    rows: Iterator[Row] = result.cursor  # type: ignore[assignment]  # a DBAPI cursor iterates
    return iter_rows(map(convert, rows) if convert else rows, result.close)


def iter_rows(rows: Iterator[Row], close: Callable[[], None]) -> Iterator[Row]:
    """The rows; then, or when they are no longer wanted, close what they come from."""
    try:
        yield from rows
    finally:
        close()


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
    following = place + 1

    def convert(row: Row) -> Row:
        return (*row[:place], processor(row[place]), *row[following:])

    return convert
