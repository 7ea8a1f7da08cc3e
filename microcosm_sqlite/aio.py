"""Import path for users; the code is in `microcosm_sqlite.orm.aio`."""

from __future__ import annotations

from microcosm_sqlite.orm.aio import (
    AsyncSessionContext,
    AsyncStore,
    async_engine,
    dispose_async_engines,
)

__all__ = ["AsyncSessionContext", "AsyncStore", "async_engine", "dispose_async_engines"]
