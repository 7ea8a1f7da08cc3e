"""Verify that the dataset on this disk is what its author published.

Installers check the hash of a wheel while they download it and never look at its files again. A
matching sha256 is the answer to damage; the structure is checked as well because a file may be
exactly what a hostile author published.
"""

from __future__ import annotations

import os

from microcosm_sqlite.catalog import connection as connections
from microcosm_sqlite.catalog.hashing import hash_file
from microcosm_sqlite.catalog.manifest import REWRITE
from microcosm_sqlite.catalog.preflight import NAME_FILE, REINSTALL, find_sidecars, translate
from microcosm_sqlite.catalog.verifying.checklist import Report, Subject, Unchecked
from microcosm_sqlite.catalog.verifying.checks import CHECKS
from microcosm_sqlite.catalog.verifying.cures import choose_cures
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetError,
    DatasetFileMissingError,
    DatasetNotPackagedError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest
    from microcosm_sqlite.catalog.verifying.checklist import Outcome


class VerificationContext(Subject):
    """A dataset under verification, and what several checks need of it.

    Attributes:
        dataset: The dataset.
        full: Whether to check what a matching hash already implies.
        models: Whether to import the models and compare them.
        is_wheel: Whether it is in a wheel, so that what is installed here says nothing of it.
        is_recorded: Whether all files of its distribution were found to be as RECORD lists them.
    """

    def __init__(
        self, dataset: InstalledDataset, *, full: bool, models: bool, is_wheel: bool = False
    ) -> None:
        self.dataset = dataset
        self.dataset_name = dataset.name
        self.full = full
        self.models = models
        self.is_wheel = is_wheel
        self.is_recorded = False
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
        """:func:`~microcosm_sqlite.catalog.hashing.hash_file`, remembered."""
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
        """Message and hint for an error of the dataset, of SQLite or of the operating system.

        An error of a file does not know how the file came here; what a check advises does.
        """
        if isinstance(error, DatasetError):
            is_installed = self.dataset.entry is not None
            is_known = isinstance(error, _RESTORABLE) and (is_installed or self._has_sidecars)
            is_general = error.hint.startswith((REINSTALL, NAME_FILE, REWRITE))
            return error.message, "" if is_known or is_general else error.hint
        if isinstance(error, connections.SQLITE_ERRORS):
            return translate(error, self.path).message, ""
        return (str(error), "") if isinstance(error, OSError) else None

    def complete(self, hint: str) -> str:
        """The hint for how the dataset came here."""
        try:
            is_published = self.has_published_hash
        except (DatasetError, OSError, Unchecked):
            is_published = False
        cures = choose_cures(self.dataset, is_published=is_published, is_recorded=self.is_recorded)
        return hint.format(reinstall=cures.reinstall, restore=cures.restore, copy=cures.copy)

    @property
    def _has_sidecars(self) -> bool:
        return bool(find_sidecars(self.dataset.location.path))

    def close(self) -> None:
        """Close what was opened."""
        if self._connection is not None:
            self._connection.close()


_RESTORABLE = (DatasetFileMissingError, DatasetCorruptError, DatasetNotPackagedError)
_SOUNDNESS = {"V04", "V05", "V06"}


def verify(dataset: InstalledDataset, *, full: bool = False, models: bool = False) -> Report:
    """Run all checks on a dataset; none of them raises, and none runs its code.

    >>> report = verify(microcosm_sqlite.dataset("nycflights13"))    # doctest: +SKIP
    >>> report.ok, report.findings                                   # doctest: +SKIP
    (True, [])

    Args:
        dataset: The dataset.
        full: Check what a matching hash already implies as well: every index against its table,
            and the hash of every table's rows.
        models: Compare the models with the file, for which they are imported.
    """
    return Report(dataset.name, _run(dataset, full=full, models=models))


def verify_wheel(path: str | os.PathLike[str], *, full: bool = False) -> Report:
    """The same for a wheel that is not installed; it is read and never executed.

    Raises:
        DatasetError: The file is not a wheel, or cannot be read.
        CacheError: There is no room here to extract it.
    """
    from microcosm_sqlite.catalog.opening import open_wheel
    from microcosm_sqlite.common.workspace import open_scratch

    wheel = os.path.abspath(path)
    outcomes: list[Outcome] = []
    with open_scratch() as folder:
        for dataset in open_wheel(wheel, str(folder)):
            outcomes += _run(dataset, full=full, models=False, is_wheel=True)
    for outcome in outcomes:
        if outcome.status == "failed":
            outcome.hint = "Do not install it, and tell its publisher."
    return Report(os.path.basename(wheel), outcomes)


def _run(
    dataset: InstalledDataset, *, full: bool, models: bool, is_wheel: bool = False
) -> list[Outcome]:
    subject = VerificationContext(dataset, full=full, models=models, is_wheel=is_wheel)
    outcomes: list[Outcome] = []
    unsound = ""
    try:
        for check in CHECKS:
            if unsound and check.needs_soundness:
                reason = f"not tried, because {unsound} failed"
                outcomes.append(check.outcome(subject, "skipped", reason))
                continue
            outcome = check.run_on(subject)
            outcomes.append(outcome)
            subject.is_recorded |= outcome.code == "V01" and outcome.status == "ok"
            if outcome.status == "failed" and outcome.code in _SOUNDNESS:
                unsound = unsound or outcome.code
    finally:
        subject.close()
    return outcomes
