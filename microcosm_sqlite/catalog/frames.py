"""The methods by which a dataset gives its rows to other tools.

Each imports :mod:`microcosm_sqlite.interop` only when it is called, and needs an extra of its own.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Literal, TypedDict, Unpack, overload

    import dask.dataframe as dd
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from microcosm_sqlite.catalog.installed import InstalledDataset

    Parameters = Sequence[Any] | Mapping[str, Any]
    Rows = tuple[int, int]

    class Selection(TypedDict, total=False):
        """What the methods share: which columns and rows of a table are read."""

        columns: Iterable[str] | None
        where: str | None
        params: Parameters | None
        rows: Rows | None


class Frames:
    """What :class:`~microcosm_sqlite.InstalledDataset` inherits for frames and notebooks.

    Rows come in the order of their rowids, and with the types of the models: dates, times,
    booleans, decimals, enumerations as categories. All methods take:

    - ``table``: the table's name.
    - ``columns``: names of the columns to read, in the order of the result; all by default.
    - ``where`` and ``params``: a condition as after WHERE in SQL, and the values of its ``?`` or
      ``:name`` parameters.
    - ``rows``: lowest and highest rowid to read, both included.

    All raise TableNotFoundError, QueryError or SchemaMismatchError where the table does not hold
    what is asked for, and MissingDependencyError where the extra is not installed.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @overload
        def arrow(
            self, table: str, *, batch_size: None = None, **selection: Unpack[Selection]
        ) -> pa.Table: ...
        @overload
        def arrow(
            self, table: str, *, batch_size: int, **selection: Unpack[Selection]
        ) -> pa.RecordBatchReader: ...

    def arrow(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: str | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        batch_size: int | None = None,
    ) -> pa.Table | pa.RecordBatchReader:
        """Rows as a ``pyarrow.Table``; with a batch size, as a reader in constant memory.

        >>> nyc.arrow("flights", columns=["dest"], where="origin = ?", params=["JFK"])
        ... # doctest: +SKIP

        ``batch_size`` is the largest number of rows to hold at a time. The file is then open until
        the reader is used up or closed.
        """
        from microcosm_sqlite.interop.reader import read_batches, read_table

        if batch_size is None:
            return read_table(
                _own(self), table, columns=columns, where=where, params=params, rows=rows
            )
        return read_batches(
            _own(self),
            table,
            columns=columns,
            where=where,
            params=params,
            rows=rows,
            batch_size=batch_size,
        )

    def pandas(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: str | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        dtype_backend: Literal["numpy", "numpy_nullable", "pyarrow"] = "numpy",
    ) -> pd.DataFrame:
        """Rows as a ``pandas.DataFrame``.

        >>> nyc.pandas("flights", columns=["dest", "arr_delay"])    # doctest: +SKIP

        ``dtype_backend`` chooses the dtypes: ``"numpy"`` gives those that ``pandas.read_csv``
        would; ``"numpy_nullable"`` and ``"pyarrow"`` mean the same as in pandas.
        """
        from microcosm_sqlite.interop.reader import read_ahead

        with read_ahead(
            _own(self), table, columns=columns, where=where, params=params, rows=rows
        ) as read:
            from microcosm_sqlite.interop.pandas_frames import to_pandas

            return to_pandas(read.result(), dtype_backend)

    if TYPE_CHECKING:

        @overload
        def polars(
            self, table: str, *, lazy: Literal[False] = False, **selection: Unpack[Selection]
        ) -> pl.DataFrame: ...
        @overload
        def polars(
            self, table: str, *, lazy: Literal[True], **selection: Unpack[Selection]
        ) -> pl.LazyFrame: ...

    def polars(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: str | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        lazy: bool = False,
    ) -> pl.DataFrame | pl.LazyFrame:
        """Rows as a ``polars.DataFrame``, or lazily as a ``polars.LazyFrame``.

        >>> nyc.polars("flights", lazy=True).select("dest").collect()   # doctest: +SKIP

        With ``lazy``, the table is read when the query is collected, and then only the columns and
        as many rows as the query needs.
        """
        from microcosm_sqlite.interop.polars_frames import read_frame, scan_frame

        read = scan_frame if lazy else read_frame
        return read(_own(self), table, columns=columns, where=where, params=params, rows=rows)

    def duckdb(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: str | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        connection: DuckDBPyConnection | None = None,
    ) -> DuckDBPyRelation:
        """Rows as a DuckDB relation, which further SQL or methods can work on.

        >>> nyc.duckdb("airlines").filter("carrier = 'UA'").fetchall()  # doctest: +SKIP

        The relation belongs to ``connection``, or else to DuckDB's default connection.
        """
        from microcosm_sqlite.common.extras import extra

        with extra("duckdb"):
            import duckdb
        read = self.arrow(table, columns=columns, where=where, params=params, rows=rows)
        # Over Arrow, since DuckDB's own reader of SQLite has to be downloaded.
        return (connection or duckdb).from_arrow(read)

    def dask(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: str | None = None,
        params: Parameters | None = None,
        npartitions: int | None = None,
    ) -> dd.DataFrame:
        """Rows as a Dask data frame, one partition for each range of rowids.

        >>> nyc.dask("flights", columns=["distance"], npartitions=4)    # doctest: +SKIP

        ``npartitions`` is the number of partitions; by default one for each 500,000 rows, and at
        least one for each processor. Each worker opens its own installed copy, and raises
        SchemaMismatchError if that is not the same dataset.
        """
        from microcosm_sqlite.interop.pandas_frames import scan_partitions

        return scan_partitions(
            _own(self), table, columns=columns, where=where, params=params, npartitions=npartitions
        )

    def _repr_html_(self) -> str:
        """A summary of the dataset, for notebooks."""
        from microcosm_sqlite.interop.notebook import summarize

        return summarize(_own(self))


def _own(frames: Frames) -> InstalledDataset:
    """The dataset that the methods belong to, for the type checker."""
    return frames  # type: ignore[return-value]
