"""Datasets give Arrow tables and relations of DuckDB that hold what the models hold."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

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


def test_arrow_gives_a_reader_where_a_batch_size_is_given(halves):
    assert halves.arrow("numbers", rows=(1, 3)).num_rows == 3
    with halves.arrow("numbers", batch_size=900) as batches:
        assert [len(batch) for batch in batches][:2] == [899, 900]
