"""Tables of dBase and FoxPro (.dbf), alone or as a part of a shapefile, with their memos.

Not read by a library: pyshp cuts decimals, takes numbers that it cannot read for NULL and memos for
their block numbers, and stops at deleted rows; dbfread has had no release since 2016.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from microcosm_sqlite.authoring.sources.companions import find_companion, refuse_cut
from microcosm_sqlite.authoring.sources.dbase_values import (
    BINARY_READERS,
    ENCODINGS,
    READERS,
    read_date,
)
from microcosm_sqlite.authoring.sources.memos import MEMO_FILES, MemoReader, open_memos
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

_HEAD = 32
_DESCRIPTION = struct.Struct("<11sc4xBBB13x")
_NEWER = 0x04
"""Version of dBase 7, which describes its fields otherwise."""
_FOXPRO = (0x30, 0x31, 0x32)
_SYSTEM, _NULLABLE = 0x01, 0x02
_VARYING = "VQ"
"""Types of FoxPro whose texts and bytes have lengths of their own."""
_IS_NULL, _IS_SHORT = "null", "short"
"""What a bit of the hidden field of FoxPro says of a value: none, or shorter than its field."""
_BLANKS = b" \x00"
_DELETED = b"*"
_NO_ROOM = b"*"
_CHUNK_ROWS = 4096


@dataclass(frozen=True)
class _Field:
    name: str
    kind: str
    size: int
    place: int
    flags: int


@dataclass(frozen=True)
class DbaseOpener:
    """Opens one table of dBase or FoxPro."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: It is no such table, is cut off, or lacks the file of its memos.
        """
        with open_dbase(self.source.path, self.source.name) as table:
            yield table
            advance(self.source.size)


@contextmanager
def open_dbase(path: Path, name: str) -> Iterator[DbaseTable]:
    """A table, and the memos that belong to it.

    Args:
        path: Where it is.
        name: The source that it is, or belongs to, as errors call it.

    Raises:
        SourceError: It is no such table, is cut off, or lacks the file of its memos.
    """
    with ExitStack() as stack:
        stream = stack.enter_context(path.open("rb"))
        head = _read_head(path, name, stream)
        found = filter(None, (find_companion(path, end) for end in MEMO_FILES))
        memos = next((stack.enter_context(open_memos(each, head[0])) for each in found), None)
        yield DbaseTable(path, name, stream, head, memos)


def _read_head(path: Path, name: str, stream: IO[bytes]) -> bytes:
    head = stream.read(_HEAD)
    told = len(head)
    if told == _HEAD:
        count, start, width = struct.unpack_from("<LHH", head, 4)
        told = start + count * width
    refuse_cut(path, name, max(told, _HEAD))
    return head


class DbaseTable(Records):
    """The rows of a table that are not deleted.

    Attributes:
        total: How many rows there are, with those that are deleted.
    """

    unit = "row"
    has_types = True

    def __init__(
        self, path: Path, name: str, stream: IO[bytes], head: bytes, memos: MemoReader | None
    ) -> None:
        self.total, self._start, self._width = struct.unpack_from("<LHH", head, 4)
        self._stream, self._memos = stream, memos
        self._version, language = head[0], head[29]
        self.name = name
        self._path = path
        told = _find_encoding(path)
        self._encoding = self._check_encoding(told or ENCODINGS.get(language, "utf-8"))
        fields = self._read_fields()
        super().__init__(name, [field.name for field in fields if not field.flags & _SYSTEM])
        self.is_empty = not self.header
        self._odd_dates: list[str] = []
        self._bits = _place_bits(fields)
        columns = [field for field in fields if not field.flags & _SYSTEM]
        self._readers = [(_find_part(field), self._choose_reader(field)) for field in columns]
        self._null_bits = [
            (index, *self._bits[_IS_NULL, field])
            for index, field in enumerate(columns)
            if (_IS_NULL, field) in self._bits
        ]
        self._numbers = [field for field in columns if field.kind in "NF"]
        by_language = not told and language in ENCODINGS
        self.notes = tuple(self._describe(self._encoding if by_language else ""))

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with its number, in which deleted ones count."""
        number = 0
        for chunk in self._iterate_chunks():
            for begin in range(0, len(chunk), self._width):
                number += 1
                if chunk[begin : begin + 1] != _DELETED:
                    yield number, self._read_row(number, chunk[begin : begin + self._width])

    def _iterate_chunks(self) -> Iterator[bytes]:
        for first in range(0, self.total, _CHUNK_ROWS):
            count = min(_CHUNK_ROWS, self.total - first)
            self._stream.seek(self._start + first * self._width)
            yield self._stream.read(count * self._width)

    def _read_row(self, number: int, content: bytes) -> list[Any]:
        row = []
        for column, (part, read) in zip(self.header, self._readers, strict=True):
            try:
                row.append(read(content[part]))
            except UnicodeDecodeError as error:
                raise SourceError(
                    f"{self.name}, row {number}, field {column}: its text is not in "
                    f"{self._encoding} ({error.reason}).",
                    file=self.name,
                    line=number,
                    hint=f"Say the encoding in {self._path.stem}.cpg beside it, such as the "
                    "word cp1252.",
                ) from error
            except (ValueError, OverflowError, struct.error) as error:
                raise SourceError(
                    f"{self.name}, row {number}, field {column}: {error}.",
                    file=self.name,
                    line=number,
                    hint="Correct it in the program that wrote it; or fetch it again, if it is "
                    "damaged.",
                ) from error
        for index, place, bit in self._null_bits:
            if content[place] & bit:
                row[index] = None
        return row

    def _describe(self, encoding: str) -> Iterator[str]:
        deleted = sum(chunk[:: self._width].count(_DELETED) for chunk in self._iterate_chunks())
        if deleted:
            yield f"{spell_count(deleted, 'row')} marked as deleted left out"
        yield from self._odd_dates
        yield from self._describe_asterisks()
        if encoding and not all(map(bytes.isascii, self._iterate_chunks())):
            yield f"its texts are read in {encoding}, as it says"

    def _describe_asterisks(self) -> Iterator[str]:
        """The numbers written as asterisks: dBase had no room for them, or GIS had no value."""
        counts = dict.fromkeys(self._numbers, 0)
        for chunk in self._iterate_chunks():
            if chunk.count(_NO_ROOM) == chunk[:: self._width].count(_DELETED):
                continue
            for begin in range(0, len(chunk), self._width):
                row = chunk[begin : begin + self._width]
                for field in self._numbers if row[:1] != _DELETED else ():
                    text = row[_find_part(field)].strip(_BLANKS)
                    counts[field] += bool(text) and not text.strip(_NO_ROOM)
        for field, count in counts.items():
            if count:
                numbers = spell_count(count, "number")
                become = "becomes" if count == 1 else "become"
                yield (
                    f"{field.name}: {numbers} written as asterisks, which stand for no value or "
                    f"for one that had no room, {become} NULL"
                )

    def _check_encoding(self, encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError:
            raise SourceError(
                f"{self.name}: {self._path.stem}.cpg says the encoding {encoding!r}, which is not "
                "known.",
                file=self.name,
                hint="Write one that Python knows, such as cp1252.",
            ) from None

    def _read_fields(self) -> list[_Field]:
        if self._version == _NEWER:
            raise self._refuse("it is of dBase 7, whose format is not read")
        fields = []
        place = 1
        while self._stream.tell() + _HEAD <= self._start:
            found = self._stream.read(_HEAD)
            if found[:1] == b"\r":
                break
            label, kind, size, more, flags = _DESCRIPTION.unpack(found)
            if kind == b"C":
                size += more << 8
            name = label.partition(b"\0")[0].decode(self._encoding, "replace").strip()
            flags = flags if self._version in _FOXPRO else 0
            fields.append(_Field(name, kind.decode("latin-1").upper(), size, place, flags))
            place += size
        if place > self._width:
            raise self._refuse("its fields are wider than its rows")
        return fields

    def _choose_reader(self, field: _Field) -> Callable[[bytes], Any]:
        binary = self._version in _FOXPRO
        if field.kind in "MGP" or (field.kind == "B" and not binary):
            if field.kind != "M":
                raise self._refuse(f"its field {field.name} holds pictures or other objects")
            return self._read_memo
        read = READERS.get(field.kind) or (BINARY_READERS.get(field.kind) if binary else None)
        if field.kind == "C" or (field.kind == "D" and self._find_no_date(field)):
            return self._read_text
        if field.kind in _VARYING and (_IS_SHORT, field) in self._bits:
            return partial(self._read_varying, field)
        if not read:
            raise self._refuse(f"its field {field.name} is of the type {field.kind!r}")
        return read

    def _find_no_date(self, field: _Field) -> str:
        """The first text of a field of dates that is none; it makes texts of all of them."""
        for chunk in self._iterate_chunks():
            for begin in range(0, len(chunk), self._width):
                content = chunk[begin + field.place : begin + field.place + field.size]
                try:
                    read_date(content)
                except ValueError:
                    if chunk[begin : begin + 1] != _DELETED:
                        text = content.decode("latin-1").strip()
                        self._odd_dates.append(
                            f"{field.name}: {text!r} is not a date, so all stay texts"
                        )
                        return text
        return ""

    def _refuse(self, reason: str) -> SourceError:
        return SourceError(
            f"{self._path.name} cannot be read: {reason}.",
            file=self.name,
            hint="Write it as CSV in the program that made it; or fetch it again if it is damaged.",
        )

    def _read_text(self, content: bytes) -> str | None:
        return content.rstrip(_BLANKS).decode(self._encoding) or None

    def _read_varying(self, field: _Field, row: bytes) -> str | bytes:
        """A text or bytes; its last byte is the length, unless it is as long as the field."""
        place, bit = self._bits[_IS_SHORT, field]
        content = row[field.place : field.place + field.size]
        if row[place] & bit:
            content = content[: content[-1]]
        return content if field.kind == "Q" else content.decode(self._encoding)

    def _read_memo(self, content: bytes) -> str | None:
        if len(content) == 4:  # bytes of FoxPro's numbers
            block = int.from_bytes(content, "little")
        else:
            block = int(content.strip(_BLANKS) or b"0")
        if not block:
            return None
        if not self._memos:
            stem = self._path.stem
            raise SourceError(
                f"{self.name} has memos, whose file is not beside it.",
                file=self.name,
                hint=f"Put {stem}.dbt or {stem}.fpt beside it.",
            )
        return self._memos(block).decode(self._encoding) or None


def _find_encoding(path: Path) -> str:
    """The encoding of the table that the file beside it names; or nothing."""
    file = find_companion(path, ".cpg")
    told = file.read_text("ascii", "replace").strip() if file else ""
    digits = told.removeprefix("ANSI ").removeprefix("OEM ")
    if digits.isdigit() and digits.startswith(_ISO):  # such as 88591
        return f"iso8859-{digits.removeprefix(_ISO)}"
    return f"cp{digits}" if digits.isdigit() else told


_ISO = "8859"


def _find_part(field: _Field) -> slice:
    """Where a field is in its row; what says the length of some of FoxPro is behind it."""
    return slice(None) if field.kind in _VARYING else slice(field.place, field.place + field.size)


def _place_bits(fields: Sequence[_Field]) -> dict[tuple[str, _Field], tuple[int, int]]:
    """Byte and bit in the hidden field of FoxPro for what it says of others, in their order."""
    hidden = next((field for field in fields if field.flags & _SYSTEM), None)
    said: list[tuple[str, _Field]] = []
    for field in fields if hidden else ():
        if not field.flags & _SYSTEM:
            said += [(_IS_SHORT, field)] * (field.kind in _VARYING)
            said += [(_IS_NULL, field)] * bool(field.flags & _NULLABLE)
    start = hidden.place if hidden else 0
    return {each: (start + number // 8, 1 << number % 8) for number, each in enumerate(said)}
