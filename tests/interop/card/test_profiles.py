"""Profiles say of the rows what the rows say."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from math import inf, isfinite

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.interop.card.profiles import BINS, PERCENTS, TOP, profile_table

METADATA = sa.MetaData()
sa.Table(
    "t",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("whole", sa.BigInteger),
    sa.Column("real", sa.Float),
    sa.Column("day", sa.Date),
    sa.Column("text", sa.String),
    sa.Column("flag", sa.Boolean),
    sa.Column("blob", sa.LargeBinary),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "whole": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 40),
            "real": st.none() | st.floats(-1e300, 1e300) | st.sampled_from([inf, -inf]),
            "day": st.none() | st.dates(),
            "text": st.none() | st.sampled_from(["a", "b", "c", "d", "e", "f", ""]),
            "flag": st.none() | st.booleans(),
            "blob": st.none() | st.binary(max_size=2),
        }
    ),
    max_size=30,
)


def profiles(dataset):
    connection = dataset.connect()
    try:
        return {
            profile.field.name: profile
            for profile in profile_table(connection, dataset.tables["t"])
        }
    finally:
        connection.close()


@given(rows=ROWS)
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_counts_are_those_of_the_rows(make, rows):
    found = profiles(make(METADATA, {"t": rows}))
    for name in ("whole", "real", "day", "text", "flag"):
        values = [row[name] for row in rows if row[name] is not None]
        profile = found[name]
        assert profile.missing == len(rows) - len(values)
        assert profile.distinct == len(set(values))
        drawn = profile.below + sum(profile.bins) + profile.above
        assert drawn in (0, len(values))
        assert len(profile.bins) <= BINS
        if name in ("text", "flag"):
            expected = Counter(values)
            assert dict(profile.top).items() <= expected.items()
            assert len(profile.top) == min(TOP, len(expected))
            assert [n for _, n in profile.top] == sorted(expected.values(), reverse=True)[:TOP]
        elif values:
            ends = (in_file(min(values)), in_file(max(values)))
            is_finite = name != "real" or all(map(isfinite, ends))
            assert (profile.low, profile.high) == (ends if is_finite else (None, None))
            assert profile.quantiles == (find_quantiles(values) if is_finite else [])
    assert found["blob"].distinct is None


def find_quantiles(values):
    """Those of NumPy, of numbers between two values but for the ends."""
    np = pytest.importorskip("numpy")
    if isinstance(values[0], date):
        days = np.array(values, dtype="datetime64[D]")
        found = np.percentile(days, PERCENTS, method="lower")
        found[-1] = np.percentile(days, PERCENTS[-1], method="higher")
        return [str(day) for day in found]
    found = np.percentile(values, PERCENTS)
    found[0] = np.percentile(values, PERCENTS[0], method="lower")
    found[-1] = np.percentile(values, PERCENTS[-1], method="higher")
    least = 1e-12 * max(abs(float(each)) for each in values)  # what rounding may make of it
    return pytest.approx([float(each) for each in found], rel=1e-12, abs=least)


def in_file(value):
    return value.isoformat() if isinstance(value, date) else value


def test_whole_numbers_fall_into_whole_steps(make):
    found = profiles(make(METADATA, {"t": [{"whole": n % 12 + 1} for n in range(120)]}))
    assert found["whole"].bins == [10] * 12
    assert found["id"].is_unique
    assert not found["whole"].is_unique


def test_days_are_spread_over_time(make):
    days = [{"day": date(2020, 1, 1) + timedelta(n)} for n in range(BINS * 10 + 1)]
    bins = profiles(make(METADATA, {"t": days}))["day"].bins
    assert bins == [10] * (BINS - 1) + [11]


def test_a_long_tail_is_cut_off_where_it_would_flatten_the_rest(make):
    rows = [{"whole": n % 100} for n in range(2000)]
    tails = [{"whole": 9_000_000}, {"whole": -9_000_000}]
    profile = profiles(make(METADATA, {"t": rows + tails}))["whole"]
    assert (profile.low, profile.high) == (-9_000_000, 9_000_000)
    assert (profile.start, profile.end) == (profile.quantiles[0], profile.quantiles[-1])
    assert profile.below + profile.above < 0.03 * len(rows)
    assert sum(profile.bins) > 0.97 * len(rows)
    assert min(profile.bins) > 0
    whole = profiles(make(METADATA, {"t": rows}))["whole"]
    assert (whole.start, whole.end, whole.below, whole.above) == (0, 99, 0, 0)


def test_a_value_of_few_is_not_cut_off(make):
    profile = profiles(make(METADATA, {"t": [{"whole": n} for n in (1, 2, 1000)]}))["whole"]
    assert (profile.start, profile.end, profile.above) == (1, 1000, 0)
