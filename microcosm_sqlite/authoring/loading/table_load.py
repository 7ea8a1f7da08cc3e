"""One table that is loaded, and where its rows come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from microcosm_sqlite.authoring.sources.records import Opener, Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.layout import TableRules, lay_out, refuse_missing
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.catalog.connection import quote_identifier


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
