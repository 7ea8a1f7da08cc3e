"""Which files of a folder are read, whether they are what their name says, and Parquet's types."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from microcosm_sqlite.authoring.drafting.from_files.column_kind import EXACT_DIGITS
from microcosm_sqlite.authoring.sources.databases import find_owner, is_database
from microcosm_sqlite.authoring.sources.finding import (
    DATABASE,
    WORKBOOK,
    name_table,
    refuse_pointer,
    split_name,
)
from microcosm_sqlite.authoring.sources.streams import COMPRESSIONS, open_bytes
from microcosm_sqlite.authoring.sources.workbooks import WORKBOOK_SUFFIXES
from microcosm_sqlite.common.kinds import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TEXT,
    TIME,
    UUID,
)
from microcosm_sqlite.errors import SourceError

_COMPRESSED = {
    b"\x1f\x8b": ".gz",
    b"PK\x03\x04": ".zip",
    b"PK\x05\x06": ".zip",  # an archive of no files
    b"\x28\xb5\x2f\xfd": ".zst",
    b"\xfd7zXZ\x00": ".xz",
    b"BZh": ".bz2",
}
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_OTHERS = {
    _OLD_OFFICE: ("a file of older office programs", "Call it .xls if it is a workbook."),
    b"SQLite format 3\x00": ("an SQLite database", "Call it .db."),
    b"PAR1": ("Parquet", "Call it .parquet."),
    b"%PDF": ("a PDF document", "Export its tables as CSV."),
    b"<!doctype": ("a web page", "Download the file itself, not the page about it."),
    b"<html": ("a web page", "Download the file itself, not the page about it."),
    b"<?xml": ("XML", "Convert it to CSV or JSON Lines."),
}


MOST_COLUMNS = 1998
"""SQLite takes 2000 where its limit was not raised; numbers of rows and digests want one each."""

HIDDEN, EXCLUDED = "hidden", "excluded"
"""Reasons to leave a file out that are as its author wants it."""


def refuse_disguise(path: Path) -> None:
    """Raise for a file that is not what it is called.

    Raises:
        SourceError: Says what it is, and what to call it or to do with it.
    """
    refuse_pointer(path, path.name)
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
    if not suffix and found:
        raise _complain(path, f"{found} by its content", f"Call it {path.name}{found}.")
    is_old_workbook = split_name(path)[1] == WORKBOOK and head.startswith(_OLD_OFFICE)
    if is_old_workbook or split_name(path)[1] == "parquet":
        return
    with open_bytes(path) as stream:
        start = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for mark, (what, advice) in _OTHERS.items():
        if start.startswith(mark.lower()):
            raise _complain(path, f"{what} by its content", advice)


def _find_workbook_suffix(path: Path) -> str:
    """What a workbook is called by its content; "document" for others of office programs."""
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


def list_files(
    folder: Path,
    left_out: dict[str, str],
    refused: list[SourceError],
    exclude: Collection[str] = (),
) -> Iterator[Path]:
    """The files of a folder that are to be read, but for databases, sorted.

    Args:
        folder: The folder.
        left_out: Is told which files are not read, and why.
        refused: Is told of those that cannot be.
        exclude: Tables to leave out, by the names that their files give them.

    Raises:
        SourceError: It is no folder.
    """
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder.", file=str(folder))
    paths = {*folder.iterdir()}
    excluded = {path for path in paths if name_table(path) in exclude and split_name(path)[1]}
    left_out |= {path.name: EXCLUDED for path in sorted(excluded) if not is_database(path)}
    for path in sorted(paths - excluded):
        if path.name.startswith("."):
            left_out[path.name] = HIDDEN
        elif path.is_dir():
            left_out[path.name] = "a folder; move its files up, or draft a project of it"
        elif not path.is_file():
            left_out[path.name] = "no file, or a link to none"
        elif is_database(path):
            continue
        elif owner := find_owner(path):
            if not owner.exists():
                left_out[path.name] = f"a log of {owner.name}, which is not there"
        elif split_name(path)[1] == DATABASE:
            try:
                refuse_pointer(path, path.name)
                left_out[path.name] = "not a SQLite database"
            except SourceError as error:
                refused.append(error)
        elif not split_name(path)[1]:
            left_out[path.name] = _describe_unread(path)
        else:
            yield path


_UNKNOWN = "of no format that is read"
_ADVICE = {
    ".xlsb": "a binary Excel workbook; save it as .xlsx",
    ".sav": "a file of SPSS; export it as CSV or Parquet",
    ".dta": "a file of Stata; export it as CSV or Parquet",
    ".sas7bdat": "a file of SAS; export it as CSV or Parquet",
    ".xpt": "a file of SAS; export it as CSV or Parquet",
    ".rds": "a file of R; export it as CSV or Parquet",
    ".rda": "a file of R; export it as CSV or Parquet",
    ".rdata": "a file of R; export it as CSV or Parquet",
    ".feather": "a file of Arrow; write it as Parquet",
    ".arrow": "a file of Arrow; write it as Parquet",
    ".xml": "XML; convert it to CSV or JSON Lines",
    ".zip": "an archive; unpack it, or call it .csv.zip if it holds one file of CSV",
    ".gz": "compressed; say in its name of what kind it is, as in .csv.gz",
    ".txt": f"{_UNKNOWN}; call it .csv or .tsv if it is a table",
    ".dat": f"{_UNKNOWN}; call it .csv or .tsv if it is a table",
}


_JSON = (".json", ".geojson", ".topojson")
_MOST_JSON = 1 << 26
"""Bytes of a document that is read only to say what it is."""


def _describe_unread(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in _JSON and path.stat().st_size <= _MOST_JSON:
        return _describe_json(path)
    return _ADVICE.get(suffix, _UNKNOWN)


def _describe_json(path: Path) -> str:
    """What a document of JSON is, and how it becomes JSON Lines, where it can."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        is_lines = all(map(_is_object, text.splitlines()[:2]))
        return f"JSON Lines{_RENAME}" if is_lines else "JSON, but damaged"
    if isinstance(document, list):
        if document and all(isinstance(row, dict) for row in document):
            return f"a JSON array of objects{_RENAME}, which may be such an array"
        return "a JSON array, but not of objects; write one object for each row"
    if isinstance(document, dict):
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


