"""One table that is loaded, where its rows come from, and surveys of rows that are not loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.authoring.loading.header_advice import advise_header
from microcosm_sqlite.authoring.loading.value_errors import describe_offence
from microcosm_sqlite.authoring.sources.records import Converter, Opener, Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.layout import TableRules, lay_out, refuse_missing
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import SourceError, SourceValueError

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen


@dataclass(frozen=True)
class TableLoad:
    """The inputs of a load.

    Attributes:
        rules: What its columns take.
        openers: Its sources, in order.
        skip_unknown: Whether fields that the table has no column for are left out.
        error_limit: How many offences are told of.
        advance: Told of the bytes read.
        count_rows: Told of the rows loaded.
        defaults: Values, by column name, for columns that a source leaves out.
        is_partial: Whether a source may leave out columns that need a value.
        into: The name of the table to fill, where it is not the table's own.
        start: Starts a process that loads a part into a file, and ends with its standard input.
    """

    rules: TableRules
    openers: Sequence[Opener]
    skip_unknown: bool = False
    error_limit: int = 20
    advance: Advance = field(default=ignore_advance)
    count_rows: Callable[[int], None] = field(default=ignore_advance)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    is_partial: bool = False
    into: str = ""
    start: Callable[[Opener, Path], Popen[bytes]] | None = None

    @property
    def quoted(self) -> str:
        """The table's name in SQL."""
        return quote_identifier(self.into or self.rules.table.name)

    def lay_out(self, records: Records) -> list[ColumnRule | None]:
        """The rule of each field of one source."""
        skips = self.skip_unknown
        try:
            layout = lay_out(self.rules, records.header, records.name, skip_unknown=skips)
        except SourceError as error:
            error.hint = advise_header(self.rules, records) or error.hint
            raise
        if not (self.is_partial or records.is_empty):
            refuse_missing(self.rules, layout, records.name)
        return layout


@dataclass(frozen=True)
class Line:
    """One row of a source.

    Attributes:
        file: The source, as errors call it.
        unit: What its number counts: lines or rows.
        number: The first of its lines.
        values: What is stored in some columns for it.
    """

    file: str
    unit: str
    number: int
    values: tuple[Any, ...]

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"{self.file}, {self.unit} {self.number}"


def read_lines(
    load: TableLoad, columns: Sequence[str], *, skips_misfits: bool = False
) -> Iterator[Line]:
    """Every row of the sources of a table, with what is stored in some of its columns.

    Args:
        load: The table.
        columns: The columns.
        skips_misfits: Whether rows are left out that have a value which does not fit.
    """
    for opener in load.openers:
        with opener(ignore_advance) as records:
            layout = load.lay_out(records)
            converters = records.choose_converters(layout)
            readers = [_find_reader(layout, converters, name) for name in columns]
            for number, row in records.numbered():
                try:
                    values = tuple(read(row) for read in readers)
                except (ValueError, IndexError):
                    if skips_misfits:
                        continue
                    raise
                yield Line(records.name, records.unit, number, values)


def _find_reader(
    layout: Sequence[ColumnRule | None], converters: Sequence[Converter | None], name: str
) -> Callable[[Sequence[Any]], Any]:
    for index, (rule, convert) in enumerate(zip(layout, converters, strict=True)):
        if rule is not None and rule.name == name:
            return lambda row: convert(row[index]) if convert else row[index]
    return lambda row: None  # noqa: ARG005 - a column that the source leaves out


_MOST_VALUES = 1000
_LARGEST = 2**31 - 1


@dataclass
class Misfits:
    """Values of one column that do not fit, or are wider than its type says.

    Attributes:
        rule: How the column takes values.
        first: Tells of the first value that does not fit.
        row_count: How many rows have such a value.
        values: These values as texts, the first of them.
        longest: Characters of the longest of them.
        widest: A whole number beyond 32 bits, which SQLite takes.
    """

    rule: ColumnRule
    first: SourceValueError | None = None
    row_count: int = 0
    values: dict[str, None] = field(default_factory=dict)
    longest: int = 0
    widest: int = 0

    def add(self, records: Records, line: int, value: Any, error: ValueError) -> None:
        """Note a value that does not fit."""
        text = "" if value is None else str(value)
        self.first = self.first or describe_offence(records, line, self.rule, value, error)
        self.row_count += 1
        self.longest = max(self.longest, len(text))
        if len(self.values) < _MOST_VALUES:
            self.values[text] = None

    def note(self, value: Any) -> None:
        """Note a value that fits, as it is stored."""
        if type(value) is int and abs(value) > _LARGEST:
            self.widest = max(value, self.widest, key=abs)


Layout = Sequence[ColumnRule | None]


def survey_rows(
    opener: Opener,
    rules: TableRules,
    misfits: Mapping[str, Misfits],
    begin: Callable[[Records, Layout], Callable[[Sequence[Any], Mapping[str, Any]], None]],
) -> None:
    """Convert all rows of a source, and note what does not fit instead of raising for it.

    Args:
        opener: Opens the source.
        rules: Those of the table.
        misfits: Column to what is known of it; added to.
        begin: Given the source and the rule of each field; returns what takes each row, as it is
            and with the values that are stored for it.

    Raises:
        SourceError: The source cannot be read, or names a column twice.
    """
    with opener(ignore_advance) as records:
        layout = lay_out(rules, records.header, records.name, skip_unknown=True)
        take = begin(records, layout)
        converted = [
            (at, misfits[rule.name], convert or (lambda value: value))
            for at, (rule, convert) in enumerate(
                zip(layout, records.choose_converters(layout), strict=True)
            )
            if rule
        ]
        for line, row in records.numbered():
            if len(row) != len(layout):
                raise SourceError(
                    f"{records.name}, {records.unit} {line}: {len(row)} fields where the header "
                    f"has {len(layout)}.",
                    file=records.name,
                    line=line,
                )
            values: dict[str, Any] = {}
            for at, each, convert in converted:
                try:
                    value = convert(row[at])
                except ValueError as error:
                    each.add(records, line, row[at], error)
                    value = row[at]
                else:
                    each.note(value)
                values[each.rule.name] = value
            take(row, values)
