"""Read through ADBC, which builds Arrow in C: the fast way, for files that do not change.

It is not used for every file, for two reasons. It carries a SQLite of its own, and when two
copies of SQLite in one process open one file, closing it in the one drops the locks of the other
(https://www.sqlite.org/howtocorrupt.html, section 2.2); immutable files take no locks. And it
guesses the type of a column from its first values, which :meth:`Scan.typed_sql` makes safe.

The driver's lower layer is used: the upper one imports polars wherever that is installed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import adbc_driver_manager
import adbc_driver_sqlite
import pyarrow as pa

from microcosm_sqlite.catalog.connection import IN_MEMORY, checked_uri, connect
from microcosm_sqlite.common.platforms import has_temporary_folder
from microcosm_sqlite.errors import DatasetCorruptError, QueryError
from microcosm_sqlite.interop.arrow_types import make_array
from microcosm_sqlite.interop.selections import explain_evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.frames import Parameters
    from microcosm_sqlite.interop.scan import Scan

_PRAGMAS = (
    "PRAGMA trusted_schema=OFF",
    "PRAGMA query_only=ON",
    "PRAGMA cell_size_check=ON",
    "PRAGMA mmap_size=0",
)


def read_batches(scan: Scan, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Batches of what SQLite stores, through ADBC.

    Raises:
        SchemaMismatchError: A column holds values of another kind than it should.
        QueryError: The condition cannot be evaluated for some row.
        DatasetCorruptError: The file is damaged.
    """
    uri = checked_uri(scan.location)
    try:
        with (
            adbc_driver_sqlite.connect(uri) as database,
            adbc_driver_manager.AdbcConnection(database) as connection,
        ):
            for pragma in _PRAGMAS if has_temporary_folder() else (*_PRAGMAS, IN_MEMORY):
                with _execute(connection, pragma):
                    pass
            with _execute(connection, scan.typed_sql(), scan.params, batch_size) as batches:
                yield from _without_sentinel(batches)
    except (adbc_driver_manager.Error, OSError) as error:
        raise _translate(error, scan) from error


@contextmanager
def _execute(
    connection: adbc_driver_manager.AdbcConnection,
    sql: str,
    params: Parameters = (),
    batch_size: int = 1,
) -> Iterator[pa.RecordBatchReader]:
    with adbc_driver_manager.AdbcStatement(connection) as statement:
        statement.set_options(**{"adbc.sqlite.query.batch_rows": str(batch_size)})
        statement.set_sql_query(sql)
        if params:
            statement.prepare()
            if isinstance(params, Mapping):
                statement.set_options(**{"adbc.statement.bind_by_name": "true"})
            statement.bind(_row(params))
        stream, _ = statement.execute_query()
        with pa.RecordBatchReader.from_stream(stream) as reader:
            yield reader


def _row(params: Parameters) -> pa.RecordBatch:
    """Parameters as a row; ADBC takes their names with the colons."""
    if isinstance(params, Mapping):
        return pa.record_batch({f":{name}": make_array(value) for name, value in params.items()})
    return pa.record_batch({str(place): make_array(each) for place, each in enumerate(params)})


def _without_sentinel(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    first = next(batches)
    if not first.column(0).is_null()[0].as_py():
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
    return _judge_condition(scan) or DatasetCorruptError(
        f"{scan.location.path} cannot be read: {text}.",
        hint="Reinstall the distribution that it belongs to.",
    )


def _judge_condition(scan: Scan) -> QueryError | None:
    """What is wrong with the condition, if it is; only sqlite3 tells that from a damaged file."""
    if not scan.where:
        return None
    with closing(connect(scan.location)) as connection:
        try:
            for _ in connection.execute(scan.sql(), scan.params):
                pass
        except sqlite3.Error as error:
            return explain_evaluation(error)
    return None
