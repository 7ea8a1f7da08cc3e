"""Tables as polars frames: whole, or lazily with what a query needs and no more."""

from __future__ import annotations

import atexit
import time
from threading import Condition
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
        reader = read_batches(
            dataset, table, limit=n_rows, batch_size=batch_size or BATCH_ROWS, **narrowed
        )
        try:
            while not _steps.are_over:
                with _steps:
                    batch = next(reader, None)
                    if batch is None:
                        return
                    frame = pl.DataFrame(batch).select(wanted)
                    frame = frame if predicate is None else frame.filter(predicate)
                yield frame
        finally:
            with _steps:
                reader.close()

    schema = pl.DataFrame(empty_batch(scan)).schema
    return register_io_source(batches, schema=schema)


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
