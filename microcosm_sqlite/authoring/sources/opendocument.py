"""The rows and columns that sheets of an OpenDocument file hide."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

_SHEET = re.compile(rb"<table:table\s[^>]*table:name=\"([^\"]*)\"")
_COLUMN = re.compile(rb"<table:table-column(?=[\s/>])([^>]*)>")
_ROW = re.compile(rb"<table:table-row(?=[\s/>])([^>]*?)(?:/>|>(.*?)</table:table-row>)", re.DOTALL)
_REPEATED = re.compile(rb"table:number-(?:rows|columns)-repeated=\"(\d+)\"")
_HIDDEN = re.compile(rb"table:visibility=\"(?:collapse|filter)\"")


class Hidden(NamedTuple):
    """What a sheet does not show, by a filter too.

    Attributes:
        rows: The numbers of the rows that have values.
        columns: The first and the last of each range of columns, from 1.
    """

    rows: frozenset[int]
    columns: tuple[tuple[int, int], ...]


def list_hidden(content: bytes) -> dict[str, Hidden]:
    """The rows and columns that each sheet of `content.xml` hides, by the names of sheets.

    Args:
        content: That part of the file.
    """
    starts = [*_SHEET.finditer(content)]
    ends = [start.start() for start in starts[1:]] + [len(content)]
    hidden = {}
    for start, end in zip(starts, ends, strict=False):
        sheet = content[start.end() : end]
        name = html.unescape(start[1].decode())
        hidden[name] = Hidden(_find_rows(sheet), _find_columns(sheet))
    return hidden


def _find_rows(sheet: bytes) -> frozenset[int]:
    hidden: set[int] = set()
    number = 1
    for attributes, cells in _ROW.findall(sheet):
        following = number + _count(attributes)
        # Programs repeat the blank row at the end a million times.
        if _HIDDEN.search(attributes) and b"office:value-type" in cells:
            hidden.update(range(number, following))
        number = following
    return frozenset(hidden)


def _find_columns(sheet: bytes) -> tuple[tuple[int, int], ...]:
    hidden = []
    number = 1
    for attributes in _COLUMN.findall(sheet):
        following = number + _count(attributes)
        if _HIDDEN.search(attributes):
            hidden.append((number, following - 1))
        number = following
    return tuple(hidden)


def _count(attributes: bytes) -> int:
    """How many rows or columns one element stands for."""
    found = _REPEATED.search(attributes)
    return int(found[1]) if found else 1
