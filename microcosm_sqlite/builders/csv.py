"""The import path of `CSVBuilder` in 2.0.0."""

from __future__ import annotations

from microcosm_sqlite.builders.csv_builder import CSVBuilder

__all__ = ["CSVBuilder"]
