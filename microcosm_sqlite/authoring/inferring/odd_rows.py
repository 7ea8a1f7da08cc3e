"""Rows that spreadsheets and offices leave in files, and that their authors may not mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from microcosm_sqlite.authoring.inferring.inferred import InferredTable
from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.catalog.expressions import join_evenly

MOST_NOTES = 20
"""Rows at the end of a table that may be notes to it."""


def find_odd_rows(connection: sqlite3.Connection, table: InferredTable) -> Iterator[str]:
    """Sentences on rows that hold nothing, and on notes below a table, which were taken as rows."""
    first, *others = table.columns.values()
    if not others or not all(column.is_nullable for column in others):
        return
    source, name = quote_identifier(table.name), quote_identifier(first.name)
    rest = join_evenly([f"{quote_identifier(other.name)} IS NULL" for other in others], " AND ")
    if first.is_nullable:
        query = f"SELECT count(*) FROM {source} WHERE {name} IS NULL AND {rest}"
        (empty,) = connection.execute(query).fetchone()
        if empty:
            yield f"{empty:,} row{'s hold' if empty > 1 else ' holds'} nothing at all"
    last = connection.execute(
        f"SELECT {name}, {rest} FROM {source} ORDER BY rowid DESC LIMIT {MOST_NOTES}"
    ).fetchall()
    notes = _take_notes(last)
    if notes and len(notes) < table.row_count / 2:
        rows = "row has" if len(notes) == 1 else f"{len(notes)} rows have"
        yield (
            f"the last {rows} a first field only, as notes do ({notes[-1][:40]!r}); "
            "if they are none of the table, delete them from the source and draft it again"
        )


def _take_notes(last: list[tuple[str | None, int]]) -> list[str]:
    """The first fields of the rows below all that have others, from the end."""
    notes = []
    for text, is_alone in last:
        if not is_alone:
            break
        notes += [text] if text else []
    return notes
