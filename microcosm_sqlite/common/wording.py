"""Counts in sentences, and the width of text in a terminal or in source code."""

from __future__ import annotations


def measure(text: str) -> int:
    """The number of columns that a text takes; Chinese characters, for example, take two each.

    >>> measure("abc"), measure("naïve"), measure("東京")
    (3, 5, 4)
    """
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1
        for character in text
    )


def spell_count(number: int, thing: str) -> str:
    """A number and a noun, in the singular or the plural.

    >>> spell_count(1, "row"), spell_count(336776, "row")
    ('1 row', '336,776 rows')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
