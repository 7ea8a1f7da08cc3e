"""Source files as streams of bytes or text, whatever their compression and encoding."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from microcosm_sqlite.authoring.sources.text_decoding import (
    DOS_MARK,
    Utf8Stream,
    find_mark,
    find_stray,
    make_decoder,
)
from microcosm_sqlite.catalog.codecs import open_decompressed, stream_errors
from microcosm_sqlite.errors import SourceError

BUFFER_SIZE = 1 << 18
DAMAGED = "Remove it, or export the file again; it may be damaged, or no text."
"""What to do about a character that text does not have."""
COMPRESSIONS = (".gz", ".zip", ".zst", ".xz", ".bz2")

COMPRESSION_MARKS = {
    b"\x1f\x8b": ".gz",
    b"PK\x03\x04": ".zip",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"\xfd7zXZ\x00": ".xz",
    b"BZh": ".bz2",
}
"""The first bytes of compressed files, and the names of their formats."""

Advance = Callable[[int], None]
"""Told how many bytes of the file, as it lies on disk, were read since the last call."""

Span = tuple[int, int]
"""Two offsets, the second of which is not included."""


def ignore_advance(_: int) -> None:
    """Tell nobody."""


@contextmanager
def open_bytes(
    path: Path, advance: Advance = ignore_advance, name: str = ""
) -> Iterator[IO[bytes]]:
    """Open a source file and undo its compression; a zip archive must hold one file.

    Args:
        path: The file.
        advance: Told of the bytes read.
        name: How errors call it, if not by its name in its folder.

    Raises:
        SourceError: The file is missing, unreadable, or no archive of its kind.
    """
    name = name or path.name
    with explained(path, name), ExitStack() as stack:
        raw = stack.enter_context(_open_metered(path, advance))
        yield stack.enter_context(_decompress(raw, path, name))


@contextmanager
def open_text(
    path: Path,
    encoding: str = "utf-8",
    advance: Advance = ignore_advance,
    span: Span | None = None,
    name: str = "",
) -> Iterator[IO[str]]:
    """Open a source file as text, with newlines as they stand.

    A byte order mark overrules `encoding`. NUL characters are refused: they come from damage or
    a wrong encoding, and functions of SQLite stop at them.

    Args:
        path: The file.
        encoding: Its encoding, without a mark; after a `+`, that of bytes which are not in it.
        advance: Told of the bytes read.
        span: Only the text between these two offsets of the uncompressed bytes.
        name: How errors call the file, if not by its name in its folder.

    Raises:
        SourceError: As for `open_bytes`, or the text is not in its encoding.
    """
    name = name or path.name
    with open_bytes(path, advance, name) as stream:
        start, end = span or (0, sys.maxsize)
        stream.seek(start)
        head = b"" if start else stream.read(4)
        marked = find_mark(head) or encoding
        utf8 = Utf8Stream(stream, head, make_decoder(marked, name), end - start)
        body = io.BufferedReader(utf8, BUFFER_SIZE)
        try:
            with io.TextIOWrapper(body, encoding="utf-8", newline="") as text:
                yield text
        except UnicodeEncodeError:
            raise  # what is made of the text, not the text
        except UnicodeError as error:
            raise _describe_stray(path, name, marked) from error


def _describe_stray(path: Path, name: str, encoding: str) -> SourceError:
    with open_bytes(path, name=name) as stream:
        head = stream.read(BUFFER_SIZE)
        stream.seek(0)
        line, stray = find_stray(stream, make_decoder(encoding, name))
    told = f"byte 0x{stray.hex()} is not text in the encoding {encoding}."
    hint = "Option `csv.encoding` names the encoding, such as `cp1252`."
    if stray == b"\0":
        told = "there are NUL characters, which text does not have."
        wide = _guess_wide(head)
        hint = f'Set `csv.encoding = "{wide}"`, as they suggest.' if wide else DAMAGED
    return SourceError(
        f"{name}, line {line}: {told}",
        file=name,
        line=line,
        hint=hint,
    )


def _guess_wide(head: bytes) -> str:
    """UTF-16 without a byte order mark, where every other byte is zero in most of a text."""
    zeros = {"utf-16-be": head[::2].count(0), "utf-16-le": head[1::2].count(0)}
    likely = max(zeros, key=zeros.__getitem__)
    return likely if 4 * zeros[likely] > len(head) else ""


def estimate_size(path: Path) -> int:
    """About how many bytes the uncompressed text has, or zero where nothing says it."""
    with explained(path, path.name):
        match path.suffix.lower():
            case ".zip":
                with zipfile.ZipFile(path) as archive:
                    return max((member.file_size for member in archive.infolist()), default=0)
            case ".gz":
                with path.open("rb") as stream:
                    stream.seek(-4, io.SEEK_END)
                    return int.from_bytes(stream.read(), "little")
            case ".bz2" | ".xz" | ".zst":
                return 0
        return path.stat().st_size


def _open_metered(path: Path, advance: Advance) -> IO[bytes]:
    return io.BufferedReader(_Meter(path, advance), BUFFER_SIZE)


def _decompress(raw: IO[bytes], path: Path, name: str) -> IO[bytes]:
    openers: dict[str, Callable[[Any], Any]] = {
        ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
        ".bz2": bz2.BZ2File,
        ".xz": lzma.LZMAFile,
        ".zst": lambda raw: open_decompressed(raw, "zstd"),
        ".zip": lambda raw: _open_member(raw, name),
    }
    opened: IO[bytes] = openers.get(path.suffix.lower(), lambda raw: raw)(raw)
    return opened


def _open_member(raw: IO[bytes], name: str) -> IO[bytes]:
    archive = zipfile.ZipFile(raw)
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir() and not member.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise SourceError(
            f"{name} holds {len(members)} files where one is expected.",
            file=name,
            hint="Unpack it, and give each file the name of a table.",
        )
    if is_encrypted(members[0]):
        raise SourceError(
            f"{name} is encrypted.", file=name, hint="Unpack it, where its password is known."
        )
    return archive.open(members[0])


def is_encrypted(member: zipfile.ZipInfo) -> bool:
    """Whether a member of an archive has a password, as a bit of its flags says."""
    return bool(member.flag_bits & 1)


@contextmanager
def explained(path: Path, name: str) -> Iterator[None]:
    """Raise a SourceError, with this name, for a file that is missing or cannot be unpacked."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"{name} does not exist.", file=name) from error
    except _list_damages() as error:  # listed now, as a codec is imported when it is needed
        number = error.errno if isinstance(error, OSError) else 0  # of the file system, not of it
        reason = os.strerror(number) if number else str(error)
        packed = path.suffix.lower() in COMPRESSIONS and not number
        raise SourceError(
            f"{name} cannot be read: {reason}.",
            file=name,
            hint="Fetch or pack it again; it is damaged, or not complete." if packed else "",
        ) from error


def _list_damages() -> tuple[type[Exception], ...]:
    return (*stream_errors(), OSError, zlib.error, tarfile.TarError)


class _Meter(io.FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, advance: Advance) -> None:
        super().__init__(str(path), "rb")
        self._advance = advance

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self._advance(count or 0)
        return count


DOS_END = "the byte 0x1A at the end, which ended files of DOS, is left out"


def ends_as_dos(path: Path) -> bool:
    """Whether a file ends in the byte that ended files of DOS, which is left out of its text.

    Raises:
        SourceError: It cannot be read.
    """
    tail = b""
    with open_bytes(path) as stream:
        if path.suffix.lower() not in COMPRESSIONS:
            stream.seek(max(0, path.stat().st_size - _TAIL))
        while chunk := stream.read(BUFFER_SIZE):
            tail = (tail + chunk)[-_TAIL:]
    return tail.replace(b"\0", b"").rstrip(b"\r\n").endswith(DOS_MARK)  # zeros of UTF-16


_TAIL = 16
