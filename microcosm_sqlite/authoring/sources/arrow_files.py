"""Files of Arrow's family, by way of pyarrow: Parquet, Feather, Arrow IPC and ORC."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.sources.records import Records, SourceFile, library
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.parsing import EXACT_DIGITS
from microcosm_sqlite.common.kinds import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TEXT,
    TIME,
    UUID,
)
from microcosm_sqlite.errors import SourceError

BATCH_ROWS = 8192


@dataclass(frozen=True)
class Table:
    """The content of a file, whatever its format.

    Attributes:
        schema: The fields.
        batches: Record batches of any size, in order.
        row_count: How many rows the file promises, or None where it does not say.
        notes: What is not read as it is meant, as sentences for the author.
    """

    schema: Any
    batches: Iterator[Any]
    row_count: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArrowOpener:
    """Opens one file of Parquet, Feather, Arrow IPC (file or stream) or ORC."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            MissingDependencyError: pyarrow is not installed.
            SourceError: It is no such file, or one that pyarrow does not read.
        """
        name = self.source.name
        with library("arrow", name):
            import pyarrow
        try:
            with _OPENERS[self.source.format](self.source.path) as table:
                yield _ArrowRecords(name, table, advance, self.source.size)
        except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
            if isinstance(error, MemoryError):
                raise
            if isinstance(error, OSError) and error.errno:
                raise  # of the file system; what pyarrow says of the content has no number
            raise _explain(name, error) from error


@contextmanager
def _open_parquet(path: Path) -> Iterator[Table]:
    from pyarrow import parquet

    with parquet.ParquetFile(path, page_checksum_verification=True) as file:
        batches, notes = file.iter_batches(BATCH_ROWS), tuple(_describe_intervals(file.schema))
        yield Table(file.schema_arrow, batches, file.metadata.num_rows, notes)


def _describe_intervals(schema: Any) -> Iterator[str]:
    """The columns of a kind for which pyarrow has no name: it reads twelve bytes."""
    for column in map(schema.column, range(len(schema.names))):
        if column.converted_type == "INTERVAL":
            yield (
                f"{column.path}: intervals are read as bytes: months, days and milliseconds, four "
                "bytes each, the lowest first; write them as texts or durations to have more"
            )


@contextmanager
def _open_orc(path: Path) -> Iterator[Table]:
    from pyarrow import orc

    with path.open("rb") as stream:
        file = orc.ORCFile(stream)
        yield Table(file.schema, map(file.read_stripe, range(file.nstripes)), file.nrows)


_FILE_MARK = b"ARROW1"
_FEATHER_1_MARK = b"FEA1"
_CONTINUATION = b"\xff\xff\xff\xff"
"""The first bytes of messages of a stream, since Arrow 0.15."""
_STREAM_END = bytes(4)


@contextmanager
def _open_ipc(path: Path) -> Iterator[Table]:
    """Open a file of Arrow IPC, which Feather is a name of, or a stream."""
    import pyarrow
    from pyarrow import ipc

    with path.open("rb") as stream:
        head = stream.read(len(_FILE_MARK))
    if head.startswith(_FEATHER_1_MARK):
        raise pyarrow.ArrowNotImplementedError(_FEATHER_1)
    with pyarrow.memory_map(str(path)) as file:
        if head == _FILE_MARK:
            reader = ipc.open_file(file)
            yield Table(reader.schema, map(reader.get_batch, range(reader.num_record_batches)))
        else:
            _refuse_cut(path)
            stream_reader = ipc.open_stream(file)
            yield Table(stream_reader.schema, iter(stream_reader))


def _refuse_cut(path: Path) -> None:
    """Refuse a stream without its end mark: readers take what is cut off between batches as whole.

    Raises:
        ArrowInvalid: It is one.
    """
    import pyarrow

    with path.open("rb") as stream:
        mark = stream.read(4)
        end = (_CONTINUATION if mark == _CONTINUATION else b"") + _STREAM_END
        stream.seek(max(0, path.stat().st_size - len(end)))
        if stream.read() != end:
            raise pyarrow.ArrowInvalid("neither an Arrow file nor a whole Arrow stream")


_OPENERS: dict[str, Callable[[Path], Any]] = {
    "parquet": _open_parquet,
    "arrow": _open_ipc,
    "orc": _open_orc,
}


def _explain(name: str, error: Exception) -> SourceError:
    """The error for a file that pyarrow gives up, with a hint that fits the cause."""
    reason = " ".join(str(error).split()).rstrip(".")
    hint = _CONVERT_FEATHER.format(name) if reason == _FEATHER_1 else _choose_hint(error)
    return SourceError(f"{name} cannot be read: {reason}.", file=name, hint=hint)


def _choose_hint(error: Exception) -> str:
    import pyarrow

    reason = str(error).lower()
    if isinstance(error, UnicodeDecodeError) or "utf8" in reason:
        return _NOT_UTF8
    if "crypt" in reason:
        return "It is encrypted: write it again without encryption, where its key is known."
    is_unknown = re.search(r"not supported|bit width|logical type|unknown", reason)
    if isinstance(error, pyarrow.ArrowNotImplementedError) or is_unknown:
        is_packing = re.search(r"codec|compress", reason)
        return _OTHER_COMPRESSION if is_packing else _UNKNOWN
    return _DAMAGED


_OTHER_COMPRESSION = "Write it again with a compression that pyarrow reads, such as zstd."
_UNKNOWN = "Write it again without what pyarrow cannot read, such as numbers as text."
_FEATHER_1 = "it is Feather of version 1, which pyarrow gives up"
_CONVERT_FEATHER = (
    'Write it again: python -c "from pyarrow import feather as f; f.write_feather('
    "f.read_table('{0}'), '{0}')\""
)
_DAMAGED = "Fetch or write it again; it is damaged, or not what its name says."
_NOT_UTF8 = "Texts there are UTF-8: write it again with decoded texts, or as a binary column."


class _ArrowRecords(Records):
    unit = "row"
    has_types = True

    def __init__(self, name: str, table: Table, advance: Advance, size: int) -> None:
        super().__init__(name, list(table.schema.names))
        self.kinds = tuple(_find_kind(field.type) for field in table.schema)
        told = map(_describe_extension, table.schema, self.kinds)
        self.notes = (*table.notes, *filter(None, told))
        self._table = table
        self._advance = advance
        self._size = size

    def __iter__(self) -> Iterator[tuple[Any, ...]]:  # type: ignore[override]
        return chain.from_iterable(self._iterate_batches())

    def _iterate_batches(self) -> Iterator[Iterator[tuple[Any, ...]]]:
        promised, count, left = self._table.row_count, 0, self._size
        for batch in chain.from_iterable(map(_slice, self._table.batches)):
            columns = map(self._list_values, self.header, batch.columns, repeat(count))
            yield zip(*columns, strict=True)
            count += batch.num_rows
            share = self._size * batch.num_rows // promised if promised else batch.nbytes
            self._advance(min(share, left))
            left -= min(share, left)
        if self.header and promised is not None and count != promised:
            raise SourceError(
                f"{self.name} has {count:,} rows, where its footer promises {promised:,}.",
                file=self.name,
                hint="Fetch or write it again; it is damaged.",
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


def _slice(batch: Any) -> Iterator[Any]:
    """A batch in parts of a size that suits Python, as files may have one batch of all rows."""
    for start in range(0, batch.num_rows, BATCH_ROWS):
        yield batch.slice(start, BATCH_ROWS)


def _advise(type_: Any, reason: str) -> str:
    """Suggest what to do about a column whose values have no equivalent in Python."""
    if "duplicate field names" in reason:
        return "Rename one of the fields of the same name."
    if "zoneinfo" in reason or "time zone" in reason.lower():
        return "Write it again with a time zone that this machine knows, such as UTC."
    if any(kind in str(type_) for kind in ("timestamp", "time64", "duration", "date")):
        return "Moments are kept in microseconds, of the years 1 to 9999: round or clip."
    return "Write the column again, as another type."


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


def _find_kind(type_: Any) -> str:
    """The kind of column that a type declares; empty for one that holds nothing at all."""
    from pyarrow import types

    while types.is_dictionary(type_) or types.is_run_end_encoded(type_):
        type_ = type_.value_type
    if getattr(type_, "extension_name", "") == "arrow.uuid":
        return UUID
    type_ = getattr(type_, "storage_type", type_)  # of any other extension
    if types.is_null(type_):
        return ""
    return next((choose(type_) for name, choose in _KINDS if getattr(types, name)(type_)), TEXT)


_READ_EXTENSIONS = ("", "arrow.uuid", "arrow.json")


def _describe_extension(field: Any, kind: str) -> str:
    """That the values of a column mean more than they are read as; empty where they do not.

    A type that no library has registered is known by its field alone.
    """
    named = (field.metadata or {}).get(b"ARROW:extension:name", b"").decode(errors="replace")
    name = getattr(field.type, "extension_name", named)
    if name in _READ_EXTENSIONS:
        return ""
    return (
        f"{field.name}: values of the type {name} are read as they are kept, as {kind or TEXT}; "
        "write them as texts, numbers or moments to have them as they are meant"
    )


def _find_decimal_kind(type_: Any) -> str:
    if type_.precision > EXACT_DIGITS:
        return TEXT
    return NUMBER if type_.scale else INTEGER


# Predicates of pyarrow.types.
_KINDS: tuple[tuple[str, Callable[[Any], str]], ...] = (
    ("is_boolean", lambda _: BOOLEAN),
    ("is_integer", lambda _: INTEGER),
    ("is_floating", lambda _: NUMBER),
    ("is_decimal", _find_decimal_kind),
    ("is_date", lambda _: DATE),
    ("is_timestamp", lambda type_: MOMENT if type_.tz else DATETIME),
    ("is_time", lambda _: TIME),
    ("is_duration", lambda _: DURATION),
    ("is_binary", lambda _: BINARY),
    ("is_large_binary", lambda _: BINARY),
    ("is_fixed_size_binary", lambda _: BINARY),
    ("is_binary_view", lambda _: BINARY),
    ("is_nested", lambda _: JSON),
)
