"""Import path for users; the code is in `microcosm_sqlite.catalog.manifest`."""

from __future__ import annotations

from microcosm_sqlite.catalog.manifest import Manifest, Requirement
from microcosm_sqlite.catalog.manifest_tables import Field, Table

__all__ = ["Field", "Manifest", "Requirement", "Table"]
