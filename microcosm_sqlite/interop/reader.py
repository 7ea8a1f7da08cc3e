"""Read tables as Arrow, here or on another machine that has the same dataset.

Every other module of this package that reads rows uses this one.
"""

from __future__ import annotations

import re
import socket
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.preflight import UNDECODED, translate
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.common.arguments import check_count, check_names
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.keywords import explain_keywords
from microcosm_sqlite.common.platforms import count_processors, open_pool
from microcosm_sqlite.common.sql import MOST_COLUMNS, MOST_PARAMETERS
from microcosm_sqlite.errors import DatasetError, DatasetNotFoundError, SchemaMismatchError
from microcosm_sqlite.interop.columnar import find_twin, make_twin, with_twin
from microcosm_sqlite.interop.scan import plan_scan
from microcosm_sqlite.interop.selections import explain_evaluation

with extra("arrow"):
    import pyarrow as pa

    from microcosm_sqlite.interop.arrow_types import NOT_UTF8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from typing import Any, Unpack

    from microcosm_sqlite.catalog.frames import Rows, Selection
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.interop.scan import Scan

BATCH_ROWS = 65_536
"""Rows of a batch by default: enough that the cost of a batch does not count."""

_SHARE = 50_000
"""The fewest rows that are worth a thread."""

_TASK = 500_000
"""Rows of a task of a cluster, by default."""

_SELECTION = ("columns", "where", "params", "rows", "limit")
"""The keywords that choose columns and rows."""


@explain_keywords(*_SELECTION)
def read_table(
    dataset: InstalledDataset,
    table: str,
    *,
    threads: int | None = None,
    **selection: Unpack[Selection],
) -> pa.Table:
    """Rows of a table as one :class:`pyarrow.Table`, in the order of their rowids.

    Args:
        dataset: Whose table it is.
        table: The table's name.
        threads: The most threads to read with; by default as many as there are processors. Use 1
            where many processes read parts of the table.
        selection: Which of its columns and rows; see
            :class:`~microcosm_sqlite.catalog.frames.Frames`.
    """
    scan = plan_read(dataset, table, **selection)
    if scan.twin:
        return _collect_twin(scan)
    shares = _shares(scan, threads or count_processors())
    if len(shares) < 2:
        return _collect(scan)
    with open_pool(len(shares)) as pool:
        return pa.concat_tables(pool.map(lambda share: _collect(scan.narrowed(share)), shares))


@contextmanager
def read_ahead(
    dataset: InstalledDataset, table: str, **selection: Unpack[Selection]
) -> Iterator[Future[pa.Table]]:
    """:func:`read_table` in another thread: importing a frame library can take as long."""
    with open_pool(1) as pool:
        yield pool.submit(read_table, dataset, table, **selection)


@explain_keywords(*_SELECTION)
def read_batches(
    dataset: InstalledDataset,
    table: str,
    *,
    batch_size: int = BATCH_ROWS,
    **selection: Unpack[Selection],
) -> pa.RecordBatchReader:
    """The same piece by piece, in constant memory: a :class:`pyarrow.RecordBatchReader`.

    The file is open until the reader is used up, closed, or gone.
    """
    check_count("batch_size", batch_size)
    return stream(plan_read(dataset, table, **selection), batch_size)


def plan_read(dataset: InstalledDataset, table: str, **selection: Unpack[Selection]) -> Scan:
    """:func:`~microcosm_sqlite.interop.scan.plan_scan`, of the columnar twin where there is one."""
    return with_twin(dataset, plan_scan(dataset, table, **selection), stream)


def make_twins(dataset: InstalledDataset, tables: Iterable[str] | None = None) -> dict[str, Path]:
    """Make the columnar twins of tables; see :meth:`microcosm_sqlite.InstalledDataset.columnar`."""
    names = list(dataset.tables) if tables is None else check_names("tables", tables)
    return {table: Path(make_twin(dataset, plan_scan(dataset, table), stream)) for table in names}


