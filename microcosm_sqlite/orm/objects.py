"""Objects of plain models, made of rows as SQLAlchemy makes them, for a fraction of the price.

For each statement SQLAlchemy looks for all that may have a part in loading: related objects, other
classes, options, listeners, what is to be flushed or refreshed. If there is none of it, an object
is a dictionary of values, and an entry of the session's identity map. Wherever there may be some,
nothing is loaded here, and SQLAlchemy does it.

Every private name of SQLAlchemy's ORM that this needs is in this module.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import Column, Table
from sqlalchemy.orm import (
    ClassManager,
    ColumnProperty,
    InstanceState,
    Mapper,
    RelationshipProperty,
    Session,
)
from sqlalchemy.orm.attributes import instance_dict, instance_state
from sqlalchemy.orm.identity import IdentityMap

from microcosm_sqlite.orm.rows import PreparedRows
from microcosm_sqlite.orm.sessions import LeasingSession

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Dialect, Select
    from sqlalchemy.orm import MapperProperty

    from microcosm_sqlite.orm.data_sets import DataSet

    Key = tuple[Any, ...]

M = TypeVar("M", bound="DataSet")

NEEDED = (
    (ClassManager, "dispatch"),
    (ClassManager, "new_instance"),
    (IdentityMap, "_add_unpresent"),
    (InstanceState, "load_options"),
    (InstanceState, "load_path"),
    (InstanceState, "session_id"),
    (Mapper, "_path_registry"),
    (Session, "_is_clean"),
    (Session, "_trans_context_manager"),
    (Session, "dispatch"),
)
"""Names that SQLAlchemy may rename: if one is missing, nothing is loaded here."""


class PlainObjects(Generic[M]):
    """Finds or makes the objects of one model in a session, from rows of all its columns.

    Args:
        mapper: The mapper of a model for which :func:`is_plain` is true.
    """

    def __init__(self, mapper: Mapper[M]) -> None:
        self.mapper = mapper
        self.attributes = [getattr(mapper.class_, each.key) for each in mapper.column_attrs]
        self._names: list[str] = [attribute.key for attribute in self.attributes]
        self._manager: Any = mapper.class_manager
        self._number_of_attributes = len(self._manager)
        self._load_path = mapper._path_registry
        self._identity_class = mapper.base_mapper.class_
        keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
        places = [self._names.index(key) for key in keys]
        # A slice of a row is a tuple, as the key of one column has to be.
        first = slice(places[0], places[0] + 1)
        self._read_key = itemgetter(*places) if len(places) > 1 else itemgetter(first)

    def is_watched(self, session: Session) -> bool:
        """Whether a listener, option or change may have a part in what a query loads."""
        told: Any = session.dispatch
        of_model = self._manager.dispatch
        return bool(
            not session._is_clean()
            or told.do_orm_execute
            or told.loaded_as_persistent
            or of_model.load
            or of_model.refresh
            or len(self._manager) != self._number_of_attributes
            or session._trans_context_manager
            # SQLAlchemy 2.0 has no options of sessions.
            or getattr(session, "execution_options", None)
        )

    def make(self, session: Session, rows: Iterable[Key]) -> list[M] | None:
        """The objects of rows, or None where SQLAlchemy has to refresh one, or refuse a key."""
        find = session.identity_map.get
        found = []
        for row in rows:
            key = (self._identity_class, self._read_key(row), None)
            instance = find(key)
            if instance is None:
                if None in key[1]:
                    return None
                instance = self._manager.new_instance()
                self._note_origin(instance_state(instance), key, session)
                instance_dict(instance).update(zip(self._names, row, strict=True))
            elif not self._is_loaded(instance):
                return None
            found.append(instance)
        return found

    def _note_origin(self, state: Any, key: Key, session: Session) -> None:
        # All that SQLAlchemy sets, in its order: states with other attributes would take more
        # memory, as Python's dictionaries share the names of attributes that are the same.
        state.key = key
        state.identity_token = None
        state.session_id = session.hash_key
        session.identity_map._add_unpresent(state, key)
        state.load_options = ()
        state.load_path = self._load_path
        state.runid = None

    def _is_loaded(self, instance: Any) -> bool:
        is_expired = instance_state(instance).expired
        return not is_expired and all(map(instance_dict(instance).__contains__, self._names))


class PlainSelect(Generic[M]):
    """A select of objects whose rows are read without SQLAlchemy, wherever that is the same.

    Args:
        objects: What makes objects of the rows.
        statement: The select, whose only values are bound parameters.
    """

    def __init__(self, objects: PlainObjects[M], statement: Select[Any]) -> None:
        self._objects = objects
        self._statement = statement
        self._prepared: dict[Dialect, PreparedRows] = {}

    def load(self, session: Session, values: dict[str, Any]) -> list[M] | None:
        """All objects for these values, or None where it is left to SQLAlchemy."""
        if not isinstance(session, LeasingSession) or self._objects.is_watched(session):
            return None
        connection = session.lease(self._objects.mapper)
        if connection is None or _is_executed_by_others(connection):
            return None
        dialect = connection.dialect
        # They are in one order for a statement, which is made for them.
        prepared = self._prepared.get(dialect) or self._prepare(dialect, [*values])
        rows = prepared.fetch_all(connection, [*values.values()])
        return None if rows is None else self._objects.make(session, rows)

    def _prepare(self, dialect: Dialect, names: list[str]) -> PreparedRows:
        attributes = self._objects.attributes
        statement = self._statement.with_only_columns(*attributes)
        columns = [attribute.expression for attribute in attributes]
        prepared = self._prepared[dialect] = PreparedRows(statement, names, columns, dialect)
        return prepared


def _is_executed_by_others(connection: Connection) -> bool:
    # The engine of read-only data has one listener of ours, which is for the users' own SQL.
    dialect: Any = connection.dialect
    return len(dialect.dispatch.do_execute) > 1


def is_plain(mapper: Mapper[Any]) -> bool:
    """Whether a model is one table, of which every query loads all columns and nothing else."""
    return (
        isinstance(mapper.local_table, Table)
        and mapper.persist_selectable is mapper.local_table
        and mapper.inherits is None
        and mapper.polymorphic_on is None
        and mapper.with_polymorphic is None
        and not mapper.always_refresh
        and all(_is_plain(attribute, mapper.local_table) for attribute in mapper.attrs)
        and all(hasattr(owner, name) for owner, name in NEEDED)
    )


def _is_plain(attribute: MapperProperty[Any], table: Table) -> bool:
    if isinstance(attribute, ColumnProperty):
        (column, *others) = attribute.columns
        is_column = isinstance(column, Column) and column.table is table
        return is_column and not others and not attribute.deferred
    # A relationship that is loaded when it is read.
    return isinstance(attribute, RelationshipProperty) and attribute.lazy in ("select", True)
