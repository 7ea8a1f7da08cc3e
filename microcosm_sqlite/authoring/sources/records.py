"""The rows of one opened source, whatever its format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.authoring.sources.streams import Advance

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.values.rules import ColumnRule

Converter = Callable[[Any], Any]
"""Makes of a field's value what its column stores, or raises ValueError."""


BLOCK_ROWS = 1024

Block = Iterable[Sequence[Any]]
"""Rows that are read together."""


class Records(ABC):
    """Rows under one header.

    Attributes:
        name: The source, as errors call it.
        header: The names of the fields.
        unit: What a row's number counts.
        has_types: Whether fields are values of their own types, and not all of them texts.
        is_empty: Whether there are no rows, in a format that then has no header either.
        missing: How many rows lack each field, in a format where a row may lack some.
        notes: What was not taken of the source, as sentences for the author.
    """

    unit = "line"
    has_types = False
    is_empty = False
    missing: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def __init__(self, name: str, header: list[str]) -> None:
        self.name = name
        self.header = header

    @abstractmethod
    def __iter__(self) -> Iterator[list[Any]]:
        """The rows, as fast as can be."""

    @abstractmethod
    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The same rows, each with the 1-based number of the line that it starts on."""

    def read_blocks(self) -> Iterator[Block]:
        """The rows that are left, in blocks of a size that suits the format."""
        rows = iter(self)
        while block := list(islice(rows, BLOCK_ROWS)):
            yield block

    def choose_converters(self, layout: Sequence[ColumnRule | None]) -> list[Converter | None]:
        """What converts each field; None where there is nothing to do, or no column."""
        return [self._choose_converter(rule) if rule else None for rule in layout]

    def _choose_converter(self, rule: ColumnRule) -> Converter:
        return rule.convert_value if self.has_types else rule.make_cache().__getitem__


Opener = Callable[[Advance], AbstractContextManager[Records]]
"""Opens one source from its start; told whom to tell of progress."""


@dataclass(frozen=True)
class SourceFile:
    """One file with rows of one table.

    Attributes:
        path: Where it is.
        name: As errors and progress call it: relative to the project.
        format: One of the values of `FORMATS`, or `DATABASE`.
        table: The table or view of a database, or the sheet of a workbook; else empty.
    """

    path: Path
    name: str
    format: str
    table: str = ""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size
