"""Import path for users; the code is in `microcosm_sqlite.orm.types`."""

from __future__ import annotations

from microcosm_sqlite.orm.types import IdentityMixin

__all__ = ["IdentityMixin"]
