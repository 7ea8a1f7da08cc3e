"""How many columns a table can have, and what to do about one that has more."""

from __future__ import annotations

from microcosm_sqlite.common.sql import MOST_COLUMNS
from microcosm_sqlite.errors import SourceError

ROOM_FOR_MODEL = MOST_COLUMNS - 1
"""Columns of a drafted model: digests of rows want one more."""
ROOM_FOR_FIELDS = ROOM_FOR_MODEL - 1
"""Fields of a source that becomes a table: its rows may have to be numbered."""
ADVICE = "Make rows of them: one for each value, with the column's name as a field."


def refuse_width(name: str, width: int, room: int = ROOM_FOR_FIELDS) -> None:
    """Refuse a table with more columns than SQLite takes.

    Args:
        name: How errors call its source.
        width: How many columns it has.
        room: How many it may have.

    Raises:
        SourceError: It has too many.
    """
    if width > room:
        raise SourceError(
            f"{name} has {width:,} columns, where SQLite has room for {room:,}.",
            file=name,
            hint=ADVICE,
        )
