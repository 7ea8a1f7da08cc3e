"""What the sources of a table say, line by line, to find the rows that a database complains of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.authoring.sources.records import Converter
from microcosm_sqlite.authoring.sources.streams import ignore_advance
from microcosm_sqlite.authoring.values.rules import ColumnRule

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.loading.table_load import TableLoad


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


def read_lines(load: TableLoad, columns: Sequence[str]) -> Iterator[Line]:
    """Every row of the sources of a table, with what is stored in some of its columns."""
    for opener in load.openers:
        with opener(ignore_advance) as records:
            layout = load.lay_out(records)
            converters = records.choose_converters(layout)
            readers = [_find_reader(layout, converters, name) for name in columns]
            for number, row in records.numbered():
                values = tuple(read(row) for read in readers)
                yield Line(records.name, records.unit, number, values)


def _find_reader(
    layout: Sequence[ColumnRule | None], converters: Sequence[Converter | None], name: str
) -> Callable[[Sequence[Any]], Any]:
    for index, (rule, convert) in enumerate(zip(layout, converters, strict=True)):
        if rule is not None and rule.name == name:
            return lambda row: convert(row[index]) if convert else row[index]
    return lambda row: None  # noqa: ARG005 - a column that the source leaves out
