"""Find the engine and sessions of a dataset by its name: configured, registered or installed.

Also explains "no such table" when the dataset, or one that it refers to, is not installed.
"""

from __future__ import annotations

import os
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.orm import sessionmaker

from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.registry import find_requirements
from microcosm_sqlite.errors import DatasetError, SchemaMismatchError
from microcosm_sqlite.orm.configuration import DatasetPaths, read_flag, read_path, read_seconds
from microcosm_sqlite.orm.engine_errors import (
    explain_empty_file,
    explain_empty_memory,
    explain_missing_reference,
    refuse_write,
)
from microcosm_sqlite.orm.engines import (
    create_readonly_engine,
    create_readwrite_engine,
    dataset_engine,
    recipes,
)
from microcosm_sqlite.orm.external_keys import attach_datasets, find_referred
from microcosm_sqlite.orm.memory import MEMORY
from microcosm_sqlite.orm.overridden import find_overriding
from microcosm_sqlite.orm.schema_check import check_agreement
from microcosm_sqlite.orm.sessions import (
    DatasetSession,
    IdleConnections,
    LeasingSession,
    OwnSessions,
    ReadOnlySession,
)
from microcosm_sqlite.orm.transactions import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.orm.data_sets import DataSet
    from microcosm_sqlite.orm.engines import Recipe

    Bind = tuple[Engine, sessionmaker[Session]]
    Path = str | os.PathLike[str]


