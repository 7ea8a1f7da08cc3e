"""Format values of columns, and their ranges, for people."""

from __future__ import annotations

from microcosm_sqlite.common.wording import spell_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from microcosm_sqlite.catalog.manifest import Field

WIDEST = 40
"""Characters of a value that are shown."""


def spell_value(field: Field, value: Any) -> str:
    """Format a value, as SQLite stores it, in one short line.

    >>> from microcosm_sqlite.catalog.manifest import Field
    >>> spell_value(Field({"name": "seen", "type": "datetime"}), "2013-01-01 10:00:00.000000")
    '2013-01-01 10:00'
    """
    if field.type == "boolean":
        return {0: "no", 1: "yes"}.get(value, str(value))
    if isinstance(value, int):
        # Four digits without a comma: they are often those of a year.
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e5 <= abs(value) < 1e15 else f"{value:,.6g}"
    text = " ".join(str(value).split())
    if field.type in ("datetime", "time"):
        text = text.removesuffix(".000000").removesuffix(":00")
    if not text:
        return "(empty)"
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"


def spell_range(field: Field) -> str:
    """Format the range of the values, or of their lengths; empty where neither is known."""
    if field.value_range:
        low, high = (spell_value(field, end) for end in field.value_range)
        return f"always {low}" if low == high else f"{low} to {high}"
    if field.length_range:
        shortest, longest = field.length_range
        most = spell_count(longest, "byte" if field.format == "binary" else "character")
        return most if shortest == longest else f"{shortest:,} to {most}"
    return ""
