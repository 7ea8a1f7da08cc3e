"""Import path for users; the code is in `microcosm_sqlite.interop.spark`."""

from __future__ import annotations

from microcosm_sqlite.interop.spark import DatasetSource

__all__ = ["DatasetSource"]
