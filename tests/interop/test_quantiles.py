"""Cards and summaries tell the same quartiles."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from math import inf
from typing import Any

import pytest
import sqlalchemy as sa

from microcosm_sqlite.interop.card.profiles import profile_table
from microcosm_sqlite.interop.quantiles import interpolate

METADATA = sa.MetaData()
sa.Table(
    "t",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("whole", sa.Integer),
    sa.Column("real", sa.Float),
    sa.Column("day", sa.Date),
)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 99, 100, 254])
def test_a_card_tells_the_quartiles_of_describe(make: Any, count: int) -> None:
    rows = [
        {"whole": n * n % 37, "real": n / 7, "day": dt.date(2020, 1, 1) + dt.timedelta(n * n % 91)}
        for n in range(count)
    ]
    dataset = make(METADATA, {"t": rows})
    summary = dataset.describe("t")
    with closing(dataset.connect()) as connection:
        found = {each.field.name: each for each in profile_table(connection, dataset.tables["t"])}
    for name in ("id", "whole", "real", "day"):
        told = [str(each) for each in found[name].quantiles[1:4]]
        column = summary[name]
        assert told == [str(each) for each in (column.q25, column.median, column.q75)] or [
            float(each) for each in told
        ] == [column.q25, column.median, column.q75]


@pytest.mark.parametrize(
    ("low", "high", "told"), [(inf, inf, inf), (1, inf, inf), (-inf, -inf, -inf)]
)
def test_between_two_that_are_alike_is_the_same(low: float, high: float, told: float) -> None:
    assert interpolate(low, high, 0.5) == told
