"""Import path for users; the code is in `microcosm_sqlite.graph`."""

from __future__ import annotations

from microcosm_sqlite.graph.csv_builder import CSVBuilder
from microcosm_sqlite.graph.csv_components import SQLiteBuilder

__all__ = ["CSVBuilder", "SQLiteBuilder"]
