"""Import path for users; the code is in `microcosm_sqlite.orm.overriding`."""

from __future__ import annotations

from microcosm_sqlite.orm.overriding import override

__all__ = ["override"]
