"""What a file of unknown origin is: its encoding, dialect and column names."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, ClassVar

from microcosm_sqlite.authoring.drafting.from_files.dialect_choice import (
    NEVER_USED,
    ROW_NAME,
    choose_dialect,
)
from microcosm_sqlite.authoring.drafting.from_files.dialects import (
    guess_dialect,
    is_told_header,
    list_doubtful_names,
)
from microcosm_sqlite.authoring.drafting.from_files.encodings import UTF8, find_encoding
from microcosm_sqlite.authoring.drafting.from_files.file_kind import (
    read_declared_kinds,
    refuse_disguise,
    refuse_width,
)
from microcosm_sqlite.authoring.drafting.from_files.repairing import (
    Accept,
    accept_none,
    describe_proposals,
    describe_repairs,
)
from microcosm_sqlite.authoring.drafting.from_files.views import (
    describe_blank_lines,
    list_tables_among,
)
from microcosm_sqlite.authoring.project.repairs import EMPTY_FILE, Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import BLANK, DelimitedOpener, make_dialect
from microcosm_sqlite.authoring.sources.finding import (
    WORKBOOK,
    choose_opener,
    name_table,
    split_name,
)
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import ignore_advance, open_text
from microcosm_sqlite.authoring.sources.workbooks import survey_workbook
from microcosm_sqlite.authoring.values.layout import make_names
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

_TYPED = ("jsonl", "parquet")
_HEAD_LINES = 200
_NAMES_TOLD = 3
_SHOWN = 60
_DOS_END = "the byte 0x1A at the end, which ended files of DOS, is left out"
_GUESS = "the first row is taken for the header"


@dataclass(frozen=True)
class RawFile:
    """A delimited file as it was found.

    Attributes:
        path: Where it is.
        options: How it is written.
        header: The names of its fields.
        notes: What is unusual about it, as sentences for the author.
        repairs: What is read instead of some of its lines.
        proposals: Repairs that were not accepted, and that it is read without.
    """

    path: Path
    options: CsvOptions
    header: tuple[str, ...]
    notes: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    proposals: tuple[Repair, ...] = ()

    has_types: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False

    @property
    def source(self) -> SourceFile:
        """The source, as errors tell of it."""
        return _describe(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the fields become: identifiers, no two alike."""
        return make_names(self.header)

    @cached_property
    def proposed(self) -> frozenset[str]:
        """The fields of rows that would be read otherwise, or not at all, with the proposals."""
        dialect = {**make_dialect(_describe(self.path), self.options), "strict": False}
        lines = chain.from_iterable(repair.read.split("\n") for repair in self.proposals)
        return frozenset(chain.from_iterable(csv.reader(lines, **dialect)))

    @contextmanager
    def open_rows(self) -> Iterator[Iterator[list[str]]]:
        """Its rows, without the header; blank lines are no rows."""
        source = _describe(self.path)
        with DelimitedOpener(source, self.options, repairs=self.repairs)() as records:
            yield iter(records)


@dataclass(frozen=True)
class TypedFile:
    """A file of JSON Lines or Parquet, which says by itself what it is.

    Attributes:
        path: Where it is.
        header: The names of its fields.
        kinds: What Parquet declares of each field; none for JSON Lines.
        missing: How many objects of JSON Lines lack each field; none for Parquet.
        notes: What was not taken of a sheet, as sentences for the author.
        sheet: The sheet of a workbook.
        is_shared: Whether other tables are made of the same file.
    """

    path: Path
    header: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    sheet: str = ""
    is_shared: bool = False

    has_types: ClassVar[bool] = True
    repairs: ClassVar[tuple[Repair, ...]] = ()
    proposals: ClassVar[tuple[Repair, ...]] = ()
    proposed: ClassVar[frozenset[str]] = frozenset()

    @property
    def source(self) -> SourceFile:
        """The source, as errors tell of it."""
        return _describe(self.path, self.sheet)

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
        with _open_typed(self.source) as records:
            yield iter(records)


def sniff(path: Path, accept: Accept = accept_none) -> RawFile | TypedFile | None:
    """Find out what a file is; None where it is empty.

    Args:
        path: The file.
        accept: Asked for each file which of the repairs proposed are to be made.

    Raises:
        SourceError: It cannot be read, in any way that is tried; says what to do.
    """
    refuse_disguise(path)
    is_typed = split_name(path)[1] in _TYPED
    found = _describe_typed(path) if is_typed else _sniff_delimited(path, accept)
    if found is not None:
        refuse_width(path, len(found.header))
    return found


def sniff_tables(
    path: Path, accept: Accept, left_out: dict[str, str]
) -> Iterator[tuple[str, RawFile | TypedFile]]:
    """Find out what the tables of a file are, each with its name.

    Args:
        path: The file; of a workbook, each sheet is a table.
        accept: As for `sniff`.
        left_out: Is told of what is empty or hidden.

    Raises:
        SourceError: As for `sniff`.
    """
    if split_name(path)[1] != WORKBOOK:
        found = sniff(path, accept)
        if found is None:
            left_out[path.name] = "empty"
        else:
            yield name_table(path), found
        return
    refuse_disguise(path)
    survey = survey_workbook(path, path.name, name_table(path))
    left_out |= {f"{path.name}#{sheet}": reason for sheet, reason in survey.left_out.items()}
    for table, sheet in survey.tables.items():
        with _open_typed(_describe(path, sheet)) as records:
            shared = len(survey.tables) > 1
            typed = TypedFile(path, (*records.header,), (), (), records.notes, sheet, shared)
        refuse_width(path, len(typed.header))
        yield table, typed


def _describe(path: Path, sheet: str = "") -> SourceFile:
    name = f"{path.name}#{sheet}" if sheet else path.name
    return SourceFile(path, name, split_name(path)[1], sheet)


