"""Read through ADBC, which builds Arrow in C: the fast way, for files that nobody changes.

Two things stand against using it for every file. It carries a SQLite of its own, and when two
copies of SQLite in one process open one file, closing it in the one drops the locks of the other
(https://www.sqlite.org/howtocorrupt.html, section 2.2); immutable files take no locks. And it
guesses the type of a column from its first values, for which a :class:`Scan` has a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import adbc_driver_manager
import adbc_driver_sqlite.dbapi

from microcosm_sqlite.catalog.connection import checked_uri
from microcosm_sqlite.errors import DatasetCorruptError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from microcosm_sqlite.interop.parameters import Parameters
    from microcosm_sqlite.interop.scan import Scan

_PRAGMAS = ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0")


def read_batches(scan: Scan, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Batches of what SQLite stores.

    Raises:
        SchemaMismatchError: A column holds values of another kind than it should.
        DatasetCorruptError: The file is damaged.
    """
    uri = checked_uri(scan.location)
    options = {"adbc.sqlite.query.batch_rows": batch_size}
    try:
        with (
            adbc_driver_sqlite.dbapi.connect(uri, autocommit=True) as connection,
            connection.cursor(adbc_stmt_kwargs=options) as cursor,
        ):
            for pragma in _PRAGMAS:
                cursor.execute(f"PRAGMA {pragma}")
            cursor.execute(scan.typed_sql(), _named(scan.params))
            with cursor.fetch_record_batch() as reader:
                yield from _without_sentinel(reader)
    except (adbc_driver_manager.Error, OSError) as error:
        raise _translate(error, scan) from error


def _named(params: Parameters) -> object:
    """ADBC takes the names of parameters with their colons; and no parameters are None."""
    if isinstance(params, Mapping):
        return {f":{name}": value for name, value in params.items()}
    return params or None


def _without_sentinel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    first = next(batches)
    if first.column(0).is_null().to_pylist()[:2].count(True) != 1:
        raise AssertionError("the row that shows the types did not come first")
    yield _without_key(first.slice(1))
    for batch in batches:
        yield _without_key(batch)


def _without_key(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select(range(1, batch.num_columns))


def _translate(error: Exception, scan: Scan) -> Exception:
    text = str(error)
    found = re.search(r"Type mismatch in column (\d+): (.*)", text)
    if found:
        # Column 0 is the rowid.
        return scan.columns[int(found[1]) - 1].mismatch(scan.table, found[2])
    return DatasetCorruptError(
        f"{scan.location.path} cannot be read: {text}.",
        hint="Reinstall the distribution that it belongs to.",
    )
