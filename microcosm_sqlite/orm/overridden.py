"""Find the engines of datasets that a test overrides, whatever an object graph configures."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from microcosm_sqlite.catalog.overrides import active
from microcosm_sqlite.catalog.registry import find, find_requirements
from microcosm_sqlite.errors import DatasetError

if TYPE_CHECKING:
    from microcosm_sqlite.catalog.overrides import Override
    from microcosm_sqlite.orm.binds import Binds

_made: WeakKeyDictionary[Binds, dict[tuple[Override, ...], Binds]] = WeakKeyDictionary()
_origins: WeakKeyDictionary[Binds, Binds] = WeakKeyDictionary()


def find_overriding(binds: Binds, name: str, kind: type[Binds]) -> Binds:
    """Return the binds that answer for a dataset: others, while it is overridden.

    So are those of a dataset that refers to one that is overridden. All others are as they were,
    databases in memory included.

    Args:
        binds: Those that answer otherwise.
        name: The dataset's name.
        kind: The class of those that are made.
    """
    overrides = active()
    if not overrides:
        return binds
    origin = _origins.get(binds, binds)
    if not _is_affected(name, overrides):
        return origin
    made = _made.setdefault(origin, {})
    overriding = made.get(overrides)
    if overriding is None:
        overriding = made.setdefault(overrides, _leave_out(origin, _name(overrides), kind))
        _origins[overriding] = origin
        for override in overrides:
            override.at_end(lambda: _forget(made, overrides))
    return overriding


def _leave_out(binds: Binds, names: set[str], kind: type[Binds]) -> Binds:
    """Binds that are configured alike, but for the paths of some datasets."""
    configured = binds.paths.configured.items()
    return kind(
        path=binds.default_path,
        paths={name: path for name, path in configured if name not in names},
        echo=binds.echo,
        use_foreign_keys=binds.use_foreign_keys,
        read_only=binds.read_only,
        autocommit=binds.autocommit,
        untrusted=binds.untrusted,
        editions=binds.paths.editions,
        graph=binds.paths.graph,
        is_of_process=binds.is_of_process,
    )


def _forget(made: dict[tuple[Override, ...], Binds], overrides: tuple[Override, ...]) -> None:
    overriding = made.pop(overrides, None)
    if overriding is not None:
        overriding.dispose()


def _is_affected(name: str, overrides: tuple[Override, ...]) -> bool:
    names = _name(overrides)
    if name in names:
        return True
    try:
        dataset = find(name)
        return dataset is not None and not names.isdisjoint(find_requirements(dataset))
    except DatasetError:
        return False  # raised for whoever opens it


def _name(overrides: tuple[Override, ...]) -> set[str]:
    return {each.dataset.name for each in overrides}
