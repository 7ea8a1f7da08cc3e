"""Import path for users; the code is in `microcosm_sqlite.orm.types`."""

from __future__ import annotations

from microcosm_sqlite.orm.types import new_object_id

__all__ = ["new_object_id"]
