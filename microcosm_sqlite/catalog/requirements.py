"""The datasets that a dataset refers to: find them, and check that their versions fit."""

from __future__ import annotations

from microcosm_sqlite.catalog.registry import find
from microcosm_sqlite.errors import DatasetError, DatasetNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest, Requirement


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
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion

    owner = other.distribution or f"dataset {other.name}"
    try:
        if SpecifierSet(requirement.accepts).contains(version, prereleases=True):
            return ""
    except (InvalidSpecifier, InvalidVersion) as error:
        return f"{owner} {version} cannot be compared with what is required: {error}"
    return f"{owner} {version} is installed, and {requirement.accepts} is required"
