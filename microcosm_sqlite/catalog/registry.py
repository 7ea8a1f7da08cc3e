"""Find datasets by name, registered ones first, and those that another dataset requires."""

from __future__ import annotations

from microcosm_sqlite.catalog.citation import log
from microcosm_sqlite.catalog.discovery import discover
from microcosm_sqlite.catalog.distributions import Entry, Problem
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location, locate_object
from microcosm_sqlite.errors import (
    AmbiguousDatasetError,
    DatasetError,
    DatasetNotFoundError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest, Requirement


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
    from microcosm_sqlite.common.wording import suggest

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


def find_requirements(dataset: InstalledDataset) -> dict[str, Requirement]:
    """The datasets that a dataset requires, directly or through others, by name."""
    required: dict[str, Requirement] = {}
    ahead: list[InstalledDataset | None] = [dataset]
    while ahead:
        next_ = ahead.pop()
        manifest = next_.manifest if next_ else None
        for name, requirement in manifest.requires.items() if manifest else ():
            if name != dataset.name and name not in required:
                required[name] = requirement
                ahead.append(_find_usable(name))
    return required


def _find_usable(name: str) -> InstalledDataset | None:
    try:
        dataset = find(name)
        if dataset:
            dataset.manifest  # noqa: B018  # reading it is the check
    except DatasetError:
        return None  # told to whoever asks for it
    return dataset


def find_required(dataset: InstalledDataset, requirement: Requirement) -> InstalledDataset:
    """The dataset that a dataset requires.

    Raises:
        DatasetNotFoundError: It is not installed; the hint says what to install.
        DatasetError: It cannot be used.
    """
    other = find(requirement.dataset)
    if other is None:
        raise DatasetNotFoundError(
            f"Dataset {dataset.name!r} refers to dataset {requirement.dataset!r}, which is not "
            "installed.",
            hint=suggest_install(requirement),
        )
    return other


def list_required(manifest: Manifest, datasets: Iterable[str]) -> list[Requirement]:
    """The requirements for these datasets, made up where the manifest does not name one."""
    from microcosm_sqlite.catalog.manifest import Requirement

    return [manifest.requires.get(name) or Requirement(name, {}) for name in datasets]


def suggest_install(*requirements: Requirement) -> str:
    """The command that installs what is required."""
    wanted = (f"'{each.distribution or each.dataset}{each.accepts}'" for each in requirements)
    return f"Run: pip install {' '.join(wanted)}"


def find_misfit(requirement: Requirement, other: InstalledDataset) -> str:
    """Return why the version of a dataset does not satisfy a requirement, or an empty string."""
    version = other.distribution_version or other.version
    if not (requirement.accepts and version) or version == requirement.version:
        return ""
    from contextlib import suppress

    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    owner = other.distribution or f"dataset {other.name}"
    try:
        with suppress(InvalidVersion):  # of packaging 24; a later one takes it for no match
            if SpecifierSet(requirement.accepts).contains(version, prereleases=True):
                return ""
    except InvalidSpecifier as error:
        return f"{owner} {version} cannot be compared with what is required: {error}"
    return f"{owner} {version} is installed, and {requirement.accepts} is required"
