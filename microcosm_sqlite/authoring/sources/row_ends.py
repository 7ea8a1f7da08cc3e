"""Refuse text whose rows end in another character than a newline, which would be part of values."""

from __future__ import annotations

import re
from pathlib import Path

from microcosm_sqlite.authoring.sources.streams import open_text
from microcosm_sqlite.errors import SourceError

_ENDS = {
    "\x1e": "record separator (0x1E)",
    "\x0b": "vertical tab (0x0B)",
    "\x0c": "form feed (0x0C)",
    "\x1c": "file separator (0x1C)",
    "\x1d": "group separator (0x1D)",
    "\x85": "next-line character (U+0085)",
    "\u2028": "line separator (U+2028)",
    "\u2029": "paragraph separator (U+2029)",
}
"""Characters that programs end rows with, besides newlines, and what they are called."""
_DELIMITERS = ",;\t|\x1f"
_HEAD = 1 << 16
_FEWEST_ROWS = 3
_FEWEST_LINES = 2


def refuse_row_ends(path: Path, encoding: str, delimiter: str, name: str) -> None:
    """Refuse a text whose rows all end in one of these characters, alone or before a newline.

    Args:
        path: The file.
        encoding: Its encoding.
        delimiter: The character between its fields.
        name: How errors call it.

    Raises:
        SourceError: It is such a text, or cannot be read.
    """
    with open_text(path, encoding, name=name) as text:
        head = text.read(_HEAD)
    for end in (one for one in _ENDS if one in head and one != delimiter):
        is_before_newline = _ends_lines(head, end)
        if is_before_newline or _ends_rows(head, end, delimiter):
            shown = end.encode("unicode-escape").decode()
            place = " in front of each newline" if is_before_newline else ""
            raise SourceError(
                f"{name}: its rows end in a {_ENDS[end]}{place}, "
                "which would be part of their last values.",
                file=name,
                line=1,
                hint=f'Take it out: in Python, text.replace("{shown}", "").'
                if is_before_newline
                else f'Put newlines in its place: in Python, text.replace("{shown}", "\\n").',
            )


def _ends_lines(head: str, end: str) -> bool:
    """Whether the character stands at the end of every line that is complete, and has a text."""
    lines = [line for line in re.split(r"\r\n|[\r\n]", head)[:-1] if line]
    return len(lines) >= _FEWEST_LINES and all(line.endswith(end) for line in lines)


def _ends_rows(head: str, end: str, delimiter: str) -> bool:
    """Whether the character parts a text without newlines into rows that are alike."""
    if "\n" in head or "\r" in head:
        return False
    rows = head.split(end)
    rows = [row for row in (rows[:-1] if len(head) == _HEAD else rows) if row]
    for one in {delimiter, *_DELIMITERS} - {""}:
        counts = {row.count(one) for row in rows}
        if len(rows) > 1 and len(counts) == 1 and counts != {0}:
            return True
    return len(rows) >= _FEWEST_ROWS and not any(one in head for one in _DELIMITERS)
