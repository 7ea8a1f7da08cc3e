"""Import path for users; the code is in `microcosm_sqlite.orm.data_sets`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

from microcosm_sqlite.orm.data_sets import DataSet, DataSetMeta, dispose_sqlite_connections

if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset

__all__ = ["DataSet", "DataSetMeta", "dispose_sqlite_connections"]


class _CallableModule(ModuleType):
    """This module, callable as :func:`microcosm_sqlite.dataset`.

    The package has a function and, since 2.0.0, a module of that one name, and importing a module
    binds it to the name. So whichever of the two the name stands for, calling it finds a dataset.
    """

    def __call__(self, name: str) -> InstalledDataset:
        """The installed or registered dataset of this name."""
        from microcosm_sqlite.catalog.registry import dataset

        return dataset(name)


sys.modules[__name__].__class__ = _CallableModule