def compare_twin(dataset: InstalledDataset, table: str) -> str:
    """The path of the twin of a table if its rows are not those of the table, else an empty text.

    Both are read, a range of rowids after the other; a table without rowids at once.
    """
    scan = plan_scan(dataset, table)
    twin = replace(scan, twin=find_twin(dataset, scan))
    if not twin.twin:
        return ""
    parts = dataset.tables[table].row_count // _TASK + 1
    ranges = split_range(*scan.extent, parts) if scan.extent else [None]
    is_same = sum(batch.num_rows for batch in stream(twin)) == dataset.tables[table].row_count
    for rows in ranges:
        part = replace(scan, rows=rows)
        is_same = is_same and _collect_twin(replace(part, twin=twin.twin)).equals(_collect(part))
    return "" if is_same else twin.twin


def stream(scan: Scan, batch_size: int = BATCH_ROWS) -> pa.RecordBatchReader:
    """The rows of a scan piece by piece; see :func:`read_batches`."""
    return pa.RecordBatchReader.from_batches(schema_of(scan), _typed_batches(scan, batch_size))


def schema_of(scan: Scan) -> pa.Schema:
    """The Arrow schema of what a scan reads, rows or none."""
    return pa.schema([(column.name, column.type) for column in scan.columns])


def empty_batch(scan: Scan) -> pa.RecordBatch:
    """No rows, with the types of a scan and all members of its enumerations."""
    return _typed(scan, [pa.nulls(0, column.stored_type) for column in scan.columns])


def list_members(read: pa.Table | pa.RecordBatch) -> dict[str, list[str]]:
    """The members of each enumeration among the columns."""
    coded = [field.name for field in read.schema if pa.types.is_dictionary(field.type)]
    if isinstance(read, pa.RecordBatch):
        return {name: read.column(name).dictionary.to_pylist() for name in coded}
    return {name: read.column(name).chunk(0).dictionary.to_pylist() for name in coded}


def _collect(scan: Scan) -> pa.Table:
    batches = [*_typed_batches(scan, BATCH_ROWS)] or [empty_batch(scan)]
    return pa.Table.from_batches(batches)


def _collect_twin(scan: Scan) -> pa.Table:
    from microcosm_sqlite.interop import twin_files

    read = twin_files.read_table(scan)
    return read if len(read) else pa.Table.from_batches([empty_batch(scan)])


def _typed_batches(scan: Scan, batch_size: int) -> Iterator[pa.RecordBatch]:
    if scan.twin:
        from microcosm_sqlite.interop import twin_files

        yield from twin_files.read_batches(scan, batch_size)
        return
    for batch in _stored_batches(scan, batch_size):
        if len(batch):
            yield _typed(scan, batch.columns)


