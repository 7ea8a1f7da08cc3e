"""Datasets as wheels: verified, read-only SQLite files that pip installs and Python finds by name.

>>> import microcosm_sqlite
>>> microcosm_sqlite.datasets()                                 # doctest: +SKIP
{'nycflights13': <InstalledDataset nycflights13 2013.1 from nycflights13-data>}
"""

from __future__ import annotations

from microcosm_sqlite.catalog.distributions import Problem
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.catalog.registry import dataset, datasets, problems, register, unregister
from microcosm_sqlite.catalog.usage import provenance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.verifying.checklist import Outcome, Report
    from microcosm_sqlite.orm.contexts import SessionContext
    from microcosm_sqlite.orm.data_sets import DataSet, dispose_sqlite_connections
    from microcosm_sqlite.orm.rows import Page
    from microcosm_sqlite.orm.stores import Store

__all__ = [
    "DataSet",
    "InstalledDataset",
    "Location",
    "Manifest",
    "Outcome",
    "Page",
    "Problem",
    "Report",
    "SessionContext",
    "Store",
    "dataset",
    "datasets",
    "dispose_sqlite_connections",
    "problems",
    "provenance",
    "register",
    "unregister",
]

# SQLAlchemy takes ten times as long to import as a dataset takes to open, so the names that need
# it are imported when they are asked for, as are those that few programs use.
_LAZY = {
    "DataSet": "microcosm_sqlite.orm.data_sets",
    "Outcome": "microcosm_sqlite.catalog.verifying.checklist",
    "Page": "microcosm_sqlite.orm.rows",
    "Report": "microcosm_sqlite.catalog.verifying.checklist",
    "SessionContext": "microcosm_sqlite.orm.contexts",
    "Store": "microcosm_sqlite.orm.stores",
    "dispose_sqlite_connections": "microcosm_sqlite.orm.data_sets",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
