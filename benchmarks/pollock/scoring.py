"""The score of Pollock: how much of the header, the rows and the cells of a clean table arrived.

As in the paper, a file gives one point where it is loaded at all, and one for each of precision,
recall and F1 of header, records and cells: ten at most. Header and records are compared by what
their texts stand for (numbers, booleans, dates and times in any spelling, words in any case), cells
by their texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

from dateutil.parser import ParserError, parse

MEASURES = (
    "success",
    *(
        f"{what} {measure}"
        for what in ("header", "record", "cell")
        for measure in ("precision", "recall", "F1")
    ),
)
Table = Sequence[Sequence[str]]
"""Rows of texts, the header first."""


def score(clean: Table, loaded: Table | None) -> tuple[float, ...]:
    """The measures of one file; `loaded` is None where it was not."""
    if loaded is None:
        return (0.0,) * len(MEASURES)
    if not clean:
        return (1.0,) * len(MEASURES)
    header = _compare([*map(normalise, clean[0])], [*map(normalise, loaded[0])] if loaded else [])
    records = _compare(_join_rows(clean[1:]), _join_rows(loaded[1:]))
    cells = _compare(
        [cell for row in clean for cell in row], [cell for row in loaded for cell in row]
    )
    return (1.0, *header, *records, *cells)


def _compare(wanted: Sequence[str], found: Sequence[str]) -> tuple[float, float, float]:
    if not wanted:
        return 1.0, 1.0, 1.0
    shared = (Counter(wanted) & Counter(found)).total()
    if not shared:
        return 0.0, 0.0, 0.0
    precision, recall = shared / len(wanted), shared / len(found)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _join_rows(rows: Table) -> list[str]:
    return ["".join(map(normalise, row)) for row in rows]


@lru_cache(1 << 16)
def normalise(text: str) -> str:
    """What a text stands for, in one spelling."""
    if not text.strip() or len(text) > 40:
        return text.lower()
    for read in (int, float, _read_moment):
        try:
            return str(read(text))
        except (ValueError, OverflowError):
            continue
    return text.lower()


def _read_moment(text: str) -> str:
    if not any(map(str.isdigit, text)):
        raise ValueError
    try:
        return str(parse(text))
    except (ParserError, TypeError) as error:
        raise ValueError from error


def average(
    scores: Mapping[str, Sequence[float]], weights: Mapping[str, float]
) -> tuple[float, float, float]:
    """The share of files that were loaded, the simple score, and the weighted one."""
    total = sum(weights.get(name, 0.0) for name in scores)
    simple = sum(map(sum, scores.values())) / len(scores)
    weighted = sum(weights.get(name, 0.0) * sum(each) for name, each in scores.items())
    loaded = sum(each[0] for each in scores.values()) / len(scores)
    return loaded, simple, weighted / total if total else simple
