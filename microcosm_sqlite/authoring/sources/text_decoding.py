"""Text in any encoding as UTF-8: byte order marks, stray bytes, NUL, the end of files of DOS."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable
from itertools import chain
from typing import IO, Any

from microcosm_sqlite.errors import SourceError

DOS_MARK = b"\x1a"
"""The byte that ended files of DOS, one or more of it; it is no text there."""
_DOS_ENDS = (DOS_MARK, DOS_MARK + b"\n", DOS_MARK + b"\r\n", DOS_MARK + b"\r")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def find_mark(head: bytes) -> str:
    """The encoding that a byte order mark names, or an empty string where there is none."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "")


def make_decoder(encoding: str, file: str) -> codecs.IncrementalDecoder | None:
    """Return the decoder of bytes to text, or None if they are UTF-8 already.

    Raises:
        SourceError: Nothing is called so; `file` is how the error calls the file.
    """
    first, mark, fallback = encoding.partition("+")
    try:
        name, other = codecs.lookup(first).name, codecs.lookup(fallback or first).name
    except LookupError as error:
        raise SourceError(f"{file}: no encoding is called {encoding!r}.", file=file) from error
    if mark:
        return codecs.getincrementaldecoder(name)(_read_strays_in(other))
    return None if name == "utf-8" else codecs.getincrementaldecoder(name)()


def _read_strays_in(encoding: str) -> str:
    """The name of an error handler that takes another encoding for bytes not in the first."""

    def decode(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        return error.object[error.start : error.end].decode(encoding), error.end

    codecs.register_error(f"microcosm-sqlite-{encoding}", decode)
    return f"microcosm-sqlite-{encoding}"


def find_stray(
    lines: Iterable[bytes], decoder: codecs.IncrementalDecoder | None
) -> tuple[int, bytes]:
    """The number of the first line with a byte that is no text, or NUL, and that byte."""
    decoder = decoder or codecs.getincrementaldecoder("utf-8")()
    number = 1
    for line in chain(lines, [b""]):
        try:
            text = decoder.decode(line, not line)
        except UnicodeDecodeError as error:
            return number, error.object[error.start : error.start + 1]
        if "\0" in text:
            return number, b"\0"
        number += text.count("\n")
    return number, b""


class Utf8Stream(io.RawIOBase):
    """The bytes of a stream, in UTF-8, without NUL, and without what ended files of DOS."""

    def __init__(
        self,
        stream: IO[bytes],
        head: bytes,
        decoder: codecs.IncrementalDecoder | None,
        length: int,
    ) -> None:
        super().__init__()
        self._stream = stream
        self._head = head
        self._decoder = decoder
        self._left = length - len(head)
        self._pending = memoryview(b"")
        self._held = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, or what can be filled of it now; how many bytes."""
        if not self._pending:
            self._pending = memoryview(self._next_chunk(len(buffer)))
        part = self._pending[: len(buffer)]
        self._pending = self._pending[len(part) :]
        buffer[: len(part)] = part
        return len(part)

    def _next_chunk(self, size: int) -> bytes:
        """Return the next part; a mark that may end the file is held back until more is there."""
        while chunk := self._decode_chunk(size):
            chunk, self._held = self._held + chunk, b""
            if chunk.endswith(_DOS_ENDS):
                end = chunk.index(DOS_MARK, len(chunk.rstrip(DOS_MARK + b"\r\n")))
                chunk, self._held = chunk[:end], chunk[end:]
            if chunk:
                return chunk
        is_end_of_file = self._left > 0
        chunk, self._held = self._held, b""
        return b"" if is_end_of_file else chunk

    def _decode_chunk(self, size: int) -> bytes:
        chunk = self._read(size)
        if self._decoder is not None:
            decoded = self._decoder.decode(chunk, not chunk)
            while chunk and not decoded:
                chunk = self._read(size)
                decoded = self._decoder.decode(chunk, not chunk)
            chunk = decoded.encode("utf-8")
        if b"\0" in chunk:
            raise UnicodeError("NUL")
        return chunk

    def _read(self, size: int) -> bytes:
        head, self._head = self._head, b""
        if head:
            return head
        chunk = self._stream.read(min(size, self._left))
        self._left -= len(chunk)
        return chunk
