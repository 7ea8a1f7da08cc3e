"""The stored form of a value that a column is compared with, and the text that files have for it.

SQLite compares what is stored, and it stores moments, durations and UUIDs as texts, booleans as
numbers. So `2013-01-01T10:00` is first spelled as the column spells it: in a condition, a literal
or a parameter is then found however it was written.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta

from microcosm_sqlite.common import kinds
from microcosm_sqlite.common.durations import parse_duration, read_duration, spell_duration
from microcosm_sqlite.common.kinds import Kind, as_stored, as_utc, parse_boolean, store_duration
from microcosm_sqlite.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_CLOCKS = {"00:00", "00:00:00", *(f"00:00:00.{'0' * digits}" for digits in range(3, 7))}
"""How clocks are written, with zeros for all digits."""
_AS_ZERO = str.maketrans("123456789", "0" * 9)


def read_moment(text: str) -> datetime:
    """The moment of a text in ISO 8601; one with an offset in UTC, as it is stored.

    Raises:
        ValueError: It is not such a text.
        OverflowError: In UTC it is before the year 1, or after 9999.
    """
    text = text.strip()
    if text.endswith("UTC"):
        text = text[:-3].removesuffix(" ") + "Z"
    return as_utc(datetime.fromisoformat(text))


def store_as(
    kind: Kind | None, value: object, example: object = None, column: str = "The column"
) -> object:
    """Return the stored form of a value; a text that stands for none stays as it is.

    >>> store_as(kinds.KINDS["datetime"], "2013-01-01T12:00+02:00")
    '2013-01-01 10:00:00.000000'
    >>> store_as(kinds.KINDS["datetime"], "2013-01-01T10:00", "1999-12-31 23:59:59")
    '2013-01-01 10:00:00'
    >>> store_as(kinds.KINDS["boolean"], "true"), store_as(kinds.KINDS["boolean"], "maybe")
    (1, 'maybe')

    Args:
        kind: The kind of the column, or None where nothing tells.
        value: A value of Python, of NumPy or of Arrow.
        example: A value that the column stores, which tells how it spells moments and UUIDs. By
            default it is the way of SQLAlchemy.
        column: What the column is called, for errors.

    Raises:
        QueryError: No value of such a column is a value of this type.
    """
    value = as_plain(value)
    convert = _STORE.get(kind.name) if kind else None
    if convert and value is not None:
        try:
            return convert(value, example)
        except _UnlikeError as error:
            raise refuse_comparison(kind, value, example, column) from error
        except (ValueError, OverflowError):
            is_year = isinstance(value, str) and len(value) == 4 and value.isdecimal()
            if is_year and kind and kind.name in (kinds.DATETIME, kinds.DATE):
                # SQLite would take it for a number, which is less than every text.
                return f"{value}-"
    return as_stored(value)


def refuse_comparison(kind: Kind | None, value: object, example: object, column: str) -> QueryError:
    """The error for a value that is compared with a column of numbers, or of texts unlike it.

    Args:
        kind: The kind of the column.
        value: The value.
        example: A text of the column, or None where none is known.
        column: What the column is called.
    """
    form, holds = "text", "holds texts"
    if kind and kind.name in NUMBERS:
        form, holds = "number", "holds numbers"
    elif example is not None:
        holds += f" such as {str(example)[:50]!r}"
    return QueryError(
        f"{column} {holds}, so it cannot be compared with the {type(value).__name__} {value}.",
        hint=f"Compare it with a {form}, as the column has it.",
    )


class _UnlikeError(ValueError):
    """The values of a column are of another kind than the value that it is compared with."""


def as_plain(value: object) -> object:
    """A scalar of NumPy, Arrow or pandas as the value of Python, which SQLite takes.

    SQLite would take the bytes of NumPy's numbers for a blob, which equals no number. Its only
    missing value is NULL: that stands for NaN, and for the NA and NaT of pandas as well.
    """
    package = type(value).__module__.partition(".")[0]
    if package == "numpy":
        array: Any = value
        is_moment = type(value).__name__ in ("datetime64", "timedelta64")
        value = array.astype(f"{type(value).__name__}[us]").item() if is_moment else array.item()
    elif package == "pyarrow" and hasattr(value, "as_py"):
        value = value.as_py()
    elif package == "pandas" and type(value).__name__ in ("NAType", "NaTType"):
        return None
    return None if isinstance(value, float) and math.isnan(value) else value


def read_as(kind: Kind | None, stored: Any) -> Any:
    """Return what a stored value stands for; one that stands for nothing stays as it is.

    >>> read_as(kinds.KINDS["date"], "2013-01-31"), read_as(kinds.KINDS["boolean"], 1)
    (datetime.date(2013, 1, 31), True)

    Args:
        kind: The kind of the column, or None where nothing tells.
        stored: A value as SQLite has it.
    """
    convert = _READ.get(kind.name) if kind else None
    try:
        return stored if convert is None or stored is None else convert(stored)
    except (ValueError, TypeError):
        return stored


def _read_boolean(stored: object) -> bool:
    if stored not in (0, 1):
        raise ValueError(stored)
    return bool(stored)


def _read_uuid(stored: object) -> str:
    """As frames have it, with hyphens."""
    from uuid import UUID

    return str(UUID(str(stored)))


_READ: dict[str, Callable[[Any], object]] = {
    kinds.DATETIME: datetime.fromisoformat,
    kinds.DATE: date.fromisoformat,
    kinds.TIME: time.fromisoformat,
    kinds.BOOLEAN: _read_boolean,
    kinds.DURATION: read_duration,
    kinds.UUID: _read_uuid,
}


def _store_moment(value: object, example: object) -> object:
    if isinstance(value, str):
        value = read_moment(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime):
        raise ValueError(value)  # noqa: TRY004  # it is no moment, whatever its type
    shown = str("0000-00-00 00:00:00.000000" if example is None else example)
    if not _is_clock(shown[11:]) or shown[10] not in " T":
        raise ValueError(shown)
    return as_utc(value).isoformat(shown[10], _choose_precision(shown[11:], value))


def _is_clock(text: str) -> bool:
    return text.translate(_AS_ZERO) in _CLOCKS


def _choose_precision(clock: str, value: datetime | time) -> str:
    """How exactly a time is written: as the column does it, unless that would change it."""
    digits = max(len(clock) - len("00:00:00."), 0)
    if value.microsecond % 1000 or digits > 3 or (value.microsecond and not digits):
        return "microseconds"
    if digits:
        return "milliseconds"
    return "seconds" if value.second or len(clock) > len("00:00") else "minutes"


def _store_date(value: object, example: object) -> object:
    if isinstance(example, str) and _is_clock(example[11:]):
        return _store_moment(value, example)  # others' databases have such dates
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime) and value.tzinfo is None and value.time() == time():
        value = value.date()
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError(value)  # noqa: TRY004  # a day with a time is no date
    return value.isoformat()


def _store_time(value: object, example: object) -> object:
    if isinstance(value, str):
        value = time.fromisoformat(value.strip())
    if not isinstance(value, time) or value.tzinfo is not None:
        raise ValueError(value)
    clock = str("00:00:00.000000" if example is None else example)
    if not _is_clock(clock):
        raise ValueError(example)
    return value.isoformat(_choose_precision(clock, value))


def _store_boolean(value: object, example: object) -> object:
    if not isinstance(value, str) or not value.strip() or isinstance(example, str):
        raise ValueError(value)
    return int(parse_boolean(value))


def _store_duration(value: object, example: object) -> object:  # noqa: ARG001
    return store_duration(parse_duration(value)) if isinstance(value, str) else as_stored(value)


def _store_uuid(value: object, example: object) -> object:
    from uuid import UUID

    read = UUID(value.strip()) if isinstance(value, str) else value
    if not isinstance(read, UUID):
        raise ValueError(value)  # noqa: TRY004  # it is no UUID, whatever its type
    return str(read) if isinstance(example, str) and "-" in example else read.hex


def _store_text(value: object, example: object) -> object:
    """The text by which files and people write a value that is in a column of texts.

    Raises:
        _UnlikeError: The example is no such value, or is written in a way that is not known.
    """
    write = next((write for type_, write in _WRITE.items() if isinstance(value, type_)), None)
    if write is None:
        return _store_identifier(value, example)
    try:
        return write(value, example if isinstance(example, str) else None)
    except ValueError as error:
        raise _UnlikeError(value) from error


def _write_day(value: date, example: str | None) -> object:
    """A day as the texts of a column write theirs; among moments it is midnight."""
    if example is None:
        return value.isoformat()
    return _write_moment(datetime(value.year, value.month, value.day), example)


def _write_moment(value: datetime, example: str | None) -> object:
    """A moment as the texts of a column write theirs, which may end in the offset of UTC.

    Raises:
        ValueError: The example is no moment, or has another offset.
    """
    if example is None:
        return as_stored(value)
    end = next((each for each in ("Z", "+00:00") if example.endswith(each)), "")
    shown = example.removesuffix(end)
    if datetime.fromisoformat(shown).date().isoformat() == shown:
        # A day with a time is no date; in this form it sorts among dates as the moment that it is.
        is_midnight = value == datetime(value.year, value.month, value.day)
        return value.date().isoformat() if is_midnight else as_stored(value)
    return f"{_store_moment(value, shown)}{end}"


def _write_clock(value: time, example: str | None) -> object:
    return str(value) if example is None else _store_time(value, example)


def _write_duration(value: timedelta, example: str | None) -> object:
    if example is not None and not example.lstrip("-").startswith("P"):
        raise ValueError(example)
    return spell_duration(value)


_WRITE: dict[type, Callable[[Any, str | None], object]] = {
    timedelta: _write_duration,
    datetime: _write_moment,
    date: _write_day,
    time: _write_clock,
}
"""Writes values among texts, by their types; a datetime is a date as well, and so comes first."""


def _store_identifier(value: object, example: object) -> object:
    """Texts of UUIDs and decimals, which only the names of their types tell; others as stored."""
    type_ = type(value).__name__
    if type_ == "UUID" and isinstance(example, str) and len(example) == 32:
        return str(value).replace("-", "")
    return str(value) if type_ in ("Decimal", "UUID") else as_stored(value)


def _store_number(value: object, example: object) -> object:  # noqa: ARG001
    """A text that is a number as the number, as SQLite does where it converts."""
    if isinstance(value, date | time | timedelta):
        raise _UnlikeError(value)
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004  # it is no text, whatever its type
    number = float(value)
    is_whole = value.strip().lstrip("+-").isdecimal()
    if not abs(number) < (2**63 if is_whole else float("inf")):
        raise ValueError(value)
    return int(value) if is_whole else number


_STORE: dict[str, Callable[[object, object], object]] = {
    kinds.DATETIME: _store_moment,
    kinds.DATE: _store_date,
    kinds.TIME: _store_time,
    kinds.BOOLEAN: _store_boolean,
    kinds.DURATION: _store_duration,
    kinds.UUID: _store_uuid,
}

SPELLED = frozenset(_STORE)
"""Names of the kinds whose values can be written in more ways than one."""
NUMBERS = frozenset((kinds.INTEGER, kinds.NUMBER, kinds.DECIMAL))
TEXTS = frozenset((kinds.TEXT, kinds.LABEL))

_STORE |= dict.fromkeys(NUMBERS, _store_number)
_STORE |= dict.fromkeys(TEXTS, _store_text)
