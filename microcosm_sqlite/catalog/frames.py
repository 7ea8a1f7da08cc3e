"""The methods by which a dataset gives its rows to other tools.

Each imports :mod:`microcosm_sqlite.interop` only when it is called, and needs an extra of its own.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.files import Files
from microcosm_sqlite.catalog.manifest_tables import refuse_name
from microcosm_sqlite.common.keywords import explain_keywords

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
    from microcosm_sqlite.catalog.manifest_tables import Field, Table
    from microcosm_sqlite.catalog.query_frames import DatasetQuery
    from microcosm_sqlite.catalog.table_frames import DatasetTable
    from microcosm_sqlite.interop.summaries import TableSummary

    Condition = str | Mapping[str, Any]
    Parameters = Sequence[Any] | Mapping[str, Any]
    Rows = tuple[int, int]

    class Selection(TypedDict, total=False):
        """The columns and rows of a table to read, which all methods share."""

        columns: Iterable[str] | None
        where: Condition | None
        params: Parameters | None
        rows: Rows | None
        limit: int | None


class Frames(Files):
    """The methods for frames and notebooks of :class:`~microcosm_sqlite.InstalledDataset`.

    Rows come in the order of their rowids, or else primary keys, with the types of the models:
    dates, times, booleans, decimals, enumerations as categories. All methods take:

    - ``table``: the table's name.
    - ``columns``: names of the columns to read, in the order of the result; all by default.
    - ``where`` and ``params``: a condition as after WHERE in SQL, and the values of its ``?`` or
      ``:name`` parameters, of which a list may stand behind IN: ``"origin IN :origins"``. Or else
      the values that columns must have: ``{"month": 1, "origin": ["JFK", "LGA"]}``, where a list
      is several values of which one is enough, and None is a missing value.
    - ``rows``: lowest and highest rowid to read, both included.
    - ``limit`` (all but ``dask``): the most rows to read.

    ``describe`` takes the first three.

    All raise TableNotFoundError, QueryError or SchemaMismatchError where the table does not hold
    what is asked for, and MissingDependencyError where the extra is not installed.
    """

    __slots__ = ()

    def __getitem__(self, table: str) -> DatasetTable:
        """One table, with the methods for frames.

        >>> nyc["airlines"].pandas()                            # doctest: +SKIP

        Raises:
            TableNotFoundError: There is no table of this name; it is a ``KeyError`` too.
        """
        from microcosm_sqlite.catalog.table_frames import DatasetTable

        return DatasetTable(_own(self), _own(self).tables[table])

    def __contains__(self, table: object) -> bool:
        """Whether there is a table of this name."""
        return table in _own(self).tables

    def sql(
        self, statement: str, params: Parameters | None = None, *, attach: Iterable[str] = ()
    ) -> DatasetQuery:
        """A statement, with the methods for frames that give its answer.

        >>> nyc.sql("SELECT dest, count(*) AS n FROM flights GROUP BY 1").pandas()
        ... # doctest: +SKIP

        A column that comes from a column of a table has its type.

        Args:
            statement: One statement of SQL.
            params: The values of its ``?`` or ``:name`` parameters; a list may stand behind IN.
            attach: Names of other datasets; SQL names their tables ``dataset.table``.
        """
        from microcosm_sqlite.catalog.query_frames import DatasetQuery
        from microcosm_sqlite.common.arguments import check_names, check_params

        if not isinstance(statement, str):
            raise TypeError(f"A statement of SQL is a string, not {statement!r}.")
        check_params(params)
        names = [attach] if isinstance(attach, str) else check_names("attach", attach)
        return DatasetQuery(_own(self), statement, params, names)

    if TYPE_CHECKING:

        @overload
        def arrow(
            self, table: str, *, batch_size: None = None, **selection: Unpack[Selection]
        ) -> pa.Table: ...
        @overload
        def arrow(
            self, table: str, *, batch_size: int, **selection: Unpack[Selection]
        ) -> pa.RecordBatchReader: ...

    @explain_keywords()
    def arrow(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: Condition | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        limit: int | None = None,
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
                _own(self),
                table,
                columns=columns,
                where=where,
                params=params,
                rows=rows,
                limit=limit,
            )
        return read_batches(
            _own(self),
            table,
            columns=columns,
            where=where,
            params=params,
            rows=rows,
            limit=limit,
            batch_size=batch_size,
        )

    @explain_keywords()
    def pandas(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: Condition | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        limit: int | None = None,
        dtype_backend: Literal["numpy", "numpy_nullable", "pyarrow"] = "numpy",
    ) -> pd.DataFrame:
        """Rows as a ``pandas.DataFrame``.

        >>> nyc.pandas("flights", columns=["dest", "arr_delay"])    # doctest: +SKIP

        ``dtype_backend`` chooses the dtypes: ``"numpy"`` gives those that ``pandas.read_csv``
        would; ``"numpy_nullable"`` and ``"pyarrow"`` mean the same as in pandas.
        """
        from microcosm_sqlite.common.extras import require

        require("pandas", "pyarrow")  # whose own extra would not do
        from microcosm_sqlite.interop.reader import read_ahead

        with read_ahead(
            _own(self),
            table,
            columns=columns,
            where=where,
            params=params,
            rows=rows,
            limit=limit,
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

    @explain_keywords()
    def polars(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: Condition | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        limit: int | None = None,
        lazy: bool = False,
    ) -> pl.DataFrame | pl.LazyFrame:
        """Rows as a ``polars.DataFrame``, or lazily as a ``polars.LazyFrame``.

        >>> nyc.polars("flights", lazy=True).select("dest").collect()   # doctest: +SKIP

        With ``lazy``, the table is read when the query is collected, and then only the columns and
        as many rows as the query needs.
        """
        from microcosm_sqlite.interop.polars_frames import read_frame, scan_frame

        read = scan_frame if lazy else read_frame
        return read(
            _own(self),
            table,
            columns=columns,
            where=where,
            params=params,
            rows=rows,
            limit=limit,
        )

    @explain_keywords()
    def duckdb(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: Condition | None = None,
        params: Parameters | None = None,
        rows: Rows | None = None,
        limit: int | None = None,
        connection: DuckDBPyConnection | None = None,
    ) -> DuckDBPyRelation:
        """Rows as a DuckDB relation, which further SQL or methods can work on.

        >>> nyc.duckdb("airlines").filter("carrier = 'UA'").fetchall()  # doctest: +SKIP

        The relation belongs to ``connection``, or else to DuckDB's default connection. Each query
        reads again the columns that it needs, in memory that does not grow with the table.
        """
        from microcosm_sqlite.interop.duckdb_frames import make_relation

        return make_relation(
            _own(self),
            table,
            connection,
            columns=columns,
            where=where,
            params=params,
            rows=rows,
            limit=limit,
        )

    @explain_keywords()
    def dask(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: Condition | None = None,
        params: Parameters | None = None,
        npartitions: int | None = None,
        dtype_backend: Literal["numpy", "numpy_nullable", "pyarrow"] = "numpy",
    ) -> dd.DataFrame:
        """Rows as a Dask data frame, one partition for each range of rowids.

        >>> nyc.dask("flights", columns=["distance"], npartitions=4)    # doctest: +SKIP

        ``npartitions`` is the number of partitions; by default one for each 500,000 rows, and at
        least one for each processor. Each worker opens its own copy, and raises SchemaMismatchError
        if that is another one. ``dtype_backend`` is that of :meth:`pandas`; a whole number or
        boolean of which the manifest does not say how many are missing is ``Int64`` or ``boolean``.
        """
        from microcosm_sqlite.interop.dask_frames import scan_partitions

        return scan_partitions(
            _own(self),
            table,
            columns=columns,
            where=where,
            params=params,
            npartitions=npartitions,
            dtype_backend=dtype_backend,
        )

    @explain_keywords()
    def describe(
        self,
        table: str,
        *,
        columns: Iterable[str] | None = None,
        where: Condition | None = None,
        params: Parameters | None = None,
    ) -> TableSummary:
        """Columns in numbers: counts, means, quartiles and the like, as pandas describes a frame.

        >>> nyc.describe("flights", columns=["dep_delay"])["dep_delay"].median  # doctest: +SKIP
        -2.0

        SQLite computes them, one column after the other, in memory that does not grow with the
        table; no extra is needed. Rows without a value are only counted.
        """
        from microcosm_sqlite.interop.summaries import describe_rows

        return describe_rows(_own(self), table, columns=columns, where=where, params=params)

    def _repr_html_(self) -> str:
        """A summary of the dataset, for notebooks."""
        from microcosm_sqlite.interop.notebook import summarize

        return summarize(_own(self))


def _own(frames: Frames) -> InstalledDataset:
    """The dataset that the methods belong to, for the type checker."""
    return frames  # type: ignore[return-value]


def find_fields(dataset: InstalledDataset, table: Table, names: Iterable[str]) -> list[Field]:
    """Columns of a table, in the order of the names.

    Raises:
        TableNotFoundError: There is none of one of these names.
    """
    fields = {field.name: field for field in table.fields}
    owner = f"Table {table.name!r} of dataset {dataset.name!r}"
    chosen = []
    for name in names:
        if name not in fields:
            raise refuse_name(name, fields, owner, "column")
        chosen.append(fields[name])
    return chosen
