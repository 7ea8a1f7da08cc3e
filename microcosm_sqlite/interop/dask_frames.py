"""Tables as Dask data frames: one partition for each range of rowids, read where it is used.

A worker is sent the name of the dataset and how to recognise it, never rows and never a path: it
reads its own installed copy, and raises an error if that is not the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.interop.pandas_frames import to_pandas
from microcosm_sqlite.interop.reader import Copy, empty_batch, read_table, split_scan
from microcosm_sqlite.interop.scan import plan_scan

with extra("dask"):
    import dask.dataframe as dd
    import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from microcosm_sqlite.catalog.frames import Parameters, Rows
    from microcosm_sqlite.catalog.installed import InstalledDataset


def scan_partitions(
    dataset: InstalledDataset,
    table: str,
    columns: Iterable[str] | None = None,
    where: str | None = None,
    params: Parameters | None = None,
    npartitions: int | None = None,
) -> dd.DataFrame:
    """Rows of a table as a :class:`dask.dataframe.DataFrame`.

    A table without rowids cannot be split, and is one partition.
    """
    scan = plan_scan(dataset, table, columns, where, params)
    return dd.from_map(
        read_partition,
        split_scan(scan, npartitions),
        copy=Copy.of(dataset),
        table=table,
        columns=[column.name for column in scan.columns],
        where=where,
        params=params,
        meta=_to_partition(pa.Table.from_batches([empty_batch(scan)])),
        label=f"{dataset.name}-{table}",
    )


def read_partition(
    rows: Rows | None,
    copy: Copy,
    table: str,
    columns: list[str],
    where: str | None,
    params: Parameters | None,
) -> pd.DataFrame:
    """Read one partition, on the worker.

    Raises:
        DatasetError: The worker has no copy of the dataset, or another version of it.
    """
    read = read_table(
        copy.find(),
        table,
        columns=columns,
        where=where,
        params=params,
        rows=rows,
        threads=1,  # the other processors have partitions of their own
    )
    return _to_partition(read)


def _to_partition(table: pa.Table) -> pd.DataFrame:
    # With NumPy's types, a partition that holds a NULL would differ from one that holds none.
    return to_pandas(table, "pyarrow")
