"""Suggestions for a file that is named like a database and is not one, by its first bytes."""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from pathlib import Path

from microcosm_sqlite.authoring.sources.streams import COMPRESSION_MARKS
from microcosm_sqlite.catalog.preflight import POINTER

_START = 512
"""Bytes that are looked at; the smallest page that SQLite has."""
_MIXED = 180
"""Of as many random bytes, 221 of the 256 that there are come on average."""
_PACKED = (*COMPRESSION_MARKS, b"7z\xbc\xaf")
_SQL = re.compile(
    r"(--[^\n]*\n|/\*.*?\*/|\s)*(PRAGMA|BEGIN|CREATE|INSERT|DROP|SET)\b", re.IGNORECASE | re.DOTALL
)
_PAGE = re.compile(r"\s*<(!doctype|html)", re.IGNORECASE)
_OTHERS = {
    0: (POINTER[0], "Fetch it: git lfs pull"),
    4: (b"Standard ", "It is of Access: export its tables as CSV."),
    8: (b"DUCK", "It is of DuckDB: write its tables as Parquet: COPY name TO 'name.parquet'"),
}
_AGAIN = "Fetch or copy the whole file again."


def advise_impostor(path: Path) -> str:
    """Suggest what to do with a file that does not begin as SQLite's do.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        start = stream.read(_START)
    for place, (mark, advice) in _OTHERS.items():
        if start.startswith(mark, place):
            return advice
    if start.startswith(_PACKED):
        return f"Unpack {path.name}, and put what is in it in its place."
    text = _read_text(start)
    if text:
        return _advise_text(path, text)
    is_paged = path.stat().st_size % _START == 0
    if is_paged and len({*start}) >= _MIXED:
        return "If it is encrypted, decrypt it with the program that did so."
    return _AGAIN


def advise_page(text: str) -> str:
    """Suggest what to do with a text that is a page of the web; empty if it is none.

    >>> advise_page("<!DOCTYPE html>"), advise_page("id,name")
    ('Download the file itself, not the page about it.', '')
    """
    return "Download the file itself, not the page about it." if _PAGE.match(text) else ""


def _read_text(start: bytes) -> str:
    """The text that a file begins with; empty where it is none."""
    try:
        text = getincrementaldecoder("utf-8-sig")().decode(start)
    except UnicodeDecodeError:
        return ""
    return text if all(each.isprintable() or each in "\t\r\n\f" for each in text) else ""


def _advise_text(path: Path, text: str) -> str:
    if page := advise_page(text):
        return page
    if _SQL.match(text):
        return f"It is SQL: make a database of it: sqlite3 made.db < {path.name}"
    suffix = ".jsonl" if text.lstrip().startswith(("{", "[")) else ".csv"
    return f"It is text: call it {path.stem}{suffix}, if it is a table."
