"""Find the columnar twin of a table that is read as a frame, or make it.

Where a table has a twin, all of its rows are read from that, with the same values and types as from
SQLite; a condition is for SQLite.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.cache.twins import (
    VARIABLE,
    find_cached,
    find_shipped,
    publish_twin,
    refuse_twins,
)
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import ConfigurationError, DatasetCorruptError, DatasetError
from microcosm_sqlite.interop.arrow_types import Column

with extra("arrow"):
    import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.interop.scan import Scan

    Read = Callable[[Scan], pa.RecordBatchReader]

_FORMAT = 1
"""Part of every key: what else than columns and types a reader relies on."""

_WORTH_ROWS = 100_000
"""Rows of a table below which nobody would notice that it has a twin."""


def with_twin(dataset: InstalledDataset, scan: Scan, read: Read) -> Scan:
    """A scan that reads the twin of its table, where there is one and it can.

    Where the environment asks for it, the twin is made.

    Args:
        dataset: Whose table it is.
        scan: What is read.
        read: Reads a table from SQLite.

    Raises:
        ConfigurationError: The environment asks for something else.
    """
    choice = _read_choice()
    if choice == "off" or scan.where or refuse_twins(dataset):
        return scan
    path = find_twin(dataset, scan)
    if not path and choice == "cache":
        path = _try_to_make(dataset, scan, read)
    return replace(scan, twin=path)


def find_twin(dataset: InstalledDataset, scan: Scan) -> str:
    """The path of the twin of the table of a scan, installed or cached; empty where there is none.

    Raises:
        DatasetFileError: The installed one is of another release, or not what was published.
    """

    def key() -> str:
        return make_key(scan)

    manifest = dataset.manifest
    if manifest is None:
        return ""
    return find_shipped(dataset, scan.table, key) or find_cached(manifest, key)


def make_twin(dataset: InstalledDataset, scan: Scan, read: Read) -> str:
    """The path of the twin of the table of a scan; made now, if need be.

    Raises:
        DatasetError: There can be none.
        CacheError: It cannot be written.
        MissingDependencyError: The extra ``arrow`` is not installed.
    """
    found = "" if refuse_twins(dataset) else find_twin(dataset, scan)
    write = partial(write_twin, dataset, scan, read)
    return found or publish_twin(dataset, scan.table, make_key(scan), write)


def write_twin(
    dataset: InstalledDataset, scan: Scan, read: Read, target: BinaryIO, codec: str = "snappy"
) -> None:
    """Write the twin of the table of a scan to a file.

    Args:
        dataset: Whose table it is.
        scan: Any read of the table.
        read: Reads a table from SQLite.
        target: The file.
        codec: ``snappy``, which is read with a fifth less work, or ``zstd``, a fifth smaller.

    Raises:
        DatasetError: The table is not what was published, or a value cannot stand in Parquet.
    """
    from microcosm_sqlite.interop.twin_files import write_rows

    whole = replace(
        scan, columns=list_columns(scan), where=None, params=(), rows=None, limit=None, twin=""
    )
    table = dataset.tables[scan.table]
    described = {"dataset": dataset.name, "version": dataset.version, "table": table.name}
    with read(whole) as batches:
        count = write_rows(target, whole, batches, described | {"digest": table.digest}, codec)
    if count != table.row_count:
        raise DatasetCorruptError(
            f"Table {table.name!r} has {count:,} rows; published were {table.row_count:,}.",
            hint=f"Run: microcosm-sqlite verify {dataset.name}",
        )


def make_key(scan: Scan) -> str:
    """What tells one layout of a twin from others: table, columns, types and order of the rows."""
    import json
    from hashlib import sha256

    columns = [[column.name, column.stored, str(column.type)] for column in scan.layout]
    text = json.dumps([_FORMAT, scan.table, scan.rowid, columns], ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


def list_columns(scan: Scan) -> list[Column]:
    """The columns of a twin of the table of a scan."""
    rowid = [Column(scan.rowid, "integer", pa.int64())] if scan.rowid else []
    return [*rowid, *map(_as_stored, scan.layout)]


def _as_stored(column: Column) -> Column:
    is_label = pa.types.is_dictionary(column.type)
    return Column(column.name, "text", pa.string()) if is_label else column


def _read_choice() -> str:
    choice = os.environ.get(VARIABLE, "")
    if choice not in ("", "cache", "off"):
        raise ConfigurationError(
            f"{VARIABLE} is {choice!r}.", hint="Set it to cache or off, or not at all."
        )
    return choice


_failed: set[tuple[str, str]] = set()
"""Digests of datasets and their tables of which this process could make no twin."""


def _try_to_make(dataset: InstalledDataset, scan: Scan, read: Read) -> str:
    """The path of the twin, or an empty text: what hinders making it hinders no read."""
    this = dataset.manifest.sha256 if dataset.manifest else "", scan.table
    if this in _failed or dataset.tables[scan.table].row_count < _WORTH_ROWS:
        return ""
    try:
        return make_twin(dataset, scan, read)
    except DatasetError as error:
        from logging import getLogger

        getLogger("microcosm_sqlite").warning("No columnar twin is made: %s", error)
        _failed.add(this)
        return ""
