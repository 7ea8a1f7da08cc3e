"""Import path for users; the code is in `microcosm_sqlite.graph.component`."""

from __future__ import annotations

from microcosm_sqlite.graph.component import SQLiteBindFactory, check_health

__all__ = ["SQLiteBindFactory", "check_health"]
