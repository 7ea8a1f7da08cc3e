"""Foreign keys that lead from the models of one dataset into another one.

SQLite keeps no foreign key between two files. So such a key is left out of the tables when they
are created; it is for joins and relationships, for the build, which checks it, and for the
manifest. The column to refer to is that of a model, as the name of a table would not say where
the table is::

    class Flight(NycFlights):
        origin: Mapped[str] = mapped_column(ForeignKey(Airport.faa))
        airport: Mapped[Airport] = relationship(viewonly=True)
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import MetaData
from sqlalchemy.exc import NoReferenceError
from sqlalchemy.orm import RelationshipProperty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import ForeignKeyConstraint, Table

    from microcosm_sqlite.orm.data_sets import DataSet

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
