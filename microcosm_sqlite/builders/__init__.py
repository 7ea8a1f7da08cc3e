"""Import path for users; the code is in `microcosm_sqlite.graph.csv_builder`."""

from __future__ import annotations

from microcosm_sqlite.graph.csv_builder import CSVBuilder, SQLiteBuilder

__all__ = ["CSVBuilder", "SQLiteBuilder"]
