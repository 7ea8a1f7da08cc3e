"""Import path for users; the code is in `microcosm_sqlite.catalog.manifest`."""

from __future__ import annotations

from microcosm_sqlite.catalog.manifest import Field, Manifest, Requirement, Table

__all__ = ["Field", "Manifest", "Requirement", "Table"]
