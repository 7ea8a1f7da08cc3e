"""The configuration under ``sqlite``: its flags, and where each dataset is."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping, MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.registry import datasets, find
from microcosm_sqlite.catalog.usage import log
from microcosm_sqlite.common.kinds import parse_boolean
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from microcosm_sqlite.catalog.installed import InstalledDataset

    Path = str | os.PathLike[str]

MOST_SECONDS = 1_000_000
"""SQLite counts milliseconds, in 31 bits."""


def read_flag(key: str, value: object) -> bool:
    """The boolean that a flag of the configuration is set to, in any spelling.

    Raises:
        ConfigurationError: It is no boolean.
    """
    try:
        return parse_boolean(value)
    except ValueError as error:
        raise ConfigurationError(
            f"sqlite.{key} is {value!r}, which is neither true nor false.",
            hint='Write "true" or "false".',
        ) from error


def read_seconds(key: str, value: object) -> float:
    """The number of seconds that a key of the configuration is set to.

    Raises:
        ConfigurationError: It is not a number, or less than nothing.
    """
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1
    if not 0 <= seconds < MOST_SECONDS:
        raise ConfigurationError(
            f"sqlite.{key} is {value!r}, which is not a number of seconds.",
            hint=f"Write a number from 0 to {MOST_SECONDS:,}, such as 30.",
        )
    return seconds


def read_path(path: object) -> Path:
    """The path of every dataset that has none of its own.

    Raises:
        ConfigurationError: It is none.
    """
    if not isinstance(path, str | os.PathLike):
        raise ConfigurationError(
            f"sqlite.path is {path!r}, which is not a path.",
            hint="Write a path, or leave the key out for a database in memory.",
        )
    return path


def read_paths(paths: object) -> dict[str, Path]:
    """The configured paths by the names of datasets.

    Raises:
        ConfigurationError: They are no mapping of names to paths.
    """
    if not isinstance(paths, Mapping):
        raise ConfigurationError(
            f"sqlite.paths is {paths!r}, which does not map names of datasets to paths.",
            hint='Write one key for each dataset, such as {"flights": "data/flights.db"}.',
        )
    for name, path in paths.items():
        if not isinstance(path, str | os.PathLike):
            raise ConfigurationError(
                f"sqlite.paths[{name!r}] is {path!r}, which is not a path.",
                hint="Write a path, or leave the key out to use the installed dataset.",
            )
    return dict(paths)


def read_editions(editions: object) -> dict[str, str]:
    """The configured editions by the names of datasets.

    Raises:
        ConfigurationError: They are no mapping of names to names.
    """
    if isinstance(editions, Mapping) and all(isinstance(each, str) for each in editions.values()):
        return dict(editions)
    raise ConfigurationError(
        f"sqlite.editions is {editions!r}, which does not map names of datasets to editions.",
        hint='Write one key for each dataset, such as {"flights": "lite"}.',
    )


def refuse_misspelt(keys: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a key that is nearly a known one; others may be the application's own.

    Raises:
        ConfigurationError: There is one.
    """
    known = set(known)
    for key in sorted(set(keys) - known):
        if hint := suggest(key, known, spell=str):
            raise ConfigurationError(f"sqlite.{key} is not a key of the configuration.", hint=hint)


if TYPE_CHECKING:
    _Dictionary = dict[str, Path]
else:

    class _Dictionary(MutableMapping, dict):
        """A dictionary whose methods are those of a mapping: they read through the subclass."""


class DatasetPaths(_Dictionary):
    """Where each dataset is: configured or set here, or else registered or installed.

    Installed datasets are looked up when they are asked for, and not before. It is a dictionary for
    those who look at the type, as `json` does; what it holds as such is never read.
    """

    def __init__(self, configured: object, graph: Any = None, editions: object = None) -> None:
        # `json` takes a dictionary that holds nothing for an empty one, without asking it.
        dict.__init__(self, {"": ""})
        self.configured = read_paths(configured)
        self.editions = read_editions(editions or {})
        self._graph = weakref.ref(graph) if graph is not None else lambda: None

    @property
    def graph(self) -> Any:
        """The object graph that they are configured in, or None."""
        return self._graph()

    def find(self, name: str) -> InstalledDataset | None:
        """The registered or installed dataset of this name, located; None if there is none."""
        found = find(name, self.editions.get(name, ""))
        if found is not None:
            found.locate(self.graph)
        return found

    def __getitem__(self, name: str) -> Path:
        if name in self.configured:
            return self.configured[name]
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found.location.memory or found.location.path

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

    def __repr__(self) -> str:
        return repr(self.copy())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def copy(self) -> dict[str, Path]:
        """A plain dictionary of all of them."""
        return dict(self.items())


_BOTH = (
    "Dataset %s: code that names no object graph uses the installed dataset, not %s, which is "
    "configured. Name the graph: Store(graph), SessionContext(graph, Model)."
)


@cache
def tell_of_both(name: str, path: str) -> None:
    """Log, once for each dataset, that it is configured and yet not read from there."""
    log("warning", _BOTH, name, path)
