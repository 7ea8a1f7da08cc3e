"""Tables as polars frames: whole, or lazily with what a query needs and no more."""

from __future__ import annotations

import atexit
import time
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING

from microcosm_sqlite.common.extras import extra

with extra("polars"):
    import polars as pl
    import pyarrow.parquet as pq
    from polars.io.plugins import register_io_source

    from microcosm_sqlite.interop.arrow_types import has_wide_decimals, refuse_wide_decimals
    from microcosm_sqlite.interop.polars_predicates import read_predicate
    from microcosm_sqlite.interop.reader import (
        BATCH_ROWS,
        empty_batch,
        list_members,
        plan_read,
        read_table,
        stream,
    )
    from microcosm_sqlite.interop.scan import plan_scan
    from microcosm_sqlite.interop.selections import keep_selection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    import pyarrow as pa

    from microcosm_sqlite.catalog.frames import Selection
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.interop.scan import Scan


def read_frame(
    dataset: InstalledDataset, table: str, **selection: Unpack[Selection]
) -> pl.DataFrame:
    """Rows of a table as a :class:`polars.DataFrame`."""
    return to_polars(read_table(dataset, table, **selection))


def to_polars(read: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """A frame of the same rows, with enumerations as `polars.Enum`."""
    refuse_wide_decimals(read.schema, "polars")
    frame = pl.from_arrow(read, rechunk=False)
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  # it is one, for a table
    return frame.cast({name: pl.Enum(members) for name, members in list_members(read).items()})


def scan_frame(
    dataset: InstalledDataset, table: str, **selection: Unpack[Selection]
) -> pl.LazyFrame:
    """The same as a :class:`polars.LazyFrame`.

    SQLite reads only the columns and the number of rows that a query needs, and applies ``where``,
    ``rows`` and of the predicates those which it judges as polars does; all of them are applied to
    each batch as it comes.
    """
    selection = keep_selection(selection)
    scan = plan_read(dataset, table, **selection)
    if scan.twin and not has_wide_decimals(pq.read_schema(scan.twin)):
        return _scan_twin(scan)
    names = [column.name for column in scan.columns]

    def batches(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,
    ) -> Iterator[pl.DataFrame]:
        wanted = names if with_columns is None else with_columns
        # A query that only counts wants no column, and rows have to be counted in one.
        limits = [limit for limit in (selection.get("limit"), n_rows) if limit is not None]
        narrowed: Selection = {
            **selection,
            "columns": wanted or names[:1],
            "limit": min(limits, default=None),
        }
        scan = plan_scan(dataset, table, **narrowed)
        if predicate is not None:
            scan = scan.filtered(partial(read_predicate, predicate))
        reader = stream(scan, batch_size or BATCH_ROWS)
        try:
            while not _steps.are_over:
                with _steps:
                    batch = next(reader, None)
                    if batch is None:
                        return
                    frame = to_polars(batch).select(wanted)
                    frame = frame if predicate is None else frame.filter(predicate)
                yield frame
        finally:
            with _steps:
                reader.close()

    schema = to_polars(empty_batch(scan)).schema
    return register_io_source(batches, schema=schema)


def _scan_twin(scan: Scan) -> pl.LazyFrame:
    """The rows of a columnar twin, which polars itself reads: columns, predicates and all."""
    frame = pl.scan_parquet(scan.twin, glob=False, hive_partitioning=False)
    if scan.rows:
        frame = frame.filter(pl.col(scan.rowid).is_between(*scan.rows))
    wanted = to_polars(empty_batch(scan)).schema
    stored = frame.collect_schema()
    chosen = frame.select(
        name if stored[name] == type_ else pl.col(name).cast(type_)
        for name, type_ in wanted.items()
    )
    return chosen if scan.limit is None else chosen.head(scan.limit)


class _Steps:
    """The steps by which threads of polars read, so that none runs when the interpreter ends.

    A query that has all of its rows does not wait for the thread that reads the next ones. That
    thread would come back to an interpreter which is no more, and kill the process.

    Attributes:
        are_over: Whether the interpreter is about to end, so that no step may begin.
    """

    _LONGEST_STEP = 30.0
    _WAY_BACK = 0.05
    """Seconds in which a thread gets from the end of a step to the end of its Python code."""

    def __init__(self) -> None:
        self.are_over = False
        self._running = 0
        self._total = 0
        self._changed = Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._running += 1
            self._total += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def end(self) -> None:
        """Wait for the steps that run, and let none begin."""
        self.are_over = True
        with self._changed:
            self._changed.wait_for(lambda: not self._running, self._LONGEST_STEP)
        if self._total:
            time.sleep(self._WAY_BACK)


_steps = _Steps()
atexit.register(_steps.end)
