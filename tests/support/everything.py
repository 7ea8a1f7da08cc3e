"""One table with a column of each kind, and any rows of it."""

from __future__ import annotations

import enum
from datetime import timedelta

import sqlalchemy as sa
from hypothesis import strategies as st


class Color(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


METADATA = sa.MetaData()
EVERYTHING = sa.Table(
    "everything",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("whole", sa.BigInteger),
    sa.Column("real", sa.Float),
    sa.Column("money", sa.Numeric(12, 2)),
    sa.Column("flag", sa.Boolean),
    sa.Column("text", sa.String(50)),
    sa.Column("blob", sa.LargeBinary),
    sa.Column("day", sa.Date),
    sa.Column("moment", sa.DateTime),
    sa.Column("clock", sa.Time),
    sa.Column("span", sa.Interval),
    sa.Column("color", sa.Enum(Color)),
    sa.Column("key", sa.Uuid),
    sa.Column('an odd "name"', sa.Text),
)

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = {
    "whole": st.integers(-(2**63), 2**63 - 1),
    "real": st.floats(allow_nan=False),
    "money": st.decimals(-(10**9), 10**9, places=2),
    "flag": st.booleans(),
    "text": TEXT,
    "blob": st.binary(max_size=20),
    "day": st.dates(),
    "moment": st.datetimes(),
    "clock": st.times(),
    "span": st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000)),
    "color": st.sampled_from(Color),
    "key": st.uuids(),
    'an odd "name"': TEXT,
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}),
    max_size=12,
)
