"""Parquet, by way of pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import SourceError

BATCH_ROWS = 8192


@dataclass(frozen=True)
class ParquetOpener:
    """Opens one Parquet file."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            MissingDependencyError: pyarrow is not installed.
            SourceError: It is no Parquet file.
        """
        hint = "Install it, and add it to `requires` of [build-system]: pip install pyarrow"
        with extra("arrow", self.source.name, hint=hint):
            import pyarrow
            from pyarrow import parquet
        try:
            with parquet.ParquetFile(self.source.path) as file:
                yield _ParquetRecords(self.source.name, file, advance, self.source.size)
        except pyarrow.ArrowException as error:
            reason = str(error).rstrip(".")
            raise SourceError(
                f"{self.source.name} cannot be read: {reason}.",
                file=self.source.name,
                hint="Fetch or write it anew; it is damaged, or no Parquet.",
            ) from error


class _ParquetRecords(Records):
    unit = "row"
    has_types = True

    def __init__(self, name: str, file: Any, advance: Advance, size: int) -> None:
        super().__init__(name, list(file.schema_arrow.names))
        self._file = file
        self._advance = advance
        self._size = size

    def __iter__(self) -> Iterator[tuple[Any, ...]]:  # type: ignore[override]
        return chain.from_iterable(self._iterate_batches())

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """The rows, numbered from one."""
        return enumerate(self, start=1)

    def _iterate_batches(self) -> Iterator[Iterator[tuple[Any, ...]]]:
        total = max(1, self._file.metadata.num_rows)
        for batch in self._file.iter_batches(BATCH_ROWS):
            yield zip(*map(self._list_values, self.header, batch.columns), strict=True)
            self._advance(self._size * batch.num_rows // total)

    def _list_values(self, name: str, column: Any) -> list[Any]:
        """Python's values; nanoseconds, which it does not have, must be whole microseconds."""
        try:
            if getattr(column.type, "unit", "") == "ns":
                column = column.cast(_in_microseconds(column.type))
            values: list[Any] = column.to_pylist()
        except (ValueError, OverflowError) as error:
            raise SourceError(
                f"{self.name}, column `{name}`: {error}.",
                file=self.name,
                hint="Moments are kept in microseconds, of the years 1 to 9999: round or clip.",
            ) from error
        return values


def _in_microseconds(kind: Any) -> Any:
    import pyarrow

    if pyarrow.types.is_timestamp(kind):
        return pyarrow.timestamp("us", tz=kind.tz)
    return pyarrow.time64("us") if pyarrow.types.is_time(kind) else pyarrow.duration("us")
