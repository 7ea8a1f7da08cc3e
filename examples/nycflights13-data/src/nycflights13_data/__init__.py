"""Every flight that left New York City in 2013, with its airline, airports, plane and weather."""

from __future__ import annotations

import os


def path(graph: object = None) -> str:
    """Return where the database is: the entry point by which microcosm-sqlite finds it."""
    return os.path.join(os.path.dirname(__file__), "nycflights13.db")
