"""Whether the content of a file is what its name says, and what a file is that is not read."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, is_zipfile

from microcosm_sqlite.authoring.drafting.from_files.conversions import describe_conversion
from microcosm_sqlite.authoring.drafting.from_files.dialects import guess_dialect
from microcosm_sqlite.authoring.drafting.from_files.views import COMMENT
from microcosm_sqlite.authoring.sources.finding import refuse_pointer
from microcosm_sqlite.authoring.sources.formats import (
    DATABASE,
    DELIMITED,
    WORKBOOK,
    split_name,
    unpack_name,
)
from microcosm_sqlite.authoring.sources.impostors import DOWNLOAD, MOST_ANSWERED, find_answer
from microcosm_sqlite.authoring.sources.streams import COMPRESSION_MARKS, COMPRESSIONS, open_bytes
from microcosm_sqlite.authoring.sources.workbooks import WORKBOOK_SUFFIXES
from microcosm_sqlite.errors import SourceError

_COMPRESSED = {**COMPRESSION_MARKS, b"PK\x05\x06": ".zip"}  # the latter for no files
_OFFICE = b"\xd0\xcf\x11\xe0"
_PAGE = ("a web page", "Download the file itself, not the page about it.", "")
_OTHERS = {
    _OFFICE: ("a file of older office programs", "Call it .xls if it is a workbook.", WORKBOOK),
    b"SQLite format 3\x00": ("an SQLite database", "Call it .db.", DATABASE),
    b"PAR1": ("Parquet", "Call it .parquet.", "parquet"),
    b"ARROW1": ("Arrow", "Call it .arrow.", "arrow"),
    b"FEA1": ("Feather of version 1", "Call it .feather.", "arrow"),
    b"ORC": ("ORC", "Call it .orc.", "orc"),
    b"$FL2": ("a file of SPSS", "Call it .sav.", "labelled"),
    b"$FL3": ("a file of SPSS", "Call it .zsav.", "labelled"),
    b"<stata_dta>": ("a file of Stata", "Call it .dta.", "labelled"),
    b"HEADER RECORD**": ("a transport file of SAS", "Call it .xpt.", "labelled"),
    b"%PDF": ("a PDF document", "Export its tables as CSV.", ""),
    b"<!doctype": _PAGE,
    b"<html": _PAGE,
    b"<?xml": ("XML", "Convert it to CSV or JSON Lines.", ""),
}
"""First bytes of other files: the format, what to do, and the formats that may have them."""


def refuse_disguise(path: Path) -> None:
    """Raise for a file that is not what it is called.

    Raises:
        SourceError: Says what it is, and what to call it or to do with it.
    """
    refuse_pointer(path, path.name)
    _refuse_answer(path)
    with path.open("rb") as stream:
        head = stream.read(8)
    suffix = path.suffix.lower() if path.suffix.lower() in COMPRESSIONS else ""
    found = next((name for mark, name in _COMPRESSED.items() if head.startswith(mark)), "")
    if suffix and head and found != suffix:
        what = f"{found} by its content" if found else "not compressed"
        name = path.name[: -len(suffix)] + found
        raise _complain(path, what, f"Call it {name}.")
    if not suffix and found == ".zip" and (kind := _find_workbook_suffix(path)):
        if split_name(path)[1] == WORKBOOK:
            return
        advice = f"Call it {path.stem}{kind}." if kind in WORKBOOK_SUFFIXES else "Export it as CSV."
        raise _complain(path, "a workbook or document by its content", advice)
    if found == ".zip" and split_name(path)[1] == WORKBOOK and not is_zipfile(path):
        return  # one that was cut, as what reads it says
    if not suffix and found:
        raise _complain(path, f"{found} by its content", f"Call it {path.name}{found}.")
    with open_bytes(path) as stream:
        start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"#") and _LOG_FIELDS.search(_read_start(path)):
        raise _complain(path, "a log in the extended format of the W3C", _LOG_ADVICE)
    what, advice, source_format = _find_mark(start)
    if what and source_format != split_name(path)[1]:
        raise _complain(path, f"{what} by its content", advice)
    if start.startswith((b"{", b"[")) and split_name(path)[1] in DELIMITED:
        # As a delimited text, it would be one of one column.
        what, advice = _name_json(_read_start(path))
        if what:
            raise _complain(path, f"{what} by its content", advice)


def _refuse_answer(path: Path) -> None:
    """Raise for what a service answered in place of a file; not where it may be a row."""
    if split_name(path)[1] == "jsonl" or path.stat().st_size > MOST_ANSWERED:
        return
    answer = find_answer(path.read_bytes().decode("utf-8-sig", "replace"))
    if answer:
        raise _complain(path, f"what a service answered in place of a file: {answer!r}", DOWNLOAD)


def _find_mark(start: bytes) -> tuple[str, str, str]:
    """What `_OTHERS` says of a file that begins so, in small letters; nothing of other files."""
    marked = (other for mark, other in _OTHERS.items() if start.startswith(mark.lower()))
    return next(marked, ("", "", ""))


def _name_json(start: bytes) -> tuple[str, str]:
    """The kind of JSON that a text begins as, and what to call it; nothing for other texts."""
    text = start.decode("utf-8-sig", "replace").lstrip()
    if not _JSON_START.match(text):
        return "", ""
    if text.startswith("{") and not text.removeprefix("{").lstrip(" \t").startswith(("\r", "\n")):
        return "JSON Lines", "Call it .jsonl."
    return "JSON", "Call it .json."


_JSON_START = re.compile(r'(\[\s*)?\{\s*"([^"\\]|\\.)*"\s*:')
_LOG_FIELDS = re.compile(rb"^#Fields:\s", re.IGNORECASE | re.MULTILINE)
_LOG_ADVICE = (
    "Write the names behind `#Fields:` as its first line, and delete the other lines that begin "
    "with #."
)
_MOST_START = 4096
_FEWEST_ROWS = 3
"""A header and two rows, before a text of unknown kind is believed to be a table."""


def _read_start(path: Path) -> bytes:
    with open_bytes(path) as stream:
        return stream.read(_MOST_START)


def _find_workbook_suffix(path: Path) -> str:
    """The format of a workbook by its content; "document" for other files of office programs."""
    try:
        with ZipFile(path) as archive:
            names = {*archive.namelist()}
            kind = archive.read("mimetype") if "mimetype" in names else b""
    except (BadZipFile, NotImplementedError, RuntimeError):
        return ""
    if "xl/workbook.xml" in names:
        return ".xlsx"
    if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return ".ods"
    return "" if {"[Content_Types].xml", "content.xml"}.isdisjoint(names) else "document"


def _complain(path: Path, what: str, advice: str) -> SourceError:
    return SourceError(f"{path.name} is {what}.", file=path.name, hint=advice)


_UNKNOWN = "of no format that is read"
_TABLE = (
    f"{_UNKNOWN}; call it .csv or .tsv if it is a table, or .fwf if its columns have fixed widths"
)
_ADVICE = {
    ".zip": "an archive; unpack it, or call it .csv.zip if it holds one file of CSV",
    ".gz": "compressed; say in its name of what kind it is, as in .csv.gz",
    ".txt": _TABLE,
    ".dat": _TABLE,
    ".log": _TABLE,
}


_JSON = (".json",)
_MOST_JSON = 1 << 26
"""Bytes of a document that is read only to say what it is."""


def describe_unread(path: Path) -> str:
    """Say of what format a file is that is not read, and what to do about it."""
    suffix = path.suffix.lower()
    if name := unpack_name(path):
        return f"compressed, which only text may be. Unpack it, and call it {name}."
    if suffix in _JSON and path.stat().st_size <= _MOST_JSON:
        return _describe_json(path)
    return describe_conversion(path) or _ADVICE.get(suffix) or _describe_content(path)


def _describe_content(path: Path) -> str:
    """Say what a file is whose name tells nothing, as far as its content does."""
    try:
        start = _read_start(path)
    except SourceError:  # whatever it holds, it is not read
        return _UNKNOWN
    what, advice, _ = _find_mark(start.lower())
    if not what:
        what, advice = _name_json(start)
    if what:
        return f"{what} by its content. {advice}"
    return _TABLE if _holds_rows(start) else _UNKNOWN


def _holds_rows(start: bytes) -> bool:
    """Whether the lines at the start of a text have several fields, and as many of them."""
    lines = start.decode("utf-8-sig", "replace").splitlines(keepends=True)
    whole = lines[:-1] if len(start) == _MOST_START else lines
    rows = [line for line in whole if line.strip() and not line.startswith(COMMENT)]
    if len(rows) < _FEWEST_ROWS or b"\0" in start:
        return False
    delimiter = guess_dialect(whole, ",").delimiter
    widths = {len(row) for row in csv.reader(rows, delimiter=delimiter)}
    return len(widths) == 1 < max(widths)


def _describe_json(path: Path) -> str:
    """Name the kind of a JSON document, and how it becomes JSON Lines, if it can."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        is_lines = all(map(_is_object, text.splitlines()[:2]))
        return f"JSON Lines{_RENAME}" if is_lines else "JSON, but damaged"
    if isinstance(document, list):
        return "a JSON array, but not of objects; write one object for each row"
    if isinstance(document, dict):
        if answer := find_answer(text):
            return f"what a service answered in place of a file: {answer!r}. {DOWNLOAD}"
        if document.get("type") in ("FeatureCollection", "Feature"):
            return "GeoJSON; call it .geojson"
        for key in sorted(document, key=lambda key: _count_rows(document[key]), reverse=True)[:1]:
            if _count_rows(document[key]):
                rows = shlex.quote(f".[{json.dumps(key)}][]")
                return (
                    f"a JSON object whose rows seem to be in {json.dumps(key)}; write these as "
                    f"JSON Lines: jq -c {rows} {shlex.quote(path.name)} > "
                    f"{shlex.quote(f'{path.stem}.jsonl')}"
                )
    return "JSON, but not an array of objects; write one object for each row, and call it .jsonl"


_RENAME = "; call it .jsonl"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _count_rows(value: Any) -> int:
    """How many objects a value is a list of; none where anything else is in it."""
    is_rows = isinstance(value, list) and all(isinstance(row, dict) for row in value)
    return len(value) if is_rows else 0


def refuse_name(source: str, path: Path, table: str) -> SourceError:
    """The error for a sheet whose table is called as another."""
    return SourceError(
        f"{source} would make table `{table}`, which another file makes.",
        file=path.name,
        hint=f"Give {path.name} another name.",
    )


def refuse_memory(path: Path) -> SourceError:
    """The error for a file that did not fit into memory."""
    return SourceError(
        f"{path.name} needs more memory than there is: a row or a group of rows is very large.",
        file=path.name,
        hint="Leave the file out, or allow more memory (MICROCOSM_SQLITE_MAX_MEMORY).",
    )
