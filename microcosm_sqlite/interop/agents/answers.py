"""Rows as JSON that costs a reader little: a bounded number of bytes, with long cells shortened."""

from __future__ import annotations

import json
import math
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from microcosm_sqlite.errors import MicrocosmSQLiteError

CELL = 500
"""Characters of a text that are shown."""

_LONGEST_ERROR = 1000
"""Characters of a message or of a hint that are shown."""

_EXACT = 1 << 53
"""Whole numbers beyond it are not exact where JSON is read as JavaScript does."""

SHORTENED = (
    f"Texts of more than {CELL} characters are shortened; substr(column, start, length) reads on."
)


class Page:
    """As many of the rows of a result as fit.

    Attributes:
        rows: The rows; values are those of JSON.
        has_more: Whether there are more rows.
        is_full: Whether the size of the rows, and not their number, kept others out.
        is_shortened: Whether a cell was shortened.
    """

    __slots__ = ("has_more", "is_full", "is_shortened", "rows")

    def __init__(self, rows: Iterable[Sequence[Any]], most: int, size: int) -> None:
        self.rows: list[list[Any]] = []
        self.is_full = self.is_shortened = self.has_more = False
        rows = iter(rows)
        for row in islice(rows, most):
            cells = [spell_cell(value) for value in row]
            size -= measure_json(cells)
            if size < 0:
                self.is_full = self.has_more = True
                return
            self.rows.append(cells)
            self.is_shortened |= any(isinstance(value, str) and len(value) > CELL for value in row)
        self.has_more = next(rows, None) is not None


def spell_cell(value: Any) -> Any:
    """A value of SQLite as one of JSON, shortened where it is long.

    >>> spell_cell(b"PNG"), spell_cell(2**60), spell_cell(float("inf"))
    ('<3 bytes>', '1152921504606846976', 'Infinity')
    """
    if isinstance(value, bytes):
        return f"<{len(value):,} bytes>"
    if isinstance(value, str) and len(value) > CELL:
        return f"{value[:CELL]}… ({len(value):,} characters)"
    if isinstance(value, int) and abs(value) > _EXACT:
        return str(value)
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def spell_error(error: MicrocosmSQLiteError) -> str:
    """What an error says, shortened where it repeats a long name or statement.

    >>> from microcosm_sqlite.errors import QueryError
    >>> spell_error(QueryError("no such column: nam.", hint="Did you mean 'name'?"))
    "no such column: nam. Did you mean 'name'?"
    """
    told = (text for text in (error.message, error.hint) if text)
    return " ".join(
        f"{text[:_LONGEST_ERROR]}…" if len(text) > _LONGEST_ERROR else text for text in told
    )


def spell_json(value: object) -> str:
    """JSON in as few bytes as it can have."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def measure_json(value: object) -> int:
    """How many bytes a value takes as JSON."""
    return len(spell_json(value).encode()) + 1


def omit_blanks(described: dict[str, Any]) -> dict[str, Any]:
    """The content without empty keys."""
    return {key: value for key, value in described.items() if value not in (None, "", [], {})}
