"""The kinds of values that columns hold: one record for each, all in one table.

Everything that has to know what a column holds asks this table: models as SQLAlchemy types, the
manifest as types of Table Schema, databases as declared types, queries as Python values. What
needs SQLAlchemy stands beside it, in `authoring.values.kind_values`, and what only Arrow needs, in
`interop.arrow_types`; both are keyed by the names of kinds. So a new kind is one entry in each.

This imports nothing, as reading a dataset needs it: Python types go by their names.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from typing import Any

LABEL, BOOLEAN, DATETIME, DATE, TIME = "label", "boolean", "datetime", "date", "time"
INTEGER, TEXT, NUMBER, DECIMAL, DURATION = "integer", "text", "number", "decimal", "duration"
UUID, BINARY, JSON, PICKLE = "UUID", "binary", "JSON", "pickled object"
MOMENT = "datetime with offset"
"""Texts of datetimes in sources, with a time zone; they are stored as datetimes in UTC."""


class Kind:
    """One kind of values.

    Attributes:
        name: What it is called.
        type: The SQLAlchemy type, `module:class`, that all types of this kind derive from.
        model_type: The one that drafted models have, where it is not that; without arguments.
        annotation: The Python type, as models spell it.
        field_type: The type in Table Schema.
        format: The format in Table Schema; empty for the default one.
        declared: Parts of a declared type, in capitals, that tell of it in any database.
        stored: How SQLite stores it: integer, real, text, blob, or any.
        example: A text that stands for such a value in a source; empty where no text does.
        python: The Python type, `module.class`, whose values have to be converted for SQLite.
        store: Converts one of them, as SQLAlchemy stores it.
    """

    __slots__ = (
        "annotation", "declared", "example", "field_type", "format", "model_type", "name",
        "python", "store", "stored", "type",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        type_: str,
        annotation: str,
        field_type: str,
        *,
        stored: str,
        example: str = "",
        model_type: str = "",
        format_: str = "",
        declared: tuple[str, ...] = (),
        python: str = "",
        store: Callable[[Any], object] | None = None,
    ) -> None:
        self.name = name
        self.type = type_
        self.model_type = model_type or type_
        self.annotation = annotation
        self.field_type = field_type
        self.format = format_
        self.declared = declared
        self.stored = stored
        self.example = example
        self.python = python
        self.store = store

    def __repr__(self) -> str:
        return f"<Kind {self.name}>"


def as_utc(value: datetime) -> datetime:
    """Return a datetime as it is stored: one with an offset in UTC, without the offset.

    >>> from datetime import datetime
    >>> as_utc(datetime.fromisoformat("2020-01-01T00:00+02:00"))
    datetime.datetime(2019, 12, 31, 22, 0)
    """
    if value.tzinfo is None:
        return value
    from datetime import UTC

    return value.astimezone(UTC).replace(tzinfo=None)


def store_duration(value: timedelta) -> str:
    """The text that SQLAlchemy stores for a duration: the moment that far from 1970.

    >>> from datetime import timedelta
    >>> store_duration(timedelta(hours=26))
    '1970-01-02 02:00:00.000000'

    Raises:
        OverflowError: No moment is that far.
    """
    from datetime import datetime

    return (datetime(1970, 1, 1) + value).isoformat(" ", "microseconds")


# The first that fits counts, both for Python values and for declared types: an enumeration may be
# a string, true is a whole number to Python, a datetime is a date, and DATETIME has DATE in it.
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            LABEL, "sqlalchemy:Enum", "str", "string", stored="text", example="small",
            python="enum.Enum", store=lambda value: value.name,
        ),
        Kind(
            BOOLEAN, "sqlalchemy:Boolean", "bool", "boolean", stored="integer", example="true",
            declared=("BOOL",), python="builtins.bool", store=int,
        ),
        Kind(
            DATETIME, "sqlalchemy:DateTime", "dt.datetime", "datetime", stored="text",
            format_="%Y-%m-%d %H:%M:%S.%f", example="2013-01-31T23:59:00Z",
            declared=("DATETIME", "TIMESTAMP"), python="datetime.datetime",
            store=lambda value: as_utc(value).isoformat(" ", "microseconds"),
        ),
        Kind(
            DATE, "sqlalchemy:Date", "dt.date", "date", stored="text", example="2013-01-31",
            declared=("DATE",), python="datetime.date", store=lambda value: value.isoformat(),
        ),
        Kind(
            TIME, "sqlalchemy:Time", "dt.time", "time", stored="text", example="23:59:00",
            declared=("TIME",), python="datetime.time",
            store=lambda value: value.replace(tzinfo=None).isoformat("microseconds"),
        ),
        Kind(
            INTEGER, "sqlalchemy:Integer", "int", "integer", stored="integer", example="7",
            declared=("INT",),
        ),
        Kind(
            TEXT, "sqlalchemy:String", "str", "string", stored="text", example="any",
            model_type="sqlalchemy:Text", declared=("CHAR", "CLOB", "TEXT"),
        ),
        Kind(
            BINARY, "sqlalchemy:LargeBinary", "bytes", "string", stored="blob", format_="binary",
            example="AQI=", declared=("BLOB",),
        ),
        Kind(
            NUMBER, "sqlalchemy:Float", "float", "number", stored="real", example="7.5",
            model_type="sqlalchemy:Double", declared=("REAL", "FLOA", "DOUB"),
        ),
        Kind(
            DECIMAL, "sqlalchemy:Numeric", "Decimal", "number", stored="real", example="7.50",
            declared=("NUM", "DEC"), python="decimal.Decimal", store=float,
        ),
        Kind(
            DURATION, "sqlalchemy:Interval", "dt.timedelta", "duration", stored="text",
            example="P1DT2H30M", python="datetime.timedelta", store=store_duration,
        ),
        Kind(
            UUID, "sqlalchemy:Uuid", "uuid.UUID", "string", stored="text", format_="uuid",
            example="12345678-1234-5678-1234-567812345678", python="uuid.UUID",
            store=lambda value: value.hex,
        ),
        Kind(JSON, "sqlalchemy:JSON", "Any", "object", stored="any", example='{"a": 1}'),
        Kind(
            PICKLE, "sqlalchemy:PickleType", "Any", "string", stored="blob", format_="binary",
        ),
    )
}  # fmt: skip
KINDS[MOMENT] = KINDS[DATETIME]

_FIELDS = {"year": INTEGER, "array": JSON}
"""Types of Table Schema that no column of ours is described as, but others' may be."""


