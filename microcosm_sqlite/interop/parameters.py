"""The parameters of a condition, as the values that SQLite compares with what it stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

    from microcosm_sqlite.catalog.frames import Parameters

# The first that fits counts: a datetime is a date as well, and so is many an enumeration a string.
_AS_STORED: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (Enum, lambda value: value.name),
    (bool, int),
    (datetime, lambda value: value.replace(tzinfo=None).isoformat(" ", "microseconds")),
    (time, lambda value: value.replace(tzinfo=None).isoformat("microseconds")),
    (date, date.isoformat),
    (Decimal, float),
    (UUID, lambda value: value.hex),
)


def bind(params: Parameters | None) -> Parameters:
    """Positional or named parameters, each as SQLAlchemy stores such a value.

    >>> bind([datetime(2013, 1, 1, 5), True])
    ('2013-01-01 05:00:00.000000', 1)
    """
    if params is None:
        return ()
    if isinstance(params, Mapping):
        return {name: _as_stored(value) for name, value in params.items()}
    return tuple(_as_stored(value) for value in params)


def _as_stored(value: object) -> object:
    for kind, convert in _AS_STORED:
        if isinstance(value, kind):
            return convert(value)
    return value
