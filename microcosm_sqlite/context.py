"""Import path for users; the code is in `microcosm_sqlite.orm.contexts`."""

from __future__ import annotations

from microcosm_sqlite.orm.contexts import SessionContext

__all__ = ["SessionContext"]
