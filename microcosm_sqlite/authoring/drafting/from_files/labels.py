"""Columns of few texts: enumerations and booleans, where there are rows enough to believe it."""

from __future__ import annotations

import sqlite3

from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.values.parsing import NULL_WORDS
from microcosm_sqlite.common.kinds import TEXT
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count

MOST_LABELS = 16
LONGEST_LABEL = 40
ROWS_PER_LABEL = 20
"""So many rows for each label, on average, make it believed that there are no others."""
_FEWEST_ROWS = 5
"""Of each label: where some are rare, others may be missing."""
_ROWS_TO_TELL = 5
"""So many rows for each label, on average, before it is told that they may be all."""
_ENOUGH_FOR_BOOLEAN = 10
_SURE_BOOLEANS = frozenset({"true", "false"})


def infer_labels(connection: sqlite3.Connection, table: InferredTable) -> None:
    """Find the labels of the columns that have few.

    A column with empty texts stays text: that they are a label is nothing to be sure of.
    """
    for column in table.columns.values():
        is_free = not (column.reference or column.is_unique or column.name in table.primary_key)
        is_free = is_free and not column.has_empty
        if column.kind == TEXT and is_free and 0 < column.length <= LONGEST_LABEL:
            _judge_labels(connection, table, column)


def _judge_labels(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> None:
    counts = _count_texts(connection, table, column)
    labels = tuple(sorted(counts))
    rows = sum(counts.values())
    if (
        len(labels) < 2
        or min(counts.values()) < 2
        or not NULL_WORDS.isdisjoint(labels)
        or not all(label.isprintable() and label == label.strip() for label in labels)
    ):
        return
    if rows >= ROWS_PER_LABEL * len(labels) and min(counts.values()) >= _FEWEST_ROWS:
        column.labels = labels
    elif rows >= _ROWS_TO_TELL * len(labels):
        column.suggestions.append(
            f"{len(labels)} different texts in {spell_count(rows, 'row')}; "
            "if there are no others, say Literal"
        )


def _count_texts(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> dict[str, int]:
    """How often each text is there; none where they are many."""
    name, source = quote_identifier(column.name), quote_identifier(table.name)
    counts: dict[str, int] = {}
    # Most columns of many texts show it soon.
    for rows in (f"(SELECT {name} FROM {source} LIMIT 1000)", source):
        counts = dict(
            connection.execute(
                f"SELECT {name}, count(*) FROM {rows} WHERE {name} NOTNULL GROUP BY 1 LIMIT ?",
                (MOST_LABELS + 1,),
            ).fetchall()
        )
        if len(counts) > MOST_LABELS:
            return {}
    return counts


def doubt_boolean(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> None:
    """Leave a column text whose few rows do not show that it is true or false in all.

    Rows that all say `no` may mean something else, such as Norway.
    """
    counts = _count_texts(connection, table, column)
    words = {text.strip().lower() for text in counts}
    is_told = len(words) > 1 or words <= _SURE_BOOLEANS
    if is_told and sum(counts.values()) >= _ENOUGH_FOR_BOOLEAN:
        return
    column.kind = TEXT
    rows = spell_count(sum(counts.values()), "row")
    column.suggestions.append(
        f"{' or '.join(sorted(words))} in all {rows}; "
        "if it is true or false everywhere, say `Mapped[bool]`, without a type"
    )
