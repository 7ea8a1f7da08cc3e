"""How wide a text is where every letter has the same width: in a terminal, or in source code."""

from __future__ import annotations


def measure(text: str) -> int:
    """How many columns a text takes; Chinese characters, for one, take two each.

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
