"""Import path for users; the code is in `microcosm_sqlite.orm.stores`."""

from __future__ import annotations

from microcosm_sqlite.orm.stores import GetOrCreateSession, Store, get_session

__all__ = ["GetOrCreateSession", "Store", "get_session"]
