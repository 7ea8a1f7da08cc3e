"""Where a file of delimited text can be cut, so that its parts can be read at the same time."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.decoding import find_mark
from microcosm_sqlite.authoring.sources.streams import (
    BUFFER_SIZE,
    Span,
    estimate_size,
    open_bytes,
)

SMALLEST_PART = 4 << 20
"""Bytes of text below which another process is not worth its start."""

# In these, a newline byte is a newline wherever it stands.
_BYTEWISE = ("utf-8", "ascii", "iso8859", "cp125", "latin")


def find_spans(path: Path, options: CsvOptions, count: int) -> list[Span]:
    """Up to `count` spans that cover the text, cut behind newlines that end a row.

    Whether a newline is within quotes is told by counting the quotes in front of it, which holds
    for all text but such as has quotes in the middle of unquoted fields.

    Returns:
        Fewer spans for short files, and none where nothing says how long the text is.
    """
    size = estimate_size(path)
    count = min(count, size // SMALLEST_PART)
    with open_bytes(path) as stream:
        encoding = find_mark(stream.read(4)) or options.encoding
        if count < 2 or not codecs.lookup(encoding).name.startswith(_BYTEWISE):
            return []
        stream.seek(0)
        quote = options.quotechar.encode("ascii", "replace")
        cuts = list(_find_cuts(stream, quote, [size * n // count for n in range(1, count)]))
    return list(zip([0, *cuts], [*cuts, sys.maxsize], strict=True))


def _find_cuts(stream: IO[bytes], quote: bytes, targets: list[int]) -> Iterator[int]:
    offset = quotes = 0
    while targets and (chunk := stream.read(BUFFER_SIZE)):
        begin = 0
        while targets and targets[0] < offset + len(chunk):
            newline = chunk.find(b"\n", max(begin, targets[0] - offset))
            if newline < 0:
                targets[0] = offset + len(chunk)
                break
            quotes += chunk.count(quote, begin, newline) if quote else 0
            begin = newline + 1
            if quotes % 2 == 0:
                yield offset + begin
                targets.pop(0)
            else:
                targets[0] = offset + begin
        quotes += chunk.count(quote, begin) if quote else 0
        offset += len(chunk)
