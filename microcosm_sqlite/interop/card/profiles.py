"""Summaries of the columns of a table: missing, distinct, frequent and spread values."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.interop.quantiles import find_place, interpolate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from microcosm_sqlite.catalog.manifest_tables import Field, Table


BINS = 32
"""The most bars of a histogram."""

TOP = 5
"""How many of the most frequent values are kept."""

PERCENTS = (1, 25, 50, 75, 99)
"""The quantiles that are found: the ends but for one percent, the quartiles and the median."""

_LONG = 2
"""A tail is cut off that is more than twice as long as where all values but the tails are."""

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
        quantiles: The values of :data:`PERCENTS`. Quartiles of numbers are those of ``describe``,
            between two values; the others are values that occur. Empty for columns without an
            order that counts.
        start, end: Where the histogram begins and ends: the least and the greatest value, or else
            the first and the last percentile, where a long tail would flatten the rest.
        below, above: How many values are outside of it.
        bins: How many values are in each of as many equal steps from start to end; empty for
            columns without an order that counts.
        top: The most frequent values and how often they occur; empty for columns with bins.
    """

    __slots__ = (
        *("above", "below", "bins", "distinct", "end", "field", "high", "low"),
        *("missing", "quantiles", "rows", "start", "top"),
    )

    def __init__(self, field: Field, rows: int, missing: int) -> None:
        self.field = field
        self.rows = rows
        self.missing = missing
        self.distinct: int | None = None
        self.low: Any = None
        self.high: Any = None
        self.quantiles: list[Any] = []
        self.start: Any = None
        self.end: Any = None
        self.below = self.above = 0
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
    total = profile.rows - profile.missing
    profile.distinct, quantiles = _find_quantiles(connection, column, source, total)
    if not profile.field.value_range:
        return
    profile.low, profile.high = profile.field.value_range
    ends = [_place(connection, profile.field, end) for end in profile.field.value_range]
    if None in ends:
        return
    profile.quantiles = quantiles
    places = [_place(connection, profile.field, value) for value in quantiles]
    profile.start, profile.end, first, last = _choose_ends(profile, ends, places)
    width, number = _steps(first, last)
    if number < 2:
        return
    place = _SPREAD[profile.field.type].format(column)
    profile.bins = [0] * number
    for step, count in connection.execute(
        f"SELECT CASE WHEN {place} < ? THEN -1 WHEN {place} > ? THEN -2"
        f" ELSE CAST(({place} - ?) / ? AS INTEGER) END, count(*) FROM {source}"
        f" WHERE {place} IS NOT NULL GROUP BY 1",
        (first, last, first, width),
    ):
        # What a manifest says of the ends may be wrong.
        if step == -1 and profile.start != profile.low:
            profile.below = count
        elif step == -2 and profile.end != profile.high:
            profile.above = count
        else:
            # The greatest value ends the last step, where arithmetic would begin another.
            profile.bins[_find_bin(step, number)] += count


def _find_bin(step: int, number: int) -> int:
    return {-1: 0, -2: number - 1}.get(step, max(0, min(step, number - 1)))


def _find_quantiles(
    connection: Connection, column: str, source: str, total: int
) -> tuple[int, list[Any]]:
    """How many values differ, and the quantiles of all; none if there are fewer than was told."""
    places = [find_place(total, percent) for percent in PERCENTS]
    wanted = sorted({at for place, _ in places for at in (place, place + 1) if at < total})
    found: dict[int, Any] = {}
    distinct = passed = 0
    for value, count in connection.execute(
        f"SELECT {column}, count(*) FROM {source} WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 1"
    ):
        distinct += 1
        passed += count
        while len(found) < len(wanted) and passed > wanted[len(found)]:
            found[wanted[len(found)]] = value
    if total < 1 or len(found) < len(wanted):
        return distinct, []
    # A histogram may begin and end at the outer two, and never leaves out more than one percent.
    (first, _), *inner, (last, behind) = places
    quartiles = [interpolate(found[at], found.get(at + 1), share) for at, share in inner]
    return distinct, [found[first], *quartiles, found[last + (behind > 0)]]


def _choose_ends(
    profile: Profile, ends: Sequence[Any], places: Sequence[Any]
) -> tuple[Any, Any, Any, Any]:
    """The values where the histogram begins and ends, and their places on the axis."""
    start, end = profile.low, profile.high
    first, last = ends
    if not places or None in places:
        return start, end, first, last
    middle = places[-1] - places[0]
    if not middle:  # hardly anything differs, but for the tails
        return start, end, first, last
    if last - places[-1] > _LONG * middle:
        end, last = profile.quantiles[-1], places[-1]
    if places[0] - first > _LONG * middle:
        start, first = profile.quantiles[0], places[0]
    return start, end, first, last


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
