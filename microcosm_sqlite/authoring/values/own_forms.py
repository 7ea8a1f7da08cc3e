"""Types that store moments in a form of their own, and values that this form can hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.common.kinds import DATE, DATETIME, TIME, Kind, as_utc

if TYPE_CHECKING:
    from sqlalchemy import types

_PROBE = datetime(2013, 11, 27, 22, 59, 58, 123456)
_PROBES = {DATETIME: _PROBE, DATE: _PROBE.date(), TIME: _PROBE.time()}
_CODES = {
    "123456": "%f", "2013": "%Y", "11": "%m", "27": "%d", "22": "%H", "59": "%M", "58": "%S",
}  # fmt: skip


def find_own_form(type_: types.TypeEngine[Any], kind: Kind) -> str:
    """The format in which a type stores moments, where it is another than SQLAlchemy's.

    >>> import sqlalchemy as sa
    >>> from microcosm_sqlite.common.kinds import KINDS
    >>> from sqlalchemy.dialects.sqlite import DATETIME as Short
    >>> find_own_form(Short(truncate_microseconds=True), KINDS["datetime"])
    '%Y-%m-%d %H:%M:%S'
    >>> find_own_form(sa.DateTime(), KINDS["datetime"])
    ''
    """
    if kind.name not in _PROBES or kind.store is None:
        return ""
    bind: Any = type_.dialect_impl(dialect()).bind_processor(dialect())
    probe = _PROBES[kind.name]
    form: str = bind(probe)
    if form == kind.store(probe):
        return ""
    for digits, code in _CODES.items():
        form = form.replace(digits, code, 1)
    return form


def bind_exactly(
    type_: types.TypeEngine[Any], form: str, bind: Callable[[Any], Any]
) -> Callable[[Any], Any]:
    """Bind values as a type with a form of its own does, if they can be read again from it.

    The function raises ValueError where they cannot.
    """
    read: Any = type_.dialect_impl(dialect()).result_processor(dialect(), None)

    def bind_value(value: Any) -> Any:
        stored = bind(value)
        if read(stored) != (as_utc(value) if isinstance(value, datetime) else value):
            raise ValueError(f"its form {form} has no place for {value}")
        return stored

    return bind_value
