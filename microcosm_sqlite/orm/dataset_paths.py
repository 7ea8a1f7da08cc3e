"""Where each dataset is: configured, registered or installed."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.registry import datasets, find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microcosm_sqlite.catalog.installed import InstalledDataset

    Path = str | os.PathLike[str]


class DatasetPaths(MutableMapping[str, "Path"]):
    """Where each dataset is: configured or set here, or else registered or installed.

    Installed datasets are looked up when they are asked for, and not before.
    """

    def __init__(self, configured: Mapping[str, Path], graph: Any = None) -> None:
        self.configured: dict[str, Path] = dict(configured)
        self._graph = weakref.ref(graph) if graph is not None else lambda: None

    def find(self, name: str) -> InstalledDataset | None:
        """The registered or installed dataset of this name, located; None if there is none."""
        found = find(name)
        if found is not None:
            found.locate(self._graph())
        return found

    def __getitem__(self, name: str) -> Path:
        if name in self.configured:
            return self.configured[name]
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found.location.path

    def __setitem__(self, name: str, path: Path) -> None:
        self.configured[name] = path

    def __delitem__(self, name: str) -> None:
        del self.configured[name]

    def __contains__(self, name: object) -> bool:
        return name in self.configured or (isinstance(name, str) and find(name) is not None)

    def __iter__(self) -> Iterator[str]:
        return iter({**self.configured, **datasets()})

    def __len__(self) -> int:
        return len({**self.configured, **datasets()})
