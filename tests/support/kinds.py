"""Every kind of column: its values, and how each format of a source spells them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

HEADER = '''\
"""Models of a test."""

import enum

import sqlalchemy as sa
from microcosm_sqlite import DataSet
from microcosm_sqlite.types import EnumType, Truthy

Base = DataSet.create("things")


class Colour(enum.Enum):
    RED = 1
    deep_blue = 2
    GRÜN = 3


class Thing(Base):
    """A thing."""

    __tablename__ = "things"

    id = sa.Column(sa.BigInteger, primary_key=True)
'''
LABELS = ["RED", "deep_blue", "GRÜN"]
ODD_LABELS = ["a,b", 'say "so"', "it's", "two\nlines", " spaced ", "ünïcode", "007"]

Spell = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Kind:
    """One kind of column.

    Attributes:
        type: The SQLAlchemy type, as models write it.
        values: Its values, as programs have them.
        text: A value as CSV spells it.
        json: A value as JSON Lines spell it.
        arrow: The name of the Arrow type that Parquet has for it; none where it has none.
        frame: A value as frames show it.
    """

    type: str
    values: st.SearchStrategy[Any]
    text: Spell = str
    json: Spell = str
    arrow: str = "string"
    frame: Spell = _same


TEXT = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["", " ", "NULL", "NA", "nan", "007", "1e5", "\0", "a\0b", "\ufeff", "\U0001f600", "e\u0301",
     "\r", "\r\n", '"', '""', "'", ",", "\\", "\\x", "\u2028", "x" * 5000, "-", "#", "=1+1"]
)  # fmt: skip
DOCUMENTS = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner | st.none(), max_size=3)
    | st.dictionaries(TEXT, inner | st.none(), max_size=3),
    max_leaves=6,
)  # fmt: skip
EPOCH = datetime(1970, 1, 1)
WHOLE = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(
    [-(2**63), 2**63 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 0]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [-0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1 + 0.2, 1e22, 2.0**53]
)  # fmt: skip
MOMENTS = st.datetimes() | st.sampled_from([datetime.min, datetime.max, datetime(1, 1, 1, 0, 0, 1)])


def _spell_interval(value: timedelta) -> str:
    """ISO 8601, in days, seconds and microseconds; a clock as Python shows it where negative."""
    if value < timedelta(0):
        return str(value)
    return f"P{value.days}DT{value.seconds}.{value.microseconds:06}S"


KINDS = {
    "integer": Kind("sa.Integer", WHOLE, json=int, arrow="int64"),
    "big": Kind("sa.BigInteger", WHOLE, json=int, arrow="int64"),
    "boolean": Kind("sa.Boolean", st.booleans(), json=bool, arrow="bool_"),
    "truthy": Kind("Truthy", st.booleans(), lambda value: "yes" if value else "off", bool, "bool_"),
    "float": Kind("sa.Float", NUMBERS, repr, float, "float64"),
    "double": Kind("sa.Double", NUMBERS, repr, float, "float64"),
    "numeric": Kind(
        "sa.Numeric(12, 3)", st.decimals(-99_999_999, 99_999_999, places=3), arrow="decimal"
    ),
    "string": Kind("sa.String(5000)", TEXT),
    "text": Kind("sa.Text", TEXT),
    "unicode": Kind("sa.Unicode(5000)", TEXT),
    "enum": Kind("sa.Enum(Colour)", st.sampled_from(LABELS)),
    "labels": Kind(f"sa.Enum(*{ODD_LABELS!r})", st.sampled_from(ODD_LABELS)),
    "our enum": Kind("EnumType(Colour)", st.sampled_from(LABELS)),
    "date": Kind("sa.Date", st.dates() | st.sampled_from([date.min, date.max]), arrow="date32"),
    "datetime": Kind("sa.DateTime", MOMENTS, datetime.isoformat, datetime.isoformat, "timestamp"),
    "timestamp": Kind("sa.TIMESTAMP", MOMENTS, str, str, "timestamp"),
    "time": Kind("sa.Time", st.times() | st.sampled_from([time.min, time.max]), arrow="time64"),
    "interval": Kind(
        "sa.Interval",
        st.timedeltas(datetime.min - EPOCH, datetime.max - EPOCH),
        _spell_interval,
        _spell_interval,
        "duration",
    ),
    "json": Kind("sa.JSON", DOCUMENTS, json.dumps, _same, "", json.dumps),
    "uuid": Kind("sa.Uuid", st.uuids(), frame=str),
    "binary": Kind(
        "sa.LargeBinary",
        st.binary(max_size=40),
        lambda value: "\\x" + value.hex(),
        lambda value: base64.b64encode(value).decode() if value else "\\x",
        "binary",
    ),
}


@dataclass(frozen=True)
class Plan:
    """A table to be made.

    Attributes:
        columns: Kind and nullability of each, called c0, c1 and so on.
        rows: The values, behind a whole-number key.
    """

    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def names(self) -> list[str]:
        return ["id", *(f"c{number}" for number in range(len(self.columns)))]

    @property
    def kinds(self) -> list[Kind]:
        return [KINDS["big"], *(KINDS[kind] for kind, _ in self.columns)]

    @property
    def models(self) -> str:
        lines = [
            f"    c{number} = sa.Column({KINDS[kind].type}, nullable={nullable})\n"
            for number, (kind, nullable) in enumerate(self.columns)
        ]
        return HEADER + "".join(lines)

    def as_csv_reads(self) -> Plan:
        """The same, as far as CSV can tell: no NUL, and an empty text may be none at all."""
        nullable = [False, *(is_nullable for _, is_nullable in self.columns)]
        rows = tuple(
            tuple(
                None if is_nullable and value == "" else value
                for value, is_nullable in zip(map(_drop_nul, row), nullable, strict=True)
            )
            for row in self.rows
        )
        return Plan(self.columns, rows)


def _drop_nul(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


@st.composite
def plans(draw: st.DrawFn, kinds: list[str] | None = None) -> Plan:
    """Any table of any kinds of columns, with any values."""
    columns = draw(
        st.lists(
            st.tuples(st.sampled_from(kinds or list(KINDS)), st.booleans()), min_size=1, max_size=6
        )
    )
    values = [
        KINDS[kind].values | st.none() if nullable else KINDS[kind].values
        for kind, nullable in columns
    ]
    rows = draw(st.lists(st.tuples(WHOLE, *values), max_size=6, unique_by=lambda row: row[0]))
    return Plan(tuple(columns), tuple(sorted(rows, key=lambda row: row[0])))
