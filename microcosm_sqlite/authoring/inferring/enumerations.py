"""Which text columns say one of a few things, over and over."""

from __future__ import annotations

import sqlite3

from microcosm_sqlite.authoring.inferring.guessing import NULL_WORDS, TEXT
from microcosm_sqlite.authoring.inferring.inferred import InferredColumn, InferredTable
from microcosm_sqlite.catalog.connection import quote_identifier

MOST_LABELS = 16
LONGEST_LABEL = 40
ROWS_PER_LABEL = 20
"""So many rows for each label, on average, make it believed that there are no others."""


def infer_enumerations(connection: sqlite3.Connection, table: InferredTable) -> None:
    """Find the labels of the columns that have few: each is there twice at least."""
    for column in table.columns.values():
        is_free = not (column.reference or column.is_unique or column.name in table.primary_key)
        if column.kind == TEXT and is_free and 0 < column.length <= LONGEST_LABEL:
            column.labels = _find_labels(connection, table, column)


def _find_labels(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> tuple[str, ...]:
    name, source = quote_identifier(column.name), quote_identifier(table.name)
    # Most columns of many texts show it soon.
    for rows in (f"(SELECT {name} FROM {source} LIMIT 1000)", source):
        counts = connection.execute(
            f"SELECT {name}, count(*) FROM {rows} WHERE {name} NOTNULL GROUP BY 1 LIMIT ?",
            (MOST_LABELS + 1,),
        ).fetchall()
        if len(counts) > MOST_LABELS:
            return ()
    labels = tuple(sorted(label for label, _ in counts))
    is_believed = (
        len(labels) > 1
        and min(count for _, count in counts) > 1
        and sum(count for _, count in counts) >= ROWS_PER_LABEL * len(labels)
        and NULL_WORDS.isdisjoint(labels)
        and all(label.isprintable() and label == label.strip() for label in labels)
    )
    return labels if is_believed else ()
