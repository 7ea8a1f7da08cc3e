"""The files of a folder as they were found: what they hold, and how they are written."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions, Nested
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener, make_dialect
from microcosm_sqlite.authoring.sources.formats import choose_opener, split_name
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription
from microcosm_sqlite.authoring.sources.records import Block, Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import ignore_advance
from microcosm_sqlite.authoring.values.layout import make_names


def describe_source(path: Path, sheet: str = "") -> SourceFile:
    """A file as a source, or a sheet of it."""
    name = f"{path.name}#{sheet}" if sheet else path.name
    return SourceFile(path, name, split_name(path)[1], sheet)


def open_typed(source: SourceFile) -> AbstractContextManager[Records]:
    """Open a source of a format that says by itself what it is."""
    return choose_opener(source, CsvOptions())(ignore_advance)


@dataclass(frozen=True)
class _Found:
    """One file, or a folder of files that are parts of one table.

    Attributes:
        path: Where it is.
        header: The names of its fields.
        notes: What is unusual about it, as sentences for the author.
        origin: Where it was found in the folder that is drafted, if not under its own name.
        parts: The files of a folder, in the order in which they are loaded.
        sheet: The sheet of a workbook.
        nested: Where the rows are within those of the file; None where these are the rows.
    """

    path: Path
    header: tuple[str, ...]
    notes: tuple[str, ...] = field(default=(), kw_only=True)
    origin: str = field(default="", kw_only=True)
    parts: tuple[Path, ...] = field(default=(), kw_only=True)
    sheet: str = field(default="", kw_only=True)
    nested: Nested | None = field(default=None, kw_only=True)

    @property
    def files(self) -> tuple[Path, ...]:
        """The file, or those of the folder."""
        return self.parts or (self.path,)

    @property
    def sources(self) -> tuple[SourceFile, ...]:
        """The files as sources, as errors tell of them."""
        part = self.nested.field if self.nested else self.sheet
        described = (describe_source(path, part) for path in self.files)
        return tuple(replace(each, table=self.sheet, nested=self.nested) for each in described)

    @property
    def source(self) -> SourceFile:
        """The first of them, which may be the only one."""
        return self.sources[0]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.files)

    @contextmanager
    def _open_all(
        self, open_part: Callable[[Path], AbstractContextManager[Records]]
    ) -> Iterator[Records]:
        if not self.parts:
            with open_part(self.path) as records:
                yield records
        else:
            yield _JoinedRecords(self.parts, open_part)


@dataclass(frozen=True)
class RawFile(_Found):
    """A delimited file as it was found.

    Attributes:
        options: How it is written.
        repairs: What is read instead of some of its lines.
        proposals: Repairs that were not accepted, and that it is read without.
    """

    options: CsvOptions = field(kw_only=True)
    repairs: tuple[Repair, ...] = field(default=(), kw_only=True)
    proposals: tuple[Repair, ...] = field(default=(), kw_only=True)

    has_types: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that the fields become: identifiers, no two alike."""
        return make_names(self.header)

    @cached_property
    def proposed(self) -> frozenset[str]:
        """The fields of rows that would be read otherwise, or not at all, with the proposals."""
        dialect = {**make_dialect(self.source, self.options), "strict": False}
        lines = chain.from_iterable(repair.read.split("\n") for repair in self.proposals)
        return frozenset(chain.from_iterable(csv.reader(lines, **dialect)))

    def open_rows(self) -> AbstractContextManager[Records]:
        """Open its rows, without the header; blank lines are not rows."""
        return self._open_all(
            lambda path: DelimitedOpener(
                describe_source(path), self.options, repairs=self.repairs
            )()
        )


@dataclass(frozen=True)
class TypedFile(_Found):
    """A file of a format that says by itself what it is, such as JSON Lines or Parquet.

    Attributes:
        kinds: What the format declares of each field; none where it does not.
        missing: How many objects of JSON Lines lack each field; none for other formats.
        is_shared: Whether other tables are made of the same file.
        descriptions: What fields mean, where the format says so.
        has_types: Whether its values have types of their own; texts of fixed width have none.
    """

    kinds: tuple[str, ...] = ()
    missing: tuple[int, ...] = ()
    is_shared: bool = False
    descriptions: Mapping[str, ColumnDescription] = field(default_factory=dict)
    has_types: bool = True

    repairs: ClassVar[tuple[Repair, ...]] = ()
    proposals: ClassVar[tuple[Repair, ...]] = ()
    proposed: ClassVar[frozenset[str]] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns: those of the fields, where no two differ in capitals only."""
        made = make_names(self.header)
        lower = [field.lower() for field in self.header]
        return tuple(
            field if field and lower.index(field.lower()) == position else made[position]
            for position, field in enumerate(self.header)
        )

    def open_rows(self) -> AbstractContextManager[Records]:
        """Open its rows, as values of their own types."""
        sources = {source.path: source for source in self.sources}
        return self._open_all(lambda path: open_typed(sources[path]))

    def reread(self) -> TypedFile:
        """The same, with what its rows say about themselves."""
        with self.open_rows() as records:
            return replace(self, header=(*records.header,), missing=records.missing)


class _JoinedRecords(Records):
    """The rows of several files with the same fields, one file behind the other."""

    def __init__(
        self,
        files: Sequence[Path],
        open_part: Callable[[Path], AbstractContextManager[Records]],
    ) -> None:
        with open_part(files[0]) as records:
            super().__init__(records.name, records.header)
        self._files, self._open_part = files, open_part

    def __iter__(self) -> Iterator[Any]:
        return chain.from_iterable(self._open_each())

    def read_blocks(self) -> Iterator[Block]:
        """The rows, in blocks of a size that suits the format."""
        for records in self._open_each():
            yield from records.read_blocks()

    def _open_each(self) -> Iterator[Records]:
        for file in self._files:
            with self._open_part(file) as records:
                yield records