def refuse_width(path: Path, width: int) -> None:
    """Refuse a table with more columns than SQLite takes.

    Raises:
        SourceError: It has so many.
    """
    if width > MOST_COLUMNS:
        raise SourceError(
            f"{path.name} has {width:,} columns, where SQLite has room for {MOST_COLUMNS:,}.",
            file=path.name,
            hint="Make rows of them: one for each value, with the column's name as a field.",
        )


def read_declared_kinds(path: Path) -> tuple[str, ...]:
    """The kind of each column; empty for those that are declared to hold nothing at all."""
    from pyarrow import parquet

    return tuple(_find_kind(field.type) for field in parquet.read_schema(path))


def _find_kind(type_: Any) -> str:
    from pyarrow import types

    while types.is_dictionary(type_):
        type_ = type_.value_type
    if getattr(type_, "extension_name", "") == "arrow.uuid":
        return UUID
    type_ = getattr(type_, "storage_type", type_)  # of any other extension
    if types.is_null(type_):
        return ""
    return next((choose(type_) for name, choose in _KINDS if getattr(types, name)(type_)), TEXT)


def _find_decimal_kind(type_: Any) -> str:
    if type_.precision > EXACT_DIGITS:
        return TEXT
    return NUMBER if type_.scale else INTEGER


# Predicates of pyarrow.types.
_KINDS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("is_boolean", lambda _: BOOLEAN),
    ("is_integer", lambda _: INTEGER),
    ("is_floating", lambda _: NUMBER),
    ("is_decimal", _find_decimal_kind),
    ("is_date", lambda _: DATE),
    ("is_timestamp", lambda type_: MOMENT if type_.tz else DATETIME),
    ("is_time", lambda _: TIME),
    ("is_duration", lambda _: DURATION),
    ("is_binary", lambda _: BINARY),
    ("is_large_binary", lambda _: BINARY),
    ("is_fixed_size_binary", lambda _: BINARY),
    ("is_binary_view", lambda _: BINARY),
    ("is_nested", lambda _: JSON),
)
