"""The rows of one opened source, whatever its format."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.authoring.project.source_options import Nested
from microcosm_sqlite.authoring.sources.companions import list_companions
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription
from microcosm_sqlite.authoring.sources.streams import Advance
from microcosm_sqlite.authoring.values.parsing import EXACT_INTEGER
from microcosm_sqlite.common.extras import extra

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
        delimiter: What stands between the fields, in text that has such.
        has_types: Whether fields are values of their own types, and not all of them texts.
        is_empty: Whether there are no rows, in a format that then has no header either.
        missing: How many rows lack each field, in a format where a row may lack some.
        kinds: The kind of column that is declared for each field, in a format that declares it.
        descriptions: What fields mean, in a format that says so.
        notes: What was not taken of the source, as sentences for the author.
    """

    unit = "line"
    delimiter = ""
    has_types = False
    is_empty = False
    missing: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    descriptions: Mapping[str, ColumnDescription] = MappingProxyType({})
    notes: tuple[str, ...] = ()

    def __init__(self, name: str, header: list[str]) -> None:
        self.name = name
        self.header = header

    @abstractmethod
    def __iter__(self) -> Iterator[list[Any]]:
        """The rows, as fast as can be."""

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The same rows, each with the 1-based number of its line; of the row, where none is."""
        return enumerate(self, start=1)

    def read_blocks(self) -> Iterator[Block]:
        """The rows that are left, in blocks of a size that suits the format."""
        rows = iter(self)
        while block := list(islice(rows, BLOCK_ROWS)):
            yield block

    def choose_converters(self, layout: Sequence[ColumnRule | None]) -> list[Converter | None]:
        """The converter of each field; None if there is nothing to do, or no column."""
        return [self._choose_converter(rule) if rule else None for rule in layout]

    def _choose_converter(self, rule: ColumnRule) -> Converter:
        return rule.convert_value if self.has_types else rule.make_cache().__getitem__


def take_whole(value: Any) -> Any:
    """A value of a format whose numbers all are doubles: whole ones are whole.

    Zero with a sign stays, as no integer is that.

    >>> take_whole(2.0), take_whole(2.5), take_whole("2.0"), take_whole(-0.0)
    (2, 2.5, '2.0', -0.0)
    """
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT_INTEGER:
        return int(value) if value or math.copysign(1, value) > 0 else value
    return value


def library(extra_name: str, source: str) -> AbstractContextManager[None]:
    """Run imports of what reads a format; the error that it is missing says how to have it.

    Args:
        extra_name: The extra of this distribution that installs it.
        source: The source, as errors call it.

    Raises:
        MissingDependencyError: It is not installed.
    """
    hint = (
        f"Run: pip install 'microcosm-sqlite[{extra_name}]'. Builds need microcosm-sqlite"
        f"[build,{extra_name}] in `requires` of [build-system]."
    )
    return extra(extra_name, source, hint=hint)


Opener = Callable[[Advance], AbstractContextManager[Records]]
"""Opens one source from its start; told whom to tell of progress."""


@dataclass(frozen=True)
class SourceFile:
    """One file with rows of one table.

    Attributes:
        path: Where it is.
        name: As errors and progress call it: relative to the project.
        format: The name of a `Format`.
        table: The table or view of a database, or the sheet of a workbook; else empty.
        member: Where it lies in the archive that `path` is; empty where that is the file itself.
        nested: Where the rows are within the rows of the file; None where these are the rows.
    """

    path: Path
    name: str
    format: str
    table: str = ""
    member: str = ""
    nested: Nested | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """All that is read of it: the file, and what belongs to it."""
        return (self.path, *(path for _, path in list_companions(self.path)))

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size
