"""What is asked of a table becomes SQL that reads just that, and mistakes are told before."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.errors import QueryError, TableNotFoundError
from microcosm_sqlite.interop.scan import plan_scan

pytest.importorskip("pyarrow")

METADATA = sa.MetaData()
NUMBERS = sa.Table(
    "numbers",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("half", sa.Float, index=True),
    sa.Column("name", sa.Text),
    sa.Column("select", sa.JSON),
)
sa.Table(
    "pairs",
    METADATA,
    sa.Column("code", sa.String(3), primary_key=True),
    sqlite_with_rowid=False,
)
COUNT = 50
ROWS = {
    "numbers": [{"id": n, "half": -n / 2, "name": f"n{n % 7}"} for n in range(1, COUNT + 1)],
    "pairs": [{"code": "b"}, {"code": "a"}],
}


@pytest.fixture
def dataset(make: Any) -> Any:
    return make(METADATA, ROWS)


def read(scan: Any, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(scan.location.path)) as connection:
        return connection.execute(sql, scan.params).fetchall()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    columns=st.none() | st.lists(st.sampled_from(["id", "half", "name"]), min_size=1, unique=True),
    where=st.sampled_from([None, "name = :name", "half > -20 -- half\n", "id IN (1, 2) OR 1"]),
    rows=st.none() | st.tuples(st.integers(0, 30), st.integers(0, 60)),
    limit=st.none() | st.integers(0, 60),
)
def test_a_scan_reads_the_rows_that_were_asked_for_in_their_order(
    dataset: Any, columns: Any, where: str | None, rows: Any, limit: int | None
) -> None:
    params = {"name": "n3"} if where and ":name" in where else None
    scan = plan_scan(dataset, "numbers", columns, where, params, rows, limit)
    low, high = rows or (1, COUNT)
    kept = [
        row | {"select": None}
        for row in ROWS["numbers"]
        if low <= row["id"] <= high
        and (where is None or not where.startswith("name") or row["name"] == "n3")
        and (where is None or not where.startswith("half") or row["half"] > -20)
    ][:limit]
    names = columns or ["id", "half", "name", "select"]
    expected = [tuple(row[name] for name in names) for row in kept]
    assert read(scan, scan.sql()) == expected
    typed = read(scan, scan.typed_sql())
    assert typed[0][0] is None
    assert [row[1:] for row in typed[1:]] == expected


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"table": "number"}, TableNotFoundError, "Did you mean 'numbers'"),
        ({"columns": ["nam"]}, TableNotFoundError, "Did you mean 'name'"),
        ({"columns": "name"}, TypeError, "not the string 'name'"),
        ({"columns": [NUMBERS.c.name]}, TypeError, "a column is given by its name, a string"),
        ({"columns": [2]}, TypeError, "a column is given by its name, a string, not as 2"),
        ({"table": NUMBERS}, TypeError, "a table is given by its name, a string"),
        ({"columns": []}, QueryError, "No column"),
        ({"where": NUMBERS.c.name == "n3"}, TypeError, "a store takes expressions of SQLAlchemy"),
        ({"where": NUMBERS.c.name.is_(None)}, TypeError, "or a condition in SQL, such as"),
        ({"where": True}, TypeError, "or a condition in SQL, such as"),
        ({"where": "nam = 1"}, QueryError, "no such column: nam. Did you mean 'name'"),
        ({"where": '"nam" = 1'}, QueryError, "no such column: nam. Did you mean 'name'"),
        ({"where": "id = ?"}, QueryError, "cannot be used"),
        ({"where": "id = ?", "params": [[1]]}, QueryError, "does not stand behind IN"),
        ({"where": "nam IN ?", "params": [[1]]}, QueryError, "Did you mean 'name'"),
        ({"where": "id IN ?", "params": [range(300_000)]}, QueryError, "Give shorter lists"),
        ({"where": "nam IN :i", "params": {"i": [1, 2]}}, QueryError, "The condition 'nam IN :i'"),
        ({"where": "id IN :i", "params": {"i": "n3"}}, QueryError, "IN is a list: give :i a value"),
        ({"where": {"id": 2**64}}, QueryError, "too large .* Give a value that SQLite has"),
        ({"where": {"name": "\ud800"}}, QueryError, "surrogates not allowed. Give a value that"),
        ({"where": {"name": object()}}, QueryError, "not supported. Give a value that SQLite has"),
        ({"where": {"nam": 1}}, TableNotFoundError, "Did you mean 'name'"),
        ({"where": {"id": 1}, "params": [1]}, TypeError, "where has the values already"),
        ({"where": "id = ?", "params": [1, 2]}, QueryError, "cannot be used"),
        ({"where": "1; DELETE FROM numbers"}, QueryError, "cannot be used"),
        ({"where": "1) OR (1", "rows": (1, 2)}, QueryError, "cannot be used"),
        ({"table": "pairs", "rows": (1, 2)}, QueryError, "no rowids"),
    ],
)
def test_what_cannot_be_read_is_told_before_anything_is(
    dataset: Any, options: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        plan_scan(dataset, **{"table": "numbers", **options})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(number=st.floats(allow_nan=False, allow_infinity=False))
@example(number=1.7976931348623157e308)
@example(number=5e-324)
@example(number=-1.1545580616824966e232)
def test_a_number_in_a_column_of_any_kind_keeps_every_bit(dataset: Any, number: float) -> None:
    sql = plan_scan(dataset, "numbers", ["select"]).sql()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE numbers ("select")')
        connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        assert float(connection.execute(sql).fetchone()[0]) == number


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"id": [1, 2, 60]}, [1, 2]),
        ({"id": [1, 2, 3], "name": "n2"}, [2]),
        ({"half": -2.5}, [5]),
        ({"select": None, "id": 7}, [7]),
        ({"name": []}, []),
        ({"name": ["n1", None], "id": range(1, 9)}, [1, 8]),
        ({"name": "x' OR 1 --"}, []),
        ({"select": math.nan, "id": [7, math.nan]}, [7]),
        ({"half": math.nan}, []),
        ({}, list(range(1, COUNT + 1))),
    ],
)
def test_a_condition_may_be_the_values_of_columns(
    dataset: Any, where: dict[str, Any], ids: list[int]
) -> None:
    scan = plan_scan(dataset, "numbers", ["id"], where)
    assert [id_ for (id_,) in read(scan, scan.sql())] == ids


@pytest.mark.parametrize("rows", [5, (None, 5), (1,), (1, 2, 3), "12", (1.5, 2)])
def test_rows_that_are_no_range_are_refused(dataset: Any, rows: Any) -> None:
    with pytest.raises(TypeError, match="rows must be the lowest and the highest rowid"):
        plan_scan(dataset, "numbers", rows=rows)
