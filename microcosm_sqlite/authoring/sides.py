"""Open what somebody wants to compare: an installed dataset, a database file or a data wheel."""

from __future__ import annotations

from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.catalog.wheel_file import datasets_in
from microcosm_sqlite.errors import AmbiguousDatasetError

FILE_SUFFIXES = (".db", ".sqlite", ".sqlite3")


def open_side(side: str, folder: str) -> InstalledDataset:
    """The dataset that a name or path stands for; its code is not run.

    Args:
        side: A wheel's path ends with ``.whl``; a database's has one of :data:`FILE_SUFFIXES`;
            anything else is a dataset's name.
        folder: An existing folder, where the database of a wheel will be extracted.

    Raises:
        DatasetError: There is no such dataset or file, or it cannot be used.
        AmbiguousDatasetError: The wheel carries several datasets.
    """
    if side.endswith(".whl"):
        found = list(datasets_in(side, folder))
        if len(found) > 1:
            raise AmbiguousDatasetError(
                f"{side} carries several datasets: {', '.join(each.name for each in found)}.",
                hint="Install it, and name one of them.",
            )
        return found[0]
    if side.endswith(FILE_SUFFIXES):
        return InstalledDataset(side, location=Location(side, immutable=False))
    return dataset(side)
