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
    is_lenient,
)
from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange
from microcosm_sqlite.authoring.comparing.shapes import Shape
from microcosm_sqlite.catalog.connection import SQLITE_ERRORS, connect
from microcosm_sqlite.catalog.preflight import VERIFY
from microcosm_sqlite.common.sql import find_affinity, quote_identifier
from microcosm_sqlite.errors import DatasetIOError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from microcosm_sqlite.catalog.location import Location

_EVIDENCE = 2
"""The fewest different values by which a column is recognised under another name."""
_MOST_PAIRS = 100
"""Of columns that may be one, as each is compared by all rows."""


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
    if len(new.key) != 1 or old.key != new.key or len(list_shared(old, new)) < 2:
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
        key: The column that only numbers the rows, and is no content; empty for none.
        renamed: Columns that have another name, by the old one, to be compared as well.
    """

    def __init__(
        self,
        table: str,
        old: Shape,
        new: Shape,
        key: str = "",
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.table = table
        self.key = key
        self.columns = [name for name in list_shared(old, new) if name != key]
        both = [*((name, name) for name in self.columns), *(renamed or {}).items()]
        # Under `+` a column has no affinity, by which one side would be converted to the other.
        sides = [
            ", ".join(f"+{quote_identifier(pair[side])} AS c{at}" for at, pair in enumerate(both))
            for side in (0, 1)
        ]
        number = f", {quote_identifier(key)} AS number" if key else ""
        rows = " UNION ALL ".join(
            f"SELECT {names}{number}, {side} AS side FROM {schema}.{quote_identifier(table)}"
            for schema, side, names in (("main", 1, sides[1]), ("old", -1, sides[0]))
        )
        groups = [f"c{at} COLLATE BINARY" for at in range(len(both))]
        groups += [f"typeof(c{at})" for at, pair in enumerate(both) if is_lenient(pair, old, new)]
        differing = f"FROM ({rows}) GROUP BY {', '.join(groups)} HAVING sum(side) <> 0"
        self.count = f"SELECT total(abs(surplus)) FROM (SELECT sum(side) AS surplus {differing})"
        listed = ["sum(side)", *(f"c{at}" for at in range(len(self.columns)))]
        if key:
            listed += [f"json_group_array(number) FILTER (WHERE side = {side})" for side in (1, -1)]
        order = " ORDER BY min(number)" if key else ""
        self.rows = f"SELECT {', '.join(listed)} {differing}{order}"

    def describe(self, row: Sequence[Any]) -> Iterator[RowChange]:
        """The changes that a row of the answer stands for: one for each that is too many."""
        surplus, *values = row
        content = dict(zip(self.columns, values, strict=False))
        for key in self._list_keys(surplus, values[len(self.columns) :]):
            if surplus > 0:
                yield RowChange(self.table, "insert", key, {}, key | content)
            else:
                yield RowChange(self.table, "delete", key, key | content, {})

    def _list_keys(self, surplus: int, numbers: Sequence[str]) -> list[dict[str, Any]]:
        """The keys of the rows that are too many; rows without a number have none."""
        if not numbers:
            return [{}] * abs(surplus)
        new, old = numbers
        known = sorted(json.loads(new if surplus > 0 else old))
        return [{self.key: number} for number in known[-abs(surplus) :]]


def list_shared(old: Shape, new: Shape) -> list[str]:
    """The columns of both sides, in the order of the newer one."""
    return [name for name in new.columns if name in old.columns]


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

    def compare_content(
        self, table: str, before: Shape, shape: Shape, key: str
    ) -> Iterator[RowChange]:
        """The rows that one side has more often, by all columns of both sides.

        Args:
            table: Its name.
            before: What it was declared as.
            shape: What it is declared as.
            key: The column that only numbers the rows, which is not compared; empty for none.

        Raises:
            DatasetIOError: One of the databases cannot be read.
        """
        queries = ContentQueries(table, before, shape, key)
        with _explained(table):
            for row in self._connection.execute(queries.rows):
                yield from queries.describe(row)

    def is_nearer_by_content(self, table: str, before: Shape, shape: Shape) -> bool:
        """Whether fewer rows changed by content than by key, of a table that is numbered."""
        updates = f"SELECT count(*) FROM ({TableQueries(table, before, shape).updates})"
        (key,) = shape.key
        with _explained(table):
            updated = self._count(updates)
            if not updated:
                return False
            new, old = self._count_rows(table)
            content = self._count(ContentQueries(table, before, shape, key).count)
            return content < updated + abs(new - old)

    def _count_rows(self, table: str) -> tuple[int, int]:
        sides = (f"{schema}.{quote_identifier(table)}" for schema in ("main", "old"))
        new, old = (self._count(f"SELECT count(*) FROM {side}") for side in sides)
        return new, old

    def _count(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def find_renamed(
        self, table: str, before: Shape, shape: Shape, *, by_content: bool, key: str = ""
    ) -> dict[str, str]:
        """Columns that have another name on the newer side, by the old one.

        Args:
            table: Its name.
            before: What it was declared as.
            shape: What it is declared as.
            by_content: Whether rows are known by their content, else by their key.
            key: The column that only numbers the rows then; empty for none.

        Raises:
            DatasetIOError: One of the databases cannot be read.
        """
        with _explained(table):
            pairs = _list_pairs(before, shape)
            if by_content:
                pairs = self._find_moved(table, before, shape, key, pairs)
            else:
                pairs = [
                    pair for pair in pairs if _is_moved(self._connection, table, shape.key, *pair)
                ]
        times = Counter([before for before, _ in pairs]), Counter([after for _, after in pairs])
        return {old: new for old, new in pairs if times[0][old] == times[1][new] == 1}

    def _find_moved(
        self, table: str, before: Shape, shape: Shape, key: str, pairs: list[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """The pairs of columns that may be taken for one, so that most rows go on to be the same.

        Args:
            table: The table.
            before: What it was declared as.
            shape: What it is declared as.
            key: The column that only numbers the rows; empty for none.
            pairs: A column that is gone, and one that came.
        """
        if not pairs or len(pairs) > _MOST_PAIRS:
            return []
        rows = self._count_rows(table)
        queries = ContentQueries(table, before, shape, key)
        known = self._count(queries.count) if queries.columns else abs(rows[0] - rows[1])
        if 0 < sum(rows) <= 2 * known:
            return []
        return [
            (old, new)
            for old, new in pairs
            if (_differ_in_case(old, new) or self._has_values(table, old))
            and self._count(ContentQueries(table, before, shape, key, {old: new}).count) == known
        ]

    def _has_values(self, table: str, column: str) -> bool:
        values = f"SELECT DISTINCT {quote_identifier(column)} FROM old.{quote_identifier(table)}"
        return self._count(f"SELECT count(*) FROM ({values} LIMIT {_EVIDENCE})") >= _EVIDENCE


def _list_pairs(old: Shape, new: Shape) -> list[tuple[str, str]]:
    """The columns that are gone, each with those that came and hold the same kind of values."""
    gone = [name for name in old.columns if name not in new.columns]
    come = [name for name in new.columns if name not in old.columns]
    return [
        (before, after)
        for before in gone
        for after in come
        if old.columns[before].is_like(new.columns[after])
    ]


def _differ_in_case(before: str, after: str) -> bool:
    """Whether SQLite takes two names for one, so that few values are enough evidence."""
    return before.lower() == after.lower()


def _is_moved(
    connection: sqlite3.Connection, table: str, key: Sequence[str], before: str, after: str
) -> bool:
    """Whether the values of all rows of both sides are the same in two columns."""
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
    if _differ_in_case(before, after):
        return True
    return bool(connection.execute(values).fetchone()[0] >= _EVIDENCE)


@contextmanager
def _explained(table: str) -> Iterator[None]:
    try:
        yield
    except SQLITE_ERRORS as error:
        raise DatasetIOError(
            f"Table {table} cannot be compared: {str(error) or 'out of memory'}.",
            hint=VERIFY,
        ) from error


@contextmanager
def open_comparer(old: Location, new: Location) -> Iterator[RowComparer]:
    """Open two databases, read-only and hardened, to compare their rows.

    Raises:
        DatasetFileError: One of the files cannot be opened.
    """
    with closing(connect(new, attach={"old": old})) as connection:
        yield RowComparer(connection)
