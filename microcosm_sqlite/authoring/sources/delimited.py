"""Delimited text: CSV, TSV and their dialects."""

from __future__ import annotations

import codecs
import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from microcosm_sqlite.authoring.project.repairs import EMPTY_FILE, Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.misread_text import refuse_misread
from microcosm_sqlite.authoring.sources.records import Block, Records, SourceFile
from microcosm_sqlite.authoring.sources.row_ends import refuse_row_ends
from microcosm_sqlite.authoring.sources.row_reader import RowReader, prepare_lines, repair_lines
from microcosm_sqlite.authoring.sources.streams import (
    BUFFER_SIZE,
    Advance,
    Span,
    estimate_size,
    ignore_advance,
    open_bytes,
    open_text,
)
from microcosm_sqlite.authoring.sources.text_decoding import find_mark
from microcosm_sqlite.errors import SourceError

FIELD_LIMIT = (1 << 31) - 1
BLANK = " \t\r\n"


@dataclass(frozen=True)
class DelimitedOpener:
    """Opens one file of delimited text, or a part of it; blank lines are not rows.

    Attributes:
        source: The file.
        options: Its dialect and encoding.
        span: The part, as offsets of the uncompressed bytes; the whole file where it is None.
        header: The names of the fields, where the part does not begin with them.
        repairs: What is read instead of some of its lines; then it is not divided.
    """

    source: SourceFile
    options: CsvOptions
    span: Span | None = None
    header: tuple[str, ...] | None = None
    repairs: tuple[Repair, ...] = ()

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: It has no header, or is not in its dialect or encoding.
        """
        if self.span is None:
            path, name = self.source.path, self.source.name
            refuse_misread(path, self.options.encoding, name)
            dialect = make_dialect(self.source, self.options)
            refuse_row_ends(path, self.options.encoding, dialect["delimiter"], name)
        try:
            header = self._find_header()
            with self._open_reader(advance) as (reader, skipped):
                kind = _FilledRecords if self.options.fills_rows else _CsvRecords
                if any(repair.kind == EMPTY_FILE for repair in self.repairs):
                    kind = _NoRecords
                yield kind(self.source.name, reader, skipped, header)
        except csv.Error as error:
            raise self._explain(error) from error

    def _explain(self, error: csv.Error) -> SourceError:
        """The error that tells where the row begins which the csv module cannot read."""
        line = 1
        with self._open_reader() as (reader, skipped), suppress(csv.Error):
            line += skipped
            for _ in reader:
                line = skipped + reader.line_num + 1
        is_open = str(error) == "unexpected end of data"
        told = "a quote is opened and not closed"
        if not is_open:
            told += ", or a quote within quotes is not doubled"
        return SourceError(
            f"{self.source.name}, line {line}: {told}.",
            file=self.source.name,
            line=line,
            hint="Look there for a quote that is not closed, or not doubled within a quoted field; "
            "or check the options under `csv`.",
        )

    def _find_header(self) -> tuple[str, ...] | None:
        """The names of the fields, where they are not read from the first line."""
        given = self.header or self.options.header
        if isinstance(given, tuple):
            return given
        if given:
            return None
        with self._open_reader() as (reader, skipped):
            first = _CsvRecords(self.source.name, reader, skipped).header
        return tuple(f"column_{number}" for number in range(1, len(first) + 1))

    @contextmanager
    def _open_reader(self, advance: Advance = ignore_advance) -> Iterator[tuple[RowReader, int]]:
        """A reader of the rows, and how many lines were left out in front of them."""
        limit = csv.field_size_limit(FIELD_LIMIT)
        skipped = 0 if self.header else self.options.skip_lines
        try:
            with open_text(
                self.source.path, self.options.encoding, advance, self.span, self.source.name
            ) as text:
                for _ in islice(text, skipped):
                    pass
                dialect = make_dialect(self.source, self.options)
                lines: Iterable[str] = text
                if self.repairs:
                    lines = repair_lines(text, self.repairs, dialect, self.source.name, skipped)
                lines = _blank_comments(lines, self.options.comment)
                if self.options.quoted_lines:
                    lines = map(unquote_line, lines)
                yield RowReader(prepare_lines(lines, dialect), dialect), skipped
        finally:
            csv.field_size_limit(limit)

    def split(self, count: int) -> list[DelimitedOpener]:
        """Openers of up to `count` parts, which in turn give the rows of the whole.

        None at all where the file cannot be cut. A cut may turn out to be inside of a row, when
        quotes stand where none belong; reading the part in front of it then fails.
        """
        if self.repairs or not self.options.is_divisible:
            return []
        spans = find_spans(self.source.path, self.options, count)
        if len(spans) < 2:
            return []
        with self() as records:
            header = tuple(records.header)
        return [replace(self, span=span, header=header if span[0] else None) for span in spans]


@contextmanager
def allow_long_fields() -> Iterator[None]:
    """Let the csv module read fields of any length that SQLite can store."""
    limit = csv.field_size_limit(FIELD_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def unquote_line(line: str) -> str:
    r"""A line without the quotes around the whole of it; as it is where they surround fields.

    >>> unquote_line('"a,b"\n'), unquote_line('"a,""b, c"",d"\n'), unquote_line('"a","b"\n')
    ('a,b\n', 'a,"b, c",d\n', '"a","b"\n')
    """
    text = line.rstrip("\r\n")
    inside = text[1:-1]
    if f'"{inside}"' != text or '"' in inside.replace('""', ""):
        return line
    return inside.replace('""', '"') + line[len(text) :]


def _blank_comments(text: Iterable[str], mark: str) -> Iterable[str]:
    """The lines; blank ones, which are no rows but still counted, in the place of comments."""
    if not mark:
        return text
    return ("\n" if line.startswith(mark) else line for line in text)


class _CsvRecords(Records):
    """The rows of one reader; the iteration itself stays in C."""

    def __init__(
        self, name: str, reader: RowReader, skipped: int, header: tuple[str, ...] | None = None
    ) -> None:
        self._reader = reader
        self._skipped = skipped
        self.delimiter = reader.delimiter
        super().__init__(name, list(header or self._read_header(name)))

    def __iter__(self) -> Iterator[list[Any]]:
        return chain.from_iterable(self._reader.read_blocks())

    def read_blocks(self) -> Iterator[Block]:
        """The rows that are left, in blocks."""
        return self._reader.read_blocks()

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with the line that it starts on."""
        line = self._line
        for row in self._reader:
            if row:
                yield line + 1, row
            line = self._line

    @property
    def _line(self) -> int:
        return self._reader.line_num + self._skipped

    def _read_header(self, name: str) -> list[str]:
        header: list[str] | None = next(filter(None, self._reader), None)
        if header is None:
            raise SourceError(
                f"{name} is empty.", file=name, hint="Its first line must name the columns."
            )
        return header


