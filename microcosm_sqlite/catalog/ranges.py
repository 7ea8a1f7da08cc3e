"""What the columns of a table hold, in a few numbers: how many NULLs, from where to where.

The build measures it once and the manifest keeps it, so that nobody has to read the rows to be
told. Numbers, dates and times have a range of values; of texts and bytes, whose least and greatest
say little, it is the lengths that are kept.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.connection import quote_identifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from sqlite3 import Connection
    from typing import Any

    from microcosm_sqlite.catalog.manifest import Field, Table

_COLUMNS_PER_SCAN = 600
"""Of each column up to three results are asked for, and SQLite gives 2,000 at once."""

_NUMBERS = ("integer", "year", "number")
_MOMENTS = ("date", "datetime", "time")


def measure_columns(
    connection: Connection, table: str, fields: Sequence[Field]
) -> list[dict[str, Any]]:
    """What the manifest says of each column besides its declaration, from one scan of the table.

    >>> import sqlite3
    >>> from microcosm_sqlite.catalog.manifest import Field
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.executescript("CREATE TABLE t (n); INSERT INTO t VALUES (7), (NULL), (9)")
    >>> measure_columns(connection, "t", [Field({"name": "n", "type": "integer"})])
    [{'nullCount': 1, 'valueRange': [7, 9]}]
    >>> connection.close()

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    found = []
    for start in range(0, len(fields), _COLUMNS_PER_SCAN):
        found += _scan(connection, table, fields[start : start + _COLUMNS_PER_SCAN])
    return found


def compare_columns(connection: Connection, table: Table) -> Iterator[str]:
    """Where the rows of a table are not as its manifest says: one complaint for each column.

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    for field, found in zip(
        table.fields, measure_columns(connection, table.name, table.fields), strict=True
    ):
        said = {
            "nullCount": field.null_count,
            "valueRange": field.value_range and list(field.value_range),
            "lengthRange": field.length_range and list(field.length_range),
        }
        if found != {key: value for key, value in said.items() if value is not None}:
            yield f"column {table.name}.{field.name} does not hold what is said of it"


def _scan(connection: Connection, table: str, fields: Sequence[Field]) -> list[dict[str, Any]]:
    terms = ["count(*)", *(term for field in fields for term in _terms(field))]
    sql = f"SELECT {', '.join(terms)} FROM {quote_identifier(table)}"
    rows, *values = connection.execute(sql).fetchone()
    results = iter(values)
    return [_read(field, rows, results) for field in fields]


def _terms(field: Field) -> Iterator[str]:
    column = quote_identifier(field.name)
    if not field.required:
        yield f"count({column})"
    if _has_values(field):
        yield from (f"min({column})", f"max({column})")
    elif _has_lengths(field):
        yield from (f"min(length({column}))", f"max(length({column}))")


def _read(field: Field, rows: int, results: Iterator[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"nullCount": 0 if field.required else rows - next(results)}
    if _has_values(field):
        ends = [next(results), next(results)]
        if all(_fits(field, end) for end in ends):
            found["valueRange"] = ends
    elif _has_lengths(field):
        ends = [next(results), next(results)]
        if None not in ends:
            found["lengthRange"] = ends
    return found


def _has_values(field: Field) -> bool:
    return field.type in _NUMBERS or field.type in _MOMENTS


def _has_lengths(field: Field) -> bool:
    """Whether lengths differ from value to value and are not told by the members themselves."""
    return field.type == "string" and field.format != "uuid" and "enum" not in field.constraints


def _fits(field: Field, end: object) -> bool:
    """Not for the NULL of a column without values, nor for infinity, which JSON has no word for."""
    if field.type in _MOMENTS:
        return isinstance(end, str)
    return isinstance(end, int) or (isinstance(end, float) and abs(end) < float("inf"))
