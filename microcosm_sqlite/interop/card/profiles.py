"""What the values of a column look like: how many, which, and how they are spread."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    from sqlite3 import Connection

    from microcosm_sqlite.catalog.manifest import Field, Table

BINS = 32
"""The most bars of a histogram."""

TOP = 5
"""How many of the most frequent values are kept."""

_SPREAD = {
    "integer": "{0}",
    "year": "{0}",
    "number": "{0}",
    "date": "julianday({0})",
    "datetime": "julianday({0})",
}
_COUNTED = ("string", "boolean", "time")
_OPAQUE = ("binary", "uuid")


class Profile:
    """One column, summed up.

    Attributes:
        field: The column.
        rows: Rows of its table.
        missing: How many of them are NULL.
        distinct: How many different values there are, NULL aside; None where it is not counted.
        low, high: The least and the greatest value as SQLite stores it; None where there is none,
            or one is infinite.
        bins: How many values are in each of as many equal steps from low to high; empty for
            columns without an order that counts.
        top: The most frequent values and how often they occur; empty for columns with bins.
    """

    __slots__ = ("bins", "distinct", "field", "high", "low", "missing", "rows", "top")

    def __init__(self, field: Field, rows: int, missing: int) -> None:
        self.field = field
        self.rows = rows
        self.missing = missing
        self.distinct: int | None = None
        self.low: Any = None
        self.high: Any = None
        self.bins: list[int] = []
        self.top: list[tuple[Any, int]] = []

    def __repr__(self) -> str:
        return f"<Profile {self.field.name}: {self.distinct} of {self.rows}>"

    @property
    def is_unique(self) -> bool:
        """Whether no value occurs twice."""
        return self.distinct is not None and 1 < self.distinct == self.rows - self.missing

    @property
    def is_numbered(self) -> bool:
        """Whether it counts its rows: every whole number from the first to the last, once."""
        low, high = self.low, self.high
        return self.is_unique and type(low) is type(high) is int and high - low + 1 == self.distinct


def profile_table(connection: Connection, table: Table) -> list[Profile]:
    """The profiles of all columns of a table.

    What the build measured is taken from the manifest, or from one scan where that does not say;
    how values are spread is read from the file, in a pass or two for each column.
    """
    fields = table.fields
    if any(field.null_count is None for field in fields):
        fields = _measure(connection, table)
    return [_profile(connection, table, field) for field in fields]


def _measure(connection: Connection, table: Table) -> list[Field]:
    measured = measure_columns(connection, table.name, table.fields)
    fields = [copy(field) for field in table.fields]
    for field, found in zip(fields, measured, strict=True):
        field.null_count = found["nullCount"]
        field.value_range = found.get("valueRange")
        field.length_range = found.get("lengthRange")
    return fields


def _profile(connection: Connection, table: Table, field: Field) -> Profile:
    column, source = quote_identifier(field.name), quote_identifier(table.name)
    profile = Profile(field, table.row_count, field.null_count or 0)
    if field.type in _SPREAD:
        _measure_spread(connection, profile, column, source)
    elif field.type in _COUNTED and field.format not in _OPAQUE:
        _count_values(connection, profile, column, source)
    return profile


def _count_values(connection: Connection, profile: Profile, column: str, source: str) -> None:
    found = connection.execute(
        f"WITH counted AS MATERIALIZED (SELECT {column} AS value, count(*) AS number"
        f" FROM {source} WHERE {column} IS NOT NULL GROUP BY 1)"
        " SELECT value, number, (SELECT count(*) FROM counted) FROM counted"
        f" ORDER BY number DESC, value LIMIT {TOP}"
    ).fetchall()
    profile.distinct = found[0][2] if found else 0
    profile.top = [(value, number) for value, number, _ in found]


def _measure_spread(connection: Connection, profile: Profile, column: str, source: str) -> None:
    (profile.distinct,) = connection.execute(
        f"SELECT count(DISTINCT {column}) FROM {source}"
    ).fetchone()
    if not profile.field.value_range:
        return
    profile.low, profile.high = profile.field.value_range
    low, high = (_place(connection, profile.field, end) for end in profile.field.value_range)
    if low is None or high is None:
        return
    width, number = _steps(low, high)
    if number < 2:
        return
    place = _SPREAD[profile.field.type].format(column)
    profile.bins = [0] * number
    for step, count in connection.execute(
        f"SELECT CAST(({place} - ?) / ? AS INTEGER), count(*) FROM {source}"
        f" WHERE {place} IS NOT NULL GROUP BY 1",
        (low, width),
    ):
        # The greatest value ends the last step, where arithmetic would begin another; and what a
        # manifest says of the ends may be wrong.
        profile.bins[max(0, min(step, number - 1))] += count


def _place(connection: Connection, field: Field, end: object) -> float | None:
    """Where on the axis a value stands; None where it stands nowhere."""
    sql = f"SELECT {_SPREAD[field.type].format('?')}"
    (place,) = connection.execute(sql, (end,)).fetchone()
    return place if isinstance(place, int | float) and math.isfinite(place) else None


def _steps(low: float, high: float) -> tuple[float, int]:
    """The width and number of the steps; whole numbers are never divided between two."""
    if isinstance(low, int) and isinstance(high, int):
        width = -(-(high - low + 1) // BINS)
        return width, -(-(high - low + 1) // width)
    span = high - low
    return (span / BINS, BINS) if span > 0 and math.isfinite(span) else (1.0, 1)
