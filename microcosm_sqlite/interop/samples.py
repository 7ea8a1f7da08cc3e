"""Choose some rows of a table that stand for it: the same ones each time, from all over it."""

from __future__ import annotations

from microcosm_sqlite.catalog.structure import find_rowid_name, find_rowid_range
from microcosm_sqlite.catalog.verifying.ranges import spell_value
from microcosm_sqlite.common.kinds import DURATION, UUID, find_kind
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.stored_values import read_as
from microcosm_sqlite.common.wording import spell_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection
    from typing import Any

    from microcosm_sqlite.catalog.manifest_tables import Field


def read_sample(
    connection: Connection, table: str, columns: Sequence[str], count: int
) -> list[tuple[Any, ...]]:
    """Rows at even distances, in their order; all rows of a table that has no more.

    Each row is found by its number, so that a large table costs as little as a small one.

    Args:
        connection: A connection to the dataset.
        table: The table's name.
        columns: Names of the columns to read, in order.
        count: How many rows to read at most.

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    sql, numbers = write_sample(connection, table, columns, count)
    return connection.execute(sql, numbers).fetchall()


def write_sample(
    connection: Connection, table: str, columns: Sequence[str], count: int
) -> tuple[str, list[int]]:
    """The statement that reads such rows, and the values of its parameters."""
    quoted = quote_identifier(table)
    select = f"SELECT {', '.join(map(quote_identifier, columns))} FROM {quoted}"
    described = connection.execute(f"PRAGMA table_xinfo({quoted})")
    rowid = find_rowid_name(connection, table, [name for _, name, *_ in described])
    extent = find_rowid_range(connection, table, rowid) if rowid else None
    if extent is None or extent[1] - extent[0] < count:
        return f"{select} LIMIT ?", [count]
    places = _spread(*extent, count)
    # Numbers may be missing: the next row that there is.
    nearest = f"(SELECT min({rowid}) FROM {quoted} WHERE {rowid} >= ?)"
    found = ", ".join([nearest] * len(places))
    return f"{select} WHERE {rowid} IN ({found}) ORDER BY {rowid}", places


def spell_sample(field: Field, value: Any) -> str:
    """A value of a sample in one short line; of bytes, how many there are."""
    if isinstance(value, bytes):
        return spell_count(len(value), "byte")
    if isinstance(value, int) and field.type != "boolean":
        return str(value)  # often a number that names something
    kind = find_kind(field.type, field.format)
    is_coded = kind and kind.name in (DURATION, UUID)  # as nobody would write them
    return spell_value(field, read_as(kind, value) if is_coded else value)


def _spread(low: int, high: int, count: int) -> list[int]:
    """Whole numbers at even distances, the lowest and the highest among them.

    >>> _spread(1, 101, 5)
    [1, 26, 51, 76, 101]
    """
    steps = max(count - 1, 1)
    return [low + (high - low) * place // steps for place in range(count)]
