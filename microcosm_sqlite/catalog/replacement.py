"""Tell of a dataset that an installer replaces or removes under a process that uses it."""

from __future__ import annotations

import time

from microcosm_sqlite.catalog.manifest import FULL
from microcosm_sqlite.catalog.registry import find_editions
from microcosm_sqlite.errors import DatasetReplacedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest

_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between looks at metadata that an installer may be writing."""


def read_again(name: str, distribution: Distribution) -> Manifest:
    """The manifest of a distribution that an installer removed, if it puts it there again.

    Raises:
        DatasetReplacedError: It does not.
    """
    for pause in _PAUSES:
        time.sleep(pause)
        manifest = distribution.read_manifest()
        if manifest is not None:
            return manifest
    raise DatasetReplacedError(
        f"Distribution {distribution.name} {distribution.version}, which had dataset {name!r}, was "
        "uninstalled after this process found it.",
        hint="Ask for the dataset again: another version may be installed.",
    )


def refuse_replaced(dataset: InstalledDataset) -> None:
    """Refuse to open another version than before; the same one may have been reinstalled.

    Raises:
        DatasetReplacedError: Another is installed now, or none.
    """
    if dataset.entry is None or dataset.manifest is None:
        return
    current = _find_settled(dataset)
    is_same = current and current.manifest and current.manifest.sha256 == dataset.manifest.sha256
    if is_same:
        return
    version = current.version if current else ""
    again = "another build of " if version == dataset.version else ""
    now = f"replaced by {again}{version}" if version else "uninstalled"
    raise DatasetReplacedError(
        f"Dataset {dataset.name!r} {dataset.version} was {now} while this process uses it.",
        hint="Restart the process to use what is installed now.",
    )


def _find_settled(dataset: InstalledDataset) -> InstalledDataset | None:
    """What is installed in a dataset's place; waits while an installer writes its metadata."""
    for pause in (*_PAUSES, 0):
        current = find_editions(dataset.name).get(dataset.edition or FULL)
        if not pause or (current and current.manifest):
            break
        time.sleep(pause)
    return current
