"""How likely it is that values differ, or are found elsewhere, by chance alone."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from microcosm_sqlite.common.kinds import DATE, INTEGER, TEXT
from microcosm_sqlite.common.sql import quote_identifier

SAMPLE = 10_000
_EPOCH = datetime(1970, 1, 1)


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


def count_chance_pairs(kind: str, texts: Sequence[str]) -> float:
    """How many pairs of rows would share a value by chance, where all rows differ in a column.

    The values are taken from all that are written like them, or that lie between them.

    >>> count_chance_pairs("text", ["EWR", "JFK", "LGA"])
    0.16666666666666666
    """
    room = estimate_room(texts) if kind == TEXT else estimate_steps(_number(kind, texts))
    return len(texts) ** 2 / 2 / room


def _number(kind: str, texts: Sequence[str]) -> list[int]:
    if kind == INTEGER:
        return [int(text) for text in texts]
    moments = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
    if kind != DATE:
        return [round((moment - _EPOCH).total_seconds()) for moment in moments]
    if len({moment.day for moment in moments}) > 1:
        return [moment.toordinal() for moment in moments]
    return [12 * moment.year + moment.month for moment in moments]
