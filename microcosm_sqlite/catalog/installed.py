"""One dataset that is installed, or registered by hand: the class that users meet first."""

from __future__ import annotations

from microcosm_sqlite.catalog import connection as connections
from microcosm_sqlite.catalog.dataset_connection import DatasetConnection
from microcosm_sqlite.catalog.frames import Frames
from microcosm_sqlite.catalog.location import (
    check_models,
    find_manifest,
    locate,
    locate_entry,
    manifest_beside,
    refuse_memory,
)
from microcosm_sqlite.catalog.manifest_tables import Tables
from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.catalog.usage import describe_use, note_use
from microcosm_sqlite.errors import DatasetError, DatasetFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path
    from types import ModuleType

    from sqlalchemy import Engine

    from microcosm_sqlite.catalog.distributions import Entry
    from microcosm_sqlite.catalog.location import Location
    from microcosm_sqlite.catalog.manifest import Manifest
    from microcosm_sqlite.catalog.verifying.checklist import Report


class InstalledDataset(Frames):
    """One named dataset and what describes it; a file is opened only when it is needed.

    >>> nyc = microcosm_sqlite.dataset("nycflights13")      # doctest: +SKIP
    >>> connection = nyc.connect()                          # doctest: +SKIP
    >>> connection.execute("SELECT count(*) FROM airlines").fetchone()  # doctest: +SKIP
    (16,)
    >>> connection.close()                                  # doctest: +SKIP

    Attributes:
        name: The dataset's name.
        entry: The entry point that it was found by, or None for a registered one.
    """

    def __init__(
        self,
        name: str,
        entry: Entry | None = None,
        location: Location | None = None,
        manifest: Manifest | None = None,
    ) -> None:
        self.name = name
        self.entry = entry
        self._location = location
        self._manifest = manifest
        self._is_manifest_read = manifest is not None
        self._tables: Tables | None = None

    def __repr__(self) -> str:
        origin = f"from {self.distribution}" if self.entry else "registered"
        return f"<InstalledDataset {' '.join(filter(None, (self.name, self.version)))} {origin}>"

    def __reduce__(self) -> tuple[object, ...]:
        # Another process finds its own copy: a path or an open engine would not travel.
        from microcosm_sqlite.catalog.registry import find_again, reopen

        if self.is_registered:
            if self.location.memory:
                raise refuse_memory(self.name, "be read by another process")
            return reopen, (self.name, self.location.path, self.location.immutable)
        return find_again, (self.name, self.edition)

    @property
    def is_registered(self) -> bool:
        """Whether :func:`microcosm_sqlite.register` named the dataset, not a distribution."""
        return self.entry is None

    @property
    def is_legacy(self) -> bool:
        """Whether the dataset has no manifest, as in wheels that were written for 2.0.0."""
        return self.manifest is None

    @property
    def distribution(self) -> str:
        """Name of the distribution that carries the dataset; empty for a registered one."""
        return self.entry.distribution.name if self.entry else ""

    @property
    def distribution_version(self) -> str:
        """Version of that distribution; empty for a registered one."""
        return self.entry.distribution.version if self.entry else ""

    @property
    def version(self) -> str:
        """Version of the data, from the manifest or else from the distribution."""
        return (self.manifest.version if self.manifest else "") or self.distribution_version

    @property
    def manifest(self) -> Manifest | None:
        """The dataset's description of itself; None for a legacy dataset.

        Raises:
            ManifestError: The manifest is malformed, or of a later format.
            BrokenDistributionError: The manifest cannot be read.
        """
        if not self._is_manifest_read:
            self._manifest = self._read_manifest()
            self._is_manifest_read = True
        return self._manifest

    @property
    def edition(self) -> str:
        """Name of the edition, such as ``lite``; empty for the full dataset."""
        return self.manifest.edition.name if self.manifest and self.manifest.edition else ""

    @property
    def location(self) -> Location:
        """The file on disk, extracted on first use if necessary.

        Raises:
            DatasetError: The file is missing, or cannot be extracted.
        """
        return self.locate()

    def locate(self, graph: object = None) -> Location:
        """Return :attr:`location`; a legacy entry point may need the object graph for it."""
        if self._location is None:
            try:
                self._location = self._find(graph)
            except DatasetFileError:
                self._refuse_change()  # if it is another version, nothing is damaged
                raise
            self._location.refuse_change = self._refuse_change
            note_use(self)
        return self._location

    @property
    def path(self) -> Path:
        """The path of the file; an extracted file that has vanished is extracted again.

        >>> nyc.path.name                                       # doctest: +SKIP
        'nycflights13.db'

        Raises:
            DatasetError: The file is missing, or cannot be extracted.
        """
        from pathlib import Path

        location = self.location
        if location.memory:
            raise refuse_memory(self.name, "be opened by its path")
        location.restore()
        return Path(location.path)

    @property
    def tables(self) -> Tables:
        """The tables by name, from the manifest, or from the file of a legacy dataset.

        >>> nyc.tables["flights"].row_count                     # doctest: +SKIP
        336776

        Raises:
            TableNotFoundError: There is no table of a name; it is a ``KeyError`` too.
            DatasetError: The manifest or, for a legacy dataset, the file cannot be used.
        """
        if self.manifest:
            return self.manifest.tables
        if self._tables is None:
            from microcosm_sqlite.catalog.structure import read_tables

            opened = self.connect()
            try:
                self._tables = Tables(self.name, read_tables(opened).values())
            except connections.SQLITE_ERRORS as error:
                raise translate(error, self.location.path) from error
            finally:
                opened.close()
        return self._tables

    def connect(
        self,
        attach: Iterable[str] = (),
        *,
        check_same_thread: bool = True,
        untrusted: bool = False,
    ) -> sqlite3.Connection:
        """Open a new connection, read-only and hardened, which the caller closes.

        >>> connection = nyc.connect(attach=["airports"])       # doctest: +SKIP
        >>> connection.close()                                  # doctest: +SKIP

        Args:
            attach: Names of other datasets; SQL names their tables ``dataset.table``.
            check_same_thread: As for :func:`sqlite3.connect`.
            untrusted: Treat the data, and the SQL that will be run, as hostile: check the
                structure first, and limit the size of values and the time of each statement.

        Raises:
            DatasetError: This dataset or another cannot be found or opened.
        """
        from microcosm_sqlite.catalog.registry import explain_edition, find_others

        others = find_others(attach)
        connection = connections.connect(
            self.location,
            attach={name: other.location for name, other in others.items()},
            check_same_thread=check_same_thread,
            untrusted=untrusted,
            dataset=self.name,
        )
        if isinstance(connection, DatasetConnection):
            connection.is_registered = self.entry is None
            connection.explain_edition = lambda: explain_edition(self)
            connection.understand(None if untrusted else {"main": self, **others})
        return connection

    @property
    def uri(self) -> str:
        """The file as a SQLite URI, read-only, for tools that open databases themselves.

        >>> sqlite3.connect(nyc.uri, uri=True).close()          # doctest: +SKIP

        Raises:
            DatasetError: The file is missing, or cannot be opened.
        """
        return connections.checked_uri(self.location)

    def health(self) -> dict[str, str]:
        """Open the file and read its schema, as the health check of a service does.

        >>> nyc.health()["version"]                             # doctest: +SKIP
        '2013.1'

        Returns:
            Name, version and sha256 of what answered; the sha256 is that of the manifest.

        Raises:
            DatasetError: The file is missing, damaged or replaced.
        """
        opened = self.connect()
        try:
            opened.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except connections.SQLITE_ERRORS as error:
            raise translate(error, self.location.path) from error
        finally:
            opened.close()
        return describe_use(self)

    def verify(self, *, full: bool = False, models: bool = False) -> Report:
        """Check that the file is what was published.

        >>> nyc.verify(full=True).ok                            # doctest: +SKIP
        True

        Args:
            full: Also check what a matching hash implies already: every index and every row.
            models: Also compare the models with the file, which imports the data wheel.

        Returns:
            A report with one outcome for each check; a failed check raises nothing.
        """
        from microcosm_sqlite.catalog.verifying.run import verify

        return verify(self, full=full, models=models)

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine of this dataset, read-only, one for the whole process.

        Stores that belong to no object graph use it too, so that what listens to it hears of both.

        Datasets that its foreign keys refer to are attached to it.

        Raises:
            DatasetError: The file cannot be found or used.
        """
        from microcosm_sqlite.orm.engines import dataset_engine

        return dataset_engine(self.name)

    def create_engine(self, attach: Iterable[str] = (), *, untrusted: bool = False) -> Engine:
        """Create a SQLAlchemy engine, with the options of :meth:`connect`.

        What :attr:`engine` attaches need not be named. Models of attached datasets are found in
        their own files.

        >>> engine = nyc.create_engine(attach=["airports"])     # doctest: +SKIP

        Args:
            attach: Names of other datasets; SQL names their tables ``dataset.table``.
            untrusted: As for :meth:`connect`.

        Raises:
            DatasetError: This dataset or another cannot be found or opened.
        """
        from microcosm_sqlite.catalog.registry import find_others
        from microcosm_sqlite.orm.engines import create_dataset_engine

        return create_dataset_engine(
            self,
            attach={name: other.location for name, other in find_others(attach).items()},
            untrusted=untrusted,
        )

    @property
    def models(self) -> ModuleType:
        """The module that declares the SQLAlchemy models, imported from the data wheel.

        Raises:
            DatasetError: The manifest names no such module, or one of another distribution.
        """
        if not (self.manifest and self.manifest.models):
            raise DatasetError(
                f"Dataset {self.name!r} does not say where its models are.",
                hint="Import them from its package by hand.",
            )
        from importlib import import_module

        if self.entry:
            check_models(self.entry.distribution, self.manifest)
        return import_module(self.manifest.models)

    def _read_manifest(self) -> Manifest | None:
        if self.entry is None:
            return manifest_beside(self._location)
        manifest = find_manifest(self.name, self.entry)
        if manifest is None and self.entry.distribution.is_removed:
            from microcosm_sqlite.catalog.replacement import read_again

            manifest = read_again(self.name, self.entry.distribution)
        return manifest

    def _refuse_change(self) -> None:
        from microcosm_sqlite.catalog.replacement import refuse_replaced

        refuse_replaced(self)

    def _find(self, graph: object) -> Location:
        assert self.entry is not None, "a registered dataset is given its location"  # noqa: S101
        if self.manifest:
            return locate(self.entry.distribution, self.manifest)
        return locate_entry(self.entry, graph)
