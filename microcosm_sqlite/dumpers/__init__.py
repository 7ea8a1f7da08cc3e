"""Import path for users; the code is in `microcosm_sqlite.graph`."""

from __future__ import annotations

from microcosm_sqlite.graph.csv_components import SQLiteDumper
from microcosm_sqlite.graph.csv_dumper import CSVDumper

__all__ = ["CSVDumper", "SQLiteDumper"]
