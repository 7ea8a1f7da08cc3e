"""Find whose engines and sessions answer for a dataset: those of a graph or of the process."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any, cast

from microcosm_sqlite.catalog import registry
from microcosm_sqlite.catalog.overrides import active
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.orm.arguments import check_graph
from microcosm_sqlite.orm.binds import Binds
from microcosm_sqlite.orm.configuration import tell_of_both
from microcosm_sqlite.orm.engines import forget_engines
from microcosm_sqlite.orm.overridden import find_overriding

if TYPE_CHECKING:
    from collections.abc import Callable

    from microcosm_sqlite.catalog.installed import InstalledDataset


def binds_of(graph: Any, name: str) -> Binds:
    """Return the binds of an object graph, or, for None, those that answer for a dataset.

    A registered or installed dataset answers for itself, whatever a graph configures for its name.
    Only where there is none does the graph made last answer, as long as something refers to it:
    programs that were written for 2.0.0 have one graph. An earlier graph never does. What a test
    overrides goes before all of them.
    """
    binds = _process_or_latest(name) if graph is None else _graph_binds(graph)
    return find_overriding(binds, name, Binds) if active() else binds


def _graph_binds(graph: Any) -> Binds:
    return graph if isinstance(graph, Binds) else cast("Binds", check_graph(graph).sqlite)


def _process_or_latest(name: str) -> Binds:
    latest = _latest[0]()
    if latest is None:
        return _process_binds()
    if not _process_binds.knows(name):
        return latest
    if name in latest.paths.configured:
        tell_of_both(name, os.fspath(latest.paths.configured[name]))
    return _process_binds()


def dispose_binds(graph: Any) -> None:
    """Close what :func:`binds_of` gave for an object graph, or for None."""
    found = [_process_binds(), _latest[0]()] if graph is None else [binds_of(graph, "")]
    for binds in found:
        if binds is not None:
            binds.dispose()


def set_latest_binds(binds: Binds) -> None:
    """Note the binds of the object graph made last, for as long as it lives."""
    _latest[0] = weakref.ref(binds)


class _ProcessBinds:
    """The binds of no graph: made again when datasets were registered or unregistered since."""

    def __init__(self) -> None:
        self._registered = registry.registered()
        self._former: dict[str, InstalledDataset] = {}
        self._binds: Binds | None = None
        self._known: dict[str, bool] = {}

    def __call__(self) -> Binds:
        binds = self._binds
        if binds is None or self._former != self._registered:
            binds = self._start_again()
        return binds

    def knows(self, name: str) -> bool:
        """Whether a dataset of this name is registered or installed, looked up once."""
        is_known = self._known.get(name) if self._former == self._registered else None
        if is_known is None:
            self()
            is_known = self._known[name] = _is_known(name)
        return is_known

    def _start_again(self) -> Binds:
        former, self._former = self._former, dict(self._registered)
        self._known = {}
        outdated, self._binds = self._binds, Binds(is_of_process=True)
        if outdated is not None:
            outdated.dispose()
        for name, dataset in former.items():
            if self._registered.get(name) is not dataset:
                forget_engines(dataset)
        return self._binds


def _is_known(name: str) -> bool:
    try:
        return registry.find(name) is not None
    except DatasetError:
        return True  # raised for whoever opens it


_process_binds = _ProcessBinds()
_latest: list[Callable[[], Binds | None]] = [lambda: None]
"""A weak reference to the binds of the object graph made last; the first is to none."""
