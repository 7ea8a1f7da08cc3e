"""SQLAlchemy engines for datasets: read-only and hardened, read-write, and in memory.

Connections are opened by functions, not from database URLs: so no character of a path means
anything but itself. A database in memory is one that all connections of its engine share. Any
keyword of SQLite may name a table or column.
"""

from __future__ import annotations

import os
import re
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from weakref import WeakKeyDictionary, finalize

import sqlalchemy
from sqlalchemy import URL, QueuePool, event

from microcosm_sqlite.catalog import registry
from microcosm_sqlite.catalog.connection import (
    attach_database,
    attach_late,
    checked_uri,
    connect,
)
from microcosm_sqlite.catalog.overrides import active
from microcosm_sqlite.catalog.preflight import refuse_special_sidecars
from microcosm_sqlite.catalog.registry import find_required, find_requirements
from microcosm_sqlite.catalog.untrusted import TIME_LIMIT, attach_restricted, limit_time
from microcosm_sqlite.errors import DatasetFileMissingError
from microcosm_sqlite.orm.comparing import read_examples
from microcosm_sqlite.orm.engine_errors import (
    explain_configured,
    explain_read_only,
    explain_refusal,
    find_driver_connection,
    refuse_unopened,
)
from microcosm_sqlite.orm.external_keys import attach_datasets, attach_to_memory
from microcosm_sqlite.orm.forking import track_engine
from microcosm_sqlite.orm.memory import MEMORY, MemoryDatabase
from microcosm_sqlite.orm.transactions import PATIENCE, begin_before_writing, explain_lock
from microcosm_sqlite.orm.types import (
    adapt_dialect,
    compare_as_stored,
    compare_in_utc,
)
from microcosm_sqlite.orm.user_statements import UserStatements

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection, Engine

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.location import Location
    from microcosm_sqlite.catalog.manifest import Requirement
    from microcosm_sqlite.catalog.overrides import Override

    Listeners = list[tuple[str, Callable[..., Any]]]


class Recipe(NamedTuple):
    """How an engine was made, to make another of the same kind.

    Attributes:
        open: Opens a connection.
        reset: What the pool does to a connection that comes back.
        listeners: Names of engine events, and what listens to them.
        path: The database, for errors.
        uri: What other connections attach to read the same database.
        attach: Attaches another database to a connection: under a name, by its URI and path.
    """

    open: Callable[[], sqlite3.Connection]
    reset: Literal["rollback"] | None
    listeners: Listeners
    path: str
    uri: Callable[[], str]
    attach: Callable[[sqlite3.Connection, str, str, str], None]

    def listen(self, engine: Engine) -> None:
        """Let the listeners listen to an engine."""
        for name, listener in self.listeners:
            # A listener that may change statements is registered itself, others in a wrapper: so
            # `rows` can tell this one, which watches nothing, from those that must be called.
            event.listen(engine, name, listener, retval=listener is begin_before_writing)
        event.listen(engine, "handle_error", explain_refusal)

    @property
    def is_read_only(self) -> bool:
        """Whether nothing is written, so that nothing has to be rolled back."""
        return self.reset is None


recipes: WeakKeyDictionary[Engine, Recipe] = WeakKeyDictionary()
"""The engines that were made here."""

_dataset_engines: dict[tuple[InstalledDataset, tuple[Override, ...]], Engine] = {}


def dataset_engine(name: str) -> Engine:
    """Return the engine of a registered or installed dataset: one for the whole process.

    Raises:
        DatasetNotFoundError: There is none of this name.
    """
    # What a dataset refers to may be overridden as well.
    key = registry.dataset(name), active()
    engine = _dataset_engines.get(key)
    if engine is None:
        engine = _dataset_engines.setdefault(key, create_dataset_engine(key[0]))
        for override in key[1]:
            override.at_end(partial(_forget_engine, key))
    return engine


def forget_engines(dataset: InstalledDataset) -> None:
    """Close and forget the engines of a dataset that is no longer registered."""
    for key in [key for key in list(_dataset_engines) if key[0] is dataset]:
        _forget_engine(key)


def _forget_engine(key: tuple[InstalledDataset, tuple[Override, ...]]) -> None:
    engine = _dataset_engines.pop(key, None)
    if engine is not None:
        engine.dispose()


def create_dataset_engine(
    dataset: InstalledDataset,
    *,
    attach: Mapping[str, Location] | None = None,
    untrusted: bool = False,
) -> Engine:
    """Create an engine of a dataset, with the datasets that it refers to attached.

    Args:
        dataset: The dataset.
        attach: More datasets, by name; unlike the others they must be there.
        untrusted: As for :func:`create_readonly_engine`.
    """
    engine = create_readonly_engine(
        dataset.location,
        attach=attach,
        untrusted=untrusted,
        name=dataset.name,
        dataset=dataset,
    )
    recipe = recipes[engine]
    compare_as_stored(engine, dataset)

    def attach_required(requirement: Requirement, connection: sqlite3.Connection) -> None:
        location = find_required(dataset, requirement).location
        recipe.attach(connection, requirement.dataset, checked_uri(location), location.path)

    required = find_requirements(dataset)
    others = {name: partial(attach_required, requirement) for name, requirement in required.items()}
    attach_datasets(engine, dataset.name, others, opened=attach or ())
    return engine


