"""What lazy polars asks for becomes SQL that SQLite judges alike, or nothing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

pytest.importorskip("polars")

import polars as pl
import pyarrow as pa

from microcosm_sqlite.interop.arrow_types import Column
from microcosm_sqlite.interop.polars_predicates import read_predicate
from microcosm_sqlite.interop.predicates import NO_CLAUSE, Conditions
from tests.support.scan_columns import COLUMNS

column = pl.col


@pytest.mark.parametrize(
    ("predicate", "sql", "params"),
    [
        (column("id") > 1, '"id" > ?', [1]),
        (pl.lit(1) > column("id"), '"id" < ?', [1]),
        (column("name") == 'x"y', '"name" COLLATE BINARY = ?', ['x"y']),
        (column("is_good"), '"is_good" <> 0', []),
        (~column("is_good"), '"is_good" = 0', []),
        (column("id").is_null(), '"id" IS NULL', []),
        (column("born") == date(2020, 2, 29), '"born" COLLATE BINARY = ?', ["2020-02-29"]),
        (column("id").is_between(1, 4), '("id" >= ?) AND ("id" <= ?)', [1, 4]),
        (column("id").is_in([1, 4]), '("id" = ?) OR ("id" = ?)', [1, 4]),
        (column("id").is_in([]), "0", []),
        ((column("id") > 1) & (column("price") > 2), '("id" > ?)', [1]),
        # What is given up half-way leaves no parameter behind.
        (((column("id") > 1) | (column("price") > 2)) & (column("id") < 7), '("id" < ?)', [7]),
        (column("name").is_in(["a", "\0"]) & (column("id") < 7), '("id" < ?)', [7]),
    ],
    ids=str,
)
def test_what_sqlite_judges_alike_becomes_sql(predicate, sql, params):
    conditions = Conditions(COLUMNS, ())
    clause = read_predicate(predicate, conditions)
    assert clause.sql == sql
    assert conditions.complete(clause) == params


@pytest.mark.parametrize(
    "predicate",
    [
        (column("id") > 1) | (column("price") > 2),
        ~(column("id") > 1),
        column("id") + 1 > 2,
        column("name").str.starts_with("a"),
        column("id").is_in(list(range(2000))),
        column("id").is_in([1, None], nulls_equal=True),
        column("id").is_between(1, 4, closed="none"),
        column("id").map_batches(abs, return_dtype=pl.Int64) > 1,
        column("id").eq_missing(None),
        pl.lit(True),
    ],
    ids=str,
)
def test_what_it_might_judge_otherwise_becomes_nothing(predicate):
    assert read_predicate(predicate, Conditions(COLUMNS, ())) == NO_CLAUSE


@pytest.mark.parametrize(
    "predicate",
    [
        column("count") > 1,
        column("weight") == 0.5,
        column("weight") > 0,
        column("name") == "ä",
        column("name") > "b",
        column("born") >= date(2020, 2, 29),
        column("seen") > datetime(2020, 2, 29, 1, 2, 3),
        column("seen") == datetime(2020, 2, 29, 1, 2, 3, 4),
        column("seen") != datetime(2020, 2, 29, 1, 2, 3),
        column("opens") > time(8),
        column("lasts") > timedelta(hours=1),
        column("price") == Decimal("1.50"),
        column("is_good"),
        ~column("is_good"),
        column("is_good") == True,  # noqa: E712
        column("size") == "LARGE",
        column("size") > "SMALL",
        column("size").is_in(["LARGE"]),
        column("count").is_in([2, 3]),
        column("count").is_null() | (column("name") == "ä"),
        column("photo") == b"\0x",
        ((column("id") > 1) | (column("price") > 2)) & (column("id") < 7),
    ],
    ids=str,
)
def test_lazy_frames_have_the_rows_that_eager_frames_have(things, predicate):
    eager = things.polars("things").filter(predicate)
    lazy = things.polars("things", lazy=True).filter(predicate).collect()
    assert lazy["id"].to_list() == eager["id"].to_list()


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(value=FLOATS)
@example(value=10.420000076293945)  # as JSON, polars reads it as the float beside it
def test_a_float_keeps_every_bit(value: float) -> None:
    weight = Column("weight", "real", pa.float64())
    for literal in (value, pl.lit(value, dtype=pl.Float64)):
        for predicate in (column("weight") == literal, column("weight").is_between(literal, 2e308)):
            conditions = Conditions([weight], ())
            assert conditions.complete(read_predicate(predicate, conditions)) == [value]
