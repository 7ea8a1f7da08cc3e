"""Relations of DuckDB hold what the models hold, and read no more than a query needs."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")

import duckdb

from microcosm_sqlite.interop import duckdb_frames
from tests.support.programs import run
from tests.support.things import METADATA, NUMBERS


def test_a_relation_can_be_queried_more_than_once(things):
    with duckdb.connect() as connection:
        relation = things.duckdb("things", connection=connection)
        assert relation.aggregate("count(*), max(price)").fetchall() == [(2, Decimal("1.50"))]
        assert relation.filter("size = 'LARGE'").project("born, is_good").fetchall() == [
            (date(2020, 2, 29), True)
        ]


def test_duckdb_has_a_connection_of_its_own_if_none_is_given(things):
    assert things.duckdb("things", columns=["id"]).order("id desc").fetchall() == [(2,), (1,)]


def test_enumerations_are_of_the_type_enum_rows_or_none(make, things):
    for dataset in (things, make(METADATA, name="empty")):
        (type_,) = dataset.duckdb("things", columns=["size"]).types
        assert str(type_) == "ENUM('SMALL', 'LARGE')"
    assert things.duckdb("things").project("size").fetchall() == [(None,), ("LARGE",)]


CONDITIONS = [
    "id > 1", "count <> 3", "weight >= 0.5", "weight = 0.5", "name = 'ä'", "name > 'b'",
    "born = DATE '2020-02-29'", "born < DATE '2020-01-01'", "seen > '2020-02-29 01:02:03'",
    "seen = '2020-02-29 01:02:03.000004'", "seen <> '2020-02-29 01:02:03'", "is_good",
    "NOT is_good", "is_good IS NULL", "size = 'LARGE'", "size <> 'LARGE'", "size > 'LARGE'",
    "price > 1.2", "price = 1.50", "opens > TIME '08:00'", "lasts > INTERVAL 1 HOUR",
    "name IS NOT NULL AND count = 2", "count IS NULL OR name = 'ä'", "id IN (1, 7)",
    "count BETWEEN 1 AND 2", "count = 1.5", "name LIKE 'ä%'", "photo IS NULL",
    "(id > 1 OR size > 'LARGE') AND count = 2",
    # Arrow cuts the second text within a letter as it prints the expression.
    f"name IN ('ä', '{'☃' * 200}') AND count >= 1", f"name NOT IN ('', '{'☃' * 200}')",
]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS)
def test_conditions_are_judged_as_duckdb_judges_them(things, condition):
    with duckdb.connect() as connection:
        expected = connection.from_arrow(things.arrow("things")).filter(condition)
        found = things.duckdb("things", connection=connection).filter(condition)
        assert found.project("id").fetchall() == expected.project("id").fetchall()


def test_sqlite_reads_only_the_columns_and_rows_that_a_query_needs(halves, monkeypatch):
    asked = []
    stream = duckdb_frames.stream

    def spy(scan):
        asked.append(({column.name for column in scan.columns}, scan.where, scan.params))
        return stream(scan)

    monkeypatch.setattr(duckdb_frames, "stream", spy)
    relation = halves.duckdb("numbers", where="id > :low", params={"low": 10})
    assert relation.filter("half < 6").project("id").fetchall() == [(11,)]
    assert relation.aggregate("count(*)").fetchall() == [(1990,)]
    (filtered, counted) = asked
    assert filtered == (
        {"id", "half"},
        '(\nid > :low\n) AND ("half" < :value)',
        {"low": 10, "value": 6},
    )
    assert len(counted[0]) == 1
    assert halves.duckdb("numbers", limit=5).filter("half > 2").fetchall() == [(5, 2.5)]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_table(make):
    rows = [{"half": n / 2} for n in range(1_000_000)]
    code = (
        "import sys, microcosm_sqlite\n"
        "def measure():\n"
        "    return int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])\n"
        "numbers = microcosm_sqlite.register('numbers', sys.argv[1], immutable=True)\n"
        "relation = numbers.duckdb('numbers', rows=(1, 1000))\n"
        "relation.aggregate('sum(half)').fetchall()\n"
        "before = measure()\n"
        "relation = numbers.duckdb('numbers')\n"
        "assert relation.aggregate('count(half)').fetchall() == [(1_000_000,)]\n"
        "assert relation.limit(1).fetchall() == [(1, 0.0)]\n"
        "print(measure() - before)"
    )
    dataset = make(NUMBERS, {"numbers": rows})
    assert int(run(sys.executable, "-c", code, str(dataset.path))) < 16_000  # kB, of 16 MB of rows
