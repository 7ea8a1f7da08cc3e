"""Columnar twins: a table as Parquet, in the order of its rowids; and how a part of it is read.

The values of a twin have the types of :mod:`microcosm_sqlite.interop.arrow_types`. Only labels are
stored as texts, since Parquet does not know those that no row has. The rowid is the first column:
ranges of rows are found by it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import DatasetCorruptError, DatasetError

with extra("arrow"):
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile, ParquetWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from microcosm_sqlite.interop.arrow_types import Column
    from microcosm_sqlite.interop.scan import Scan

GROUP_ROWS = 1 << 17
"""Rows of a row group, as in what polars writes. Twice as many leave processors without work."""

METADATA = b"microcosm-sqlite"
"""The key under which a twin says what it is the twin of."""


def write_rows(
    target: BinaryIO,
    scan: Scan,
    batches: pa.RecordBatchReader,
    described: Mapping[str, object],
    codec: str,
) -> int:
    """Write the twin of a table, in constant memory; returns the number of rows.

    Args:
        target: Where to.
        scan: A read of all rows, the rowid included.
        batches: What it reads.
        described: What the twin says of itself.
        codec: How the values are compressed.

    Raises:
        DatasetError: A value cannot stand in Parquet.
    """
    metadata = {METADATA: json.dumps(described, sort_keys=True).encode()}
    schema = batches.schema.with_metadata(metadata)
    names = [name for name in schema.names if name != scan.rowid]
    count = 0
    with ParquetWriter(
        target,
        schema,
        compression=codec,
        write_page_checksum=True,
        use_dictionary=names,
        column_encoding={scan.rowid: "DELTA_BINARY_PACKED"} if scan.rowid else None,
    ) as writer:
        for table in _group(batches):
            _check_values(scan, table)
            writer.write_table(table.replace_schema_metadata(metadata), GROUP_ROWS)
            count += len(table)
    return count


def _group(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= GROUP_ROWS:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _check_values(scan: Scan, table: pa.Table) -> None:
    try:
        table.validate(full=True)
    except pa.ArrowInvalid as error:
        raise DatasetError(
            f"Table {scan.table!r} can have no columnar twin: {error}.",
            hint="Its text is not UTF-8; read it as it is stored, through connect().",
        ) from error


def read_table(scan: Scan) -> pa.Table:
    """The rows of a scan that has a twin; a table without chunks where there are none."""
    if scan.limit is not None:
        return pa.Table.from_batches(read_batches(scan, GROUP_ROWS), _schema_of(scan))
    with _opening(scan) as file:
        read = file.read_row_groups(_choose_groups(file, scan), _list_names(scan))
        read = _choose_rows(scan, read)
        columns = [_type(scan, column, read[column.name]) for column in scan.columns]
        return pa.Table.from_arrays(columns, schema=_schema_of(scan))


def read_batches(scan: Scan, batch_size: int) -> Iterator[pa.RecordBatch]:
    """The same piece by piece, in memory that does not grow with the table."""
    left = scan.limit
    with _opening(scan) as file:
        groups = _choose_groups(file, scan)
        for batch in file.iter_batches(batch_size, groups, _list_names(scan)):
            read = _choose_rows(scan, pa.Table.from_batches([batch]))
            for part in read.slice(0, left).to_batches():
                left = None if left is None else left - len(part)
                arrays = [_type(scan, each, part.column(each.name)) for each in scan.columns]
                yield pa.RecordBatch.from_arrays(arrays, schema=_schema_of(scan))
            if left == 0:
                return


@contextmanager
def _opening(scan: Scan) -> Iterator[ParquetFile]:
    labels = [column.name for column in scan.columns if pa.types.is_dictionary(column.type)]
    try:
        with ParquetFile(
            scan.twin, read_dictionary=labels, page_checksum_verification=True
        ) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        raise DatasetCorruptError(
            f"The columnar twin {scan.twin} cannot be read: {error}.",
            hint="Remove it, and read again.",
        ) from error


def _schema_of(scan: Scan) -> pa.Schema:
    return pa.schema([(column.name, column.type) for column in scan.columns])


def _list_names(scan: Scan) -> list[str]:
    names = [column.name for column in scan.columns]
    return [scan.rowid, *names] if scan.rows else names


def _choose_groups(file: ParquetFile, scan: Scan) -> Sequence[int]:
    """The row groups that hold rows of the range."""
    groups = range(file.num_row_groups)
    if not scan.rows:
        return groups
    low, high = scan.rows
    place = file.schema_arrow.get_field_index(scan.rowid)
    bounds = [file.metadata.row_group(group).column(place).statistics for group in groups]
    return [n for n in groups if bounds[n].min <= high and bounds[n].max >= low]


def _choose_rows(scan: Scan, read: pa.Table) -> pa.Table:
    """The rows of the range, of those of the row groups that hold some."""
    if not scan.rows:
        return read
    import pyarrow.compute as pc

    low, high = scan.rows
    rowids = read[scan.rowid]
    return read.filter(pc.and_(pc.greater_equal(rowids, low), pc.less_equal(rowids, high)))


def _type(
    scan: Scan, column: Column, read: pa.Array | pa.ChunkedArray
) -> pa.Array | pa.ChunkedArray:
    """Values with the type of the column: only labels are kept as something else."""
    if not pa.types.is_dictionary(column.type):
        return read
    if isinstance(read, pa.ChunkedArray):
        chunks = [_encode(scan, column, chunk) for chunk in read.chunks]
        return pa.chunked_array(chunks, column.type)
    return _encode(scan, column, read)


def _encode(scan: Scan, column: Column, array: pa.DictionaryArray) -> pa.Array:
    """The members of the model, of which only those that the array has are looked up."""
    known = column.convert(array.dictionary, scan.table)
    return pa.DictionaryArray.from_arrays(known.indices.take(array.indices), known.dictionary)
