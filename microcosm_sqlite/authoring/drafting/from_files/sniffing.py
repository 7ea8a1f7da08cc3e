"""What a file of unknown origin is: its encoding, dialect and column names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar

from microcosm_sqlite.authoring.drafting.from_files.dialects import (
    COMMENT,
    DELIMITERS,
    guess_dialect,
    list_doubtful_names,
)
from microcosm_sqlite.authoring.drafting.from_files.encodings import UTF8, find_encoding
from microcosm_sqlite.authoring.drafting.from_files.file_kind import refuse_disguise
from microcosm_sqlite.authoring.drafting.from_files.parquet_kinds import read_declared_kinds
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import BLANK, DelimitedOpener
from microcosm_sqlite.authoring.sources.finding import choose_opener, split_name
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import ignore_advance, open_text
from microcosm_sqlite.authoring.values.layout import make_identifier, make_names
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

MOST_COLUMNS = 1998
"""SQLite takes 2000 where its limit was not raised; numbers of rows and digests want one each."""

ENOUGH_FOR_ROW_NAMES = 3
_TYPED = ("jsonl", "parquet")
_HEAD_LINES = 200
_NAMES_TOLD = 3
_NEVER_USED = "\x1e"
_ROW_NAME = "row_name"


@dataclass(frozen=True)
class RawFile:
    """A delimited file as it was found.

    Attributes:
        path: Where it is.
        options: How it is written.
        header: The names of its fields.
        notes: What is unusual about it, as sentences for the author.
    """

    path: Path
    options: CsvOptions
    header: tuple[str, ...]
    notes: tuple[str, ...] = ()

    has_types: ClassVar[bool] = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the fields become: identifiers, no two alike."""
        return make_names(self.header)

    @contextmanager
    def open_rows(self) -> Iterator[Iterator[list[str]]]:
        """Its rows, without the header; blank lines are no rows."""
        with DelimitedOpener(_describe(self.path), self.options)() as records:
            yield iter(records)


