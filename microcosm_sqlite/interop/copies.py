"""The same dataset on another machine: what to know it by, and how to find it there."""

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
    """What travels to a worker in place of a dataset.

    Attributes:
        name: The dataset's name.
        version: Version of its data.
        sha256: Digest of its file as its manifest tells it; empty for one without a manifest.
        distribution: Name of the distribution that carries it; empty for a registered one.
    """

    name: str
    version: str
    sha256: str
    distribution: str

    @classmethod
    def of(cls, found: InstalledDataset) -> Copy:
        """How to know a dataset again."""
        sha256 = found.manifest.sha256 if found.manifest else ""
        return cls(found.name, found.version, sha256, found.distribution)

    def find(self) -> InstalledDataset:
        """The copy that this machine has.

        Raises:
            DatasetNotFoundError: It has none.
            SchemaMismatchError: It has another version, or other content under the same version.
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
                f"where {self.version} (sha256 {self.sha256[:12]}) is asked for.",
                hint=install,
            )
        return found