class Binds:
    """Engines and session factories by the names of datasets, made on first use.

    Attributes:
        paths: Where each dataset is.
        datasets: What was made so far.
        is_of_process: Whether they belong to no object graph, so that the engine of an installed
            or registered dataset is :attr:`microcosm_sqlite.InstalledDataset.engine`.
    """

    def __init__(
        self,
        *,
        path: object = MEMORY,
        paths: Mapping[str, Path] | None = None,
        echo: object = False,
        use_foreign_keys: object = True,
        read_only: object = False,
        autocommit: object = False,
        untrusted: object = False,
        editions: object = None,
        timeout: object = PATIENCE,
        graph: Any = None,
        is_of_process: bool = False,
    ) -> None:
        self.default_path = read_path(path)
        self.paths = DatasetPaths(paths or {}, graph, editions)
        self.echo = read_flag("echo", echo)
        self.use_foreign_keys = read_flag("use_foreign_keys", use_foreign_keys)
        self.read_only = read_flag("read_only", read_only)
        self.autocommit = read_flag("autocommit", autocommit)
        self.untrusted = read_flag("untrusted", untrusted)
        self.timeout = read_seconds("timeout", timeout)
        self.is_of_process = is_of_process
        self.datasets: dict[str, Bind] = {}
        self._own_sessions = OwnSessions()
        self._unchecked: dict[str, InstalledDataset] = {}
        self._required: dict[str, Iterable[str]] = {}
        self._known_tables: dict[type[DataSet], int] = {}

    def __getitem__(self, name: str) -> Path:
        return self.paths[name]

    def __setitem__(self, name: str, path: Path) -> None:
        self.paths[name] = path

    def __call__(self, name: str) -> Bind:
        """Return the engine and session factory of a dataset.

        Raises:
            DatasetError: Its file cannot be found or used.
        """
        answering = find_overriding(self, name, Binds)
        if answering is not self:
            return answering(name)
        bind = self.datasets.get(name)
        if bind is None:
            # Two threads may both come here: making an engine opens nothing, and one wins.
            bind = self.datasets.setdefault(name, self._make_bind(name))
            self._attach(name, self._required.get(name, ()))
        return bind

    def new_session(self, data_set: type[DataSet], **options: Any) -> Session:
        """Return a new session, which the caller closes.

        Raises:
            SchemaMismatchError: The installed dataset is not what the models describe.
        """
        _, session_factory = self(data_set.dataset_name)
        self.check_models(data_set)
        return session_factory(**options)

    def check_models(self, data_set: type[DataSet]) -> None:
        """Compare models and installed dataset, and attach what they refer to, unless done.

        Raises:
            SchemaMismatchError: Models and dataset differ, or those of another that they refer to.
        """
        known_tables = len(data_set.metadata.tables)
        if self._known_tables.get(data_set) == known_tables:
            return
        self._check_agreement(data_set)
        others = find_referred(data_set)
        self._attach(data_set.dataset_name, [other.dataset_name for other in others])
        for other in others:
            try:
                self._check_agreement(other)
            except SchemaMismatchError:
                raise
            except DatasetError:
                continue  # raised for the statement that asks for it
        self._known_tables[data_set] = known_tables

    def _check_agreement(self, data_set: type[DataSet]) -> None:
        engine, _ = self(data_set.dataset_name)
        found = self._unchecked.get(data_set.dataset_name)
        if found is not None:
            check_agreement(data_set.resolve(), found, engine.dialect)
            self._unchecked.pop(data_set.dataset_name, None)

    def _attach(self, name: str, others: Iterable[str]) -> None:
        if not others:
            return
        engine, session_factory = self(name)
        recipe = recipes[engine]
        attach = {other: self._attaching(recipe, other) for other in others}
        if not attach_datasets(engine, name, attach):
            return
        idle: IdleConnections | None = session_factory.kw.get("idle")
        if idle is not None:
            idle.close()
        for other in others:
            if other not in self.paths and os.fspath(self.default_path) == MEMORY:
                event.listen(
                    engine, "handle_error", partial(explain_missing_reference, name, other)
                )

    def _attaching(self, recipe: Recipe, name: str) -> Callable[[sqlite3.Connection], None]:
        # It must not hold these binds, which would then outlive their graph.
        try:
            other = recipes[self(name)[0]]
        except DatasetError as error:
            return partial(_raise, error)
        return lambda connection: recipe.attach(connection, name, other.uri(), other.path)

    def own_session(
        self,
        data_set: type[DataSet],
        *,
        expire_on_commit: bool = False,
        is_reachable: bool = False,
    ) -> Session:
        """Return the session of this thread or task outside of contexts, closed when that ends.

        Args:
            data_set: The declarative base.
            expire_on_commit: Read objects again after a commit.
            is_reachable: Whether its user is given it to commit.
        """
        key = data_set, expire_on_commit, is_reachable
        return self._own_sessions.get(key, self._create_own_session)

    def _create_own_session(self, key: tuple[type[DataSet], bool, bool]) -> Session:
        data_set, expire_on_commit, is_reachable = key
        session = data_set.new_session(self, expire_on_commit=expire_on_commit)
        self.mark_own(session, is_reachable=is_reachable)
        return session

    def mark_own(self, session: Session, *, is_reachable: bool = False) -> None:
        """Note that no context commits this session; a read-only one stays as it is."""
        is_writing = not (self.autocommit or isinstance(session, ReadOnlySession))
        if is_writing and isinstance(session, DatasetSession):
            session.is_own = True
            session.is_reachable = is_reachable

    def dispose(self) -> None:
        """Close every session that was made outside of contexts, and every idle connection."""
        self._own_sessions.close()
        for name in list(self.datasets):
            self.dispose_engine(name)

    def dispose_engine(self, name: str) -> None:
        """Close the idle connections of a dataset, if its engine was made."""
        if name not in self.datasets:
            return
        engine, session_factory = self.datasets[name]
        idle: IdleConnections | None = session_factory.kw.get("idle")
        if idle is not None:
            idle.close()
        engine.dispose()

    def _make_bind(self, name: str) -> Bind:
        path = self.paths.configured.get(name)
        found = self.paths.find(name) if path is None else None
        if found is not None and found.location.is_writable:
            return self._bind_readwrite(found.location.memory, name, is_default=False)
        if found is not None:
            is_working_copy = found.is_legacy and not (
                found.is_registered or found.location.immutable
            )
            if not is_working_copy:
                if found.manifest:
                    self._unchecked[name] = found
                    self._required[name] = find_requirements(found)
                return self._bind_readonly(found.location, name, found)
            path = found.location.path
        is_default = path is None
        path = self.default_path if path is None else path
        # A database in memory that nobody may write would be empty for ever.
        if self.read_only and os.fspath(path) != MEMORY:
            return self._bind_readonly(Location(os.fspath(path), immutable=False), name)
        return self._bind_readwrite(path, name, is_default=is_default)

    def _bind_readonly(
        self, location: Location, name: str, dataset: InstalledDataset | None = None
    ) -> Bind:
        if dataset is not None and self.is_of_process:
            engine = dataset_engine(name)
        else:
            engine = create_readonly_engine(
                location, untrusted=self.untrusted, echo=self.echo, name=name, dataset=dataset
            )
        refuse = partial(refuse_write, name, location.path)
        session_factory: sessionmaker[Session] = sessionmaker(
            engine, class_=LeasingSession, idle=IdleConnections(engine), refuse=refuse
        )
        return engine, session_factory

    def _bind_readwrite(self, path: Path, name: str, *, is_default: bool) -> Bind:
        engine = create_readwrite_engine(
            path,
            echo=self.echo,
            use_foreign_keys=self.use_foreign_keys,
            autocommit=self.autocommit,
            timeout=self.timeout,
        )
        if os.fspath(path) != MEMORY:
            event.listen(engine, "handle_error", partial(explain_empty_file, name, path))
        elif is_default:
            event.listen(engine, "handle_error", partial(explain_empty_memory, name))
        session_factory: sessionmaker[Session] = sessionmaker(engine, class_=DatasetSession)
        return engine, session_factory


def _raise(error: DatasetError, _: object) -> None:
    raise error
