"""Import path for users; the code is in `microcosm_sqlite.orm.types`."""

from __future__ import annotations

from microcosm_sqlite.orm.types import EnumType, Truthy

__all__ = ["EnumType", "Truthy"]
