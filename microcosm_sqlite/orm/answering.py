"""Find whose engines and sessions answer for a dataset: those of a graph or of the process."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any, cast

from microcosm_sqlite.catalog import registry
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.orm.arguments import check_graph
from microcosm_sqlite.orm.binds import Binds
from microcosm_sqlite.orm.configuration import tell_of_both
from microcosm_sqlite.orm.engines import forget_engines
from microcosm_sqlite.orm.overridden import find_overriding

if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset


def binds_of(graph: Any, name: str) -> Binds:
    """Return the binds of an object graph, or, for None, those that answer for a dataset.

    A registered or installed dataset answers for itself, whatever a graph configures for its name.
    Only where there is none does the graph made last answer, as long as something refers to it:
    programs that were written for 2.0.0 have one graph. An earlier graph never does. What a test
    overrides goes before all of them.
    """
    return find_overriding(_configured_binds(graph, name), name, Binds)


def _configured_binds(graph: Any, name: str) -> Binds:
    if graph is not None:
        return graph if isinstance(graph, Binds) else cast("Binds", check_graph(graph).sqlite)
    latest = _latest_binds()
    if latest is None:
        return _process_binds()
    if not _process_binds.knows(name):
        return latest
    if name in latest.paths.configured:
        tell_of_both(name, os.fspath(latest.paths.configured[name]))
    return _process_binds()


def dispose_binds(graph: Any) -> None:
    """Close what :func:`binds_of` gave for an object graph, or for None."""
    found = [_process_binds(), _latest_binds()] if graph is None else [binds_of(graph, "")]
    for binds in found:
        if binds is not None:
            binds.dispose()


def set_latest_binds(binds: Binds) -> None:
    """Note the binds of the object graph made last, for as long as it lives."""
    _graph_binds[:] = [weakref.ref(binds)]


def _latest_binds() -> Binds | None:
    return _graph_binds[0]() if _graph_binds else None


class _ProcessBinds:
    """The binds of no graph: made again when datasets were registered or unregistered since."""

    def __init__(self) -> None:
        self._registered: dict[str, InstalledDataset] = {}
        self._binds: Binds | None = None
        self._known: dict[str, bool] = {}

    def __call__(self) -> Binds:
        registered = registry.registered()
        if self._binds is None or self._registered != registered:
            former, self._registered = self._registered, registered
            self._known = {}
            outdated, self._binds = self._binds, Binds(is_of_process=True)
            if outdated is not None:
                outdated.dispose()
            for name, dataset in former.items():
                if registered.get(name) is not dataset:
                    forget_engines(dataset)
        return self._binds

    def knows(self, name: str) -> bool:
        """Whether a dataset of this name is registered or installed, looked up once."""
        self()
        if name not in self._known:
            try:
                self._known[name] = registry.find(name) is not None
            except DatasetError:
                self._known[name] = True  # raised for whoever opens it
        return self._known[name]


_process_binds = _ProcessBinds()
_graph_binds: list[weakref.ref[Binds]] = []
