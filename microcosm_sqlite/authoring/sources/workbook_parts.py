"""The parts of an .xlsx file, read as XML: how far its sheets reach, and cells without a value.

calamine makes room for every cell of the rectangle that a sheet spans, and takes cells with an
error, and formulas without a result, for empty ones, and dates before 1900 for midnight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

from microcosm_sqlite.authoring.sources.cell_formats import (
    NOT_SHOWN,
    Shown,
    find_shown,
    list_formats,
    list_shown,
)
from microcosm_sqlite.authoring.sources.opendocument import list_hidden
from microcosm_sqlite.errors import SourceError

_MOST_CELLS = 100_000_000
"""Cells of the rectangle that a sheet spans: calamine makes room for each, empty or not."""
_MOST_BYTES = 1 << 30
"""Bytes of all uncompressed parts of a workbook."""


@dataclass(frozen=True)
class NamedRange:
    """A rectangle of a sheet that has a name.

    Attributes:
        name: The name.
        columns: The places of the first and the last column, from zero.
        rows: The numbers of the first and the last row.
    """

    name: str
    columns: tuple[int, int]
    rows: tuple[int, int]

    def __str__(self) -> str:
        first, last = map(name_column, self.columns)
        return f"{first}{self.rows[0]}:{last}{self.rows[1]}"


@dataclass(frozen=True)
class Valueless:
    """Cells of a sheet that have no value though they are not empty.

    Attributes:
        errors: The first cell with an error, and how many there are.
        formulas: The same of formulas without a stored result.
        negatives: Cells with a style and a negative number, which is no date where that is one.
        leap_days: The same of the number that is 29 February 1900, a day that never was.
        shown: Cells that are shown otherwise than the numbers that they hold.
        hidden_rows: The numbers of the rows that are not shown, by a filter too.
        hidden_columns: The first and last of each range of columns that are not shown, from 1.
        ranges: The rectangles that the workbook has names for.
    """

    errors: tuple[str, int]
    formulas: tuple[str, int]
    negatives: frozenset[str] = frozenset()
    leap_days: frozenset[str] = frozenset()
    shown: Shown = NOT_SHOWN
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: tuple[tuple[int, int], ...] = ()
    ranges: tuple[NamedRange, ...] = ()


def stamp_file(path: Path, name: str) -> tuple[int, int]:
    """The facts that change with a file: its modification time, and its size in bytes.

    Raises:
        SourceError: There is no such file; `name` is how the error calls it.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise SourceError(f"{name} does not exist.", file=name) from error
    return found.st_mtime_ns, found.st_size


def name_column(at: int) -> str:
    """The letters of a column, given its place from zero.

    >>> name_column(0), name_column(27)
    ('A', 'AB')
    """
    name = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        name = chr(65 + rest) + name
    return name


def _number_column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def find_valueless(path: Path, name: str) -> dict[str, Valueless]:
    """The cells of each sheet that have no value, or more than one, where the format tells.

    Raises:
        SourceError: The workbook would take more memory than any table needs.
    """
    return _find_valueless(path, name, stamp_file(path, name))


@lru_cache(maxsize=64)
def _find_valueless(path: Path, name: str, _: tuple[int, int]) -> dict[str, Valueless]:
    with path.open("rb") as stream:
        is_zipped = stream.read(2) == b"PK"
    if not is_zipped:
        return {}
    with ZipFile(path) as archive:
        size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_BYTES:
            raise _refuse_size(name, f"{size:,} bytes unpacked")
        names = archive.namelist()
        if "xl/workbook.xml" not in names:
            # OpenDocument, whose cells calamine bounds itself.
            content = archive.read("content.xml") if "content.xml" in names else b""
            shown, none = list_shown(content), ("", 0)
            return {
                sheet: Valueless(
                    none,
                    none,
                    shown=shown.get(sheet, NOT_SHOWN),
                    hidden_rows=hidden.rows,
                    hidden_columns=hidden.columns,
                )
                for sheet, hidden in list_hidden(content).items()
            }
        for part in names:
            if part.endswith(".xml") and "sheets/" in part:
                _check_span(archive.read(part), name)
        sheets = _list_parts(archive)
        styles = "xl/styles.xml"
        formats = list_formats(archive.read(styles)) if styles in names else {}
        ranges = _list_ranges(archive)
        return {
            sheet: replace(_scan(archive.read(part), formats), ranges=ranges.get(sheet, ()))
            for sheet, part in sheets
            if part in names
        }


TOO_LARGE = "Delete the rows and columns behind the table, or save the sheet as CSV."


