"""What DuckDB asks for becomes SQL that SQLite judges alike, or nothing."""

from __future__ import annotations

from datetime import date, datetime

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.compute as pc

from microcosm_sqlite.interop.arrow_types import Column
from microcosm_sqlite.interop.predicates import NO_CLAUSE, Conditions, read_expression
from tests.support.scan_columns import COLUMNS

field = pc.field
DAY = date(2020, 2, 29)
MOMENT = datetime(2020, 2, 29, 1, 2, 3)


@pytest.mark.parametrize(
    ("expression", "sql", "params"),
    [
        (field("id") > 1, '"id" > ?', [1]),
        (field("id") != -5, '"id" <> ?', [-5]),
        (field("half") <= 0.1 + 0.2, '"half" <= ?', [0.1 + 0.2]),
        (field("half") == 3.0, '"half" = ?', [3]),
        (field("name") == 'x"y\\z\nä', '"name" COLLATE BINARY = ?', ['x"y\\z\nä']),
        (field("name of it") < "b", '"name of it" COLLATE BINARY < ?', ["b"]),
        (field("born") >= pc.scalar(DAY), '"born" COLLATE BINARY >= ?', ["2020-02-29"]),
        (field("seen") >= pc.scalar(MOMENT), '("seen" >= ?)', ["2020-02-29"]),
        (
            field("seen") == pc.scalar(MOMENT),
            '("seen" >= ?) AND ("seen" < ?)',
            ["2020-02-29", "2020-03-01"],
        ),
        (field("size") == "L", '"size" COLLATE BINARY = ?', ["L"]),
        (field("is_good") == pc.scalar(True), '"is_good" <> 0', []),
        (field("is_good") != pc.scalar(True), '"is_good" = 0', []),
        (field("price").is_valid(), '"price" IS NOT NULL', []),
        (field("price").is_null(), '"price" IS NULL', []),
        ((field("id") > 1) & (field("id") < 9), '("id" > ?) AND ("id" < ?)', [1, 9]),
        ((field("id") > 1) & (field("price") < 9), '("id" > ?)', [1]),
        # What is given up half-way leaves no parameter behind.
        (((field("id") > 1) | (field("price") < 9)) & (field("id") < 7), '("id" < ?)', [7]),
        ((field("id") == 1) | (field("id") == 3), '("id" = ?) OR ("id" = ?)', [1, 3]),
        (
            (field("id").is_null() & (field("id") > 1)) | (field("name") == ") or ("),
            '(("id" IS NULL) AND ("id" > ?)) OR ("name" COLLATE BINARY = ?)',
            [1, ") or ("],
        ),
    ],
    ids=str,
)
def test_what_sqlite_judges_alike_becomes_sql(expression, sql, params):
    conditions = Conditions(COLUMNS, ())
    clause = read_expression(str(expression), conditions)
    assert clause.sql == sql
    assert conditions.complete(clause) == params


@pytest.mark.parametrize(
    "expression",
    [
        field("size") < "L",  # members have an order of their own
        field("key") == "x",  # a UUID is stored without hyphens
        field("price") == 2,
        field("other") == 2,
        field("half") > float("inf"),
        field("half") == 2**53,  # which two whole numbers may have become
        field("name") == "a\0b",  # a text that SQL cannot spell
        field("opens") == pc.scalar(MOMENT.time()),
        field("seen") != pc.scalar(MOMENT),
        field("seen") < pc.scalar(datetime.max),
        (field("id") == 1) | (field("price") == 3),
        (field("id") + 1) == 2,
        ~(field("id") == 2),
        field("id").isin([1, 2]),
    ],
    ids=str,
)
def test_what_it_might_judge_otherwise_becomes_nothing(expression):
    assert read_expression(str(expression), Conditions(COLUMNS, ())) == NO_CLAUSE


@pytest.mark.parametrize("name", ["id, {nan_is_null=false}", "id > 1) and (id", "(id", "id < 1"])
def test_names_that_look_like_expressions_are_not_asked_for(name):
    conditions = Conditions([*COLUMNS, Column(name, "integer", pa.int64())], ())
    for expression in (field(name) > 1, field(name).is_null(), (field(name) > 1) & field(name)):
        assert read_expression(str(expression), conditions) == NO_CLAUSE
    for sql, expression in (('"id" IS NULL', field("id").is_null()), ('"id" > ?', field("id") > 1)):
        assert read_expression(str(expression), conditions).sql in (sql, "")


def test_values_get_names_that_are_free_beside_named_ones():
    conditions = Conditions(COLUMNS, {"value": 7})
    clause = read_expression("((id > 1) and (id < 5))", conditions)
    assert clause.sql == '("id" > :value_2) AND ("id" < :value_3)'
    assert conditions.complete(clause) == {"value": 7, "value_2": 1, "value_3": 5}
