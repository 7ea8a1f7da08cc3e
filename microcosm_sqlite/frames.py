"""Import path for users; the code is in `microcosm_sqlite.interop`."""

from __future__ import annotations

from microcosm_sqlite.catalog.query_frames import DatasetQuery
from microcosm_sqlite.interop.reader import Copy, read_batches, read_table, split_range
from microcosm_sqlite.interop.summaries import ColumnSummary, TableSummary

__all__ = [
    "ColumnSummary",
    "Copy",
    "DatasetQuery",
    "TableSummary",
    "read_batches",
    "read_table",
    "split_range",
]
