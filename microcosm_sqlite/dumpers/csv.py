"""The import path of `CSVDumper` in 2.0.0."""

from __future__ import annotations

from microcosm_sqlite.dumpers.csv_dumper import CSVDumper

__all__ = ["CSVDumper"]