@dataclass(frozen=True)
class TypedFile:
    """A file of JSON Lines or Parquet, which says by itself what it is.

    Attributes:
        path: Where it is.
        header: The names of its fields.
        kinds: What Parquet declares of each field; none for JSON Lines.
    """

    path: Path
    header: tuple[str, ...]
    kinds: tuple[str, ...] = ()

    has_types: ClassVar[bool] = True
    notes: ClassVar[tuple[str, ...]] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns: those of the fields, where no two differ in capitals only."""
        made = make_names(self.header)
        lower = [field.lower() for field in self.header]
        return tuple(
            field if field and lower.index(field.lower()) == position else made[position]
            for position, field in enumerate(self.header)
        )

    @contextmanager
    def open_rows(self) -> Iterator[Iterator[Sequence[Any]]]:
        """Its rows, as values of their own types."""
        with _open_typed(self.path) as records:
            yield iter(records)


def sniff(path: Path) -> RawFile | TypedFile | None:
    """Find out what a file is; None where it is empty.

    Raises:
        SourceError: It cannot be read, in any way that is tried; says what to do.
    """
    refuse_disguise(path)
    found = _describe_typed(path) if split_name(path)[1] in _TYPED else _sniff_delimited(path)
    if found and len(found.header) > MOST_COLUMNS:
        raise SourceError(
            f"{path.name} has {len(found.header):,} columns, "
            f"where SQLite has room for {MOST_COLUMNS:,}.",
            file=path.name,
            hint="Make rows of them: one for each value, with the column's name as a field.",
        )
    return found


def name_table(path: Path) -> str:
    """The table that a file is named after, as an identifier."""
    table = make_identifier(split_name(path)[0]) or "data"
    is_reserved = table.lower().startswith("sqlite_")
    return f"_{table}" if is_reserved else table


def _describe(path: Path) -> SourceFile:
    return SourceFile(path, path.name, split_name(path)[1])


def _describe_typed(path: Path) -> TypedFile | None:
    if split_name(path)[1] == "jsonl" and (found := find_encoding(path)).name != UTF8:
        raise SourceError(
            f"{path.name} is not UTF-8, as JSON is: it seems to be {found.evidence}.",
            file=path.name,
            hint="Convert it, as with `iconv -f cp1252 -t utf-8`.",
        )
    if not path.stat().st_size:
        return None
    with _open_typed(path) as records:
        header = tuple(records.header)
    kinds = read_declared_kinds(path) if split_name(path)[1] == "parquet" else ()
    return TypedFile(path, header, kinds) if header else None


def _open_typed(path: Path) -> AbstractContextManager[Records]:
    return choose_opener(_describe(path), CsvOptions())(ignore_advance)


def _sniff_delimited(path: Path) -> RawFile | None:
    source = _describe(path)
    encoding = find_encoding(path)
    lines = _read_head(path, encoding.name)
    if not lines:
        return None
    usual = "\t" if source.format == "tsv" else ","
    guessed = replace(guess_dialect(lines, usual), encoding=encoding.name)
    fitting = (one for one in _list_dialects(guessed) if _fits(source, one))
    options = next(fitting, None) or _name_rows(source, guessed)
    if options is None and _fits(source, guessed, may_swallow=True):
        options = guessed
    if options is None:
        raise _explain(source, guessed)
    with DelimitedOpener(source, options)() as records:
        header = tuple(records.header)
    notes = tuple(filter(None, [encoding.evidence, *_describe_oddities(source, options)]))
    return RawFile(path, options, header, notes)


def _read_head(path: Path, encoding: str) -> list[str]:
    """The first lines, up to some that are not blank; none where all are blank."""
    lines, count = [], 0
    with open_text(path, encoding) as text:
        for line in text:
            lines.append(line)
            count += bool(line.strip(BLANK))
            if count == _HEAD_LINES:
                break
    return lines if count else []


def _list_dialects(guessed: CsvOptions) -> Iterator[CsvOptions]:
    """What a file may be written in, the likeliest first."""
    quotings = [guessed, replace(guessed, escapechar="\\"), replace(guessed, quotechar="")]
    yield guessed
    yield replace(guessed, skip_initial_space=True)
    yield from quotings[1:]
    yield replace(guessed, comment=COMMENT, skip_lines=0)
    yield from (replace(one, fills_rows=True) for one in quotings)
    yield replace(guessed, delimiter=_NEVER_USED, skip_initial_space=False)


def _fits(source: SourceFile, options: CsvOptions, *, may_swallow: bool = False) -> bool:
    """Whether all rows of a file are as wide as its header, in a dialect that makes sense of it."""
    try:
        with DelimitedOpener(source, options)() as records:
            width = len(records.header)
            is_one = options.header is True and _is_one_column(records.header)
            if options.delimiter == _NEVER_USED and not is_one:
                return False
            if options.quotechar and options.delimiter == "\t" and not may_swallow:
                return all(len(row) == width and not _swallows_rows(row) for row in records)
            if options.quotechar:
                return all(len(row) == width for row in records)
            return all(
                len(row) == width and _has_own_quotes(row, options.delimiter)
                for row in chain([records.header], records)
            )
    except SourceError:
        return False


def _swallows_rows(row: Sequence[str]) -> bool:
    """Whether a quote that belongs to a text has made one field of several rows."""
    # Blank lines and comments, which have no tabs, may be among them.
    return any(
        0 < field.count("\n") * (len(row) - 1) <= 2 * field.count("\t") for field in row if field
    )


def _is_one_column(header: Sequence[str]) -> bool:
    return len(header) == 1 and not any(delimiter in header[0] for delimiter in DELIMITERS)


def _has_own_quotes(row: Sequence[str], delimiter: str) -> bool:
    """Whether the quotes in a row belong to its texts: none surround a field, or are left open."""
    if any(len(field) > 1 and field[0] == field[-1] == '"' for field in row):
        return False
    return delimiter == "\t" or sum(field.count('"') for field in row) % 2 == 0


def _name_rows(source: SourceFile, guessed: CsvOptions) -> CsvOptions | None:
    """The dialect of R: rows begin with their name, for which the header has none."""
    try:
        with DelimitedOpener(source, guessed)() as records:
            numbered = list(islice(records.numbered(), ENOUGH_FOR_ROW_NAMES))
            header = make_names([_ROW_NAME, *records.header])
    except SourceError:
        return None
    differ = len({row[0] for _, row in numbered}) == ENOUGH_FOR_ROW_NAMES
    if not differ or not isinstance(guessed.header, bool):
        return None
    named = replace(guessed, header=header, skip_lines=numbered[0][0] - 1)
    return named if _fits(source, named) else None


def _describe_oddities(source: SourceFile, options: CsvOptions) -> Iterator[str]:
    if options.skip_lines and isinstance(options.header, bool):
        lines = spell_count(options.skip_lines, "line")
        yield f"left out in front of the header: {lines}"
    if options.delimiter == _NEVER_USED:
        yield "one column: commas and the like belong to its texts"
    if options.skip_initial_space:
        yield "spaces behind delimiters, and behind closing quotes, are left out"
    if options.comment:
        yield f"lines that begin with {options.comment} are left out"
    if options.header is False:
        yield "no header: the first row has values as all others have, so fields are numbered"
    if options.header is True and (doubt := _doubt_header(source, options)):
        yield doubt
    if isinstance(options.header, tuple):
        yield f"rows have one field more than the header: their names, taken as `{_ROW_NAME}`"
    if options.fills_rows and (odd := _list_odd_rows(source, options)):
        rows = "1 row has" if len(odd) == 1 else f"{len(odd):,} rows have"
        yield (
            f"{rows} another number of fields than the header (line {odd[0]} is the first): "
            "empty or blank fields at their ends are added or taken away"
        )


def _doubt_header(source: SourceFile, options: CsvOptions) -> str:
    """What speaks against the header, as a sentence; empty where nothing does."""
    with DelimitedOpener(source, options)() as records:
        rows = list(islice(records, _HEAD_LINES))
        names = list_doubtful_names(records.header, rows)
    if not rows:
        return "the only row is taken for the header"
    if not names:
        return ""
    told = ", ".join(names[:_NAMES_TOLD]) + (", and more" if len(names) > _NAMES_TOLD else "")
    return f"the first row is taken for the header, but could be data: {told}"


def _list_odd_rows(source: SourceFile, options: CsvOptions) -> list[int]:
    """The lines of the rows that are made as wide as the header; blanks are no rows."""
    with DelimitedOpener(source, replace(options, fills_rows=False))() as records:
        width = len(records.header)
        return [
            line for line, row in records.numbered() if len(row) != width and any(map(_strip, row))
        ]


def _strip(field: str) -> str:
    return field.strip(BLANK)


def _explain(source: SourceFile, options: CsvOptions) -> SourceError:
    """The error that tells where a file breaks in the likeliest dialect."""
    line = width = 0
    try:
        with DelimitedOpener(source, replace(options, fills_rows=True))() as records:
            width = len(records.header)
            odd = []
            for line, row in records.numbered():
                if len(row) != width:
                    odd.append((line, len(row)))
    except SourceError as error:
        if error.__cause__ is None:
            return error
        place = f"the row after line {line or 1}" if width else "its first row"
        return SourceError(
            f"{source.name}, in {place}: {error.__cause__}.",
            file=source.name,
            line=line + 1,
            hint="Look for a quote that is not closed, or not doubled within a quoted field.",
        )
    line, found = odd[0]
    more = f"{len(odd) - 1:,} more row{' does' if len(odd) == 2 else 's do'} not fit it either"
    others = f"; {more}" if len(odd) > 1 else ""
    return SourceError(
        f"{source.name}, line {line}: {found} fields where the header has {width}{others}.",
        file=source.name,
        line=line,
        hint=f"Quote fields that hold {options.delimiter!r}, or name the surplus in the header.",
    )
