"""Parquet, by way of pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import COMPRESSIONS, Advance, ignore_advance
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
            SourceError: It is no Parquet file, or one that pyarrow does not read.
        """
        hint = "Install it, and add it to `requires` of [build-system]: pip install pyarrow"
        with extra("arrow", self.source.name, hint=hint):
            import pyarrow
            from pyarrow import parquet
        try:
            with parquet.ParquetFile(self.source.path, page_checksum_verification=True) as file:
                yield _ParquetRecords(self.source.name, file, advance, self.source.size)
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            if isinstance(error, MemoryError):
                raise
            if isinstance(error, OSError) and error.errno:
                raise  # of the file system; what pyarrow says of the content has no number
            raise _explain(self.source.name, error) from error


def _explain(name: str, error: Exception) -> SourceError:
    """The error for a file that pyarrow gives up, with a hint that fits the cause."""
    reason = " ".join(str(error).split()).rstrip(".")
    suffix = Path(name).suffix
    is_packed = suffix.lower() in COMPRESSIONS
    hint = f"Unpack it, and call it {name[: -len(suffix)]}." if is_packed else _choose_hint(error)
    return SourceError(f"{name} cannot be read: {reason}.", file=name, hint=hint)


def _choose_hint(error: Exception) -> str:
    import pyarrow

    reason = str(error).lower()
    if isinstance(error, UnicodeDecodeError) or "utf8" in reason:
        return _NOT_UTF8
    if "crypt" in reason:
        return "It is encrypted: write it anew without encryption, where its key is known."
    if isinstance(error, pyarrow.ArrowNotImplementedError) or "not supported" in reason:
        return "Write it anew without what pyarrow cannot read, such as with compression by zstd."
    return _DAMAGED


_DAMAGED = "Fetch or write it anew; it is damaged, or no Parquet."
_NOT_UTF8 = "Texts of Parquet are UTF-8: write it anew with decoded texts, or as a binary column."


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
        total, count = self._file.metadata.num_rows, 0
        for batch in self._file.iter_batches(BATCH_ROWS):
            columns = map(self._list_values, self.header, batch.columns, repeat(count))
            yield zip(*columns, strict=True)
            count += batch.num_rows
            self._advance(self._size * batch.num_rows // max(1, total))
        if self.header and count != total:
            raise SourceError(
                f"{self.name} has {count:,} rows, where its footer promises {total:,}.",
                file=self.name,
                hint="Fetch or write it anew; it is damaged.",
            )

    def _list_values(self, name: str, column: Any, passed: int) -> list[Any]:
        """Python's values; nanoseconds, which it does not have, must be whole microseconds."""
        try:
            if getattr(column.type, "unit", "") == "ns":
                column = column.cast(_in_microseconds(column.type))
            values: list[Any] = column.to_pylist()
        except UnicodeDecodeError as error:
            row = passed + _count_texts(column) + 1
            raise SourceError(
                f"{self.name}, row {row}, column `{name}`: text that is not UTF-8 ({error}).",
                file=self.name,
                hint=_NOT_UTF8,
            ) from error
        except (ValueError, OverflowError) as error:
            reason = str(error).rstrip(".")
            raise SourceError(
                f"{self.name}, column `{name}`: {reason}.",
                file=self.name,
                hint=_advise(column.type, reason),
            ) from error
        return values


def _advise(type_: Any, reason: str) -> str:
    """What to do of a column whose values are none in Python."""
    if "duplicate field names" in reason:
        return "Rename one of the fields of the same name."
    if "zoneinfo" in reason or "time zone" in reason.lower():
        return "Write it anew with a time zone that this machine knows, such as UTC."
    if any(kind in str(type_) for kind in ("timestamp", "time64", "duration", "date")):
        return "Moments are kept in microseconds, of the years 1 to 9999: round or clip."
    return "Write the column anew, as another type."


def _count_texts(column: Any) -> int:
    """How many values are in front of the first that is not UTF-8."""
    for position, value in enumerate(column):
        try:
            value.as_py()
        except UnicodeDecodeError:
            return position
    return len(column)


def _in_microseconds(kind: Any) -> Any:
    import pyarrow

    if pyarrow.types.is_timestamp(kind):
        return pyarrow.timestamp("us", tz=kind.tz)
    return pyarrow.time64("us") if pyarrow.types.is_time(kind) else pyarrow.duration("us")
