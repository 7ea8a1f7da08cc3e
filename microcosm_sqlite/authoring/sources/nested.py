"""Objects within a field of a source as rows of a table by themselves, which refer to that row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from microcosm_sqlite.authoring.project.source_options import Nested
from microcosm_sqlite.authoring.sources.records import Opener, Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.errors import SourceError, SourceValueError


@dataclass(frozen=True)
class NestedOpener:
    """Opens the objects in one field of a source.

    The source is read twice, since a later object may have a key that no earlier one has.
    """

    opener: Opener
    name: str
    nested: Nested

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: The source cannot be read, or its field has something else.
        """
        with self.opener(ignore_advance) as records:
            keys: Counter[str] = Counter()
            total = 0
            for _, _, _, each in _list_objects(records, self.nested):
                keys.update(each.keys())
                total += 1
        with self.opener(advance) as records:
            yield _NestedRecords(self.name, records, self.nested, keys, total)


class _NestedRecords(Records):
    has_types = True

    def __init__(
        self, name: str, records: Records, nested: Nested, keys: Counter[str], total: int
    ) -> None:
        own = [*(nested.key.values() or [nested.row]), *filter(None, [nested.position])]
        super().__init__(name, [*own, *keys])
        self.unit = records.unit
        self.is_empty = not total
        self.missing = (*([0] * len(own)), *(total - count for count in keys.values()))
        self._records = records
        self._nested = nested
        self._keys = [*keys]

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with the line that its object is in."""
        counts = bool(self._nested.position)
        for line, own, position, each in _list_objects(self._records, self._nested):
            yield line, [*own, *([position] * counts), *map(each.get, self._keys)]


def _list_objects(
    records: Records, nested: Nested
) -> Iterator[tuple[int, Sequence[Any], int, dict[str, Any]]]:
    """Each object with its line, what refers to its row, and its place among its list."""
    wanted = [nested.field, *nested.key]
    if missing := [field for field in wanted if field not in records.header]:
        if records.is_empty:
            return
        raise SourceError(
            f"{records.name} has no field {missing[0]}, which table `{nested.table}` is read by.",
            file=records.name,
            hint="Correct option `nested` of the table that is read from it.",
        )
    at, *keys = map(records.header.index, wanted)
    for number, (line, row) in enumerate(records.numbered(), start=1):
        objects = [row[at]] if isinstance(row[at], dict) else row[at] or ()
        if isinstance(row[at], str) or not all(isinstance(each, dict) for each in objects):
            raise SourceValueError(
                f"{records.name}, {records.unit} {line}, field `{nested.field}`: "
                "neither an object nor a list of objects.",
                file=records.name,
                line=line,
                column=nested.field,
                value=str(row[at]),
                hint="Write it so, or leave the object out.",
            )
        own = [row[key] for key in keys] or [number]
        for position, each in enumerate(objects, start=1):
            yield line, own, position, each
