"""Numbers that stand for nothing, as -99 does among numbers above zero."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping

from microcosm_sqlite.authoring.drafting.from_files.hints import write_options
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.common.kinds import INTEGER, NUMBER
from microcosm_sqlite.common.sql import quote_identifier, quote_text
from microcosm_sqlite.common.wording import spell_count

_NINES = re.compile(r"-?(99|9{3,5})(\.(0+|9{1,2}))?")
_FEWEST_SENTINELS = 2
_LONG_NINES = 3
"""Digits of a number below zero that stands for nothing even if it is there once."""
_FAR = 2
"""How much larger than all others a number has to be, as a factor."""


Ends = tuple[float | None, float | None]
"""The smallest and the largest number of a column."""


def measure_numbers(
    connection: sqlite3.Connection, table: InferredTable, columns: Iterable[InferredColumn]
) -> dict[str, Ends]:
    """The ends of each of some columns of numbers whose texts are not all counted, in one scan."""
    names = [
        column.name
        for column in columns
        if column.kind in (INTEGER, NUMBER) and not column.format and column.counts is None
    ]
    ends: dict[str, Ends] = {}
    for at in range(0, len(names), _MEASURED):
        some = names[at : at + _MEASURED]
        numbers = [f"CAST({quote_identifier(name)} AS REAL)" for name in some]
        listed = ", ".join(f"min({number}), max({number})" for number in numbers)
        found = connection.execute(f"SELECT {listed} FROM {quote_identifier(table.name)}")
        row = found.fetchone()
        ends |= dict(zip(some, zip(row[::2], row[1::2], strict=True), strict=True))
    return ends


_MEASURED = 500
"""Columns that are measured at once; a statement has 2,000 results at most."""


def find_sentinels(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    ends: Mapping[str, Ends],
) -> str:
    """A sentence on numbers that stand for nothing, as -99 does among numbers above zero.

    Args:
        connection: Where the table is loaded.
        table: The table.
        column: A column of numbers.
        ends: As `measure_numbers` found them.
    """
    counts = _count_nines(connection, table, column, ends)
    if not counts:
        return ""
    least, most = _measure(connection, table, column, counts)
    told = {
        text: count
        for text, count in sorted(counts.items())
        if least is not None and most is not None and _may_mean_nothing(text, count, least, most)
    }
    named = ", ".join(f"{text} ({spell_count(count, 'row')})" for text, count in told.items())
    if not told:
        return ""
    return (
        f"{named} may stand for no value, as all others are from {least:g} to {most:g}; "
        f"if so, draft it with {write_options(told)}"
    )


def _count_nines(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    ends: Mapping[str, Ends],
) -> dict[str, int]:
    found: Iterable[tuple[str, int]]
    if column.counts is not None:
        found = column.counts.items()
    elif any(_NINES.fullmatch(repr(end)) for end in ends[column.name]):
        source, name = quote_identifier(table.name), quote_identifier(column.name)
        found = connection.execute(
            f"SELECT {name}, count(*) FROM {source} WHERE instr({name}, '99') GROUP BY 1 LIMIT ?",
            (_MOST_NINES,),
        )
    else:  # what stands for nothing is far below or above all others
        found = ()
    return {text: count for text, count in found if _NINES.fullmatch(text.strip())}


def _measure(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    others: Collection[str],
) -> Ends:
    """The ends of a column but for some numbers."""
    if column.counts is not None:
        numbers = [float(text) for text in column.counts if text not in others]
        return min(numbers, default=None), max(numbers, default=None)
    source, name = quote_identifier(table.name), quote_identifier(column.name)
    listed = ", ".join(map(quote_text, others))
    ends: Ends = connection.execute(
        f"SELECT min(number), max(number) FROM (SELECT CAST({name} AS REAL) AS number "
        f"FROM {source} WHERE {name} NOTNULL AND {name} NOT IN ({listed}))"
    ).fetchone()
    return ends


_MOST_NINES = 1000
"""Different numbers with nines in a row that are looked at."""


def _may_mean_nothing(text: str, count: int, least: float, most: float) -> bool:
    """Whether a number of nines is far from all others, and there often enough to be no value."""
    number = float(text)
    is_long = number < 0 and text.count("9") >= _LONG_NINES
    is_far = number < 0 <= least or 0 <= _FAR * most < number
    return is_far and count >= (1 if is_long else _FEWEST_SENTINELS)