def create_readonly_engine(
    location: Location,
    *,
    attach: Mapping[str, Location] | None = None,
    untrusted: bool = False,
    echo: bool = False,
    name: str = "",
    dataset: InstalledDataset | None = None,
) -> Engine:
    """Create an engine that cannot change the file, for any number of threads.

    Args:
        location: The file, and whether it can be trusted not to change.
        attach: More databases, by the schema name that SQL will use for them.
        untrusted: Treat the file and the SQL as hostile; each statement may take
            :data:`microcosm_sqlite.catalog.untrusted.TIME_LIMIT` seconds.
        echo: Log every statement.
        name: The dataset's name, for errors.
        dataset: The dataset, where it is one that is installed or registered.
    """
    explain = partial(explain_read_only, name, location)
    statements = UserStatements(dataset, is_spelled=not untrusted)
    listeners: Listeners = [("handle_error", explain), *statements.listeners]
    if untrusted:
        listeners.append(("before_cursor_execute", _restart_clock))
    engine = _create(
        Recipe(
            open=lambda: connect(
                location, attach=attach, check_same_thread=False, untrusted=untrusted
            ),
            # Nothing is written, so nothing is rolled back between two users of a connection.
            reset=None,
            listeners=listeners,
            path=location.path,
            uri=partial(checked_uri, location),
            attach=attach_restricted if untrusted else attach_late,
        ),
        echo,
    )
    if not untrusted:
        read_examples(engine, recipes[engine].open)
    return engine


def create_readwrite_engine(
    path: str | os.PathLike[str],
    *,
    echo: bool = False,
    use_foreign_keys: bool = True,
    autocommit: bool = False,
    timeout: float = PATIENCE,
) -> Engine:
    """Create an engine for a path of the user's own, or for ``:memory:``.

    A file is created if need be. A database in memory is one per engine, whichever thread asks,
    and lasts until the engine is disposed of; as with a file, one connection writes at a time
    and others wait.

    Args:
        path: A path, a ``file:`` URI, or ``:memory:``.
        echo: Log every statement.
        use_foreign_keys: Let SQLite enforce foreign keys.
        autocommit: Use no transactions: each statement is committed on its own.
        timeout: Seconds that a statement waits while another connection writes.
    """
    name = os.fspath(path)
    memory = MemoryDatabase() if name in (MEMORY, "") else None
    open_connection = memory.connect if memory else _file_opener(name)

    def open_configured() -> sqlite3.Connection:
        connection = open_connection(timeout)
        if not autocommit:
            # Python's driver as well begins before it writes, for those who use it directly.
            connection.isolation_level = "DEFERRED"
        if use_foreign_keys:
            connection.execute("PRAGMA foreign_keys=ON")
        return connection

    listeners: Listeners = [("handle_error", partial(explain_lock, name, timeout))]
    if not autocommit:
        listeners += [
            ("before_cursor_execute", begin_before_writing),
            ("reset", _end_transaction),
        ]
    if not (memory or name.startswith("file:")):
        listeners.append(("handle_error", partial(explain_configured, name)))
    recipe = Recipe(
        open=open_configured,
        reset="rollback",
        listeners=listeners,
        path=name,
        uri=memory.find_uri if memory else partial(str, _name_file(name)),
        attach=attach_to_memory if memory else attach_database,
    )
    engine = _create(recipe, echo, is_copied=memory is not None)
    if memory:
        event.listen(engine, "engine_disposed", memory.close)
        finalize(engine, memory.close)
    return engine


def _create(recipe: Recipe, echo: bool, *, is_copied: bool = False) -> Engine:
    # Not imported by name: OpenTelemetry may have put its own in this place since.
    engine = sqlalchemy.create_engine(
        # For those who read the path in logs, traces and migrations; it is not opened by this.
        URL.create("sqlite", database=recipe.path or MEMORY),
        creator=recipe.open,
        echo=echo,
        poolclass=QueuePool,
        # A limit would make the sixteenth thread wait for half a minute, and then fail.
        max_overflow=-1,
        # To open a connection costs more than most queries: as many stay open between two uses as
        # Starlette has threads.
        pool_size=40,
        pool_reset_on_return=recipe.reset,
    )
    recipe.listen(engine)
    adapt_dialect(engine)
    if recipe.is_read_only:
        # What an application writes itself keeps SQLAlchemy's rules.
        compare_in_utc(engine)
    recipes[engine] = recipe
    track_engine(engine, is_copied=is_copied)
    return engine


def _restart_clock(connection: Connection, *_: object) -> None:
    limit_time(find_driver_connection(connection), TIME_LIMIT)


def _end_transaction(connection: Any, *_: object) -> None:
    # A COMMIT that a deferred foreign key refuses leaves SQLite in the transaction that
    # SQLAlchemy takes to be over.
    if getattr(connection, "driver_connection", connection).in_transaction:
        connection.rollback()


def _file_opener(name: str) -> Callable[[float], sqlite3.Connection]:
    path = _name_file(name)

    def open_file(timeout: float) -> sqlite3.Connection:
        if not (path.startswith("file:") or Path(path).parent.is_dir()):
            raise DatasetFileMissingError(
                f"{path} can neither be opened nor created: its folder does not exist.",
                hint=_advise_on_path(name),
            )
        if not path.startswith("file:"):
            refuse_special_sidecars(path)
        # An absolute path is never taken for a URI; what is attached is one.
        try:
            return sqlite3.connect(
                path,
                timeout=timeout,
                uri=True,
                check_same_thread=False,
                isolation_level=None,
            )
        except sqlite3.Error as error:
            if path.startswith("file:"):
                raise
            raise refuse_unopened(path, error) from error

    return open_file


def _advise_on_path(name: str) -> str:
    if re.match(r"\w{2,}(\+\w+)?:/", name):
        return "Write the path of a file, not a URL."
    if name.startswith("~") or re.search(r"\$\w|\$\{|%\w+%", name):
        return "Write the path itself: ~ and variables in it are not replaced."
    return "Create the folder, or correct the path."


def _name_file(name: str) -> str:
    return name if name.startswith("file:") else str(Path(name).absolute())
