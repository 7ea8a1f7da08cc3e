"""Find the same dataset on another machine, and make sure that it is the same."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.errors import DatasetNotFoundError, SchemaMismatchError

if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset


@dataclass(frozen=True)
class Copy:
    """What is sent to a worker in place of a dataset, so that it finds the same one.

    Attributes:
        name: The dataset's name.
        version: Version of its data.
        sha256: Digest of its file, from its manifest; empty for one without a manifest.
        distribution: Name of the distribution that carries it; empty for a registered one.
    """

    name: str
    version: str
    sha256: str
    distribution: str

    @classmethod
    def of(cls, dataset: InstalledDataset) -> Copy:
        """Describe a dataset so that a worker can recognise it."""
        sha256 = dataset.manifest.sha256 if dataset.manifest else ""
        return cls(dataset.name, dataset.version, sha256, dataset.distribution)

    def find(self) -> InstalledDataset:
        """Return the copy that is installed on this machine.

        Raises:
            DatasetNotFoundError: There is none.
            SchemaMismatchError: The copy has another version, or other content.
        """
        host = socket.gethostname()
        install = f"Install {self.distribution or self.name} {self.version} on every worker."
        try:
            found = dataset(self.name)
        except DatasetNotFoundError as error:
            raise DatasetNotFoundError(
                f"Worker {host} has no dataset {self.name!r}.", hint=install
            ) from error
        other = Copy.of(found)
        if (other.version, other.sha256) != (self.version, self.sha256):
            raise SchemaMismatchError(
                f"Worker {host} has {self.name} {other.version} (sha256 {other.sha256[:12]}) "
                f"but {self.version} (sha256 {self.sha256[:12]}) is needed.",
                hint=install,
            )
        return found
