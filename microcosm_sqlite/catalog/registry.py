"""Find datasets by name: registered ones first, then installed ones."""

from __future__ import annotations

from microcosm_sqlite.catalog.discovery import discover
from microcosm_sqlite.catalog.distributions import Entry, Problem
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location, locate_object
from microcosm_sqlite.catalog.usage import log
from microcosm_sqlite.errors import (
    AmbiguousDatasetError,
    DatasetError,
    DatasetNotFoundError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_registered: dict[str, InstalledDataset] = {}
_installed: dict[str, InstalledDataset] = {}


def datasets() -> dict[str, InstalledDataset]:
    """Every registered and installed dataset that can be used, sorted by name.

    Only metadata is read. What is installed but broken is left out here and reported by
    :func:`problems`; asking for it by name raises its error.
    """
    found = {name: entries[0] for name, entries in _claims().items() if len(entries) == 1}
    named = {name: _instance(entry) for name, entry in found.items()} | _registered
    usable = {}
    for name in sorted(named):
        if (fault := _fault(named[name])) is None:
            usable[name] = named[name]
        else:
            log("warning", "Dataset %s cannot be used: %s", name, fault)
    return usable


def dataset(name: str) -> InstalledDataset:
    """The dataset of this name.

    >>> microcosm_sqlite.dataset("nycflights13").version        # doctest: +SKIP
    '2013.1'

    Raises:
        DatasetNotFoundError: There is none; the hint names the nearest.
        AmbiguousDatasetError: Two distributions claim the name.
        ManifestError: Its manifest cannot be used.
    """
    named = find(name)
    if named is None:
        raise DatasetNotFoundError(f"No dataset is named {name!r}.", hint=_suggest(name))
    return named


def find(name: str) -> InstalledDataset | None:
    """The dataset of this name, or None; see :func:`dataset`."""
    if name in _registered:
        return _registered[name]
    entries = _claims().get(name, [])
    if len(entries) > 1:
        raise AmbiguousDatasetError(_ambiguity(name, entries), hint=_uninstall(entries))
    return _instance(entries[0]) if entries else None


def problems() -> list[Problem]:
    """What is installed but cannot be used, and why."""
    scan = discover()
    found = list(scan.problems)
    for name, entries in sorted(_claims(scan.entries).items()):
        if len(entries) > 1:
            owners = ", ".join(entry.distribution.name for entry in entries)
            found.append(Problem(owners, name, _ambiguity(name, entries), _uninstall(entries)))
            continue
        fault = _fault(_instance(entries[0]))
        if fault:
            owner = entries[0].distribution.name
            found.append(Problem(owner, name, fault.message, fault.hint))
    return found


def register(name: str, path: object, *, immutable: bool = False) -> InstalledDataset:
    """Name a database file by hand: for frozen applications, notebooks and tests.

    It takes precedence over an installed dataset of the same name.

    Args:
        name: The dataset's name.
        path: Text, ``os.PathLike``, or an ``importlib.resources`` file.
        immutable: Promise that nobody changes the file while it is open: it is then read without
            locks, about four times as fast on point queries.

    Raises:
        TypeError: ``path`` does not stand for a file.
    """
    location = locate_object(path)
    location.immutable = location.immutable or immutable
    _registered[name] = InstalledDataset(name, location=location)
    return _registered[name]


def registered() -> dict[str, InstalledDataset]:
    """The datasets that :func:`register` named."""
    return dict(_registered)


def unregister(name: str) -> None:
    """Forget what :func:`register` named; unknown names are no error."""
    _registered.pop(name, None)


def reopen(name: str, path: str, immutable: bool) -> InstalledDataset:
    """A registered dataset as another process unpickles it."""
    known = _registered.get(name)
    if known and known.location.path == path:
        return known
    return InstalledDataset(name, location=Location(path, immutable=immutable))


def _claims(entries: Iterable[Entry] | None = None) -> dict[str, list[Entry]]:
    claims: dict[str, list[Entry]] = {}
    for entry in discover().entries if entries is None else entries:
        claims.setdefault(entry.name, []).append(entry)
    return claims


def _instance(entry: Entry) -> InstalledDataset:
    """One object for each dataset, so that its manifest is parsed once."""
    known = _installed.get(entry.name)
    if known is None or known.entry is not entry:
        known = _installed[entry.name] = InstalledDataset(entry.name, entry)
    return known


def _fault(dataset: InstalledDataset) -> DatasetError | None:
    try:
        dataset.manifest  # noqa: B018  # reading it is the check
    except DatasetError as error:
        return error
    return None


def _suggest(name: str) -> str:
    from microcosm_sqlite.common.names import suggest

    names = sorted({*_claims(), *_registered})
    nothing = "No dataset is installed in this environment: pip install one."
    return suggest(name, names, "Installed") or nothing


def _ambiguity(name: str, entries: list[Entry]) -> str:
    owners = " and ".join(
        f"{entry.distribution.name} {entry.distribution.version}" for entry in entries
    )
    return f"Dataset {name!r} is claimed by {owners}."


def _uninstall(entries: list[Entry]) -> str:
    return f"Uninstall one of them, such as: pip uninstall {entries[-1].distribution.name}"
