"""Statistics of the columns of a table, and how people are shown them.

The build measures it once and the manifest keeps it, so that nobody has to read the rows to be
told. Numbers, dates and times have a range of values; of texts and bytes, whose least and greatest
say little, it is the lengths that are kept. How many values are NULL is kept of every column.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.structure import find_rowid_range, is_without_rowid
from microcosm_sqlite.common.sql import join_evenly, name_rowid, quote_identifier
from microcosm_sqlite.common.wording import spell_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from sqlite3 import Connection
    from typing import Any

    from microcosm_sqlite.catalog.manifest_tables import Field, Table

    Ends = tuple[Any, Any]
    "The least and the greatest, both None where there are no values."


_COLUMNS_PER_SCAN = 400
"""A query takes 999 values in the oldest SQLite, two for each column."""

_SAMPLE_ROWS = 2000

_NUMBERS = ("integer", "year", "number")
_MOMENTS = ("date", "datetime", "time")


def measure_columns(
    connection: Connection, table: str, fields: Sequence[Field]
) -> list[dict[str, Any]]:
    """Compare the manifest's facts about each column with its values.

    >>> import sqlite3
    >>> from microcosm_sqlite.catalog.manifest_tables import Field
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
    """Compare the rows of a table with its manifest: one complaint for each column.

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
            yield f"column {table.name}.{field.name} does not hold what the manifest says"


def _scan(connection: Connection, table: str, fields: Sequence[Field]) -> list[dict[str, Any]]:
    rows, *filled = _count_values(connection, table, [f for f in fields if not f.required])
    counts = iter(filled)
    found: list[dict[str, Any]] = [
        {"nullCount": 0 if field.required else rows - next(counts)} for field in fields
    ]
    measured = [(field, told) for field, told in zip(fields, found, strict=True) if _measure(field)]
    ends = _find_ends(connection, table, [_measure(field) for field, _ in measured])
    for (field, told), pair in zip(measured, ends, strict=True):
        key = "valueRange" if _has_values(field) else "lengthRange"
        if all(_fits(field, end) for end in pair):
            told[key] = list(pair)
    return found


def _count_values(connection: Connection, table: str, fields: Sequence[Field]) -> tuple[int, ...]:
    """How many rows there are, and in how many of them each field has a value."""
    terms = ["count(*)", *(f"count({quote_identifier(field.name)})" for field in fields)]
    sql = f"SELECT {', '.join(terms)} FROM {quote_identifier(table)}"
    counts: tuple[int, ...] = connection.execute(sql).fetchone()
    return counts


def _find_ends(connection: Connection, table: str, measures: Sequence[str]) -> list[Ends]:
    """The least and the greatest of each measure.

    To find those of a sample first, and then of the rows beyond them, takes half the time.
    """
    if not measures:
        return []
    select = f"{_write_ends(measures)} FROM {quote_identifier(table)}"
    sample = _choose_sample(connection, table)
    if not sample:
        return _pair(connection.execute(select).fetchone())
    beyond: list[str] = []
    values: list[Any] = []
    for measure, ends in zip(
        measures, _pair(connection.execute(f"{select} WHERE {sample}").fetchone()), strict=True
    ):
        if None in ends:
            beyond.append(f"{measure} IS NOT NULL")
        else:
            beyond.append(f"{measure} NOT BETWEEN ? AND ?")
            values += ends
    both = f"{select} WHERE {sample} UNION ALL {select} WHERE {join_evenly(beyond, ' OR ')}"
    names = [f"end{number}" for number in range(2 * len(measures))]
    sql = (
        f"WITH found({', '.join(names)}) AS ({both}) SELECT "
        + ", ".join(f"{('min', 'max')[number % 2]}({name})" for number, name in enumerate(names))
        + " FROM found"
    )
    return _pair(connection.execute(sql, tuple(values)).fetchone())


def _write_ends(measures: Sequence[str]) -> str:
    return "SELECT " + ", ".join(f"min({measure}), max({measure})" for measure in measures)


def _pair(found: Sequence[Any]) -> list[Ends]:
    return list(zip(found[::2], found[1::2], strict=True))


def _choose_sample(connection: Connection, table: str) -> str:
    """SQL that is true of some rows, or an empty string where nothing numbers them."""
    import random

    columns = connection.execute(f"PRAGMA table_xinfo({quote_identifier(table)})").fetchall()
    rowid = name_rowid(name for _, name, *_ in columns)
    if not rowid or is_without_rowid(connection, table):
        return ""
    extent = find_rowid_range(connection, table, rowid)
    if extent is None:
        return ""
    # Not at even distances, as what rows hold often comes again after a round number of them.
    low, high = extent
    draw = random.Random(0)  # noqa: S311 - the same at each call
    few = high - low < _SAMPLE_ROWS
    numbers = (
        {*range(low, high + 1)} if few else {draw.randint(*extent) for _ in range(_SAMPLE_ROWS)}
    )
    return f"{rowid} IN ({', '.join(map(str, numbers))})"


def _measure(field: Field) -> str:
    """SQL for what is measured of a column, or an empty string."""
    # The plus keeps SQLite from trying to make numbers of dates.
    column = f"+{quote_identifier(field.name)}"
    if _has_values(field):
        return column
    return f"length({column})" if _has_lengths(field) else ""


def _has_values(field: Field) -> bool:
    return field.type in _NUMBERS or field.type in _MOMENTS


def _has_lengths(field: Field) -> bool:
    """Whether lengths differ from value to value and are not told by the members themselves."""
    return field.type == "string" and field.format != "uuid" and "enum" not in field.constraints


def _fits(field: Field, end: object) -> bool:
    """Not the NULL of a column without values, nor infinity, which JSON has no word for."""
    if field.type in _MOMENTS:
        return isinstance(end, str)
    return isinstance(end, int) or (isinstance(end, float) and abs(end) < float("inf"))


WIDEST = 40
"""Characters of a value that are shown."""


def spell_value(field: Field, value: Any) -> str:
    """Format a value, as SQLite stores it, in one short line.

    >>> from microcosm_sqlite.catalog.manifest_tables import Field
    >>> spell_value(Field({"name": "seen", "type": "datetime"}), "2013-01-01 10:00:00.000000")
    '2013-01-01 10:00'
    >>> number = Field({"name": "n", "type": "number"})
    >>> [spell_value(number, value) for value in (2013, 2013.25, 12345, 12345.25)]
    ['2013', '2013.25', '12,345', '12,345.2']
    """
    if field.type == "boolean":
        return {0: "no", 1: "yes"}.get(value, str(value))
    if isinstance(value, int | float) and abs(value) < 10_000:
        # Four digits without a comma: they are often those of a year.
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e5 <= abs(value) < 1e15 else f"{value:,.6g}"
    text = " ".join(str(value).split())
    if field.type in ("datetime", "time"):
        text = text.removesuffix(".000000").removesuffix(":00")
    if not text:
        return "(empty)"
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def spell_range(field: Field) -> str:
    """Format the range of the values, or of their lengths; empty where neither is known."""
    if field.value_range:
        low, high = (spell_value(field, end) for end in field.value_range)
        return f"always {low}" if low == high else f"{low} to {high}"
    if field.length_range:
        shortest, longest = field.length_range
        most = spell_count(longest, "byte" if field.format == "binary" else "character")
        return most if shortest == longest else f"{shortest:,} to {most}"
    return ""
