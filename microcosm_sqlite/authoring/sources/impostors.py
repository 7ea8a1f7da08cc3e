"""Suggestions for a file that is named like a database and is not one, by its first bytes.

And answers of services that were saved in place of a file, which may be called as any.
"""

from __future__ import annotations

import json
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


DOWNLOAD = "Download it again; its address may have changed, or need a permission."
"""What to do about the answer of a service in place of a file."""
_MESSAGE = {"error", "errors", "exception", "fault", "message", "detail", "error_message"}
_BESIDE = {
    *("status", "statuscode", "status_code", "code", "error_code", "success", "ok", "type"),
    *("title", "reason", "error_description", "documentation_url", "help", "url", "path"),
    *("instance", "timestamp", "request_id", "requestid", "trace_id", "traceid", "details"),
}
"""Keys that are beside a message in such an answer."""
_XML_MESSAGE = re.compile(r"(<\?xml[^>]*>\s*)?<(\w+:)?(Error|Fault|(Service)?Exception(Report)?)\b")
_STATUS = re.compile(
    r"(HTTP/[\d.]+ )?(error )?([45]\d\d)?\W{0,3}"
    r"(bad request|unauthorized|access denied|permission denied|forbidden|not found|"
    r"too many requests|rate limit exceeded|internal server error|bad gateway|"
    r"service unavailable|gateway time-?out)[.!]?",
    re.IGNORECASE,
)
_MOST_TOLD = 60
MOST_ANSWERED = 4096
"""Characters of an answer at most; what is longer may be data, such as rows of details."""


def find_answer(text: str) -> str:
    """What a service answered, where a text is that in place of a file; else empty.

    >>> find_answer('{"error": {"code": 404}}'), find_answer("404: Not Found")
    ('{"error": {"code": 404}}', '404: Not Found')
    >>> find_answer('{"id": 1, "message": "not found"}'), find_answer("id,found")
    ('', '')

    Args:
        text: The whole text.
    """
    text = text.strip()
    if len(text) > MOST_ANSWERED:
        return ""
    is_answer = _STATUS.fullmatch(text) or _XML_MESSAGE.match(text) or _is_message(text)
    told = " ".join(text.split())
    return (told if len(told) <= _MOST_TOLD else f"{told[:_MOST_TOLD]}...") if is_answer else ""


def _is_message(text: str) -> bool:
    """Whether a text is one JSON object that has a message, and nothing that would be data."""
    if not text.startswith("{"):
        return False
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    keys = {*map(str.lower, document)}
    return bool(keys & _MESSAGE) and keys <= _MESSAGE | _BESIDE


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
    if answer := find_answer(text):
        return f"It is what a service answered: {answer!r}. {DOWNLOAD}"
    if _SQL.match(text):
        return f"It is SQL: make a database of it: sqlite3 made.db < {path.name}"
    suffix = ".jsonl" if text.lstrip().startswith(("{", "[")) else ".csv"
    return f"It is text: call it {path.stem}{suffix}, if it is a table."
