"""The dataset under verification, and what several checks need of it."""

from __future__ import annotations

import os

from microcosm_sqlite.catalog import connection as connections
from microcosm_sqlite.catalog.distributions import reinstall_command
from microcosm_sqlite.catalog.verifying.checklist import Subject, Unchecked
from microcosm_sqlite.catalog.verifying.record import hash_file
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest


class VerificationContext(Subject):
    """A dataset under verification, and what several checks need of it.

    Attributes:
        dataset: The dataset.
        full: Whether to check what a matching hash already implies.
        models: Whether to import the models and compare them.
        is_wheel: Whether it is in a wheel, so that what is installed here says nothing of it.
    """

    def __init__(
        self, dataset: InstalledDataset, *, full: bool, models: bool, is_wheel: bool = False
    ) -> None:
        self.dataset = dataset
        self.dataset_name = dataset.name
        self.full = full
        self.models = models
        self.is_wheel = is_wheel
        self._connection: sqlite3.Connection | None = None
        self._digests: dict[tuple[str, str], tuple[bytes, int]] = {}

    @property
    def manifest(self) -> Manifest:
        """Its manifest; without one, raises `Unchecked`."""
        manifest = self.dataset.manifest
        if manifest is None:
            raise Unchecked("it has no manifest")
        return manifest

    @property
    def path(self) -> str:
        """Its file, extracted if need be."""
        return str(self.dataset.path)

    @property
    def hash(self) -> tuple[str, int]:
        """Hex sha256 and size of the file."""
        digest, size = self.hash_once(self.path)
        return digest.hex(), size

    def hash_once(self, path: str, algorithm: str = "sha256") -> tuple[bytes, int]:
        """:func:`~microcosm_sqlite.catalog.verifying.record.hash_file`, remembered."""
        key = os.path.abspath(path), algorithm
        if key not in self._digests:
            self._digests[key] = hash_file(*key)
        return self._digests[key]

    @property
    def has_published_hash(self) -> bool:
        """Whether it is the very file that the manifest names."""
        return self.hash[0] == self.manifest.sha256

    @property
    def connection(self) -> sqlite3.Connection:
        """A connection that all checks share."""
        if self._connection is None:
            self._connection = connections.connect(self.dataset.location)
        return self._connection

    def explain(self, error: Exception) -> tuple[str, str] | None:
        """Message and hint for an error of the dataset, of SQLite or of the operating system."""
        if isinstance(error, DatasetError):
            return error.message, error.hint
        if isinstance(error, connections.SQLITE_ERRORS):
            return connections.translate(error, self.path).message, ""
        return (str(error), "") if isinstance(error, OSError) else None

    def complete(self, hint: str) -> str:
        """The hint with the names of the distribution and of the command that restores the file."""
        entry = self.dataset.entry
        owner = self.dataset.distribution or self.dataset.name
        try:
            is_cached = self.dataset.location.is_cached
        except DatasetError:
            is_cached = False
        again = entry.distribution.reinstall_command if entry else reinstall_command(owner)
        restore = "microcosm-sqlite cache clear" if is_cached else again
        return hint.format(distribution=owner, reinstall=again, restore=restore)

    def close(self) -> None:
        """Close what was opened."""
        if self._connection is not None:
            self._connection.close()
