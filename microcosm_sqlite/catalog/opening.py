"""Open a dataset by what names it: an installed name, a database file, or a wheel file.

Nothing of a wheel is installed or run.
"""

from __future__ import annotations

import os
from contextlib import suppress
from shlex import quote

from microcosm_sqlite.catalog.cache.extraction import decompress_file
from microcosm_sqlite.catalog.cache.joining import extract_archive
from microcosm_sqlite.catalog.codecs import SUFFIXES
from microcosm_sqlite.catalog.discovery import GROUP, discover, zipped_folders
from microcosm_sqlite.catalog.distributions import Distribution, folder_reader
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.catalog.parts import find_kind
from microcosm_sqlite.catalog.preflight import check_regular
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.errors import (
    AmbiguousDatasetError,
    BrokenDistributionError,
    DatasetFileMissingError,
    DatasetNotFoundError,
    DatasetNotPackagedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.distributions import Entry

FILE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
_COMPRESSIONS = {
    f"{end}{suffix}": name for name, suffix in SUFFIXES.items() for end in FILE_SUFFIXES if suffix
}


def open_dataset(name: str, folder: str) -> InstalledDataset:
    """Return the dataset that a name or a path stands for; its code is not run.

    Args:
        name: A wheel's path ends with ``.whl``; a database's has one of :data:`FILE_SUFFIXES`,
            and one of a compression behind it where it is compressed; anything else is a
            dataset's name.
        folder: An existing folder, where a wheel's or a compressed database will be extracted.

    Raises:
        DatasetError: There is no such dataset or file, or it cannot be used.
        AmbiguousDatasetError: The wheel carries several datasets.
    """
    if name.endswith(".whl"):
        found = list(open_wheel(name, folder))
        if len(found) > 1:
            raise AmbiguousDatasetError(
                f"{name} carries several datasets: {', '.join(each.name for each in found)}.",
                hint="Install it, and name one of them.",
            )
        return found[0]
    if name.endswith(FILE_SUFFIXES):
        return InstalledDataset(name, location=Location(name, immutable=False))
    for suffix, compression in _COMPRESSIONS.items():
        if name.endswith(suffix):
            path = _decompress(name, compression, folder)
            return InstalledDataset(name, location=Location(path, immutable=False))
    return find_dataset(name)


def find_dataset(name: str) -> InstalledDataset:
    """Return the dataset of a name, where a path could have been given as well.

    Raises:
        DatasetNotFoundError: There is none; of a path that is there, it says what to name.
    """
    try:
        return dataset(name)
    except DatasetNotFoundError as error:
        if not os.path.lexists(name):
            raise
        hint = (_advise_folder(name) if os.path.isdir(name) else "") or (
            f"A wheel ends with .whl, a database with {', '.join(FILE_SUFFIXES)}."
        )
        raise DatasetNotFoundError(
            f"{name} is neither a dataset's name, nor a wheel, nor a database.", hint=hint
        ) from error


def _advise_folder(folder: str) -> str:
    """What to name in place of a folder, if it has wheels, databases or a project in it."""
    from glob import escape, glob
    from heapq import nsmallest

    inside = ("*.whl", "dist/*.whl", *(f"*{end}" for end in FILE_SUFFIXES), "src/*/*.db")
    patterns = (os.path.join(escape(folder), pattern) for pattern in inside)
    files = nsmallest(_FEW, (path for pattern in patterns for path in glob(pattern)))
    hints = []
    if os.path.isfile(os.path.join(folder, "pyproject.toml")):
        hints.append(f"It is a project, which `microcosm-sqlite check {quote(folder)}` checks.")
    if files:
        hints.append(f"Name a file in it: {', '.join(files)}.")
    return " ".join(hints)


_FEW = 3
"""How many files of a folder are named at most."""


def _decompress(packed: str, compression: str, folder: str) -> str:
    beside, name = os.path.split(packed)
    with suppress(OSError):  # what describes the file goes along
        description = folder_reader(beside or os.curdir)(FILE_NAME)
        if description:
            with open(os.path.join(folder, FILE_NAME), "wb") as copy:
                copy.write(description)
    path = os.path.join(folder, os.path.splitext(name)[0])
    decompress_file(packed, compression, path)
    return path


def open_wheel(wheel: str, folder: str) -> Iterator[PackedDataset]:
    """The datasets of a wheel file, each of which is extracted into a folder when it is located.

    Raises:
        DatasetFileMissingError: There is no such file.
        DatasetUnreadableError: It is a folder, a FIFO or a device.
        DatasetNotPackagedError: It is no zip file.
        BrokenDistributionError: It has no metadata folder, or several; its metadata cannot be
            read, or names no dataset.
    """
    read_wheel(wheel)
    scan = discover([wheel])
    for problem in scan.problems:
        raise BrokenDistributionError(problem.message, hint="Tell its author to build it again.")
    if not scan.entries:
        kind = find_kind(os.path.basename(wheel))
        raise BrokenDistributionError(
            f"{wheel} carries no dataset: it has no entry point in the group {GROUP}.",
            hint=f"It is a {kind}: name the wheel that it belongs to." if kind else "",
        )
    for entry in scan.entries:
        yield PackedDataset(entry, folder)


def read_wheel(wheel: str) -> Distribution:
    """The metadata folder of a wheel file, whether or not it names a dataset.

    Raises:
        DatasetFileMissingError: There is no such file.
        DatasetUnreadableError: It is a folder, a FIFO or a device.
        DatasetNotPackagedError: It is no zip file.
        BrokenDistributionError: It has no metadata folder, or several.
    """
    _check_zip(wheel)
    folders = list(zipped_folders(wheel, (".dist-info",)))
    if len(folders) != 1:
        raise BrokenDistributionError(
            f"{os.path.basename(wheel)} has {len(folders)} .dist-info folders, not one."
        )
    return Distribution(wheel, *folders[0])


def _check_zip(wheel: str) -> None:
    from zipfile import is_zipfile

    if not os.path.exists(wheel):
        raise DatasetFileMissingError(f"{wheel} does not exist.")
    check_regular(wheel, os.stat(wheel))
    if not is_zipfile(wheel):
        raise DatasetNotPackagedError(f"{wheel} is not a wheel: it is not a zip file.")


class PackedDataset(InstalledDataset):
    """A dataset in a wheel file; its database is extracted into a folder of the caller's."""

    def __init__(self, entry: Entry, folder: str) -> None:
        super().__init__(entry.name, entry)
        self._folder = folder

    def locate(self, graph: object = None) -> Location:  # noqa: ARG002  # its code is not run
        """The extracted file.

        Raises:
            DatasetError: It is not what the manifest says, or there is no manifest: only the
                wheel's own code would know where its database is.
        """
        if self._location is None:
            self._location = self._extract()
        return self._location

    def _extract(self) -> Location:
        assert self.entry is not None, "a packed dataset has an entry"  # noqa: S101
        distribution = self.entry.distribution
        if self.manifest is None:
            raise BrokenDistributionError(
                f"{os.path.basename(distribution.site)} has no manifest; only its own code, which "
                "is not run here, knows where its database is."
            )
        path = extract_archive(distribution, self.manifest, self._folder)
        return Location(path, immutable=True)
