"""The frames of pandas, polars and DuckDB hold what the models hold."""

from __future__ import annotations

import enum
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

pytest.importorskip("pandas")
pytest.importorskip("polars")
pytest.importorskip("duckdb")

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
from polars.testing import assert_frame_equal


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


@pytest.fixture
def things(make):
    rows = [dict.fromkeys(FULL), FULL]
    return make(METADATA, {"things": rows})


def test_pandas_has_the_dtypes_that_analysts_expect(things):
    frame = things.pandas("things")
    kinds = {name: dtype.kind for name, dtype in frame.dtypes.items() if hasattr(dtype, "kind")}
    assert kinds["id"] == "i"
    assert kinds["count"] == "f"
    assert kinds["born"] == kinds["seen"] == "M"
    assert kinds["lasts"] == "m"
    assert frame.dtypes["is_good"] == "boolean"
    assert frame.dtypes["size"] == pd.CategoricalDtype(["SMALL", "LARGE"])
    last = frame.iloc[1]
    assert last["price"] == Decimal("1.50")
    assert last["opens"] == time(8, 30)
    assert last["born"] == pd.Timestamp(2020, 2, 29)
    assert last["seen"] == pd.Timestamp(FULL["seen"])
    assert frame.drop(columns="id").iloc[0].isna().all()


def test_pandas_never_changes_a_large_integer(make):
    rows = [{"count": 2**53 + 1}, {"count": None}]
    frame = make(METADATA, {"things": rows}).pandas("things", columns=["count"])
    assert frame["count"].tolist() == [2**53 + 1, pd.NA]


@pytest.mark.parametrize("dtype_backend", ["numpy_nullable", "pyarrow"])
def test_pandas_can_have_exact_dtypes(things, dtype_backend):
    frame = things.pandas("things", dtype_backend=dtype_backend)
    assert frame["count"].tolist() == [pd.NA, 2]
    assert frame["is_good"].tolist() == [pd.NA, True]
    assert frame["size"].cat.categories.tolist() == ["SMALL", "LARGE"]
    if dtype_backend == "pyarrow":
        assert frame.dtypes["price"] == pd.ArrowDtype(pa.decimal128(10, 2))
        assert frame.dtypes["born"] == pd.ArrowDtype(pa.date32())


def test_pandas_names_the_backends_that_there_are(things):
    with pytest.raises(ValueError, match="numpy, numpy_nullable, pyarrow, not 'cudf'"):
        things.pandas("things", dtype_backend="cudf")


def test_an_empty_table_has_the_same_columns_and_categories(make):
    empty = make(METADATA)
    assert empty.pandas("things")["size"].cat.categories.tolist() == ["SMALL", "LARGE"]
    assert empty.polars("things").schema == empty.polars("things", lazy=True).collect_schema()
    assert len(empty.polars("things", lazy=True).collect()) == 0


def test_polars_has_the_values_of_the_models(things):
    frame = things.polars("things")
    assert frame.row(1, named=True) == FULL | {"id": 2, "size": "LARGE"}
    assert set(frame.drop("id").row(0)) == {None}
    assert frame.schema["price"] == pl.Decimal(10, 2)
    assert frame.schema["opens"] == pl.Time


def test_lazy_polars_equals_eager_polars(things):
    eager = things.polars("things")
    lazy = things.polars("things", lazy=True)
    assert lazy.collect_schema() == eager.schema
    assert_frame_equal(lazy.collect(), eager)
    assert_frame_equal(
        lazy.filter(pl.col("count") > 1).select("name", "size").collect(),
        eager.filter(pl.col("count") > 1).select("name", "size"),
    )
    assert lazy.select(pl.len()).collect().item() == 2
    assert lazy.tail(1).select("id").collect().item() == 2


NUMBERS = sa.MetaData()
sa.Table(
    "numbers", NUMBERS, sa.Column("id", sa.Integer, primary_key=True), sa.Column("half", sa.Float)
)


@pytest.fixture
def numbers(make):
    return make(NUMBERS, {"numbers": [{"half": n / 2} for n in range(1, 2001)]})


def test_lazy_polars_reads_only_the_columns_and_rows_that_a_query_needs(numbers, monkeypatch):
    from microcosm_sqlite.interop import polars_frames

    asked = []
    read = polars_frames.read_batches

    def spy(*args, **options):
        asked.append((options["columns"], options["limit"], options["rows"]))
        return read(*args, **options)

    monkeypatch.setattr(polars_frames, "read_batches", spy)
    lazy = numbers.polars("numbers", lazy=True, rows=(11, 1000))
    assert lazy.select("half").head(3).collect()["half"].to_list() == [5.5, 6.0, 6.5]
    assert asked == [(["half"], 3, (11, 1000))]


@pytest.mark.parametrize(
    "query",
    [
        lambda lazy: lazy.filter(pl.col("half") > 990).head(5),
        lambda lazy: lazy.head(100).filter(pl.col("half") > 40),
        lambda lazy: lazy.slice(1500, 7).select("half"),
        lambda lazy: lazy.filter(pl.col("id") % 7 == 0).select(pl.col("half").sum()),
    ],
)
def test_lazy_polars_answers_queries_as_eager_polars_does(numbers, query):
    eager = numbers.polars("numbers").lazy()
    assert_frame_equal(
        query(numbers.polars("numbers", lazy=True)).collect(), query(eager).collect()
    )


def test_duckdb_works_on_a_relation_more_than_once(things):
    with duckdb.connect() as connection:
        relation = things.duckdb("things", connection=connection)
        assert relation.aggregate("count(*), max(price)").fetchall() == [(2, Decimal("1.50"))]
        assert relation.filter("size = 'LARGE'").project("born, is_good").fetchall() == [
            (date(2020, 2, 29), True)
        ]


def test_duckdb_has_a_connection_of_its_own_if_none_is_given(things):
    assert things.duckdb("things", columns=["id"]).order("id desc").fetchall() == [(2,), (1,)]


def test_arrow_gives_a_reader_where_a_batch_size_is_given(numbers):
    assert numbers.arrow("numbers", rows=(1, 3)).num_rows == 3
    with numbers.arrow("numbers", batch_size=900) as batches:
        assert [len(batch) for batch in batches][:2] == [899, 900]
