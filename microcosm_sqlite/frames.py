"""Import path for users; the code is in `microcosm_sqlite.interop`."""

from __future__ import annotations

from microcosm_sqlite.interop.reader import Copy, read_batches, read_table, split_range

__all__ = ["Copy", "read_batches", "read_table", "split_range"]
