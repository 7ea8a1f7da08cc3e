"""The numbers that describe the columns of a table, as pandas' ``describe`` gives them.

SQLite computes them: each column is read by one statement, which counts its different values and
works on those. So nothing has to fit into memory, and no extra is needed.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.catalog.verifying.ranges import spell_value
from microcosm_sqlite.common import kinds
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.stored_values import NUMBERS, read_as
from microcosm_sqlite.common.wording import align, measure, spell_count
from microcosm_sqlite.interop.notebook import CELL, NUMBER, draw_lines, frame
from microcosm_sqlite.interop.quantiles import find_place, interpolate
from microcosm_sqlite.interop.selections import (
    check_types,
    choose_fields,
    explain_evaluation,
    judge_condition,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from sqlite3 import Connection

    import pandas as pd

    from microcosm_sqlite.catalog.frames import Condition, Parameters
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field
    from microcosm_sqlite.common.kinds import Kind

_ORDERED = NUMBERS | {kinds.DATE, kinds.DATETIME, kinds.TIME, kinds.DURATION}
"""Kinds of which the least, the greatest and quartiles are told."""

_OPAQUE = frozenset((kinds.BINARY, kinds.PICKLE))
"""Kinds of which values are only counted."""


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column in numbers; what makes no sense for its type is None.

    Attributes:
        name: The column.
        field_type: Its type in Table Schema, such as ``integer``.
        count: How many rows have a value.
        missing: How many have none.
        unique: How many different values there are.
        top: The most frequent value; of several, the least.
        freq: How often it occurs.
        mean: The mean of numbers.
        std: The standard deviation of numbers, as of a sample, with ``count - 1``.
        min: The least value.
        q25: The first quartile: of numbers interpolated as pandas does; of dates and times, a
            value that occurs. ``median`` and ``q75`` likewise.
        median: The median.
        q75: The third quartile.
        max: The greatest value.
    """

    name: str
    field_type: str
    count: int
    missing: int
    unique: int | None = None
    top: Any = None
    freq: int | None = None
    mean: float | None = None
    std: float | None = None
    min: Any = None
    q25: Any = None
    median: Any = None
    q75: Any = None
    max: Any = None


LABELS = {
    "column": "name",
    "type": "field_type",
    **{name: name for name in ("count", "missing", "unique", "top", "freq", "mean", "std", "min")},
    "25%": "q25",
    "50%": "median",
    "75%": "q75",
    "max": "max",
}
"""The attributes by what they are called where people read them."""