class _NoRecords(_CsvRecords):
    """The fields of an empty file, which has no header either."""

    is_empty = True

    def _read_header(self, _: str) -> list[str]:
        """None, where there is no line; a repair has made sure of that."""
        next(filter(None, self._reader), None)
        return []


class _FilledRecords(_CsvRecords):
    """The same, with every row made as long as the header where nothing is lost by it."""

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def read_blocks(self) -> Iterator[Block]:
        """The rows that are left, in blocks."""
        return Records.read_blocks(self)

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with the line that it starts on."""
        width = len(self.header)
        for line, row in super().numbered():
            if len(row) == width:
                yield line, row
            elif len(row) > 1 or row[0].strip(BLANK):
                yield line, fill_row(row, width)


def fill_row(row: list[str], width: int) -> list[str]:
    """A row of another width with empty fields at its end; as it is where a text would be lost.

    >>> fill_row(["a"], 2), fill_row(["a", "b", " "], 2), fill_row(["a", "b", "c"], 2)
    (['a', ''], ['a', 'b'], ['a', 'b', 'c'])
    """
    is_full = any(field.strip(BLANK) for field in row[width:])
    return row if is_full else (row + [""] * width)[:width]


def make_dialect(source: SourceFile, options: CsvOptions) -> dict[str, Any]:
    """The parameters of `csv.reader` for a file."""
    by_name = "\t" if source.format == "tsv" else ","
    return {
        "delimiter": options.delimiter or by_name,
        "quotechar": options.quotechar or None,
        "quoting": csv.QUOTE_MINIMAL if options.quotechar else csv.QUOTE_NONE,
        "escapechar": options.escapechar or None,
        "skipinitialspace": options.skip_initial_space,
        "strict": True,
    }


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