def _refuse_size(name: str, what: str) -> SourceError:
    return SourceError(
        f"{name} has {what}, which is more than is read of a workbook.",
        file=name,
        hint=TOO_LARGE,
    )


def _check_span(xml: bytes, name: str) -> None:
    """Refuse a sheet whose cells span a huge rectangle; positions are never written as entities."""
    if re.search(rb"\sr\s*=\s*[\"'][^\"'&]*&", xml):
        raise _refuse_size(name, "cells whose positions are hidden in entities")
    spots = re.findall(rb"\sr\s*=\s*[\"']\$?([A-Za-z]{1,3})\$?(\d{1,10})[\"']", xml)
    if spots:
        width = max(_number_column(each.decode().upper()) for each in {spot[0] for spot in spots})
        height = max(int(row) for row in {spot[1] for spot in spots})
        if width * height > _MOST_CELLS:
            raise _refuse_size(name, f"a sheet that spans {width:,} columns and {height:,} rows")


_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def _list_parts(archive: ZipFile) -> list[tuple[str, str]]:
    """Each sheet with the part of the archive that has its cells."""
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  # as calamine
    found = []
    for sheet in book.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_RELATION), "")
        part = target[1:] if target.startswith("/") else f"xl/{target}"
        found.append((sheet.get("name", ""), part))
    return found


_RANGE = re.compile(
    r"(?:'((?:[^']|'')+)'|([^'!]+))!\$?([A-Z]{1,3})\$?([0-9]{1,7}):\$?([A-Z]{1,3})\$?([0-9]{1,7})"
)


def _list_ranges(archive: ZipFile) -> dict[str, tuple[NamedRange, ...]]:
    """The named rectangles of each sheet, but for those that programs name, such as to print."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  # as calamine
    found: dict[str, tuple[NamedRange, ...]] = {}
    for each in book.iter(f"{_MAIN}definedName"):
        name, area = each.get("name", ""), _RANGE.fullmatch(each.text or "")
        if area and not name.startswith("_") and each.get("hidden") != "1":
            sheet = area[1].replace("''", "'") if area[1] else area[2]
            columns = _number_column(area[3]) - 1, _number_column(area[5]) - 1
            named = NamedRange(name, columns, (int(area[4]), int(area[6])))
            found[sheet] = (*found.get(sheet, ()), named)
    return found


_CELL = re.compile(rb"<c\s([^>]*[^/])>(.*?)</c>", re.DOTALL)
_LEAP_DAY = (b"<v>60<", b"<v>60.")
_SPOT = re.compile(rb"r=[\"']([A-Z]+\d+)")


def _scan(xml: bytes, formats: dict[str, str]) -> Valueless:
    errors, formulas, negatives, leap_days = [], [], set(), set()
    if any(mark in xml for mark in (b"<f", b't="e"', b"<v>-", *_LEAP_DAY)):
        for match in _CELL.finditer(xml):
            attributes, content = match.groups()
            spot = _SPOT.search(attributes)
            if b't="e"' in attributes:
                errors.append(spot)
            elif b"<f" in content and not re.search(rb"<v[^>]*>[^<]", content):
                formulas.append(spot)
            elif spot and b"<v>-" in content and b"s=" in attributes:
                negatives.add(spot[1].decode())
            elif spot and content.startswith(_LEAP_DAY) and b"s=" in attributes:
                leap_days.add(spot[1].decode())
    errors_told, formulas_told = (
        (found[0][1].decode() if found and found[0] else "", len(found))
        for found in (errors, formulas)
    )
    return Valueless(
        errors_told,
        formulas_told,
        frozenset(negatives),
        frozenset(leap_days),
        find_shown(xml, formats),
        frozenset(int(tag["r"]) for tag in _find_hidden(xml, b"row") if "r" in tag),
        tuple((int(tag["min"]), int(tag["max"])) for tag in _find_hidden(xml, b"col")),
    )


_ATTRIBUTE = re.compile(r"(\w+)=[\"']([^\"']*)[\"']")


def _find_hidden(xml: bytes, tag: bytes) -> Iterator[dict[str, str]]:
    """The attributes of each row or column that is not shown."""
    if b"hidden=" not in xml:
        return
    for found in re.finditer(rb"<%s\s([^>]*hidden=[^>]*)>" % tag, xml):
        attributes = dict(_ATTRIBUTE.findall(found[1].decode("utf-8", "replace")))
        if attributes.get("hidden") in ("1", "true"):
            yield attributes
