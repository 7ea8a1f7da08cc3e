"""Foreign keys that lead from the models of one dataset into another one, which is attached.

SQLite keeps no foreign key between two files. So such a key is left out of the tables when they
are created; it is for joins and relationships, for the build, which checks it, and for the
manifest. The column to refer to is that of a model, as the name of a table would not say where
the table is::

    class Flight(NycFlights):
        origin: Mapped[str] = mapped_column(ForeignKey(Airport.faa))
        airport: Mapped[Airport] = relationship(viewonly=True)
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import MetaData, event
from sqlalchemy.exc import NoReferenceError
from sqlalchemy.orm import RelationshipProperty

from microcosm_sqlite.catalog.connection import attach_database
from microcosm_sqlite.common.platforms import VFS
from microcosm_sqlite.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Engine, ForeignKeyConstraint, Table
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.pool import ConnectionPoolEntry

    from microcosm_sqlite.orm.data_sets import DataSet

    Attach = Callable[[sqlite3.Connection], None]
    "Attaches one dataset to a connection."


_DATA_SET = "microcosm_sqlite.data_set"


def claim(metadata: MetaData, data_set: type[DataSet]) -> None:
    """Note in a catalogue of tables which dataset they are of."""
    metadata.info.setdefault(_DATA_SET, data_set)


def find_data_set(metadata: MetaData) -> type[DataSet] | None:
    """The dataset whose tables these are, or None."""
    return cast("type[DataSet] | None", metadata.info.get(_DATA_SET))


def find_dataset_name(metadata: MetaData) -> str:
    """The name of that dataset; empty if there is none."""
    data_set = find_data_set(metadata)
    return data_set.dataset_name if data_set else ""


def external_keys(table: Table) -> list[ForeignKeyConstraint]:
    """The foreign keys of a table that lead into another dataset, by their columns' names."""
    keys = [key for key in table.foreign_key_constraints if _find_target(key) is not None]
    return sorted(keys, key=lambda key: list(key.column_keys))


def _find_target(key: ForeignKeyConstraint) -> type[DataSet] | None:
    try:
        target = key.referred_table.metadata
    except NoReferenceError:  # a name, so one of the same file, whose table is yet to come
        return None
    other = find_data_set(target)
    if other is None or other.dataset_name == find_dataset_name(key.table.metadata):
        return None
    return other


def leave_out_external_keys(table: Table) -> None:
    """Keep the keys that lead into another dataset out of the table's DDL."""
    for key in external_keys(table):
        key.ddl_if(callable_=_never)


def _never(*_: Any, **__: Any) -> bool:
    return False


def copy_without_external_keys(metadata: MetaData) -> MetaData:
    """The tables as their file has them, for tools that compare the two."""
    if not any(map(external_keys, metadata.tables.values())):
        return metadata
    copy = MetaData(naming_convention=metadata.naming_convention)
    for table in metadata.tables.values():
        outer = [key.column_keys for key in external_keys(table)]
        copied = table.to_metadata(copy)
        for key in copied.foreign_key_constraints:
            if key.column_keys in outer:
                copied.constraints.discard(key)
                for element in key.elements:
                    element.parent.foreign_keys.discard(element)
                    copied.foreign_keys.discard(element)
    return copy


def find_related_classes(model: type[DataSet], namespace: Mapping[str, Any]) -> None:
    """Let relationships of a model name models of other datasets that its module imports.

    SQLAlchemy looks names up among the models of one dataset, and an annotation is a name.
    """
    module = sys.modules.get(model.__module__)
    for value in namespace.values():
        if isinstance(value, RelationshipProperty) and isinstance(value.argument, str):
            found = getattr(module, value.argument, None)
            if isinstance(found, type) and _is_of_another(found, model):
                value.argument = found


def _is_of_another(found: type, model: type[DataSet]) -> bool:
    metadata = getattr(found, "metadata", None)
    return isinstance(metadata, MetaData) and (
        find_data_set(metadata) not in (None, find_data_set(model.metadata))
    )


def find_referred(data_set: type[DataSet]) -> list[type[DataSet]]:
    """The datasets that models of this one refer to, directly or through others."""
    found: dict[str, type[DataSet]] = {}
    ahead = [data_set]
    while ahead:
        for other in _refer(ahead.pop()):
            if other.dataset_name != data_set.dataset_name and other.dataset_name not in found:
                found[other.dataset_name] = other
                ahead.append(other)
    return list(found.values())


def _refer(data_set: type[DataSet]) -> Iterator[type[DataSet]]:
    for table in data_set.metadata.tables.values():
        for key in external_keys(table):
            other = _find_target(key)
            if other is not None:
                yield other


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
    """The databases that an engine attaches, or None."""
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


def attach_to_memory(connection: sqlite3.Connection, schema: str, uri: str, path: str) -> None:
    """Attach another database to one in memory, under a name.

    What is attached to a database of one file system is looked for there, unless told otherwise.
    """
    if "vfs=" not in uri:
        uri = uri if uri.startswith("file:") else Path(uri).as_uri()
        uri += f"{'&' if '?' in uri else '?'}vfs={VFS}"
    attach_database(connection, schema, uri, path)
