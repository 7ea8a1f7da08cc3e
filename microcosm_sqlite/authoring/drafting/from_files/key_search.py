"""The fewest columns that tell the rows of a table apart together, up to four.

All sets of columns are tried on samples in memory, small sets first, and none that holds another
set that suffices. A set counts where chance would have made pairs of rows alike in it: many columns
with many values tell any rows apart. The first one that holds for all rows is the key.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations, pairwise

from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from microcosm_sqlite.common.durations import EPOCH
from microcosm_sqlite.common.kinds import DATE, INTEGER, TEXT, UUID
from microcosm_sqlite.common.sql import name_rowid, quote_identifier

SAMPLE = 10_000


def estimate_room(texts: Iterable[str]) -> float:
    """How many texts are written like these: any that each place has, at each place.

    >>> estimate_room(["EWR", "JFK", "LGA"]), estimate_room(["A", "B"])
    (27.0, 2.0)
    """
    places: dict[int, list[set[str]]] = defaultdict(list)
    for text in texts:
        known = places[len(text)]
        known += [set() for _ in text[len(known) :]]
        for letters, letter in zip(known, text, strict=True):
            letters.add(letter)
    return float(sum(math.prod(map(len, known)) for known in places.values()))


def estimate_steps(numbers: Sequence[int]) -> int:
    """How many numbers there are between the smallest and the largest, in steps as these have.

    >>> estimate_steps([10, 20, 50])
    5
    """
    ordered = sorted(numbers)
    step = math.gcd(*(right - left for left, right in pairwise(ordered)))
    return (ordered[-1] - ordered[0]) // step + 1 if step else 1


def read_first(connection: sqlite3.Connection, table: str, column: str) -> list[str]:
    """The values of the first rows of a table, which speak for those of the others."""
    name, source = quote_identifier(column), quote_identifier(table)
    # An index has values in order, and the first of these are alike.
    query = f"SELECT {name} FROM {source} NOT INDEXED LIMIT {SAMPLE}"
    return [str(text) for (text,) in connection.execute(query)]


def is_unique(connection: sqlite3.Connection, table: str, *columns: str) -> bool:
    """Whether no two rows have the same in these columns; one by itself is indexed then."""
    listed = ", ".join(map(quote_identifier, columns))
    source = quote_identifier(table)
    # Most columns that repeat themselves do so soon.
    for rows in (1000, 30_000):
        if _has_repeated(connection, f"(SELECT {listed} FROM {source} LIMIT {rows})", listed):
            return False
    if len(columns) > 1:
        return not _has_repeated(connection, source, listed)
    # To make the index costs what sorting the values would.
    index = index_key(connection, table, *columns)
    if _has_repeated(connection, source, listed):
        connection.execute(f"DROP INDEX IF EXISTS {index}")
        return False
    return True


def is_numbering(connection: sqlite3.Connection, table: InferredTable, column: str) -> bool:
    """Whether whole numbers count the rows, from any number on, and so differ."""
    rowid = name_rowid(table.columns)
    if not rowid:
        return False
    offset = f"CAST({quote_identifier(column)} AS INTEGER) - {rowid}"
    offsets = f"SELECT {offset} AS offset FROM {quote_identifier(table.name)}"
    return all(
        connection.execute(f"SELECT min(offset) IS max(offset) FROM ({rows})").fetchone()[0]
        for rows in (f"{offsets} LIMIT 1000", offsets)
    )


def _has_repeated(connection: sqlite3.Connection, rows: str, listed: str) -> bool:
    repeated = f"SELECT 1 FROM {rows} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
    return connection.execute(repeated).fetchone() is not None


def index_key(connection: sqlite3.Connection, table: str, *columns: str) -> str:
    """Let rows be looked up by these columns; return the name of the index, quoted.

    There is none in a database that is only read.
    """
    name = quote_identifier(f"{', '.join(columns)} of {table}")
    listed = ", ".join(map(quote_identifier, columns))
    # Not a unique one: without a journal SQLite could not take back one that it has begun.
    sql = f"CREATE INDEX IF NOT EXISTS {name} ON {quote_identifier(table)} ({listed})"
    try:
        connection.execute(sql)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH):
            raise
    return name


def count_chance_pairs(kind: str, texts: Sequence[str]) -> float:
    """How many pairs of rows would share a value by chance, where all rows differ in a column.

    The values are taken from all that are written like them, or that lie between them.

    >>> count_chance_pairs("text", ["EWR", "JFK", "LGA"])
    0.16666666666666666
    """
    room = (
        estimate_room(texts) if kind in (TEXT, UUID) else estimate_steps(_read_numbers(kind, texts))
    )
    return len(texts) ** 2 / 2 / room


def _read_numbers(kind: str, texts: Sequence[str]) -> list[int]:
    if kind == INTEGER:
        return [int(text) for text in texts]
    moments = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
    if kind != DATE:
        return [round((moment - EPOCH).total_seconds()) for moment in moments]
    if len({moment.day for moment in moments}) > 1:
        return [moment.toordinal() for moment in moments]
    return [12 * moment.year + moment.month for moment in moments]


MOST_KEY_COLUMNS = 4
_MOST_CANDIDATES = 20
_CHANCE_PAIRS = 20
"""Pairs of rows that chance would have made alike: more than for one column, as so many sets are
tried."""
_BLOCK = 1000
_SAMPLED = 10_000
_MOST_SAMPLED_SETS = 200
_MOST_READ_SETS = 4

Codes = dict[str, list[int]]
"""A number for the value of each row, by column: the same for the same value."""


def find_joint_key(
    connection: sqlite3.Connection, table: InferredTable, uniques: Collection[str]
) -> tuple[str, ...]:
    """The columns that tell the rows of a table apart together; none where no few do.

    Args:
        connection: Where the rows are.
        table: The table.
        uniques: The columns that tell rows apart by themselves.
    """
    names = [
        column.name
        for column in table.columns.values()
        if column.may_be_key and not column.is_measured and column.name not in uniques
    ][:_MOST_CANDIDATES]
    if len(names) < 2 or table.row_count < 2:
        return ()
    chances = _find_chances(_read_scattered(connection, table, names))
    blocks = _read_blocks(connection, table, names)
    tried = 0
    for key in _list_sets(
        chances, table.row_count, {name: blocks[name][:_BLOCK] for name in names}
    ):
        if _differ(blocks, key):
            tried += 1
            if is_unique(connection, table.name, *key):
                return key
        if tried == _MOST_READ_SETS:
            break
    return ()


def _list_sets(
    chances: dict[str, float], row_count: int, first: Codes
) -> Iterator[tuple[str, ...]]:
    """Sets of columns that tell the first rows apart, which chance would not have done in all."""
    pairs = row_count * (row_count - 1) / 2
    listed = 0
    for size in range(2, MOST_KEY_COLUMNS + 1):
        for key in combinations(chances, size):
            chance = pairs * math.prod(chances[name] for name in key)
            if chance >= _CHANCE_PAIRS and _differ(first, key):
                yield key
                listed += 1
            if listed == _MOST_SAMPLED_SETS:
                return


def _differ(codes: Codes, key: Sequence[str]) -> bool:
    columns = [codes[name] for name in key]
    return len(set(zip(*columns, strict=True))) == len(columns[0])


def _find_chances(codes: Codes) -> dict[str, float]:
    """How often two rows share their value, by column."""
    chances = {}
    for name, numbers in codes.items():
        pairs = len(numbers) * (len(numbers) - 1)
        alike = sum(count * (count - 1) for count in Counter(numbers).values())
        chances[name] = alike / pairs
    return chances


def _read_scattered(
    connection: sqlite3.Connection, table: InferredTable, names: Sequence[str]
) -> Codes:
    """Rows from all of a table, as neighbours are alike where it is sorted."""
    step = table.row_count // _SAMPLED + 1
    return _read(connection, table, names, f"rowid % {step} = 0" if step > 1 else "1")


def _read_blocks(
    connection: sqlite3.Connection, table: InferredTable, names: Sequence[str]
) -> Codes:
    """Some blocks of rows of a table, as those that are alike often stand together."""
    step = max(table.row_count * _BLOCK // _SAMPLED, _BLOCK)
    return _read(connection, table, names, f"rowid % {step} < {_BLOCK}")


def _read(
    connection: sqlite3.Connection, table: InferredTable, names: Sequence[str], where: str
) -> Codes:
    listed = ", ".join(map(quote_identifier, names))
    query = f"SELECT {listed} FROM {quote_identifier(table.name)} WHERE {where}"
    rows = connection.execute(query).fetchall()
    return {
        name: _number(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)
    }


def _number(values: Sequence[object]) -> list[int]:
    numbers: dict[object, int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]
