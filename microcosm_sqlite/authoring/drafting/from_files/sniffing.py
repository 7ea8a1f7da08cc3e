"""The encoding, dialect and column names of a file of unknown origin."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path

from microcosm_sqlite.authoring.drafting.from_files.dialect_choice import (
    ROW_NAME,
    choose_dialect,
    list_odd_rows,
)
from microcosm_sqlite.authoring.drafting.from_files.dialect_fit import NEVER_USED
from microcosm_sqlite.authoring.drafting.from_files.dialects import (
    guess_dialect,
    list_doubtful_names,
)
from microcosm_sqlite.authoring.drafting.from_files.encodings import UTF8, find_encoding
from microcosm_sqlite.authoring.drafting.from_files.file_kind import (
    refuse_disguise,
)
from microcosm_sqlite.authoring.drafting.from_files.raw_files import (
    RawFile,
    TypedFile,
    describe_source,
    open_typed,
)
from microcosm_sqlite.authoring.drafting.from_files.repairing import (
    Accept,
    accept_none,
    describe_proposals,
    describe_repairs,
)
from microcosm_sqlite.authoring.drafting.from_files.views import (
    describe_blank_lines,
    is_told_header,
    list_tables_among,
)
from microcosm_sqlite.authoring.project.repairs import EMPTY_FILE, Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.project.table_width import refuse_width
from microcosm_sqlite.authoring.sources.delimited import BLANK, DelimitedOpener, make_dialect
from microcosm_sqlite.authoring.sources.formats import (
    DELIMITED,
    WORKBOOK,
    name_table,
    split_name,
)
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.second_headers import describe_second_header
from microcosm_sqlite.authoring.sources.streams import (
    DOS_END,
    ends_as_dos,
    open_text,
)
from microcosm_sqlite.authoring.sources.workbooks import survey_workbook
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

_UTF8_TEXT = ("jsonl", "geojson", "fixed")
_HEAD_LINES = 200
_NAMES_TOLD = 3
_SHOWN = 60
_GUESS = "the first row is taken for the header"


def sniff(path: Path, accept: Accept = accept_none) -> RawFile | TypedFile | None:
    """Find out what a file is; None where it is empty.

    Args:
        path: The file.
        accept: Asked for each file which of the repairs proposed are to be made.

    Raises:
        SourceError: It cannot be read, in any way that is tried; says what to do.
    """
    refuse_disguise(path)
    is_text = split_name(path)[1] in DELIMITED
    found = _sniff_delimited(path, accept) if is_text else _describe_typed(path)
    if found is not None:
        refuse_width(path.name, len(found.header))
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
        with open_typed(describe_source(path, sheet)) as records:
            typed = _describe_records(path, records, sheet, is_shared=len(survey.tables) > 1)
        refuse_width(typed.source.name, len(typed.header))
        yield table, typed


def _describe_typed(path: Path) -> TypedFile | None:
    if split_name(path)[1] in _UTF8_TEXT and (encoding := find_encoding(path)).name != UTF8:
        kind = "" if split_name(path)[1] == "fixed" else ", as JSON is"
        names = map(shlex.quote, (path.name, f"utf8-{path.name}"))
        raise SourceError(
            f"{path.name} is not UTF-8{kind}: it seems to be {encoding.evidence}.",
            file=path.name,
            hint=f"Convert it, as with `iconv -f {encoding.name} -t utf-8 {' > '.join(names)}`.",
        )
    if not path.stat().st_size:
        return None
    with open_typed(describe_source(path)) as records:
        found = _describe_records(path, records)
    if split_name(path)[1] == "jsonl" and ends_as_dos(path):
        found = replace(found, notes=(DOS_END,))
    return found if found.header else None


def _describe_records(
    path: Path, records: Records, part: str = "", *, is_shared: bool = False
) -> TypedFile:
    return TypedFile(
        path,
        (*records.header,),
        records.kinds,
        records.missing,
        is_shared,
        records.descriptions,
        records.has_types,
        notes=records.notes,
        sheet=part,
    )


def _sniff_delimited(path: Path, accept: Accept) -> RawFile | None:
    source = describe_source(path)
    encoding = find_encoding(path)
    lines = _read_head(path, encoding.name)
    usual = "\t" if source.format == "tsv" else ","
    if not lines:
        empty = tuple(accept(source.name, [Repair.of(1, EMPTY_FILE, [""])]))
        told = tuple(describe_repairs(empty))
        options = CsvOptions(usual)
        found = RawFile(path, (), notes=told, options=options, repairs=empty)
        return found if empty else None
    guessed = replace(guess_dialect(lines, usual), encoding=encoding.name)
    options, repairs, proposals = choose_dialect(source, guessed, accept)
    with DelimitedOpener(source, options, repairs=repairs)() as records:
        header = tuple(records.header)
    notes = [encoding.evidence, DOS_END * ends_as_dos(path), *describe_repairs(repairs)]
    by_kind = sorted(proposals, key=lambda repair: repair.kind)
    notes += [describe_proposals([*alike]) for _, alike in groupby(by_kind, lambda each: each.kind)]
    notes += _describe_oddities(source, options, len(header))
    if options.header is True:
        likely = replace(options, fills_rows=False) if proposals else options
        notes.append(_doubt_header(source, likely, repairs or proposals))
    return RawFile(
        path,
        header,
        notes=tuple(filter(None, notes)),
        options=options,
        repairs=repairs,
        proposals=proposals,
    )


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
    if options.quoted_lines:
        yield "whole lines are within quotes, which are taken away"
    if not options.quotechar:
        yield "quotes are taken as parts of the texts, as they surround no fields"
    if options.comment:
        yield f"lines that begin with {options.comment} are left out"
    if options.header is False:
        yield "no header: the first row has values as all others have, so fields are numbered"
    if isinstance(options.header, tuple):
        yield f"rows have one field more than the header: their names, taken as `{ROW_NAME}`"
    if options.fills_rows and (odd := list_odd_rows(source, options)):
        rows = "1 row has" if len(odd) == 1 else f"{len(odd):,} rows have"
        yield (
            f"{rows} another number of fields than the header (line {odd[0]} is the first): "
            "empty or blank fields at their ends are added or taken away"
        )


def _describe_skipped(source: SourceFile, options: CsvOptions) -> str:
    """The lines left out before the header, and whether they are a table too."""
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
    """What speaks against the header, or for one more row of it; empty where nothing does."""
    with DelimitedOpener(source, options, repairs=repairs)() as records:
        rows = list(islice(records, _HEAD_LINES))
        names = list_doubtful_names(records.header, rows)
        is_told = is_told_header(records.header, rows)
    if not rows:
        return "the only row is taken for the header"
    for told in describe_second_header(records.header, rows, 1):
        return told
    if not (names or is_told):
        return f"{_GUESS}; all values are text, so nothing tells whether it is one"
    if not names:
        return ""
    told = ", ".join(names[:_NAMES_TOLD]) + ", and more" * (len(names) > _NAMES_TOLD)
    return f"{_GUESS}, but could be data: {told}"
