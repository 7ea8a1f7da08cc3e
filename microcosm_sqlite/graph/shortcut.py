"""Whether rows of a model can go to SQLite without making instances of it first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

_MAPPER_EVENTS = ("before_insert", "after_insert")
_INSTANCE_EVENTS = ("init", "init_failure", "refresh", "refresh_flush")
_SESSION_EVENTS = (
    "before_flush",
    "after_flush",
    "after_flush_postexec",
    "before_attach",
    "after_attach",
    "transient_to_pending",
    "pending_to_persistent",
)
_ATTRIBUTE_EVENTS = ("set", "init_scalar", "modified")


def can_skip_instances(model: type[Any], given: Collection[str], session: Session) -> bool:
    """Whether rows can bypass instances of `model` without an observable difference.

    Validators, constructors and listeners make a difference, and so do defaults that take effect
    where an instance has None.

    Args:
        model: A mapped class.
        given: The names of the columns that the rows have values for.
        session: The session that the instances would have gone through.
    """
    mapper: Mapper[Any] = sa.inspect(model)
    return (
        isinstance(mapper.local_table, sa.Table)
        and mapper.inherits is None
        and mapper.polymorphic_on is None
        and mapper.version_id_col is None
        and not mapper.validators
        and has_plain_constructor(mapper)
        and not _has_listeners(mapper, session)
        and all(_defaults_alike(column, given) for column in mapper.local_table.columns)
    )


def has_plain_constructor(mapper: Mapper[Any]) -> bool:
    """Whether instances are made by the declarative constructor, which only sets attributes."""
    original = mapper.class_manager.original_init
    return getattr(original, "__func__", original) is mapper.registry.constructor


def _has_listeners(mapper: Mapper[Any], session: Session) -> bool:
    watched = [
        *((mapper.dispatch, event) for event in _MAPPER_EVENTS),
        *((mapper.class_manager.dispatch, event) for event in _INSTANCE_EVENTS),
        *((session.dispatch, event) for event in _SESSION_EVENTS),
        *(
            (attribute.class_attribute.dispatch, event)
            for attribute in mapper.column_attrs
            for event in _ATTRIBUTE_EVENTS
        ),
    ]
    return any(
        not _is_of_sqlalchemy(listener)
        for dispatch, event in watched
        for listener in getattr(dispatch, event)
    )


def _is_of_sqlalchemy(listener: Any) -> bool:
    # Listeners of others are wrapped by functions of SQLAlchemy, so the module does not tell.
    return getattr(listener, "__qualname__", "") == "_event_on_init"


def _defaults_alike(column: sa.Column[Any], given: Collection[str]) -> bool:
    if column.name in given:
        # The session leaves None to the default, where there is one.
        return not column.nullable or (column.default is None and column.server_default is None)
    return column.default is None or isinstance(column.default, ScalarElementColumnDefault)
