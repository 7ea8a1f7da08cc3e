"""Rows of a table that may be none of it: a header again, empty rows, notes below."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from microcosm_sqlite.authoring.drafting.from_files.closing_rows import is_total
from microcosm_sqlite.authoring.drafting.from_files.file_rows import Row
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile
from microcosm_sqlite.common.kinds import TEXT
from microcosm_sqlite.common.sql import join_evenly, quote_identifier, quote_text


def find_joints(connection: sqlite3.Connection, table: InferredTable) -> Iterator[str]:
    """Sentences on rows that show that a file was joined of several: a header, a mark of order."""
    source = quote_identifier(table.name)
    columns = [*table.columns.values()]
    first = quote_identifier(columns[0].name)
    if columns[0].header.strip():
        # Most tables have no such row, which comparisons alone tell in a quarter of the time.
        marked = f"{first} >= char(65279) AND {first} < char(65280)"
        may_be = f"{first} = {quote_text(columns[0].header)} OR {marked}"
        if not connection.execute(f"SELECT 1 FROM {source} WHERE {may_be} LIMIT 1").fetchone():
            return
    is_header = join_evenly(
        [
            f"ltrim({quote_identifier(column.name)}, char(65279)) IS {quote_text(column.header)}"
            for column in columns
            if column.header.strip()
        ],
        " AND ",
    )
    if isinstance(table.file, RawFile):
        is_again = "is the header again, as where files were joined"
        cure = "draft it again with --repair, or delete that from the source"
    else:  # of fixed width, which has neither a header nor repairs
        is_again, cure = "has the names of the columns", "delete that from the source"
    has_mark = f"substr({first}, 1, 1) = char(65279)"
    for condition, what in (
        (is_header, is_again),
        (has_mark, "begins with a byte order mark, as where files were joined"),
    ):
        query = f"SELECT rowid FROM {source} WHERE {condition or 0} LIMIT 1"
        found = connection.execute(query).fetchone()
        if found:
            yield f"row {found[0]:,} {what}; {cure}"


def find_totals(connection: sqlite3.Connection, table: InferredTable) -> Iterator[str]:
    """A sentence on a last row that is called a total, in a file for which there are no repairs."""
    if isinstance(table.file, RawFile) or table.row_count < _FEWEST_ROWS:
        return
    columns = ", ".join(map(quote_identifier, table.columns))
    query = f"SELECT {columns} FROM {quote_identifier(table.name)} ORDER BY rowid DESC LIMIT 2"
    last, before = (
        Row(0, 1, ["" if value is None else str(value) for value in values])
        for values in connection.execute(query)
    )
    if is_total(last) and not is_total(before):
        called = next(field for field in last.fields if field.strip())
        yield (
            f"the last row is called {called!r}, as sums of the rows above it are; "
            "if it is one, delete it from the source and draft it again"
        )


_FEWEST_ROWS = 3
MOST_NOTES = 20
"""Rows at the end of a table that may be notes to it."""


def find_odd_rows(connection: sqlite3.Connection, table: InferredTable) -> Iterator[str]:
    """Sentences on rows that hold nothing, and on notes below a table, which were taken as rows."""
    first, *others = table.columns.values()
    if not others or not all(column.is_nullable for column in others):
        return
    source, name = quote_identifier(table.name), quote_identifier(first.name)
    proposed = table.file.proposed
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
    query = f"SELECT count(*) FROM {source} WHERE {name} NOTNULL AND {rest}"
    is_usual = connection.execute(query).fetchone()[0] > len(notes)
    if first.kind != TEXT or is_usual or any(note in proposed for note in notes):
        return
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
