"""What the connections of an engine read besides their own database: other datasets.

A dataset is attached under its name, so that SQL reaches its tables as ``name.table``. Statements
on models need no such prefix: the engine writes it for the tables of every dataset but its own,
which also tells two tables of one name apart.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.orm.external_keys import find_dataset_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Engine
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.pool import ConnectionPoolEntry

    Attach = Callable[[sqlite3.Connection], None]
    """Attaches one dataset to a connection."""

_MAIN = "main"
"""SQLite's schema name for the database that a connection was opened with."""


class Attachments:
    """The datasets that one engine attaches, each when a connection is next taken.

    One that cannot be attached stops nobody who does not ask for it: its error is raised by the
    statement that does.

    Attributes:
        own: Name of the engine's own dataset.
        others: What attaches each of the others, by name.
        opened: Names that the engine attaches itself when it opens a connection.
    """

    def __init__(self, own: str, opened: Iterable[str] = ()) -> None:
        self.own = own
        self.opened = frozenset(opened)
        self.others: dict[str, Attach] = {}
        self._faults: dict[str, DatasetError] = {}

    def install(self, engine: Engine) -> None:
        """Serve an engine: its pool, its statements and its errors."""
        event.listen(engine, "checkout", self._bring)
        event.listen(engine, "handle_error", self._explain)
        # One of SQLAlchemy's own hooks: what it does for `schema_translate_map`, table by table.
        preparer: Any = engine.dialect.identifier_preparer
        preparer.schema_for_object = self._find_schema

    def _find_schema(self, item: Any) -> str | None:
        schema: str | None = item.schema
        metadata = getattr(item, "metadata", None)  # an alias has none
        if schema is not None or metadata is None:
            return schema
        name = find_dataset_name(metadata)
        if name == self.own:
            return _MAIN
        return name if name in self.others or name in self.opened else None

    def _bring(self, connection: sqlite3.Connection, entry: ConnectionPoolEntry, _: object) -> None:
        attached = entry.info.setdefault("attached", set())
        if len(attached) == len(self.others):
            return
        driver_connection: Any = getattr(connection, "driver_connection", connection)
        # What asyncio's driver wraps is used in another thread, and only between two statements.
        raw = getattr(driver_connection, "_conn", driver_connection)
        for name in sorted(self.others.keys() - attached):
            try:
                self.others[name](raw)
                self._faults.pop(name, None)
            except DatasetError as error:
                self._faults[name] = error
            attached.add(name)

    def _explain(self, context: ExceptionContext) -> None:
        error = context.original_exception
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR:
            return
        for name, fault in self._faults.items():
            if f"no such table: {name}." in str(error):
                raise fault from error


def find_attachments(engine: Engine) -> Attachments | None:
    """What an engine attaches, or None."""
    # A dictionary by engine would keep the engine, which what is attached may refer to.
    hook = engine.dialect.identifier_preparer.schema_for_object
    owner = getattr(hook, "__self__", None)
    return owner if isinstance(owner, Attachments) else None


def attach_datasets(
    engine: Engine, own: str, others: Mapping[str, Attach], opened: Iterable[str] = ()
) -> bool:
    """Have an engine attach datasets; returns whether any of them is new to it.

    Args:
        engine: The engine.
        own: Name of its own dataset.
        others: What attaches each of the others, by name.
        opened: Names that it attaches itself when it opens a connection.
    """
    known = find_attachments(engine)
    if known is None:
        if not (others or opened):
            return False
        known = Attachments(own, opened)
        known.install(engine)
    there = known.opened | known.others.keys()
    new = {name: attach for name, attach in others.items() if name not in there}
    known.others |= new
    return bool(new)
