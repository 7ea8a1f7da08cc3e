"""Import path for users; the code is in `microcosm_sqlite.authoring.subsetting.subset`."""

from __future__ import annotations

from microcosm_sqlite.authoring.project.recipe import Recipe, read_conditions
from microcosm_sqlite.authoring.subsetting.outside import OutsideRows
from microcosm_sqlite.authoring.subsetting.subset import Size, Subset, write_subset

__all__ = ["OutsideRows", "Recipe", "Size", "Subset", "read_conditions", "write_subset"]
