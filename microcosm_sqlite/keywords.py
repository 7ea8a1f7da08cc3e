"""The words of SQLite that SQLAlchemy does not know to quote."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

UNKNOWN_KEYWORDS = frozenset({"nothing", "returning"})
"""What is left of SQLite 3.53's keywords when each is tried as a table's and a column's name."""


def quote_keywords(engine: Engine) -> None:
    """Let tables and columns have any keyword as their name."""
    preparer = engine.dialect.identifier_preparer
    preparer.reserved_words = {*preparer.reserved_words, *UNKNOWN_KEYWORDS}
