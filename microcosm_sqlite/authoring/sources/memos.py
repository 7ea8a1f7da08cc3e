"""Long texts of dBase and FoxPro, in a file beside the table (.dbt, .fpt)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

MEMO_FILES = (".fpt", ".dbt")
"""What the names of files with memos end in."""

MemoReader = Callable[[int], bytes]
"""Reads the memo whose block a table names, or raises ValueError."""

_WITH_LENGTHS = (0x8B, 0xCB)
"""Versions of tables of dBase IV, whose memos have their length in front of them."""
_END = b"\x1a"
_BLOCK = 512
_HEAD = 8


@contextmanager
def open_memos(path: Path, version: int) -> Iterator[MemoReader]:
    """What reads the memos of a table.

    Args:
        path: The file beside the table.
        version: The first byte of the table.
    """
    with path.open("rb") as stream:
        start = stream.read(_BLOCK).ljust(_BLOCK, b"\0")
        if path.suffix.lower() == ".fpt":
            (size,) = struct.unpack_from(">H", start, 6)
            yield lambda block: _read_long(stream, block * (size or _BLOCK), ">4xl", 0)
        elif version in _WITH_LENGTHS:
            (size,) = struct.unpack_from("<H", start, 20)
            yield lambda block: _read_long(stream, block * (size or _BLOCK), "<4xl", _HEAD)
        else:
            yield lambda block: _read_marked(stream, block * _BLOCK)


def _read_long(stream: IO[bytes], place: int, format_: str, counted: int) -> bytes:
    """A memo with its length in front, in which so many bytes of its head are counted."""
    stream.seek(place)
    head = stream.read(_HEAD)
    if len(head) == _HEAD:
        length = struct.unpack(format_, head)[0] - counted
        memo = stream.read(max(0, length))
        if len(memo) == length:
            return memo
    raise ValueError(_MISSING)


def _read_marked(stream: IO[bytes], place: int) -> bytes:
    """A memo of dBase III, which ends with a mark."""
    stream.seek(place)
    memo = b""
    while part := stream.read(_BLOCK):
        text, end, _ = part.partition(_END)
        memo += text
        if end:
            return memo
    raise ValueError(_MISSING)


_MISSING = "its memo is not in the file of memos, or cut off there"
