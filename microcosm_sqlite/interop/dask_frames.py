"""Tables as Dask data frames of pandas data frames, one for each range of rowids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.frames import find_fields
from microcosm_sqlite.common.extras import extra

with extra("dask"):
    import dask
    import dask.dataframe as dd
    import pyarrow as pa

    from microcosm_sqlite.interop.pandas_frames import EXACT_IN_A_FLOAT, NULLABLE, to_pandas
    from microcosm_sqlite.interop.reader import Copy, empty_batch, read_table, split_scan
    from microcosm_sqlite.interop.scan import plan_scan
    from microcosm_sqlite.interop.selections import keep_selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from microcosm_sqlite.catalog.frames import Condition, Parameters, Rows
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field
    from microcosm_sqlite.interop.pandas_frames import DtypeBackend


def scan_partitions(
    dataset: InstalledDataset,
    table: str,
    columns: Iterable[str] | None = None,
    where: Condition | None = None,
    params: Parameters | None = None,
    npartitions: int | None = None,
    dtype_backend: DtypeBackend = "numpy",
) -> dd.DataFrame:
    """Rows of a table as a :class:`dask.dataframe.DataFrame`.

    A worker is sent the name of the dataset and how to recognise it, never rows and never a path:
    it reads its own installed copy, and raises an error if that is not the same one. A table
    without rowids cannot be split, and is one partition.
    """
    kept = keep_selection({"where": where, "params": params})
    scan = plan_scan(dataset, table, columns, kept["where"], kept["params"])
    names = [column.name for column in scan.columns]
    shape = dtype_backend, _choose_dtypes(find_fields(dataset, dataset.tables[table], names))
    # Dask would make texts of all objects of Python, even of bytes.
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_map(
            read_partition,
            split_scan(scan, npartitions),
            copy=Copy.of(dataset),
            table=table,
            columns=names,
            where=kept["where"],
            params=kept["params"],
            shape=shape,
            meta=_to_partition(pa.Table.from_batches([empty_batch(scan)]), *shape),
            label=f"{dataset.name}-{table}",
        )


def read_partition(
    rows: Rows | None,
    copy: Copy,
    table: str,
    columns: list[str],
    where: Condition | None,
    params: Parameters | None,
    shape: tuple[DtypeBackend, dict[str, str]],
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
    return _to_partition(read, *shape)


def _choose_dtypes(fields: Iterable[Field]) -> dict[str, str]:
    """The dtypes of those columns for which it depends on the rows of a partition.

    They are those that the whole column would have, as far as the manifest tells.
    """
    dtypes = {}
    for field in fields:
        is_filled = field.required or field.null_count == 0
        if field.type == "boolean":
            dtypes[field.name] = "bool" if is_filled else "boolean"
        elif field.type in ("integer", "year"):
            bounds = field.value_range or (None,)
            is_exact = all(type(each) is int and abs(each) <= EXACT_IN_A_FLOAT for each in bounds)
            dtypes[field.name] = "int64" if is_filled else "float64" if is_exact else "Int64"
    return dtypes


def _to_partition(
    table: pa.Table, dtype_backend: DtypeBackend, dtypes: Mapping[str, str]
) -> pd.DataFrame:
    if dtype_backend != "numpy":
        return to_pandas(table, dtype_backend)
    # With NumPy's types alone, a partition that holds a NULL would differ from one with none.
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    for name in filter(dtypes.__contains__, table.column_names):
        dtype = dtypes[name]
        mapper = NULLABLE.get if dtype in ("Int64", "boolean") else None
        frame[name] = table[name].to_pandas(types_mapper=mapper).astype(dtype)
    return frame
