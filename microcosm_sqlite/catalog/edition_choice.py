"""Choose between the installed editions of a dataset: as configured, else the full one."""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.manifest import FULL
from microcosm_sqlite.errors import AmbiguousDatasetError, DatasetError, DatasetNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset

VARIABLE = "MICROCOSM_SQLITE_EDITION"
"""Environment variable: an edition for every dataset that has it, or pairs such as
``birds=lite,flights=full``."""


def name_edition(dataset: InstalledDataset) -> str:
    """Return the name of the edition that a dataset is, or ``full``.

    One whose manifest cannot be used counts as full: its error is told, and nothing smaller stands
    in its place unseen.
    """
    try:
        manifest = dataset.manifest
    except DatasetError:
        return FULL
    return manifest.edition.name if manifest and manifest.edition else FULL


def read_configured(name: str) -> tuple[str, bool]:
    """The edition that the environment asks for, and whether another will not do."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return "", False
    general = ""
    for part in filter(None, map(str.strip, text.split(","))):
        dataset, equals, edition = (each.strip() for each in part.partition("="))
        if equals and dataset == name:
            return edition, True
        if not equals:
            general = dataset
    return general, general == FULL


def choose_edition(
    name: str, candidates: list[InstalledDataset], wanted: str = ""
) -> InstalledDataset:
    """The edition that is wanted or configured, else the full one, else the only one there is.

    Args:
        name: The dataset's name.
        candidates: What is installed under it; at least one.
        wanted: An edition, where one is asked for.

    Raises:
        DatasetNotFoundError: The edition that is asked for is not installed.
        AmbiguousDatasetError: Several would do.
    """
    edition, is_strict = (wanted, True) if wanted else read_configured(name)
    if len(candidates) == 1 and not is_strict:
        return candidates[0]
    named = [(name_edition(each), each) for each in candidates]
    found = [each for called, each in named if called == edition] if edition else []
    if edition and is_strict and not found:
        raise _refuse_missing(name, edition, named)
    found = found or [each for called, each in named if called == FULL] or candidates
    if len(found) > 1:
        raise _refuse_choice(name, found)
    return found[0]


def _refuse_missing(
    name: str, edition: str, named: list[tuple[str, InstalledDataset]]
) -> DatasetNotFoundError:
    there = ", ".join(f"{called} ({_spell(dataset)})" for called, dataset in named)
    hint = ""
    if edition == FULL and (manifest := named[0][1].manifest) and manifest.edition:
        command = manifest.edition.install_command
        hint = f"Run: {command}" if command else ""
    return DatasetNotFoundError(
        f"Edition {edition!r} of dataset {name!r} is not installed; there is {there}.", hint=hint
    )


def _refuse_choice(name: str, found: list[InstalledDataset]) -> AmbiguousDatasetError:
    editions = [name_edition(each) for each in found]
    message = f"Dataset {name!r} is claimed by {' and '.join(map(_spell, found))}."
    if len(set(editions)) == len(found):
        return AmbiguousDatasetError(
            message, hint=f"Choose an edition, such as {VARIABLE}={name}={editions[0]}"
        )
    hint = f"Uninstall one of them, such as: pip uninstall {found[-1].distribution}"
    return AmbiguousDatasetError(message, hint=hint)


def _spell(dataset: InstalledDataset) -> str:
    return f"{dataset.distribution} {dataset.distribution_version}"
