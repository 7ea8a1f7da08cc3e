"""Find datasets by name, registered ones first, and those that another dataset requires."""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.discovery import discover
from microcosm_sqlite.catalog.distributions import Entry, Problem
from microcosm_sqlite.catalog.edition_choice import choose_edition, name_edition
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location, locate_object
from microcosm_sqlite.catalog.overrides import active, overridden
from microcosm_sqlite.catalog.usage import log
from microcosm_sqlite.errors import DatasetError, DatasetNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest, Requirement


_registered: dict[str, InstalledDataset] = {}
_installed: dict[tuple[str, str], InstalledDataset] = {}


def datasets() -> dict[str, InstalledDataset]:
    """Every registered and installed dataset that can be used, sorted by name.

    Only metadata is read. What is installed but broken is left out here and reported by
    :func:`problems`; asking for it by name raises its error.
    """
    claims = _claims().items()
    named = {name: each for name, several in claims if (each := _choose(name, several))}
    named |= _registered
    named |= {each.dataset.name: each.dataset for each in active()}
    usable = {}
    for name in sorted(named):
        if (fault := _fault(named[name])) is None:
            usable[name] = named[name]
        else:
            log("warning", "Dataset %s cannot be used: %s", name, fault)
    return usable


def dataset(name: str, *, edition: str = "") -> InstalledDataset:
    """The dataset of this name.

    Of several editions it is the one that ``MICROCOSM_SQLITE_EDITION`` names, else the full one,
    else the only one there is.

    >>> microcosm_sqlite.dataset("nycflights13").version        # doctest: +SKIP
    '2013.1'

    Args:
        name: The dataset's name.
        edition: The edition that is wanted, such as ``lite`` or ``full``, and no other.

    Raises:
        DatasetNotFoundError: There is none; the hint names the nearest.
        AmbiguousDatasetError: Two distributions claim the name.
        ManifestError: Its manifest cannot be used.
    """
    if not isinstance(name, str):
        raise TypeError(f"The name of a dataset is a string, not {name!r}.")
    named = find(name, edition)
    if named is None:
        raise DatasetNotFoundError(f"No dataset is named {name!r}.", hint=_suggest(name))
    return named


def find(name: str, edition: str = "") -> InstalledDataset | None:
    """The dataset of this name, or None; see :func:`dataset`."""
    if (override := overridden(name)) is not None:
        return override
    if name in _registered and edition in ("", name_edition(_registered[name])):
        return _registered[name]
    candidates = [_instance(entry) for entry in _claims().get(name, [])]
    return choose_edition(name, candidates, edition) if candidates else None


def find_editions(name: str) -> dict[str, InstalledDataset]:
    """All that is installed of a dataset, by what each is called; the last one of two."""
    candidates = [_instance(entry) for entry in _claims().get(name, [])]
    return {name_edition(each): each for each in candidates}


def find_others(names: Iterable[str]) -> dict[str, InstalledDataset]:
    """The datasets that are to be attached to another one.

    Raises:
        TypeError: What is given is no list of names.
        DatasetError: One of them cannot be found.
    """
    if names == ():  # as mostly, which needs no imports
        return {}
    from microcosm_sqlite.common.arguments import check_names

    chosen = [names] if isinstance(names, str) else check_names("attach", names)
    return {name: dataset(name) for name in chosen}


def explain_edition(dataset: InstalledDataset) -> str:
    """Describe what an edition lacks, and how to get it; empty for a full dataset."""
    if _fault(dataset) or dataset.manifest is None:
        return ""
    return dataset.manifest.explain_edition()


def _choose(name: str, entries: list[Entry]) -> InstalledDataset | None:
    try:
        return choose_edition(name, [_instance(entry) for entry in entries])
    except DatasetError:
        return None  # told by `problems`


def problems() -> list[Problem]:
    """List what is installed but cannot be used, and why.

    No code of a data wheel is run: whether the entry point of one that was made for 2.0.0 works,
    ``microcosm-sqlite doctor`` tells.
    """
    scan = discover()
    found = list(scan.problems)
    for name, entries in sorted(_claims(scan.entries).items()):
        candidates = [_instance(entry) for entry in entries]
        try:
            choose_edition(name, candidates)
        except DatasetError as error:
            owners = ", ".join(entry.distribution.name for entry in entries)
            found.append(Problem(owners, name, error.message, error.hint))
            continue
        found += (
            Problem(each.distribution, name, fault.message, fault.hint)
            for each in candidates
            if (fault := _fault(each))
        )
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
        TypeError: ``path`` does not stand for a file, or the name is no string.
        ValueError: One of them is empty, or the name is a path.
    """
    from microcosm_sqlite.common.arguments import check_name

    check_name(name)
    if os.path.dirname(name):
        raise ValueError(f"The name of a dataset comes first, then its path: {name!r} is a path.")
    location = locate_object(path)
    location.immutable = location.immutable or immutable
    _registered[name] = InstalledDataset(name, location=location)
    return _registered[name]


def registered() -> Mapping[str, InstalledDataset]:
    """The datasets that :func:`register` named, now and later: not a copy."""
    return _registered


def unregister(name: str) -> None:
    """Forget what :func:`register` named; unknown names are no error."""
    _registered.pop(name, None)


def reopen(name: str, path: str, immutable: bool) -> InstalledDataset:
    """A registered dataset as another process unpickles it."""
    known = _registered.get(name)
    if known and known.location.path == path:
        return known
    return InstalledDataset(name, location=Location(path, immutable=immutable))


def find_again(name: str, edition: str) -> InstalledDataset:
    """An installed dataset as another process unpickles it."""
    return dataset(name, edition=edition)


def _claims(entries: Iterable[Entry] | None = None) -> dict[str, list[Entry]]:
    claims: dict[str, list[Entry]] = {}
    for entry in discover().entries if entries is None else entries:
        claims.setdefault(entry.name, []).append(entry)
    return claims


def _instance(entry: Entry) -> InstalledDataset:
    """One object for each dataset, so that its manifest is parsed once."""
    key = entry.name, entry.distribution.metadata
    known = _installed.get(key)
    if known is None or known.entry is not entry:
        known = _installed[key] = InstalledDataset(entry.name, entry)
    return known


def _fault(dataset: InstalledDataset) -> DatasetError | None:
    try:
        dataset.manifest  # noqa: B018  # reading it is the check
    except DatasetError as error:
        return error
    return None


def _suggest(name: str) -> str:
    from microcosm_sqlite.common.wording import suggest

    if "/" in name or "\\" in name:
        return "Datasets are found by name, not by path. `microcosm-sqlite list` shows the names."
    # It may have been installed since it was looked for.
    names = sorted({*_claims(), *_registered} - {name})
    if owner := _find_owner(name, names):
        table = name.removeprefix(f"{owner}.")
        if table != name:
            return f"{table!r} is a table of dataset {owner!r}, which is to be named alone."
        return f"{suggest(name, names)} {table!r} is a table of dataset {owner!r}.".lstrip()
    nothing = "No dataset is installed in this environment: pip install one."
    return suggest(name, names, "Installed") or nothing


def _find_owner(words: str, names: Iterable[str]) -> str:
    """The dataset of a table that was named in a dataset's place; empty if there is none."""
    for name in names:
        named = _find_usable(name)
        # Without a manifest, it would have to be opened.
        tables = named.manifest.tables if named and named.manifest else ()
        if words in tables or words.removeprefix(f"{name}.") in tables:
            return name
    return ""


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
