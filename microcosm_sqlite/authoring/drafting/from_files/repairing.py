"""Propose repairs for the rows of a delimited file that do not fit the others."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from io import StringIO
from itertools import groupby, islice
from typing import Any

from microcosm_sqlite.authoring.drafting.from_files.file_rows import MARK, RAGGED, Row
from microcosm_sqlite.authoring.drafting.from_files.loose_rows import (
    Columns,
    holds_rows,
    read_loosely,
)
from microcosm_sqlite.authoring.drafting.from_files.sections import (
    find_sections,
    join_header,
    resembles,
)
from microcosm_sqlite.authoring.drafting.from_files.views import (
    find_kinds,
)
from microcosm_sqlite.authoring.project.repairs import EMPTY_FILE, REPAIRS_FILE, Repair, strip_end
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import (
    allow_long_fields,
    make_dialect,
    unquote_line,
)
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.row_reader import prepare_lines, write_row
from microcosm_sqlite.authoring.sources.streams import estimate_size, open_text

MOST_BYTES = 1 << 26
"""Of larger files no repairs are proposed, as all of their lines are looked at together."""

_MOST_FAULTS = 10_000
"""Rows at fault, of which nobody would review more."""

_SHOWN = 100
_MOST_TOLD = 1000
_HEAD_ROWS = 200
_KNOWN_ROWS = 1000
_MOST_LINES = 50
"""How many lines a field within quotes may have where the file has other faults."""

_DELIMITERS = ";\t|, "
_FEW_LINES = 4
"""How many lines a row may have whose quotes are at fault."""


Accept = Callable[[str, Sequence[Repair]], Iterable[Repair]]
"""Given the name of a file and the repairs proposed for it, says which are to be made."""


def accept_none(_: str, __: Sequence[Repair]) -> tuple[()]:
    """Leave every file as it is."""
    return ()


def describe_repair(repair: Repair) -> str:
    """One repair as a reader of the report sees it.

    >>> describe_repair(Repair.of(2, "units", [",°C"]))
    "line 2, units: ',°C' is left out"
    """
    lines = f"line {repair.line}"
    if repair.lines > 1:
        lines = f"lines {repair.line:,} to {repair.line + repair.lines - 1:,}"
    read = repair.read if len(repair.read) <= _SHOWN else f"{repair.read[:_SHOWN]}..."
    if repair.kind == EMPTY_FILE:
        return "the file is empty: a table without rows"
    becomes = f"becomes {[*repair.becomes]}" if repair.becomes else "is left out"
    return f"{lines}, {repair.kind}: {read!r} {becomes}"


def describe_repairs(repairs: Sequence[Repair]) -> Iterator[str]:
    """A sentence for each repair that is made; of very many, the first."""
    for repair in repairs[:_MOST_TOLD]:
        yield f"repaired {describe_repair(repair)}"
    if len(repairs) > _MOST_TOLD:
        yield f"{len(repairs) - _MOST_TOLD:,} more are repaired: see {REPAIRS_FILE}"


def describe_proposals(repairs: Sequence[Repair]) -> str:
    """Describe what could be repaired, and how to allow it."""
    more = f", and {len(repairs) - 1:,} more" if len(repairs) > 1 else ""
    return f"with --repair, {describe_repair(repairs[0])}{more}"


def propose_repairs(source: SourceFile, options: CsvOptions) -> tuple[Repair, ...]:
    """List what would make each row of a file as wide as the others.

    Args:
        source: The file.
        options: How most of it is written.

    Returns:
        The repairs in the order of their lines; none where a row cannot be repaired, or whole lines
        are within quotes.

    Raises:
        SourceError: It cannot be read as text.
    """
    if options.quoted_lines or estimate_size(source.path) > MOST_BYTES:
        return ()
    with open_text(source.path, options.encoding, name=source.name) as text:
        lines = [*text]
    with allow_long_fields():
        proposal = _Proposal(lines, options, make_dialect(source, options))
        repairs = proposal.list_repairs() if proposal.width else []
        return tuple(repairs) if all(map(proposal.is_writable, repairs)) else ()


def _count_filled(rows: Iterable[Row]) -> int:
    """How many rows have more than a title has."""
    return sum(row.filled > 1 for row in rows)


class _Proposal:
    """One file, whose lines are in memory."""

    def __init__(self, lines: Sequence[str], options: CsvOptions, dialect: dict[str, Any]) -> None:
        self.lines = lines
        self.options = options
        self.dialect = dialect
        self._table_lines = lines[options.skip_lines :]

    @cached_property
    def width(self) -> int:
        """How many fields most of the first rows have; of two numbers that of the first."""
        widths: Counter[int] = Counter()
        for line in islice(filter(None, map(strip_end, self._table_lines)), _HEAD_ROWS):
            fields = self._parse(line)
            if fields is not None and not self._is_comment(line):
                widths[len(fields)] += 1
        return max(widths, key=lambda width: widths[width], default=0)

    def is_writable(self, repair: Repair) -> bool:
        """Whether the dialect can say what a repair makes of its lines."""
        try:
            write_row(repair.becomes, self.dialect)
        except ValueError:
            return False
        return True

    def list_repairs(self) -> list[Repair]:
        """The repairs, one for each row, or for all rows of a part that is left out."""
        rows = list[Row]()
        faults = 0
        for row in self._iterate_rows():
            rows.append(row)
            faults += bool(row.kind)
            if faults > _MOST_FAULTS:
                return []
        found = find_sections(rows, self.width, has_header=self.options.header is True)
        if _count_filled(rows[found.other :]) > _count_filled(rows[found.header : found.other]):
            return []  # what is left out must not be more than what is kept
        body = rows[found.body : found.notes]
        regular = (row.fields for row in body if not row.kind)
        self._columns = Columns(islice(regular, _KNOWN_ROWS), self.width)
        repairs = [
            *self._leave_out("preamble", rows[: found.header]),
            *self._repair_header(rows[found.header : found.units]),
            *self._leave_out("units", rows[found.units : found.body]),
        ]
        header = rows[found.header].fields if found.units > found.header else []
        # Of one column, an empty row is a row without a value.
        for is_filled, alike in groupby(body, lambda row: row.filled > 0 or self.width == 1):
            if is_filled:
                repairs += (repair for row in alike for repair in self._repair_row(row, header))
            else:
                repairs += self._leave_out("empty-row", [*alike])
        repairs += self._leave_out("footer", rows[found.notes : found.other])
        if found.other < len(rows):
            start = rows[found.other].start
            repairs.append(Repair.of(start + 1, "other-table", self.lines[start:]))
        return [] if any(repair.kind == RAGGED for repair in repairs) else repairs

    def _repair_header(self, rows: Sequence[Row]) -> Iterator[Repair]:
        if len(rows) > 1:
            yield self._replace("header-rows", rows, join_header([row.fields for row in rows]))
        elif rows and rows[0].kind == RAGGED:
            kind, names = next(self._list_partings(rows[0]), (RAGGED, rows[0].fields))
            filled = [name for name in names if name.strip()]
            if kind == RAGGED and len(filled) == self.width:
                kind, names = "surplus-field", filled
            yield self._replace(kind, rows, names)
        elif rows and (rows[0].kind or rows[0].fields[0].startswith(MARK)):
            names = [rows[0].fields[0].lstrip(MARK), *rows[0].fields[1:]]
            yield self._replace(rows[0].kind or "byte-order-mark", rows, names)

    def _repair_row(self, row: Row, header: Sequence[str]) -> Iterator[Repair]:
        fields = [row.fields[0].lstrip(MARK), *row.fields[1:]]
        if resembles(fields, header):
            yield from self._leave_out("repeated-header", [row])
        elif row.kind == RAGGED and len(fields) < self.width:
            readings = [("missing-field", self._columns.widen(fields)), *self._list_partings(row)]
            kind, best = max(readings, key=lambda each: self._columns.judge_row(each[1]))
            yield self._replace(kind, [row], best)
        elif row.kind == RAGGED:
            narrow = self._columns.narrow(fields, self.dialect["delimiter"])
            yield self._replace("surplus-field" if narrow else RAGGED, [row], narrow or [])
        elif row.kind or fields != row.fields:
            yield self._replace(row.kind or "byte-order-mark", [row], fields)

    def _leave_out(self, kind: str, rows: Sequence[Row]) -> Iterator[Repair]:
        if rows:
            yield self._replace(kind, rows, [])

    def _replace(self, kind: str, rows: Sequence[Row], fields: Sequence[str]) -> Repair:
        start, end = rows[0].start, rows[-1].start + rows[-1].lines
        return Repair.of(start + 1, kind, self.lines[start:end], fields)

    def _iterate_rows(self) -> Iterator[Row]:
        at = self.options.skip_lines
        while at < len(self.lines):
            line = strip_end(self.lines[at])
            if not line or self._is_comment(line):
                at += 1
                continue
            row = self._read_row(at)
            yield row
            at += row.lines

    def _is_comment(self, line: str) -> bool:
        return bool(self.options.comment) and line.startswith(self.options.comment)

    def _read_row(self, at: int) -> Row:
        row = self._read_strictly(at)
        if row is not None and not self._swallows(row):
            if len(row.fields) == self.width:
                return row
            for kind, other in self._parse_otherwise(row) if len(row.fields) < self.width else ():
                if other is not None and len(other) == self.width:
                    return Row(at, row.lines, other, kind)
            return row._replace(kind=RAGGED)
        for lines in range(1, _FEW_LINES + 1):
            if self._has_rows(at + 1, at + lines):
                break
            for kind, fields in self._list_readings(at, lines):
                if fields is not None and len(fields) == self.width:
                    return Row(at, lines, fields, kind)
        return Row(at, 1, self._guess_fields(strip_end(self.lines[at])), RAGGED)

    def _read_strictly(self, at: int) -> Row | None:
        lines = prepare_lines(self.lines[at : at + _MOST_LINES], self.dialect)
        reader = csv.reader(lines, **self.dialect)
        try:
            return Row(at, 0, next(reader, []))._replace(lines=reader.line_num)
        except csv.Error:
            return None

    @cached_property
    def _kinds(self) -> dict[int, str]:
        """The kinds of the columns, as far as the lines tell that are one row each."""
        parsed = map(self._parse, map(strip_end, self._table_lines[:_HEAD_ROWS]))
        rows = [fields for fields in parsed if fields and len(fields) == self.width]
        return find_kinds(rows[1:], self.width)

    def _swallows(self, row: Row) -> bool:
        """Whether a quote that was not closed has made one field of several rows."""
        text = self._join(row.start, row.lines)
        return holds_rows(text, self.dialect["delimiter"], self.width, self._kinds)

    def _has_rows(self, start: int, end: int) -> bool:
        """Whether some of these lines are rows by themselves."""
        return self.width > 1 and any(
            len(self._parse(strip_end(line)) or ()) == self.width for line in self.lines[start:end]
        )

    def _list_readings(self, at: int, lines: int) -> Iterator[tuple[str, list[str] | None]]:
        """The possible readings of a row with wrong quotes, the likeliest first."""
        text = self._join(at, lines)
        if self.dialect["quotechar"] and f"\\{self.dialect['quotechar']}" in text:
            yield "escape", self._parse(text, escapechar="\\")
        yield "stray-quote", self._read_loosely(text, self.width)

    def _list_partings(self, row: Row) -> Iterator[tuple[str, list[str]]]:
        """The possible readings of a row with too few fields that lacks delimiters."""
        text = self._join(row.start, row.lines)
        spaced = self._parse(text, delimiter=" ", skipinitialspace=True)
        are_sound = self._has_sound_quotes(text)
        split = None if are_sound else self._read_loosely(text, self.width, splits=True)
        for kind, fields in (("missing-delimiter", split), ("delimiter", spaced)):
            if fields is not None and len(row.fields) < self.width == len(fields):
                yield kind, fields

    def _has_sound_quotes(self, text: str) -> bool:
        """Whether all quotes surround fields, so that no delimiter is missing beside one."""
        fields = self._parse(text)
        quotechar = self.dialect["quotechar"] or ""
        return fields is not None and not any(quotechar in field for field in fields)

    def _parse_otherwise(self, row: Row) -> Iterator[tuple[str, list[str] | None]]:
        """The fields of a row that is within quotes as a whole, or has another delimiter.

        Spaces are one only where quotes part texts.
        """
        text = self._join(row.start, row.lines)
        if (inside := unquote_line(text)) != text:
            yield "quoted-line", self._parse(inside)
        has_quotes = bool(self.dialect["quotechar"]) and self.dialect["quotechar"] in text
        for delimiter in _DELIMITERS:
            if delimiter != self.dialect["delimiter"] and (delimiter != " " or has_quotes):
                skips = delimiter == " "
                yield "delimiter", self._parse(text, delimiter=delimiter, skipinitialspace=skips)

    def _join(self, at: int, lines: int) -> str:
        return strip_end("".join(self.lines[at : at + lines]))

    def _read_loosely(self, text: str, width: int, *, splits: bool = False) -> list[str] | None:
        quotechar = self.dialect["quotechar"]
        if not quotechar or quotechar not in text:
            return None
        return read_loosely(
            text,
            self.dialect["delimiter"],
            quotechar,
            width,
            skips_spaces=self.dialect["skipinitialspace"],
            splits=splits,
        )

    def _guess_fields(self, line: str) -> list[str]:
        for surplus in (1, -1, 2, -2):
            fields = self._read_loosely(line, max(self.width + surplus, 1))
            if fields is not None:
                return fields
        return line.split(self.dialect["delimiter"])

    def _parse(self, text: str, **changes: Any) -> list[str] | None:
        """The fields of a text that is one row of the dialect; None where it is not."""
        dialect = {**self.dialect, **changes}
        lines = StringIO(text, newline="").readlines()
        try:
            rows = [*csv.reader(prepare_lines(lines, dialect), **dialect)]
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None
