"""A table with a column of each kind, and one of many numbers."""

from __future__ import annotations

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import sqlalchemy as sa


class Size(enum.Enum):
    SMALL = 1
    LARGE = 2


METADATA = sa.MetaData()
sa.Table(
    "things",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("count", sa.Integer),
    sa.Column("price", sa.Numeric(10, 2)),
    sa.Column("weight", sa.Float),
    sa.Column("is_good", sa.Boolean),
    sa.Column("name", sa.String(20)),
    sa.Column("photo", sa.LargeBinary),
    sa.Column("born", sa.Date),
    sa.Column("seen", sa.DateTime),
    sa.Column("opens", sa.Time),
    sa.Column("lasts", sa.Interval),
    sa.Column("size", sa.Enum(Size)),
)
FULL = {
    "count": 2,
    "price": Decimal("1.50"),
    "weight": 0.5,
    "is_good": True,
    "name": "ä",
    "photo": b"\0x",
    "born": date(2020, 2, 29),
    "seen": datetime(2020, 2, 29, 1, 2, 3, 4),
    "opens": time(8, 30),
    "lasts": timedelta(minutes=90),
    "size": Size.LARGE,
}

NUMBERS = sa.MetaData()
sa.Table(
    "numbers", NUMBERS, sa.Column("id", sa.Integer, primary_key=True), sa.Column("half", sa.Float)
)
