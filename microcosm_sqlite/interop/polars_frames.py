"""Tables as polars frames: whole, or lazily with what a query needs and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.interop.reader import BATCH_ROWS, empty_batch, read_batches, read_table
from microcosm_sqlite.interop.scan import plan_scan

with extra("polars"):
    import polars as pl
    from polars.io.plugins import register_io_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from microcosm_sqlite.catalog.frames import Selection
    from microcosm_sqlite.catalog.installed import InstalledDataset


def read_frame(
    dataset: InstalledDataset, table: str, **selection: Unpack[Selection]
) -> pl.DataFrame:
    """Rows of a table as a :class:`polars.DataFrame`."""
    read = read_table(dataset, table, **selection)
    frame = pl.from_arrow(read, rechunk=False)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  # it is one, for a table
    return frame


def scan_frame(
    dataset: InstalledDataset, table: str, **selection: Unpack[Selection]
) -> pl.LazyFrame:
    """The same as a :class:`polars.LazyFrame`.

    SQLite reads only the columns and the number of rows that a query needs, and applies ``where``
    and ``rows``; the predicates of the query are applied to each batch as it comes.
    """
    scan = plan_scan(dataset, table, **selection)
    names = [column.name for column in scan.columns]

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        wanted = names if with_columns is None else with_columns
        # A query that only counts wants no column, and rows have to be counted in one.
        narrowed: Selection = {**selection, "columns": wanted or names[:1]}
        with read_batches(
            dataset, table, limit=n_rows, batch_size=batch_size or BATCH_ROWS, **narrowed
        ) as reader:
            for batch in reader:
                frame = pl.DataFrame(batch).select(wanted)
                yield frame if predicate is None else frame.filter(predicate)

    schema = pl.DataFrame(empty_batch(scan)).schema
    return register_io_source(batches, schema=schema)