def _describe_typed(path: Path) -> TypedFile | None:
    if split_name(path)[1] == "jsonl" and (found := find_encoding(path)).name != UTF8:
        names = map(shlex.quote, (path.name, f"utf8-{path.name}"))
        raise SourceError(
            f"{path.name} is not UTF-8, as JSON is: it seems to be {found.evidence}.",
            file=path.name,
            hint=f"Convert it, as with `iconv -f {found.name} -t utf-8 {' > '.join(names)}`.",
        )
    if not path.stat().st_size:
        return None
    with _open_typed(_describe(path)) as records:
        header, missing = tuple(records.header), records.missing
    kinds = read_declared_kinds(path) if split_name(path)[1] == "parquet" else ()
    return TypedFile(path, header, kinds, missing) if header else None


def _open_typed(source: SourceFile) -> AbstractContextManager[Records]:
    return choose_opener(source, CsvOptions())(ignore_advance)


def _sniff_delimited(path: Path, accept: Accept) -> RawFile | None:
    source = _describe(path)
    encoding = find_encoding(path)
    lines = _read_head(path, encoding.name)
    usual = "\t" if source.format == "tsv" else ","
    if not lines:
        empty = tuple(accept(source.name, [Repair.of(1, EMPTY_FILE, [""])]))
        told = tuple(describe_repairs(empty))
        return RawFile(path, CsvOptions(usual), (), told, empty) if empty else None
    guessed = replace(guess_dialect(lines, usual), encoding=encoding.name)
    options, repairs, proposals = choose_dialect(source, guessed, accept)
    with DelimitedOpener(source, options, repairs=repairs)() as records:
        header = tuple(records.header)
    notes = [encoding.evidence, _DOS_END * encoding.has_dos_mark, *describe_repairs(repairs)]
    by_kind = sorted(proposals, key=lambda repair: repair.kind)
    notes += [describe_proposals([*alike]) for _, alike in groupby(by_kind, lambda each: each.kind)]
    notes += _describe_oddities(source, options, len(header))
    if options.header is True:
        likely = replace(options, fills_rows=False) if proposals else options
        notes.append(_doubt_header(source, likely, repairs or proposals))
    return RawFile(path, options, header, tuple(filter(None, notes)), repairs, proposals)


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


def _describe_oddities(source: SourceFile, options: CsvOptions, width: int) -> Iterator[str]:
    if options.skip_lines and isinstance(options.header, bool):
        yield _describe_skipped(source, options)
    if width == 1:
        with open_text(source.path, options.encoding) as text:
            yield describe_blank_lines(text, options.skip_lines)
    if options.delimiter == NEVER_USED:
        yield "one column: commas and the like belong to its texts"
    if options.skip_initial_space:
        yield "spaces behind delimiters, and behind closing quotes, are left out"
    if not options.quotechar:
        yield "quotes are taken as parts of the texts, as they surround no fields"
    if options.comment:
        yield f"lines that begin with {options.comment} are left out"
    if options.header is False:
        yield "no header: the first row has values as all others have, so fields are numbered"
    if isinstance(options.header, tuple):
        yield f"rows have one field more than the header: their names, taken as `{ROW_NAME}`"
    if options.fills_rows and (odd := _list_odd_rows(source, options)):
        rows = "1 row has" if len(odd) == 1 else f"{len(odd):,} rows have"
        yield (
            f"{rows} another number of fields than the header (line {odd[0]} is the first): "
            "empty or blank fields at their ends are added or taken away"
        )


def _describe_skipped(source: SourceFile, options: CsvOptions) -> str:
    """What is left out in front of the header, and whether that is a table too."""
    with open_text(source.path, options.encoding) as text:
        lines = [*islice(text, options.skip_lines)]
    filled = [(number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
    told = f"left out in front of the header: {spell_count(len(lines), 'line')}"
    if not filled:
        return f"{told}, all blank"
    told += f" (line {filled[0][0]} is {filled[0][1][:_SHOWN]!r})"
    for start, rows in list_tables_among(lines, make_dialect(source, options)):
        columns = f"{len(rows[0])} columns ({', '.join(rows[0])[:_SHOWN]})"
        told += f"; lines {start} to {start + len(rows) - 1} "
        if is_told_header(rows[0], rows[1:]):
            count = spell_count(len(rows) - 1, "row")
            told += f"are a table of {columns} and {count}: save it as a file of its own to load it"
        else:
            told += f"are {len(rows)} rows of {columns}"
    return told


def _doubt_header(source: SourceFile, options: CsvOptions, repairs: tuple[Repair, ...]) -> str:
    """What speaks against the header, as a sentence; empty where nothing does."""
    with DelimitedOpener(source, options, repairs=repairs)() as records:
        rows = list(islice(records, _HEAD_LINES))
        names = list_doubtful_names(records.header, rows)
        is_told = is_told_header(records.header, rows)
    if not rows:
        return "the only row is taken for the header"
    if not (names or is_told):
        return f"{_GUESS}; all values are text, so nothing tells whether it is one"
    if not names:
        return ""
    told = ", ".join(names[:_NAMES_TOLD]) + (", and more" if len(names) > _NAMES_TOLD else "")
    return f"{_GUESS}, but could be data: {told}"


def _list_odd_rows(source: SourceFile, options: CsvOptions) -> list[int]:
    """The lines of the rows that are made as wide as the header; blanks are no rows."""
    with DelimitedOpener(source, replace(options, fills_rows=False))() as records:
        width = len(records.header)
        return [
            line for line, row in records.numbered() if len(row) != width and any(map(_strip, row))
        ]


def _strip(field: str) -> str:
    return field.strip(BLANK)
