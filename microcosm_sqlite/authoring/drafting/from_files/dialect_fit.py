"""Whether a whole file is written in a dialect."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice, repeat

from microcosm_sqlite.authoring.drafting.from_files.dialects import DELIMITERS
from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock
from microcosm_sqlite.errors import SourceError

NEVER_USED = "\x1e"
"""The delimiter of a file that has one column."""

_FEW = 10
"""Rows among which one may be at fault, where more are the way of the file."""

_SAMPLE = 100
_RARELY_MEANT = "\t|"
"""Delimiters that texts rarely have, so that many in one field are those of several rows."""


def fits(
    source: SourceFile,
    options: CsvOptions,
    *,
    may_swallow: bool = False,
    repairs: tuple[Repair, ...] = (),
) -> bool:
    """Whether all rows of a file are as wide as its header, in a dialect that makes sense of it."""
    try:
        with DelimitedOpener(source, options, repairs=repairs)() as records:
            width = len(records.header)
            if options.fills_rows and _lacks_whole_rows(source, options):
                return False
            is_one = options.header is True and _is_one_column(records.header)
            if options.delimiter == NEVER_USED:
                return is_one and not _has_columns(records, options.quotechar)
            if options.quotechar and options.delimiter in _RARELY_MEANT and not may_swallow:
                return all(
                    len(row) == width and not _swallows_rows(row, options.delimiter)
                    for row in records
                )
            if options.quotechar:
                return all(_have_width(block, width) for block in records.read_blocks())
            rows = chain([records.header], records)
            return _have_own_quotes(rows, width, options.delimiter)
    except SourceError:
        return False


def _has_columns(rows: Iterable[Sequence[str]], quotechar: str) -> bool:
    """Whether rows of one field have several, and the same number, with a delimiter."""
    texts = [row[0] for row in islice(rows, _SAMPLE)]
    for delimiter in DELIMITERS if len(texts) > 1 else ():
        reader = csv.reader(texts, delimiter=delimiter, quotechar=quotechar or None)
        widths = {len(row) for row in reader}
        if len(widths) == 1 < min(widths) - 1:
            return True
    return False


def _have_width(block: Iterable[Sequence[str]], width: int) -> bool:
    """Whether all rows of a block have so many fields."""
    if isinstance(block, PlainBlock):
        lines = block.text[:-1].split("\n")
        return {*map(str.count, lines, repeat(block.delimiter))} == {width - 1}
    return all(len(row) == width for row in block)


def _lacks_whole_rows(source: SourceFile, options: CsvOptions) -> bool:
    """Whether the header has a blank name, and no row has so many fields."""
    with DelimitedOpener(source, replace(options, fills_rows=False))() as records:
        is_whole = all(name.strip() for name in records.header)
        return not (is_whole or any(len(row) >= len(records.header) for row in records))


def _swallows_rows(row: Sequence[str], delimiter: str) -> bool:
    """Whether a quote that belongs to a text has made one field of several rows."""
    # Blank lines and comments, which have no delimiters, may be among them.
    return any(
        0 < field.count("\n") * (len(row) - 1) <= 2 * field.count(delimiter)
        for field in row
        if field
    )


def _is_one_column(header: Sequence[str]) -> bool:
    return len(header) == 1 and not any(delimiter in header[0] for delimiter in DELIMITERS)


def _have_own_quotes(rows: Iterable[Sequence[str]], width: int, delimiter: str) -> bool:
    """Whether rows have one width, and quotes that belong to texts, of which few are left open."""
    count = left_open = 0
    for row in rows:
        if len(row) != width or any(len(f) > 1 and f[0] == f[-1] == '"' for f in row):
            return False
        if delimiter not in _RARELY_MEANT and _is_parted(row):
            return False
        count += 1
        left_open += sum(field.count('"') for field in row) % 2
    most = count // _FEW if width > 1 else 0
    return delimiter in _RARELY_MEANT or left_open <= most


def _is_parted(row: Sequence[str]) -> bool:
    """Whether quotes seem to surround what several fields have."""
    opened = (index for index, field in enumerate(row) if field.lstrip().startswith('"'))
    first = next(opened, len(row))
    return any(field.rstrip().endswith('"') for field in row[first + 1 :])
