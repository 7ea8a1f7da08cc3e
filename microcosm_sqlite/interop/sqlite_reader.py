"""Read through the standard library's sqlite3: the slow way, which always works."""

from __future__ import annotations

import sqlite3
from types import NoneType
from typing import TYPE_CHECKING

import pyarrow as pa

from microcosm_sqlite.catalog.connection import connect, translate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from microcosm_sqlite.interop.scan import Scan


def read_batches(scan: Scan, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Batches of what SQLite stores.

    Raises:
        SchemaMismatchError: A column holds values of another kind than it should.
        DatasetFileError: The file cannot be read.
    """
    # A reader may be handed on to another thread, which will never share it with this one.
    connection = connect(scan.location, check_same_thread=False)
    try:
        cursor = connection.execute(scan.sql(), scan.params)
        while rows := cursor.fetchmany(batch_size):
            yield _batch(scan, rows)
    except sqlite3.Error as error:
        raise translate(error, scan.location.path) from error
    finally:
        connection.close()


def _batch(scan: Scan, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    arrays = []
    for column, values in zip(scan.columns, zip(*rows, strict=True), strict=True):
        # Left to itself, Arrow would cut 1.5 down to an integer, and spell 1 as text.
        strays = set(map(type, values)) - _KINDS[column.stored]
        if strays:
            raise column.mismatch(scan.table, f"there is {strays.pop().__name__}")
        arrays.append(pa.array(values, column.stored_type))
    return pa.RecordBatch.from_arrays(arrays, [column.name for column in scan.columns])


_KINDS: dict[str, set[type]] = {
    "integer": {int, NoneType},
    "real": {int, float, NoneType},
    "text": {str, NoneType},
    "any": {str, NoneType},
    "blob": {bytes, NoneType},
}