def _typed(scan: Scan, stored: list[pa.Array]) -> pa.RecordBatch:
    arrays = [
        column.convert(array, scan.table)
        for column, array in zip(scan.columns, stored, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema_of(scan))


def _stored_batches(scan: Scan, batch_size: int) -> Iterator[pa.RecordBatch]:
    if _is_fast(scan):
        from microcosm_sqlite.interop import adbc_reader

        return adbc_reader.read_batches(scan, batch_size)
    return _read_through_sqlite(scan, batch_size)


def _read_through_sqlite(scan: Scan, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Batches of what SQLite stores, through the standard library: slower than ADBC.

    Raises:
        SchemaMismatchError: A column holds values of another kind than it should.
        DatasetFileError: The file cannot be read.
    """
    # A reader may be handed on to another thread, which will never share it with this one.
    connection = connect(scan.location, check_same_thread=False)
    try:
        cursor = connection.execute(scan.sql(), scan.params)
        while rows := cursor.fetchmany(batch_size):
            yield _make_batch(scan, rows)
    except sqlite3.Error as error:
        raise _explain(error, scan) from error
    finally:
        connection.close()


def _explain(error: sqlite3.Error, scan: Scan) -> DatasetError:
    garbled = re.match(rf"{UNDECODED} column '(.*)' with text", str(error), re.DOTALL)
    for column in scan.columns:
        if garbled and garbled[1] == column.name:
            return column.mismatch(scan.table, NOT_UTF8)
    explained = explain_evaluation(error) if scan.where else None
    return explained or translate(error, scan.location.path)


def _make_batch(scan: Scan, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    arrays = []
    for column, values in zip(scan.columns, zip(*rows, strict=True), strict=True):
        # Left to itself, Arrow would cut 1.5 down to an integer, and spell 1 as text.
        strays = set(map(type, values)) - _KINDS[column.stored]
        if strays:
            raise column.mismatch(scan.table, f"found {strays.pop().__name__}")
        arrays.append(pa.array(values, column.stored_type))
    return pa.RecordBatch.from_arrays(arrays, [column.name for column in scan.columns])


_KINDS: dict[str, set[type]] = {
    "integer": {int, NoneType},
    "real": {int, float, NoneType},
    "text": {str, NoneType},
    "any": {str, NoneType},
    "blob": {bytes, NoneType},
}


def _is_fast(scan: Scan) -> bool:
    has_room = (
        len(scan.columns) < MOST_COLUMNS  # for one more, by which the fast way knows types
        and len(scan.params) <= MOST_PARAMETERS
    )
    return has_room and scan.location.immutable and find_spec("adbc_driver_sqlite") is not None


def _shares(scan: Scan, threads: int) -> list[Rows]:
    """Rowid ranges to read at the same time; ADBC holds no lock of Python's while it reads."""
    if not (scan.extent and _is_fast(scan)) or scan.where or scan.limit is not None:
        return []
    low, high = scan.extent
    if scan.rows:
        low, high = max(low, scan.rows[0]), min(high, scan.rows[1])
    return split_range(low, high, min(threads, (high - low + 1) // _SHARE))


def split_range(low: int, high: int, parts: int) -> list[Rows]:
    """A range of whole numbers, both ends included, in at most so many parts of equal size.

    >>> split_range(1, 10, 3)
    [(1, 4), (5, 8), (9, 10)]
    """
    step = max(1, -(-(high - low + 1) // max(parts, 1)))
    return [(start, min(start + step - 1, high)) for start in range(low, high + 1, step)]


def split_scan(scan: Scan, parts: int | None, argument: str = "npartitions") -> list[Rows | None]:
    """Rowid ranges for the tasks of a cluster; None, for all rows, of a table without rowids.

    Args:
        scan: What is read.
        parts: How many at the most; by default one for each 500,000 rows, and at least one for
            each processor.
        argument: What the user calls this number.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is less than 1.
    """
    if parts is not None:
        check_count(argument, parts)
    if not scan.extent:
        return [None]
    low, high = scan.extent
    return [*split_range(low, high, parts or max(count_processors(), (high - low) // _TASK + 1))]


@dataclass(frozen=True)
class Copy:
    """The stand-in for a dataset that is sent to a worker, which finds the same one.

    Attributes:
        name: The dataset's name.
        version: Version of its data.
        sha256: Digest of its file, from its manifest; empty for one without a manifest.
        distribution: Name of the distribution that carries it; empty for a registered one.
    """

    name: str
    version: str
    sha256: str
    distribution: str

    @classmethod
    def of(cls, dataset: InstalledDataset) -> Copy:
        """Describe a dataset so that a worker can recognise it."""
        sha256 = dataset.manifest.sha256 if dataset.manifest else ""
        return cls(dataset.name, dataset.version, sha256, dataset.distribution)

    def find(self) -> InstalledDataset:
        """Return the copy that is installed on this machine.

        Raises:
            DatasetNotFoundError: There is none.
            SchemaMismatchError: The copy has another version, or other content.
        """
        host = socket.gethostname()
        install = f"Install {self.distribution or self.name} {self.version} on every worker."
        try:
            found = dataset(self.name)
        except DatasetNotFoundError as error:
            raise DatasetNotFoundError(
                f"Worker {host} has no dataset {self.name!r}.", hint=install
            ) from error
        other = Copy.of(found)
        if (other.version, other.sha256) != (self.version, self.sha256):
            raise SchemaMismatchError(
                f"Worker {host} has {self.name} {other.version} (sha256 {other.sha256[:12]}) "
                f"but {self.version} (sha256 {self.sha256[:12]}) is needed.",
                hint=install,
            )
        return found
