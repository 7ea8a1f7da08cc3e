"""In which dialect a whole file is written, and which of its rows need a repair."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, repeat, zip_longest
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.closing_rows import may_end
from microcosm_sqlite.authoring.drafting.from_files.dialects import DELIMITERS
from microcosm_sqlite.authoring.drafting.from_files.file_rows import MARK, is_rule
from microcosm_sqlite.authoring.drafting.from_files.late_tables import count_descriptions
from microcosm_sqlite.authoring.drafting.from_files.repairing import (
    Accept,
    describe_proposals,
    propose_repairs,
)
from microcosm_sqlite.authoring.drafting.from_files.row_watch import RowWatch, find_last_plain
from microcosm_sqlite.authoring.drafting.from_files.sections import tells_units
from microcosm_sqlite.authoring.drafting.from_files.views import (
    COMMENT,
    drop_blank_surplus,
    find_kinds,
    is_unlike,
)
from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import BLANK, DelimitedOpener, make_dialect
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock
from microcosm_sqlite.authoring.values.layout import make_names
from microcosm_sqlite.errors import SourceError

NEVER_USED = "\x1e"
"""The delimiter of a file that has one column."""

ROW_NAME = "row_name"
"""The column of the names of rows, for which a header has none."""

_ENOUGH_FOR_ROW_NAMES = 3
_ENOUGH_FOR_A_TABLE = 2
_FEW = 10
"""Rows among which one may be at fault, where more are the way of the file."""

_SAMPLE = 100
_HEAD_ROWS = 200
_RARELY_MEANT = "\t|"
"""Delimiters that texts rarely have, so that many in one field are those of several rows."""


class Choice(NamedTuple):
    """How a file is to be read.

    Attributes:
        options: Its dialect.
        repairs: What is read instead of some of its lines.
        proposals: Repairs that were not accepted, and that it can be read without.
    """

    options: CsvOptions
    repairs: tuple[Repair, ...] = ()
    proposals: tuple[Repair, ...] = ()


def choose_dialect(source: SourceFile, guessed: CsvOptions, accept: Accept) -> Choice:
    """Find the dialect that a whole file is written in, and its repairs, if some are accepted.

    Args:
        source: The file.
        guessed: The dialect that its head suggests.
        accept: Asked which of the repairs proposed are to be made.

    Raises:
        SourceError: It has rows that fit no dialect.
    """
    fitting = (one for one in _list_dialects(guessed) if _fits(source, one))
    # Lines whose words are fields would be taken for texts of one column.
    named = _name_rows(source, guessed) if guessed.delimiter == " " else None
    options = named or next(fitting, None) or _name_rows(source, guessed)
    if options is None and _fits(source, guessed, may_swallow=True):
        options = guessed
    return _improve(source, options, accept) if options else _repair(source, guessed, accept)


def _repair(source: SourceFile, guessed: CsvOptions, accept: Accept) -> Choice:
    """Read a file that has rows which fit no dialect.

    Raises:
        SourceError: There are rows that cannot be repaired, or are not to be.
    """
    choices = [
        Choice(options, repairs)
        for options in _list_quotings(guessed)
        if (repairs := propose_repairs(source, options)) and _fits(source, options, repairs=repairs)
    ]
    if not choices:
        raise _find_misfit(source, guessed)
    choice = min(choices, key=lambda choice: len(choice.repairs))
    accepted = tuple(accept(source.name, choice.repairs))
    left = tuple(repair for repair in choice.repairs if repair not in accepted)
    for fills_rows in (False, True):
        dialect = replace(choice.options, fills_rows=fills_rows or choice.options.fills_rows)
        if not left or (accepted and _fits(source, dialect, repairs=accepted)):
            return Choice(dialect, accepted, left)
    error = _find_misfit(source, guessed)
    error.hint = f"{error.hint} Or draft it {describe_proposals(choice.repairs)}.".strip()
    raise error


def _improve(source: SourceFile, options: CsvOptions, accept: Accept) -> Choice:
    """Read a file that can be read, but may have rows that are not of its table."""
    if not (options.fills_rows or _may_have_other_rows(source, options)):
        return Choice(options)
    strict = replace(options, fills_rows=False)
    repairs = propose_repairs(source, strict)
    if not repairs or not _fits(source, strict, repairs=repairs):
        return Choice(options)
    if options.fills_rows and _are_alike(source, options, Choice(strict, repairs)):
        return Choice(options)
    accepted = tuple(accept(source.name, repairs))
    left = tuple(repair for repair in repairs if repair not in accepted)
    for dialect in (strict, options) if accepted else ():
        if _fits(source, dialect, repairs=accepted):
            return Choice(dialect, accepted, left)
    return Choice(options, (), repairs)


def _may_have_other_rows(source: SourceFile, options: CsvOptions) -> bool:
    """Whether a file that can be read has rows that may not be of its table."""
    with DelimitedOpener(source, options)() as records:
        header, rows = records.header, records.numbered()
        head = [*islice(rows, _HEAD_ROWS)]
        kinds = find_kinds([row for _, row in head[1:]], len(header))
        if head and options.header is True:
            rows_below = [row for _, row in head]
            if _is_subheader(rows_below[0], kinds) or count_descriptions(rows_below, len(header)):
                return True
        if header[0].startswith(MARK):
            return True
        delimiter = make_dialect(source, options)["delimiter"]
        watch = RowWatch(header, delimiter, kinds)
        if any(watch.is_other(line, row) for line, row in head):
            return True
        if (last := find_last_plain(records.read_blocks(), watch)) is not None:
            return may_end(last)
    with DelimitedOpener(source, options)() as records:
        rows = islice(records.numbered(), len(head), None)
        return any(watch.is_other(line, row) for line, row in rows) or may_end(watch.last)


def _is_subheader(fields: Sequence[str], kinds: Mapping[int, str]) -> bool:
    """Whether the first row may be a part of the header, or units."""
    return is_unlike(fields, kinds) or tells_units(fields) or is_rule(fields)


def _are_alike(source: SourceFile, options: CsvOptions, choice: Choice) -> bool:
    """Whether repairs give the same rows as a dialect without them."""
    repaired = DelimitedOpener(source, choice.options, repairs=choice.repairs)
    with DelimitedOpener(source, options)() as records, repaired() as others:
        return records.header == others.header and all(
            row == other for row, other in zip_longest(records, others)
        )


def _list_quotings(guessed: CsvOptions) -> list[CsvOptions]:
    usual = [replace(guessed, quotechar='"')] if guessed.quotechar == "'" else []
    return [guessed, *usual, replace(guessed, escapechar="\\"), replace(guessed, quotechar="")]


def _list_dialects(guessed: CsvOptions) -> Iterator[CsvOptions]:
    """The dialects in which a file may be written, the likeliest first."""
    quotings = _list_quotings(guessed)
    yield guessed
    yield replace(guessed, skip_initial_space=True)
    yield from quotings[1:]
    yield replace(guessed, comment=COMMENT, skip_lines=0)
    yield from (replace(one, fills_rows=True) for one in quotings)
    one = replace(guessed, delimiter=NEVER_USED, skip_initial_space=False)
    yield replace(one, quoted_lines=False)


def _has_columns(rows: Iterable[Sequence[str]], quotechar: str) -> bool:
    """Whether rows of one field have several, and the same number, with a delimiter."""
    texts = [row[0] for row in islice(rows, _SAMPLE)]
    for delimiter in DELIMITERS if len(texts) > 1 else ():
        reader = csv.reader(texts, delimiter=delimiter, quotechar=quotechar or None)
        widths = {len(row) for row in reader}
        if len(widths) == 1 < min(widths) - 1:
            return True
    return False


def _fits(
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


def _name_rows(source: SourceFile, guessed: CsvOptions) -> CsvOptions | None:
    """The dialect of R: rows begin with their name, for which the header has none."""
    try:
        with DelimitedOpener(source, guessed)() as records:
            numbered = list(islice(records.numbered(), _ENOUGH_FOR_ROW_NAMES))
            names = [ROW_NAME, *map(_strip, records.header)]
            differ = "" not in names and len(set(names)) == len(names)
            header = tuple(names) if differ else make_names(names)
    except SourceError:
        return None
    # Spaces part fields with quotes around them in the tables of R above all.
    enough = 2 if guessed.delimiter == " " else _ENOUGH_FOR_ROW_NAMES
    are_named = len({row[0] for _, row in numbered}) >= enough
    if not are_named or not isinstance(guessed.header, bool):
        return None
    named = replace(guessed, header=header, skip_lines=numbered[0][0] - 1)
    return named if _fits(source, named) else None


def _find_misfit(source: SourceFile, options: CsvOptions) -> SourceError:
    """The error that tells where a file breaks in the likeliest dialect."""
    odd: list[tuple[int, int]] = []
    fitting_behind = 0
    try:
        for fills_rows in (True, False):
            with DelimitedOpener(source, replace(options, fills_rows=fills_rows))() as records:
                header, width = records.header, len(records.header)
                for line, row in records.numbered():
                    if len(row) != width:
                        odd.append((line, len(row)))
                    fitting_behind += bool(odd) and len(row) == width
            if odd:
                break
    except SourceError as error:
        return error
    line, found = odd[0]
    more = f"{len(odd) - 1:,} more row{' does' if len(odd) == 2 else 's do'} not fit it either"
    others = f"; {more}" if len(odd) > 1 else ""
    hint = f"Quote fields that hold {options.delimiter!r}, or name the surplus in the header."
    if not fitting_behind and len(drop_blank_surplus(header, found)) == found:
        surplus = options.delimiter * (width - found)
        hint = f"Delete the surplus {surplus!r} at the end of the header."
    elif not fitting_behind and len(odd) > _ENOUGH_FOR_A_TABLE and {found} == {n for _, n in odd}:
        hint = f"If another table begins in line {line}, save it as a file of its own."
    return SourceError(
        f"{source.name}, line {line}: {found} fields where the header has {width}{others}.",
        file=source.name,
        line=line,
        hint=hint,
    )


def list_odd_rows(source: SourceFile, options: CsvOptions) -> list[int]:
    """The lines of the rows that are made as wide as the header; blanks are no rows."""
    with DelimitedOpener(source, replace(options, fills_rows=False))() as records:
        width = len(records.header)
        return [
            line for line, row in records.numbered() if len(row) != width and any(map(_strip, row))
        ]


def _strip(field: str) -> str:
    return field.strip(BLANK)
