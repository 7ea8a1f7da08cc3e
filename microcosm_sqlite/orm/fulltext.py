"""Full-text search with SQLite's FTS5, over columns that a model declares.

A model says which columns are searched::

    class Airport(NycFlights):
        __tablename__ = "airports"
        __full_text__ = ("name", "city")

The index is an external-content table ``<table>_fts`` beside the model's table: it holds no copy
of the text. ``__full_text_options__`` has options of FTS5, such as ``{"tokenize": "porter"}``, in
place of the usual ones. Building a dataset makes the index, see
:func:`create_full_text_indexes`; after that it is read-only, like the rest. A file that is written
to later has to rebuild it by the same function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import column, inspect, literal_column, table

from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import DatasetError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Query

    from microcosm_sqlite.orm.data_sets import DataSet

FULL_TEXT_OPTIONS = ("tokenize", "prefix", "columnsize", "detail")
"""Options of FTS5 that a model may choose."""

M = TypeVar("M", bound="DataSet")


class FullTextIndex:
    """The full-text index of one table.

    Attributes:
        table: The table whose text is searched.
        columns: Its columns in the index.
        options: Options of FTS5, by name.
    """

    def __init__(
        self, table: str, columns: Sequence[str], options: Mapping[str, str] | None = None
    ) -> None:
        self.table = table
        self.columns = tuple(columns)
        self.options = {"tokenize": "unicode61 remove_diacritics 2", **(options or {})}

    @property
    def name(self) -> str:
        """Name of the index's own table."""
        return f"{self.table}_fts"

    @property
    def ddl(self) -> tuple[str, ...]:
        """The statements that create and fill the index, for a table that is filled."""
        name = quote_identifier(self.name)
        columns = ", ".join(map(quote_identifier, self.columns))
        content = quote_literal(self.table)
        options = f"content={content}, content_rowid='rowid'"
        for option, value in self.options.items():
            options += f", {option}={quote_literal(value)}"
        return (
            f"CREATE VIRTUAL TABLE {name} USING fts5({columns}, {options})",
            f"INSERT INTO {name}({name}) VALUES ('rebuild')",
            f"INSERT INTO {name}({name}) VALUES ('optimize')",
        )


def full_text_index(model: type[DataSet]) -> FullTextIndex | None:
    """The index that a model declares, or None.

    Raises:
        DatasetError: It names what is no column, or its table has no rowids.
    """
    declared: Sequence[str] = getattr(model, "__full_text__", ())
    if not declared:
        return None
    mapper = inspect(model)
    unknown = [name for name in declared if name not in mapper.columns]
    if unknown:
        raise DatasetError(f"{model.__name__}.__full_text__ names no column: {unknown}.")
    local: Any = mapper.local_table
    if not local.dialect_options["sqlite"].get("with_rowid", True):
        raise DatasetError(f"{model.__name__} has no rowids, which full-text search needs.")
    options: Mapping[str, str] = getattr(model, "__full_text_options__", {})
    if unknown := sorted(options.keys() - FULL_TEXT_OPTIONS):
        raise DatasetError(
            f"{model.__name__}.__full_text_options__ has unknown options: {', '.join(unknown)}.",
            hint=f"It takes {', '.join(FULL_TEXT_OPTIONS)}.",
        )
    return FullTextIndex(local.name, [mapper.columns[name].name for name in declared], options)


def full_text_indexes(data_set: type[DataSet]) -> list[FullTextIndex]:
    """The indexes that the models of a dataset declare, sorted by table."""
    indexes = [full_text_index(mapper.class_) for mapper in data_set.resolve().registry.mappers]
    return sorted((index for index in indexes if index), key=lambda index: index.table)


def create_full_text_indexes(connection: sqlite3.Connection, data_set: type[DataSet]) -> None:
    """Create, or create again, the indexes of a dataset whose tables are filled."""
    for index in full_text_indexes(data_set):
        connection.execute(f"DROP TABLE IF EXISTS {quote_identifier(index.name)}")
        for statement in index.ddl:
            connection.execute(statement)


def filter_by_text(query: Query[M], model: type[M], text: str) -> Query[M]:
    """Narrow a query to the rows that an FTS5 expression matches, the best ones first.

    Raises:
        DatasetError: The model declares no full-text search.
    """
    index = full_text_index(model)
    if index is None:
        raise DatasetError(
            f"{model.__name__} declares no full-text search.",
            hint='Give it __full_text__ = ("column", ...) and build the dataset again.',
        )
    found = table(index.name, column("rowid"), column("rank"))
    rowid: ColumnElement[int] = literal_column(f"{quote_identifier(index.table)}.rowid")
    expression = literal_column(quote_identifier(index.name)).op("MATCH")(text)
    joined = query.join(found, found.c.rowid == rowid).filter(expression)
    return joined.order_by(found.c.rank, found.c.rowid)


def quote_words(text: str) -> str:
    """An FTS5 expression for rows that hold every word of a text, punctuation and all."""
    return " ".join(_quote(word, '"') for word in text.split())


def quote_literal(text: str) -> str:
    """A text as SQL takes it."""
    return _quote(text, "'")


def _quote(text: str, mark: str) -> str:
    return mark + text.replace(mark, mark * 2) + mark
