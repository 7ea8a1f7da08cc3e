"""The answer to a statement has the types of the columns that it comes from."""

from __future__ import annotations

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa

from microcosm_sqlite.errors import QueryError
from microcosm_sqlite.interop import queries
from tests.support.things import FULL, METADATA, NUMBERS

SIZES = pa.dictionary(pa.int32(), pa.string())


@pytest.mark.parametrize(
    ("expression", "type_", "values"),
    [
        ("born", pa.date32(), [None, FULL["born"]]),
        ("seen AS moment", pa.timestamp("us"), [None, FULL["seen"]]),
        ("price", pa.decimal128(10, 2), [None, FULL["price"]]),
        ("is_good", pa.bool_(), [None, True]),
        ("lasts", pa.duration("us"), [None, FULL["lasts"]]),
        ("size", SIZES, [None, "LARGE"]),
        ("weight", pa.float64(), [None, 0.5]),
        ("coalesce(seen, seen)", pa.timestamp("us"), [None, FULL["seen"]]),
        ("(SELECT max(born) FROM things)", pa.date32(), [FULL["born"]] * 2),
        ("CASE WHEN 1 THEN size END", SIZES, [None, "LARGE"]),
        ("lag(born) OVER (ORDER BY id)", pa.date32(), [None, None]),
        ("count + 1", pa.int64(), [None, 3]),
        ("count * 0.5", pa.float64(), [None, 1.0]),
        ("upper(size)", pa.string(), [None, "LARGE"]),
        ("coalesce(born, 'never')", pa.string(), ["never", "2020-02-29"]),
        ("coalesce(born, 5)", pa.string(), ["5", "2020-02-29"]),
        ("coalesce(count, 0.5)", pa.float64(), [0.5, 2.0]),
        ("coalesce(is_good, 'no')", pa.string(), ["no", "1"]),
        ("CAST(name AS BLOB)", pa.binary(), [None, "ä".encode()]),
        ("NULL", pa.null(), [None, None]),
        ("count(*) OVER ()", pa.int64(), [2, 2]),
    ],
)
def test_a_column_has_the_type_of_the_column_that_it_comes_from(things, expression, type_, values):
    read = things.sql(f"SELECT {expression} FROM things ORDER BY id").arrow()
    assert read.schema.types == [type_]
    assert read.column(0).to_pylist() == values


def test_types_are_there_without_rows_and_through_unions_and_subqueries(make):
    empty = make(METADATA)
    sql = "WITH a AS (SELECT born, size FROM things) SELECT * FROM a UNION ALL SELECT * FROM a"
    assert empty.sql(sql).arrow().schema.types == [pa.date32(), SIZES]
    mixed = empty.sql("SELECT born FROM things UNION SELECT name FROM things").arrow()
    assert mixed.schema.types == [pa.null()]


def test_tables_and_columns_can_be_looked_for_by_name(things):
    assert "things" in things
    assert "thing" not in things
    assert "size" in things["things"]
    assert "sise" not in things["things"]
    with pytest.raises(TypeError, match=r"not as 0\. Its tables: things"):
        list(things)


def test_names_that_come_again_get_numbers(things):
    sql = "SELECT a.id, b.id, a.size FROM things a JOIN things b USING (id)"
    assert things.sql(sql).arrow().column_names == ["id", "id_2", "size"]


def test_many_rows_are_of_the_widest_type(make):
    rows = [{"half": n / 2} for n in range(25_000)]
    numbers = make(NUMBERS, {"numbers": rows})
    sql = "SELECT id, iif(id > 20000, 0.5, id) AS x, iif(id > 20000, 'a', 1) AS y FROM numbers"
    read = numbers.sql(sql).arrow()
    assert read.schema.types == [pa.int64(), pa.float64(), pa.string()]
    assert read.slice(19_999, 2).to_pylist() == [
        {"id": 20_000, "x": 20_000.0, "y": "1"},
        {"id": 20_001, "x": 0.5, "y": "a"},
    ]


MIXED = [
    ([2**53 + 1, 0.5], pa.float64(), [2.0**53, 0.5]),
    ([0.5, 2**63 - 1, None], pa.float64(), [0.5, 2.0**63, None]),
    ([1.0, 1, "a"], pa.string(), ["1.0", "1", "a"]),
    ([1e22, 2**63 - 1, None, ""], pa.string(), ["1e+22", str(2**63 - 1), None, ""]),
    ([None, 7], pa.int64(), [None, 7]),
    ([None, b""], pa.binary(), [None, b""]),
]


@pytest.mark.parametrize("batch", [1, 2, 100])
@pytest.mark.parametrize(("values", "type_", "expected"), MIXED, ids=str)
def test_where_a_batch_ends_changes_no_value(things, monkeypatch, batch, values, type_, expected):
    monkeypatch.setattr(queries, "_BATCH_ROWS", batch)
    sql = " UNION ALL ".join(["SELECT ? AS x"] * len(values))
    read = things.sql(sql, values).arrow()
    assert read.schema.types == [type_]
    assert read.column(0).to_pylist() == expected


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("other", [1, 0.5, "a"])
def test_bytes_and_other_values_make_no_column(things, monkeypatch, batch, other):
    monkeypatch.setattr(queries, "_BATCH_ROWS", batch)
    with pytest.raises(QueryError, match="Column 'x' of the answer has bytes and other values"):
        things.sql("SELECT ? AS x UNION ALL SELECT ?", [b"a", other]).arrow()


def test_parameters_may_be_lists_and_other_datasets_attached(things, make):
    make(NUMBERS, {"numbers": [{"half": 2.5}]}, name="halves")
    sql = "SELECT size, half FROM things, halves.numbers WHERE born IN :days"
    query = things.sql(sql, {"days": [FULL["born"]]}, attach="halves")
    assert query.arrow().to_pylist() == [{"size": "LARGE", "half": 2.5}]
    assert repr(query).startswith("<DatasetQuery sample: SELECT size, half FROM things")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT * FROM thing", "no such table: thing. Did you mean 'things'"),
        ("SELECT sise FROM things", "Did you mean 'size'"),
        ("SELECT ?", "Incorrect number of bindings"),
        ("", "The statement has no result. Write one SELECT."),
        ("-- all", "The statement has no result. Write one SELECT."),
        ("SELECT 1 UNION ALL SELECT x'00'", "bytes and other values. Write CAST"),
    ],
)
def test_mistakes_are_told(things, sql, told):
    with pytest.raises(QueryError) as caught:
        things.sql(sql).arrow()
    assert told in str(caught.value)


def test_pandas_polars_and_duckdb_have_the_types_too(things):
    query = things.sql("SELECT id, born, size FROM things")
    pd = pytest.importorskip("pandas")
    frame = query.pandas()
    assert frame.dtypes["size"] == pd.CategoricalDtype(["SMALL", "LARGE"])
    assert frame["born"].iloc[1] == pd.Timestamp(2020, 2, 29)
    pl = pytest.importorskip("polars")
    assert query.polars().schema == {
        "id": pl.Int64,
        "born": pl.Date,
        "size": pl.Enum(["SMALL", "LARGE"]),
    }
    pytest.importorskip("duckdb")
    assert str(query.duckdb().types[2]) == "ENUM('SMALL', 'LARGE')"
