"""The answer to a statement with the methods for frames: what ``nyc.sql("SELECT ...")`` is."""

from __future__ import annotations

from microcosm_sqlite.catalog.list_parameters import keep_lists
from microcosm_sqlite.common.keywords import explain_keywords

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from microcosm_sqlite.catalog.frames import Parameters
    from microcosm_sqlite.catalog.installed import InstalledDataset


class DatasetQuery:
    """A statement, and the dataset that answers it; each method runs it.

    >>> late = nyc.sql("SELECT carrier, max(time_hour) AS last FROM flights GROUP BY 1")
    ... # doctest: +SKIP
    >>> late.polars().schema["last"]                        # doctest: +SKIP
    Datetime(time_unit='us', time_zone=None)

    A column that comes from a column of a table, through joins, subqueries, `max` or `coalesce`,
    has the type of that one. What is computed has the type that SQLite gives it: whole numbers,
    numbers, text or bytes.

    Attributes:
        dataset: The dataset.
        statement: The SQL.
    """

    __slots__ = ("_attach", "_params", "dataset", "statement")

    def __init__(
        self,
        dataset: InstalledDataset,
        statement: str,
        params: Parameters | None,
        attach: Sequence[str],
    ) -> None:
        self.dataset = dataset
        self.statement = statement
        self._params = keep_lists(params)  # it may be executed more than once
        self._attach = attach

    def __repr__(self) -> str:
        return f"<DatasetQuery {self.dataset.name}: {' '.join(self.statement.split())[:80]}>"

    @explain_keywords()
    def arrow(self) -> pa.Table:
        """The answer as a ``pyarrow.Table``."""
        from microcosm_sqlite.interop.queries import read_query

        return read_query(self.dataset, self.statement, self._params, self._attach)

    @explain_keywords()
    def pandas(
        self, *, dtype_backend: Literal["numpy", "numpy_nullable", "pyarrow"] = "numpy"
    ) -> pd.DataFrame:
        """The answer as a ``pandas.DataFrame``; the option is that of a dataset's method."""
        from microcosm_sqlite.interop.pandas_frames import to_pandas

        return to_pandas(self.arrow(), dtype_backend)

    @explain_keywords()
    def polars(self) -> pl.DataFrame:
        """The answer as a ``polars.DataFrame``."""
        from microcosm_sqlite.interop.polars_frames import to_polars

        return to_polars(self.arrow())

    @explain_keywords()
    def duckdb(self, *, connection: DuckDBPyConnection | None = None) -> DuckDBPyRelation:
        """The answer as a relation of DuckDB, of ``connection`` or its default connection."""
        from microcosm_sqlite.interop.duckdb_frames import to_relation

        return to_relation(self.arrow(), connection)