class TableSummary(Mapping[str, ColumnSummary]):
    """Columns in numbers, by their names; terminals and notebooks show a table.

    >>> summary = nyc.describe("flights", columns=["distance", "dest"])     # doctest: +SKIP
    >>> summary["distance"].median, summary["dest"].top                     # doctest: +SKIP
    (872.0, 'ORD')

    Attributes:
        table: The name of the table.
        rows: How many rows were read.
    """

    def __init__(
        self, table: str, rows: int, columns: Iterable[tuple[Field, ColumnSummary]]
    ) -> None:
        self.table = table
        self.rows = rows
        self._columns = {field.name: (field, summary) for field, summary in columns}

    def __getitem__(self, name: str) -> ColumnSummary:
        return self._columns[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        return self.draw(_WIDTH)

    def draw(self, width: int = 0) -> str:
        """The numbers as aligned text; where that is wider than allowed, in several parts.

        Args:
            width: The columns of text that a line may take; 0 for any number.
        """
        heads, lines = self._spell()
        aligned = align([heads, *lines], [head not in _TO_THE_LEFT for head in heads])
        parts: list[Sequence[int]] = [range(len(heads))]
        if 0 < width < measure("  ".join(aligned[0])):
            parts = _split(heads, aligned[0], width)
        return "\n\n".join(
            "\n".join(
                "  ".join(line[place] for place in part).rstrip()
                for line in aligned
                if any(line[place].strip() for place in part[1:])
            )
            for part in parts
        )

    def _repr_html_(self) -> str:
        heads, lines = self._spell()
        styles = [CELL if head in _TO_THE_LEFT else NUMBER for head in heads]
        return frame(self.table, spell_count(self.rows, "row"), draw_lines(heads, lines, styles))

    def pandas(self) -> pd.DataFrame:
        """The numbers as pandas' ``describe(include="all")`` lays them out.

        Raises:
            MissingDependencyError: pandas is not installed.
        """
        with extra("pandas"):
            import pandas as pd
        labels = [label for label in LABELS if label not in _NAMES]
        columns = {
            name: pd.Series([pick(summary, label) for label in labels], labels, dtype=object)
            for name, summary in self.items()
        }
        return pd.DataFrame(columns, labels)

    def _spell(self) -> tuple[list[str], list[list[str]]]:
        """Heads and lines, without the heads for which no column has anything."""
        told = [
            label
            for label in LABELS
            if any(pick(summary, label) is not None for summary in self.values())
        ]
        lines = [
            [_spell(field, label, pick(summary, label)) for label in told]
            for field, summary in self._columns.values()
        ]
        return told, lines


def _split(heads: Sequence[str], cells: Sequence[str], width: int) -> list[Sequence[int]]:
    """The places of the cells of a line that stand together, each time behind the first one.

    What only values in an order have begins a part of its own.
    """
    cut = next((head for head in heads if head in _MEASURED), "")
    parts: list[list[int]] = [[0]]
    used = measure(cells[0])
    for place, (head, cell) in enumerate(zip(heads, cells, strict=True)):
        needed = len("  ") + measure(cell)
        if len(parts[-1]) > 1 and (head == cut or used + needed > width):
            parts.append([0])
            used = measure(cells[0])
        if place:
            parts[-1].append(place)
            used += needed
    return list(parts)


def pick(summary: ColumnSummary, label: str) -> Any:
    """What a summary says under a label."""
    return getattr(summary, LABELS[label])


_WIDTH = 100
"""Columns of text that the representation takes at most, if it can."""

_MEASURED = ("mean", "std", "min", "25%", "50%", "75%", "max")
"""Labels of what only values in an order have."""

_TO_THE_LEFT = ("column", "type", "top")
_NAMES = ("column", "type")
_COUNTS = ("count", "missing", "unique", "freq")


def _spell(field: Field, label: str, value: Any) -> str:
    if value is None:
        return ""
    if label in _NAMES:
        return field.type_name if label == "type" else str(value)
    if label in _COUNTS:
        return f"{value:,}"
    return spell_value(field, value)


def describe_rows(
    dataset: InstalledDataset,
    table: str,
    *,
    columns: Iterable[str] | None = None,
    where: Condition | None = None,
    params: Parameters | None = None,
    opened: Connection | None = None,
) -> TableSummary:
    """The columns of a table in numbers; see :meth:`microcosm_sqlite.InstalledDataset.describe`.

    Args:
        dataset: The dataset.
        table: The table's name.
        columns: Names of the columns; all by default.
        where: Which rows are read.
        params: The values of parameters in the condition.
        opened: A connection to the dataset for many tables; to open one reads the whole schema.
    """
    check_types(where)
    fields = choose_fields(dataset, dataset.tables[table], columns)
    with nullcontext(opened) if opened else closing(dataset.connect()) as connection:
        try:
            condition, bound = judge_condition(connection, dataset, table, where, params)
            filtered = f" WHERE (\n{condition}\n)" if condition else ""
            rows = _Rows(connection, f"{quote_identifier(table)}{filtered}", bound)
            (total,) = rows.read("SELECT count(*) FROM {source}")
            found = [(field, _describe(rows, field, total)) for field in fields]
        except sqlite3.Error as error:
            explained = explain_evaluation(error) if where else None
            raise explained or translate(error, dataset.location.path) from error
    return TableSummary(table, total, found)


class _Rows(NamedTuple):
    """The rows that are read: SQL as after FROM, and the values of its parameters."""

    connection: Connection
    source: str
    params: Parameters

    def read(self, sql: str, **names: str) -> tuple[Any, ...]:
        # The condition is as columns store their values by now, and is not to be read again.
        cursor = sqlite3.Cursor(self.connection)
        row: tuple[Any, ...] = cursor.execute(
            sql.format(source=self.source, **names), self.params
        ).fetchone()
        cursor.close()
        return row


_COUNTED = """
WITH counted AS MATERIALIZED (
    SELECT value, count(*) AS number FROM (SELECT {column} AS value FROM {source})
    WHERE value IS NOT NULL GROUP BY 1
), whole AS MATERIALIZED (
    SELECT sum(number) AS present, count(*) AS differing, max(number) AS most,
        total(number * value) / sum(number) AS mean,
        total(typeof(value) NOT IN ('integer', 'real')) AS texts
    FROM counted
)
"""
_FREQUENT = f"""{_COUNTED}
SELECT ifnull(present, 0), differing, most,
    (SELECT value FROM counted WHERE number = most ORDER BY value LIMIT 1)
FROM whole
"""
_PLACES = ("(present - 1) / 4", "(present - 1) / 2", "(present - 1) * 3 / 4")
"""How many values stand before a quartile; the next value is taken in part, as in pandas."""

_SPREAD = f"""{_COUNTED}, placed AS (
    SELECT value, sum(number) OVER (ORDER BY value ROWS UNBOUNDED PRECEDING) AS reached FROM counted
)
SELECT mean, (SELECT total(number * (value - mean) * (value - mean)) FROM counted), texts,
    min(value), max(value),
    {
    ", ".join(
        f"min(CASE WHEN reached > {place}{later} THEN value END)"
        for place in _PLACES
        for later in ("", " + 1")
    )
}
FROM placed, whole
"""


def _describe(rows: _Rows, field: Field, total: int) -> ColumnSummary:
    kind = kinds.find_kind(field.type, field.format, has_labels=bool(field.constraints.get("enum")))
    column = quote_identifier(field.name)
    if kind and kind.name in _OPAQUE:
        (count,) = rows.read("SELECT count({column}) FROM {source}", column=column)
        return ColumnSummary(field.name, field.type, count, total - count)
    count, unique, freq, top = rows.read(_FREQUENT, column=column)
    summary = ColumnSummary(
        field.name, field.type, count, total - count, unique, read_as(kind, top), freq
    )
    if not (kind and kind.name in _ORDERED and count):
        return summary
    return _measure(rows, column, kind, summary)


def _measure(rows: _Rows, column: str, kind: Kind, summary: ColumnSummary) -> ColumnSummary:
    """The same with what only values have that are in an order."""
    mean, squares, texts, low, high, *near = rows.read(_SPREAD, column=column)
    count = summary.count
    if kind.name not in NUMBERS:
        ends = [read_as(kind, value) for value in (low, *near[::2], high)]
        return replace(summary, **dict(zip(_ENDS, ends, strict=True)))
    if texts:  # values of a wrong type, of which SQLite would reckon with zeros
        return summary
    quartiles = [
        float(interpolate(before, after, find_place(count, percent)[1]))
        for percent, before, after in zip((25, 50, 75), near[::2], near[1::2], strict=True)
    ]
    is_finite = mean is not None and math.isfinite(mean)
    deviation = (squares / (count - 1)) ** 0.5 if count > 1 and is_finite else None
    ends = [low, *quartiles, high]
    return replace(summary, mean=mean, std=deviation, **dict(zip(_ENDS, ends, strict=True)))


_ENDS = ("min", "q25", "median", "q75", "max")
