"""Import path for users; the code is in `microcosm_sqlite.orm.data_sets`."""

from __future__ import annotations

import sys
from types import ModuleType

from microcosm_sqlite.catalog import registry
from microcosm_sqlite.orm.data_sets import DataSet, DataSetMeta, dispose_sqlite_connections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset

__all__ = ["DataSet", "DataSetMeta", "dispose_sqlite_connections"]


class _CallableModule(ModuleType):
    """A module that finds a dataset when it is called, as :func:`microcosm_sqlite.dataset` does.

    2.0.0 has this module, and this version a function of the same name. Importing the module binds
    the name ``microcosm_sqlite.dataset`` to it, so calling the module has to find datasets too.
    """

    def __call__(self, name: str, *, edition: str = "") -> InstalledDataset:
        """Return the installed or registered dataset of this name."""
        return registry.dataset(name, edition=edition)


sys.modules[__name__].__class__ = _CallableModule
