"""One table that is loaded, and where its rows come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.authoring.sources.records import Converter, Opener, Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.layout import TableRules, lay_out, refuse_missing
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen


@dataclass(frozen=True)
class TableLoad:
    """What a load needs to know.

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
        layout = lay_out(self.rules, records.header, records.name, skip_unknown=self.skip_unknown)
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
