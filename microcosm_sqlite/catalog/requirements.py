"""Other datasets that a dataset refers to: which they are, and whether they are there and fit."""

from __future__ import annotations

from microcosm_sqlite.catalog.registry import find
from microcosm_sqlite.errors import DatasetError, DatasetNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest, Requirement


def find_requirements(found: InstalledDataset) -> dict[str, Requirement]:
    """What the manifest of a dataset requires, and the manifests of those, by name."""
    required: dict[str, Requirement] = {}
    ahead: list[InstalledDataset | None] = [found]
    while ahead:
        dataset = ahead.pop()
        manifest = dataset.manifest if dataset else None
        for name, requirement in manifest.requires.items() if manifest else ():
            if name != found.name and name not in required:
                required[name] = requirement
                ahead.append(_find_usable(name))
    return required


def _find_usable(name: str) -> InstalledDataset | None:
    try:
        found = find(name)
        if found:
            found.manifest  # noqa: B018  # reading it is the check
    except DatasetError:
        return None  # told to whoever asks for it
    return found


def find_required(found: InstalledDataset, requirement: Requirement) -> InstalledDataset:
    """The dataset that another one requires.

    Raises:
        DatasetNotFoundError: It is not installed; the hint says what to install.
        DatasetError: It cannot be used.
    """
    other = find(requirement.dataset)
    if other is None:
        raise DatasetNotFoundError(
            f"Dataset {found.name!r} refers to dataset {requirement.dataset!r}, which is not "
            "installed.",
            hint=suggest_install(requirement),
        )
    return other


def list_required(manifest: Manifest, datasets: Iterable[str]) -> list[Requirement]:
    """What a manifest says of datasets that its keys lead into, whether or not it names them."""
    from microcosm_sqlite.catalog.manifest import Requirement

    return [manifest.requires.get(name) or Requirement(name, {}) for name in datasets]


def suggest_install(*requirements: Requirement) -> str:
    """The command that installs what is required."""
    wanted = (f"'{each.distribution or each.dataset}{each.accepts}'" for each in requirements)
    return f"Run: pip install {' '.join(wanted)}"


def find_misfit(requirement: Requirement, other: InstalledDataset) -> str:
    """Why the version of an installed dataset is none of those required; empty if it is one."""
    version = other.distribution_version or other.version
    if not (requirement.accepts and version) or version == requirement.version:
        return ""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    owner = other.distribution or f"dataset {other.name}"
    try:
        if SpecifierSet(requirement.accepts).contains(version, prereleases=True):
            return ""
    except (InvalidSpecifier, InvalidVersion) as error:
        return f"{owner} {version} cannot be compared with what is required: {error}"
    return f"{owner} {version} is installed, and {requirement.accepts} is required"
