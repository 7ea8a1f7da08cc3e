"""The text that workbooks show beside numbers: per cent, currencies, units, leading zeros.

Programs show `00501` for the number 501 where the format of the cell is `00000`. The number is what
is read, so that what the format adds has to be told.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MONEY = "$#,##0.00"
_BUILT_IN = {9: "0%", 10: "0.00%"} | dict.fromkeys((5, 6, 7, 8, 42, 44), _MONEY)
"""The formats with a number of their own that add something."""
_LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]')
_ADDED = re.compile(r'"[^"]*\w[^"]*"|\\\w|\[\$[^-\]]|[%$€£¥]')
_SCALED = re.compile(r"[0#?],+($|[^0#?,])")


@dataclass(frozen=True)
class Shown:
    """Cells that are shown otherwise than the numbers that they hold.

    Attributes:
        count: How many there are.
        first: Where the first is, if that is known.
        format: Its format.
    """

    count: int = 0
    first: str = ""
    format: str = ""


NOT_SHOWN = Shown()
"""Of a sheet whose numbers are shown as they are."""


def adds_meaning(code: str) -> bool:
    """Whether a number is shown with more than its digits by a format of Excel.

    >>> [adds_meaning(code) for code in ("0%", "00000", '0.0" kg"', "#,##0.00", "yyyy-mm-dd")]
    [True, True, True, False, False]
    """
    positive = code.split(";", maxsplit=1)[0]
    bare = _LITERAL.sub("", positive)
    if re.search("[ymdhs]", bare, re.IGNORECASE):
        return False
    whole = bare.split(".")[0]
    has_zeros = "00" in whole and not re.search("[#?]", whole)
    return bool(has_zeros or _ADDED.search(positive) or _SCALED.search(bare))


def list_formats(styles: bytes) -> dict[str, str]:
    """The styles of an .xlsx file whose formats add something, by their numbers."""
    root = ElementTree.fromstring(styles)  # noqa: S314  # as calamine
    codes = dict(_BUILT_IN)
    for each in root.iter(f"{_MAIN}numFmt"):
        number = each.get("numFmtId", "")
        if number.isdecimal():
            codes[int(number)] = each.get("formatCode", "")
    found = {}
    for style, each in enumerate(root.iterfind(f"{_MAIN}cellXfs/{_MAIN}xf")):
        number = each.get("numFmtId", "")
        code = codes.get(int(number), "") if number.isdecimal() else ""
        if adds_meaning(code):
            found[str(style)] = code
    return found


_NUMBER = re.compile(rb"<c\s([^>]*[^/])>\s*<v")


def find_shown(xml: bytes, formats: dict[str, str]) -> Shown:
    """The numbers of a sheet of an .xlsx file that are shown by some formats."""
    used = {style.encode() for style in formats if f's="{style}"'.encode() in xml}
    if not used:
        return NOT_SHOWN
    count, first = 0, (b"", b"")
    for match in _NUMBER.finditer(xml):
        attributes = dict(re.findall(rb"(\w+)=[\"']([^\"']*)", match[1]))
        if attributes.get(b"s") in used and attributes.get(b"t", b"n") == b"n":
            count += 1
            first = first if first[1] else (attributes.get(b"r", b""), attributes[b"s"])
    return Shown(count, first[0].decode(), formats.get(first[1].decode(), ""))


def list_shown(content: bytes) -> dict[str, Shown]:
    """The same of the sheets of an OpenDocument file, by their names."""
    found = {}
    for part in re.split(rb"<table:table\s", content)[1:]:
        name = re.search(rb'table:name="([^"]*)"', part)
        kinds = re.findall(rb'office:value-type="(percentage|currency)"', part)
        if name and kinds:
            first = {b"percentage": "%", b"currency": "a currency"}[kinds[0]]
            found[html.unescape(name[1].decode())] = Shown(len(kinds), "", first)
    return found
