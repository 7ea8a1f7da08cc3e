"""Look into a wheel file that is not installed, without executing anything of it."""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.cache.extraction import extract_member
from microcosm_sqlite.catalog.discovery import GROUP, discover
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location, member_name
from microcosm_sqlite.errors import (
    BrokenDistributionError,
    DatasetFileMissingError,
    DatasetNotPackagedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.distributions import Entry


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
        site = self.entry.distribution.site
        if self.manifest is None:
            raise BrokenDistributionError(
                f"{os.path.basename(site)} has no manifest; only its own code, which is not run "
                "here, knows where its database is."
            )
        path = extract_member(site, member_name(self.manifest), self.manifest, self._folder)
        return Location(path, immutable=True)


def datasets_in(wheel: str, folder: str) -> Iterator[PackedDataset]:
    """The datasets of a wheel file, each of which will be extracted into a folder when located.

    Raises:
        DatasetFileMissingError: There is no such file.
        DatasetNotPackagedError: It is no zip file.
        BrokenDistributionError: Its metadata cannot be read, or claims no dataset.
    """
    from zipfile import is_zipfile

    if not os.path.exists(wheel):
        raise DatasetFileMissingError(f"{wheel} does not exist.")
    if not is_zipfile(wheel):
        raise DatasetNotPackagedError(f"{wheel} is not a wheel: it is no zip file.")
    scan = discover([wheel])
    for problem in scan.problems:
        raise BrokenDistributionError(problem.message, hint="Tell its author to build it again.")
    if not scan.entries:
        raise BrokenDistributionError(
            f"{wheel} carries no dataset: it has no entry point in the group {GROUP}."
        )
    for entry in scan.entries:
        yield PackedDataset(entry, folder)
