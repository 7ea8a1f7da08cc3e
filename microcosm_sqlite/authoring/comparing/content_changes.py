"""Compare what numbers and names hide: rows by their content, and columns by their values.

A key that a build makes numbers the rows of the source. A row that is put on top of them gives
every other row another number, though nothing else changed. Likewise, a column that is called
otherwise is no other column.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.authoring.comparing.row_changes import (
    RowChange,
    TableQueries,
    describe_update,
    list_lenient,
)
from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange
from microcosm_sqlite.authoring.comparing.shapes import Shape
from microcosm_sqlite.catalog.connection import SQLITE_ERRORS, connect
from microcosm_sqlite.common.sql import find_affinity, quote_identifier
from microcosm_sqlite.errors import DatasetIOError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from microcosm_sqlite.catalog.location import Location

_EVIDENCE = 2
"""The fewest different values by which a column is recognised under another name."""


def is_numbered(
    table: str, old: Shape, new: Shape, connections: Sequence[sqlite3.Connection]
) -> bool:
    """Whether the key of a table only numbers its rows from 1, on both sides.

    Args:
        table: Its name.
        old: What it was declared as.
        new: What it is declared as.
        connections: To both databases.
    """
    if len(new.key) != 1 or old.key != new.key or not _list_content(old, new):
        return False
    (key,) = map(quote_identifier, new.key)
    if {find_affinity(shape.columns[new.key[0]].type) for shape in (old, new)} != {"INTEGER"}:
        return False
    query = f"SELECT count(*), min({key}), max({key}) FROM {quote_identifier(table)}"
    ends = [connection.execute(query).fetchone() for connection in connections]
    return all(count and (low, high) == (1, count) for count, low, high in ends)


class ContentQueries:
    """The SQL that finds rows by their content: those of which one side has more.

    Args:
        table: The table, as both databases name it; the older one is attached as ``old``.
        old: What it was declared as.
        new: What it is declared as.
    """

    def __init__(self, table: str, old: Shape, new: Shape) -> None:
        self.table = table
        self.columns = _list_content(old, new)
        (self.key,) = new.key
        names = [quote_identifier(name) for name in self.columns]
        key, quoted = quote_identifier(self.key), quote_identifier(table)
        rows = " UNION ALL ".join(
            f"SELECT {', '.join(names)}, {key} AS 'the key', {side} AS 'the side' "
            f"FROM {schema}.{quoted}"
            for schema, side in (("main", 1), ("old", -1))
        )
        groups = [f"{name} COLLATE BINARY" for name in names]
        groups += [
            f"typeof({quote_identifier(name)})" for name in list_lenient(self.columns, old, new)
        ]
        # Text literals name columns that no table has, whatever it is called.
        counted = 'sum("the side")'
        keys = ", ".join(
            f'json_group_array("the key") FILTER (WHERE "the side" = {side})' for side in (1, -1)
        )
        self._differing = f"FROM ({rows}) GROUP BY {', '.join(groups)} HAVING {counted} <> 0"
        self.count = (
            f"SELECT total(abs(surplus)) FROM (SELECT {counted} AS surplus {self._differing})"
        )
        self.rows = (
            f"SELECT {', '.join(names)}, {counted}, {keys} {self._differing} "
            'ORDER BY min("the key")'
        )

    def describe(self, row: Sequence[Any]) -> Iterator[RowChange]:
        """The changes that a row of the answer stands for: one for each that is too many."""
        content = dict(zip(self.columns, row, strict=False))
        surplus, new, old = row[len(self.columns) :]
        keys = json.loads(new if surplus > 0 else old)
        for number in sorted(keys)[-abs(surplus) :]:
            key = {self.key: number}
            if surplus > 0:
                yield RowChange(self.table, "insert", key, {}, key | content)
            else:
                yield RowChange(self.table, "delete", key, key | content, {})


def _list_content(old: Shape, new: Shape) -> list[str]:
    """The columns of both sides that are not the key."""
    return [name for name in new.columns if name in old.columns and name not in new.key]


def find_renamed(
    connection: sqlite3.Connection, table: str, old: Shape, new: Shape
) -> dict[str, str]:
    """Columns that have another name, by the old one: the values of all rows are the same.

    Args:
        connection: To the newer database; the older one is attached as ``old``.
        table: The table.
        old: What it was declared as, with the same key.
        new: What it is declared as.
    """
    gone = [name for name in old.columns if name not in new.columns]
    come = [name for name in new.columns if name not in old.columns]
    pairs = [
        (before, after)
        for before in gone
        for after in come
        if old.columns[before].base_type == new.columns[after].base_type
        and _has_same_values(connection, table, new.key, before, after)
    ]
    times = Counter(name for pair in pairs for name in pair)
    return {before: after for before, after in pairs if times[before] == times[after] == 1}


def _has_same_values(
    connection: sqlite3.Connection, table: str, key: Sequence[str], before: str, after: str
) -> bool:
    quoted = quote_identifier(table)
    was, is_ = f"old.{quote_identifier(before)}", f"new.{quote_identifier(after)}"
    same_key = " AND ".join(
        f"new.{quote_identifier(name)} = old.{quote_identifier(name)}" for name in key
    )
    pairs = f"FROM main.{quoted} AS new JOIN old.{quoted} AS old ON {same_key}"
    differ = f"SELECT 1 {pairs} WHERE {was} COLLATE BINARY IS NOT {is_} LIMIT 1"
    values = f"SELECT count(*) FROM (SELECT DISTINCT {was} {pairs} LIMIT {_EVIDENCE})"
    if connection.execute(differ).fetchone():
        return False
    return bool(connection.execute(values).fetchone()[0] >= _EVIDENCE)


def tell_renamed(
    changes: Sequence[SchemaChange], table: str, renamed: dict[str, str]
) -> list[SchemaChange]:
    """The changes of a schema, where a column that is gone and one that is new are one."""
    told = []
    for change in changes:
        is_column = change.table == table and change.thing == "column"
        if is_column and change.change == "removed" and change.name in renamed:
            name = change.name
            told.append(
                SchemaChange("renamed", "column", table, name, name, renamed[name], breaks=True)
            )
        elif not (is_column and change.change == "added" and change.name in renamed.values()):
            told.append(change)
    return told


class RowComparer:
    """Two databases on one connection, to be compared; made by :func:`open_comparer`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def compare(self, table: str, before: Shape, shape: Shape) -> Iterator[RowChange]:
        """The changes of one table: updates, inserts, deletes, each in the order of the keys.

        Args:
            table: Its name.
            before: What it was declared as, with the same key.
            shape: What it is declared as.

        Raises:
            DatasetIOError: One of the databases cannot be read.
        """
        queries = TableQueries(table, before, shape)
        with _explained(table):
            for row in self._connection.execute(queries.updates):
                yield describe_update(table, queries.shared, shape.key, row)
            for row in self._connection.execute(queries.inserts):
                new = dict(zip(shape.columns, row, strict=True))
                yield RowChange(table, "insert", {name: new[name] for name in shape.key}, {}, new)
            for row in self._connection.execute(queries.deletes):
                old = dict(zip(before.columns, row, strict=True))
                yield RowChange(table, "delete", {name: old[name] for name in shape.key}, old, {})

    def compare_content(self, table: str, before: Shape, shape: Shape) -> Iterator[RowChange]:
        """The rows that one side has more often, by all columns of both sides but the key."""
        queries = ContentQueries(table, before, shape)
        with _explained(table):
            for row in self._connection.execute(queries.rows):
                yield from queries.describe(row)

    def is_nearer_by_content(self, table: str, before: Shape, shape: Shape) -> bool:
        """Whether fewer rows changed by content than by key, of a table that is numbered."""
        updates = f"SELECT count(*) FROM ({TableQueries(table, before, shape).updates})"
        with _explained(table):
            updated = self._count(updates)
            if not updated:
                return False
            sides = (f"{schema}.{quote_identifier(table)}" for schema in ("main", "old"))
            new, old = (self._count(f"SELECT count(*) FROM {side}") for side in sides)
            return self._count(ContentQueries(table, before, shape).count) < updated + abs(
                new - old
            )

    def _count(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def find_renamed(self, table: str, before: Shape, shape: Shape) -> dict[str, str]:
        """Columns that have another name on the newer side; see :func:`find_renamed`."""
        with _explained(table):
            return find_renamed(self._connection, table, before, shape)


@contextmanager
def _explained(table: str) -> Iterator[None]:
    try:
        yield
    except SQLITE_ERRORS as error:
        raise DatasetIOError(
            f"Table {table} cannot be compared: {str(error) or 'out of memory'}.",
            hint="Run: microcosm-sqlite verify, on both sides.",
        ) from error


@contextmanager
def open_comparer(old: Location, new: Location) -> Iterator[RowComparer]:
    """Open two databases, read-only and hardened, to compare their rows.

    Raises:
        DatasetFileError: One of the files cannot be opened.
    """
    with closing(connect(new, attach={"old": old})) as connection:
        yield RowComparer(connection)
