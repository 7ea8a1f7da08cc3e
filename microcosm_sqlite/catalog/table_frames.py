"""One table of a dataset with the methods for frames: what ``nyc["flights"]`` is."""

from __future__ import annotations

from microcosm_sqlite.catalog.manifest_tables import refuse_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, Unpack, overload

    import dask.dataframe as dd
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyRelation

    from microcosm_sqlite.catalog.frames import Selection
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field, Table
    from microcosm_sqlite.interop.summaries import TableSummary


class DatasetTable:
    """A table, and the dataset that has it.

    >>> nyc["flights"].polars(columns=["dest"], limit=3)    # doctest: +SKIP
    >>> len(nyc["flights"])                                 # doctest: +SKIP
    336776

    The methods take the options of those of :class:`~microcosm_sqlite.frames.Frames`. A notebook
    shows the columns and some rows.

    Attributes:
        dataset: The dataset.
        table: What the manifest says of the table.
    """

    __slots__ = ("dataset", "table")

    def __init__(self, dataset: InstalledDataset, table: Table) -> None:
        self.dataset = dataset
        self.table = table

    def __repr__(self) -> str:
        return f"<DatasetTable {self.dataset.name}.{self.table.name}: {len(self):,} rows>"

    def __len__(self) -> int:
        return self.table.row_count

    def __getitem__(self, column: str) -> DatasetColumn:
        for field in self.table.fields:
            if field.name == column:
                return DatasetColumn(self.dataset, self.table, field)
        owner = f"Table {self.table.name!r} of dataset {self.dataset.name!r}"
        raise refuse_name(column, [field.name for field in self.table.fields], owner, "column")

    def __contains__(self, column: object) -> bool:
        return any(field.name == column for field in self.table.fields)

    if TYPE_CHECKING:

        @overload
        def arrow(self, *, batch_size: None = None, **selection: Unpack[Selection]) -> pa.Table: ...
        @overload
        def arrow(
            self, *, batch_size: int, **selection: Unpack[Selection]
        ) -> pa.RecordBatchReader: ...

    def arrow(self, **options: Any) -> pa.Table | pa.RecordBatchReader:
        """Rows as a ``pyarrow.Table``, or a reader."""
        return self.dataset.arrow(self.table.name, **options)

    def pandas(self, **options: Any) -> pd.DataFrame:
        """Rows as a ``pandas.DataFrame``."""
        return self.dataset.pandas(self.table.name, **options)

    if TYPE_CHECKING:

        @overload
        def polars(
            self, *, lazy: Literal[False] = False, **selection: Unpack[Selection]
        ) -> pl.DataFrame: ...
        @overload
        def polars(
            self, *, lazy: Literal[True], **selection: Unpack[Selection]
        ) -> pl.LazyFrame: ...

    def polars(self, **options: Any) -> pl.DataFrame | pl.LazyFrame:
        """Rows as a ``polars.DataFrame``, or lazily."""
        return self.dataset.polars(self.table.name, **options)

    def duckdb(self, **options: Any) -> DuckDBPyRelation:
        """Rows as a DuckDB relation."""
        return self.dataset.duckdb(self.table.name, **options)

    def dask(self, **options: Any) -> dd.DataFrame:
        """Rows as a Dask data frame."""
        return self.dataset.dask(self.table.name, **options)

    def describe(self, **options: Any) -> TableSummary:
        """Columns in numbers: counts, means, quartiles and the like."""
        return self.dataset.describe(self.table.name, **options)

    def _repr_html_(self) -> str:
        """Columns and some rows, for notebooks."""
        from microcosm_sqlite.interop.notebook import summarize_table

        return summarize_table(self.dataset, self.table)


class DatasetColumn:
    """A column of a table, and the dataset that has it; a notebook shows some of its values.

    Attributes:
        dataset: The dataset.
        table: What the manifest says of the table.
        field: What it says of the column.
    """

    __slots__ = ("dataset", "field", "table")

    def __init__(self, dataset: InstalledDataset, table: Table, field: Field) -> None:
        self.dataset = dataset
        self.table = table
        self.field = field

    def __repr__(self) -> str:
        name = f"{self.dataset.name}.{self.table.name}.{self.field.name}"
        return f"<DatasetColumn {name}: {self.field.type_name}>"

    def _repr_html_(self) -> str:
        """The manifest's description and sample values, for notebooks."""
        from microcosm_sqlite.interop.notebook import summarize_column

        return summarize_column(self.dataset, self.table, self.field)
