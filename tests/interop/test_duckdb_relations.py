"""The relations of DuckDB hold what the models hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

pytest.importorskip("duckdb")

import duckdb


def test_duckdb_works_on_a_relation_more_than_once(things):
    with duckdb.connect() as connection:
        relation = things.duckdb("things", connection=connection)
        assert relation.aggregate("count(*), max(price)").fetchall() == [(2, Decimal("1.50"))]
        assert relation.filter("size = 'LARGE'").project("born, is_good").fetchall() == [
            (date(2020, 2, 29), True)
        ]


def test_duckdb_has_a_connection_of_its_own_if_none_is_given(things):
    assert things.duckdb("things", columns=["id"]).order("id desc").fetchall() == [(2,), (1,)]
