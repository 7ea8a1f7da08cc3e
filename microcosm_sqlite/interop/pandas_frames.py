"""Tables as pandas data frames, and as Dask data frames of them.

The default dtypes are those that ``pandas.read_csv`` and ``read_sql`` have taught people to
expect: an integer column with missing
values is ``float64``. Where that would change a value it does not happen: integers beyond 2**53
beside missing values become ``Int64``. Dates are ``datetime64``, so that ``.dt`` works on them;
enumerations are categories; decimals and times of day are Python objects, since NumPy has
neither. Exact dtypes for everything are one argument away: ``dtype_backend="pyarrow"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from microcosm_sqlite.catalog.frames import find_fields
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.interop.reader import Copy, empty_batch, read_table, split_scan
from microcosm_sqlite.interop.scan import plan_scan

if TYPE_CHECKING:
    from collections.abc import Callable

    DtypeBackend = Literal["numpy", "numpy_nullable", "pyarrow"]
    from collections.abc import Iterable, Mapping

    import dask.dataframe as dd

    from microcosm_sqlite.catalog.frames import Condition, Parameters, Rows
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field


with extra("pandas"):
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

_EXACT_IN_A_FLOAT = 2**53


def to_pandas(table: pa.Table, dtype_backend: DtypeBackend = "numpy") -> pd.DataFrame:
    """A frame of the same rows.

    Args:
        table: It may be used up: nothing else should hold it.
        dtype_backend: ``"numpy"``, or one of pandas' own words: ``"numpy_nullable"``,
            ``"pyarrow"``.
    """
    if dtype_backend not in list(_MAPPERS):
        raise ValueError(
            f"dtype_backend must be one of {', '.join(_MAPPERS)}, not {dtype_backend!r}"
        )
    frame: pd.DataFrame = table.to_pandas(
        types_mapper=_MAPPERS[dtype_backend], date_as_object=False
    )
    if dtype_backend == "numpy":
        for name in filter(lambda name: _would_change(table[name]), table.column_names):
            frame[name] = table[name].to_pandas(types_mapper=_NULLABLE.get)
    return frame


def _would_change(column: pa.ChunkedArray) -> bool:
    """Whether NumPy would make a float of an integer that no float stands for, or no booleans."""
    if not column.null_count:
        return False
    if pa.types.is_boolean(column.type):
        return True
    if not pa.types.is_int64(column.type):
        return False
    bounds = pc.min_max(column).as_py()
    return any(abs(bound or 0) > _EXACT_IN_A_FLOAT for bound in bounds.values())


_NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}

_MAPPERS: dict[str, Callable[[pa.DataType], object] | None] = {
    "numpy": None,
    "numpy_nullable": _NULLABLE.get,
    # Categories are pandas' own: most of its methods do not know those of Arrow.
    "pyarrow": lambda type_: None if pa.types.is_dictionary(type_) else pd.ArrowDtype(type_),
}


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
    with extra("dask"):
        import dask
        import dask.dataframe as dd
    scan = plan_scan(dataset, table, columns, where, params)
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
            where=where,
            params=params,
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
            is_exact = all(type(each) is int and abs(each) <= _EXACT_IN_A_FLOAT for each in bounds)
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
        mapper = _NULLABLE.get if dtype in ("Int64", "boolean") else None
        frame[name] = table[name].to_pandas(types_mapper=mapper).astype(dtype)
    return frame
