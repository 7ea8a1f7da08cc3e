"""Import path for users; the code is in `microcosm_sqlite.graph.csv_dumper`."""

from __future__ import annotations

from microcosm_sqlite.graph.csv_dumper import CSVDumper, SQLiteDumper

__all__ = ["CSVDumper", "SQLiteDumper"]