def find_kind(
    field_type: str, format_: str = "", declared: str = "", *, has_labels: bool = False
) -> Kind | None:
    """The kind of a field of Table Schema, or None where that tells nothing.

    >>> find_kind("string", "uuid"), find_kind("number", declared="NUMERIC(10, 2)")
    (<Kind UUID>, <Kind decimal>)

    Args:
        field_type: Its type.
        format_: Its format.
        declared: The declared type of its column, which alone tells decimals from other numbers.
        has_labels: Whether the field lists all of its values.
    """
    if field_type in _FIELDS:
        return KINDS[_FIELDS[field_type]]
    if field_type == "string" and find_declared_kind(declared) is KINDS[BINARY]:
        return KINDS[BINARY]
    kinds = [kind for kind in KINDS.values() if kind.field_type == field_type]
    formatted = next((kind for kind in kinds if format_ and kind.format == format_), None)
    if formatted:
        return formatted
    if field_type == "string":
        return KINDS[LABEL if has_labels else TEXT]
    if field_type == "number":
        return KINDS[DECIMAL if find_decimal_size(declared) else NUMBER]
    return kinds[0] if kinds else None


def find_declared_kind(declared: str) -> Kind | None:
    """The kind that a declared type tells of, or None.

    SQLite itself only knows affinities (https://www.sqlite.org/datatype3.html); these are what
    SQLAlchemy and people write.
    """
    declared = declared.upper()
    found = (kind for kind in KINDS.values() if any(part in declared for part in kind.declared))
    return next(found, None)


def find_decimal_size(declared: str) -> tuple[int | None, int | None] | None:
    """Precision and scale of a declared decimal, each None where it is not declared.

    >>> find_decimal_size("NUMERIC(10, 2)"), find_decimal_size("DECIMAL"), find_decimal_size("REAL")
    ((10, 2), (None, None), None)
    """
    import re

    pattern = r"(?:NUMERIC|DECIMAL|DEC)\b\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?"
    found = re.search(pattern, declared.upper())
    if not found:
        return None
    precision, scale = (int(size) if size else None for size in found.groups())
    return precision, scale


def as_stored(value: object) -> object:
    """A Python value as SQLAlchemy stores it; those that SQLite takes as they are stay.

    >>> as_stored(True), as_stored("yes")
    (1, 'yes')
    """
    names = {f"{each.__module__}.{each.__qualname__}" for each in type(value).__mro__}
    for kind in KINDS.values():
        if kind.store and kind.python in names:
            return kind.store(value)
    return value


_TRUE = frozenset(("y", "yes", "t", "true", "on", "1"))
_FALSE = frozenset(("n", "no", "f", "false", "off", "0", ""))


def parse_boolean(value: object) -> bool:
    """Return the boolean that a word in any case, or the truth value of an object, stands for.

    >>> parse_boolean("Off")
    False

    Raises:
        ValueError: Text that spells neither.
    """
    if not isinstance(value, str):
        return bool(value)
    spelling = value.strip().lower()
    if spelling in _TRUE:
        return True
    if spelling in _FALSE:
        return False
    raise ValueError(f"{value!r} spells neither true nor false")
