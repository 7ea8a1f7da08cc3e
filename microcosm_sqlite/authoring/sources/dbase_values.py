"""What the bytes of a field of dBase or FoxPro stand for."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from microcosm_sqlite.authoring.values.json_documents import keeps_digits

ENCODINGS = {
    **dict.fromkeys((0x01, 0x09, 0x0B, 0x0D, 0x0F, 0x11, 0x15, 0x18, 0x19, 0x1B), "cp437"),
    **dict.fromkeys((0x02, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x16, 0x1A, 0x1D, 0x25, 0x37), "cp850"),
    **dict.fromkeys((0x03, 0x57, 0x58, 0x59), "cp1252"),
    **dict.fromkeys((0x08, 0x17, 0x66), "cp865"),
    **dict.fromkeys((0x13, 0x7B), "cp932"),
    **dict.fromkeys((0x1F, 0x22, 0x23, 0x40, 0x64, 0x87), "cp852"),
    **dict.fromkeys((0x26, 0x65), "cp866"),
    **dict.fromkeys((0x4D, 0x7A), "cp936"),
    **dict.fromkeys((0x4E, 0x79), "cp949"),
    **dict.fromkeys((0x4F, 0x78), "cp950"),
    **dict.fromkeys((0x50, 0x7C), "cp874"),
    0x04: "mac_roman",
    0x1C: "cp863",
    0x24: "cp860",
    0x67: "cp861",
    0x6A: "cp737",
    0x6B: "cp857",
    0x6C: "cp863",
    0x7D: "cp1255",
    0x7E: "cp1256",
    0x86: "cp737",
    0xC8: "cp1250",
    0xC9: "cp1251",
    0xCA: "cp1254",
    0xCB: "cp1253",
    0xCC: "cp1257",
}
"""The byte of a table that says the language of its texts, to their encoding."""


def _read_number(content: bytes) -> int | float | Decimal | None:
    text = content.partition(b"\0")[0].strip().decode("latin-1")
    if not text.strip("*"):  # asterisks are nothing, or a number that had no room
        return None
    try:
        if text.lstrip("+-").isdecimal():
            return int(text)
        return float(text) if keeps_digits(text) else Decimal(text)
    except (ValueError, ArithmeticError):
        raise ValueError(f"{text!r} is not a number") from None


def read_date(content: bytes) -> date | None:
    """A date; None for blanks and zeros.

    Raises:
        ValueError: It is none.
    """
    text = content.strip(b" \0").decode("latin-1")
    if not text.strip("0"):
        return None
    return datetime.strptime(text, "%Y%m%d").date()


def _read_boolean(content: bytes) -> bool | None:
    if content in (b" ", b"?", b"\0"):
        return None
    if content not in _TRUE + _FALSE:
        raise ValueError(f"{content!r} is neither true nor false")
    return content in _TRUE


_TRUE = (b"T", b"t", b"Y", b"y", b"1")
_FALSE = (b"F", b"f", b"N", b"n", b"0")


def _unpack(format_: str, content: bytes) -> Any:
    return struct.unpack(format_, content)[0]


def _read_moment(content: bytes) -> datetime | None:
    days, milliseconds = struct.unpack("<ll", content)
    if not days:
        return None
    return datetime.fromordinal(days - _JULIAN) + timedelta(milliseconds=milliseconds)


_JULIAN = 1_721_425
"""Days of the Julian calendar's count before the first of Python's."""


def _read_currency(content: bytes) -> Decimal:
    return Decimal(_unpack("<q", content)).scaleb(-4)


READERS: dict[str, Callable[[bytes], Any]] = {
    "N": _read_number,
    "F": _read_number,
    "D": read_date,
    "L": _read_boolean,
}
BINARY_READERS: dict[str, Callable[[bytes], Any]] = {
    "I": partial(_unpack, "<l"),
    "B": partial(_unpack, "<d"),
    "Y": _read_currency,
    "T": _read_moment,
}
"""Types of FoxPro."""
