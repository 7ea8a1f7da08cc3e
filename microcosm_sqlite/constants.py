"""Import path for users; the code is in `microcosm_sqlite.orm.data_sets`."""

from __future__ import annotations

from microcosm_sqlite.orm.data_sets import naming_convention

__all__ = ["naming_convention"]
