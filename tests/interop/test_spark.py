"""Spark reads a table in parts, by a real local Spark with its Java machine."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import date, datetime, time
from decimal import Decimal
from importlib.util import find_spec

import pytest
import sqlalchemy as sa

from microcosm_sqlite import dataset
from tests.support.samples import install_dataset, write_dataset

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed"),
    pytest.mark.skipif(not shutil.which("java"), reason="there is no Java here"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]

METADATA = sa.MetaData()
sa.Table(
    "sightings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("species", sa.String(20, collation="NOCASE")),
    sa.Column("count", sa.Integer),
    sa.Column("weight", sa.Float),
    sa.Column("price", sa.Numeric(10, 2)),
    sa.Column("is_adult", sa.Boolean),
    sa.Column("day", sa.Date),
    sa.Column("moment", sa.DateTime),
    sa.Column("clock", sa.Time),
    sa.Column("size", sa.Enum("small", "large", name="size")),
    sa.Column("ring", sa.Uuid),
    sa.Column("photo", sa.LargeBinary),
)
SPECIES = ["Robin", "robin", "Wren", "wren's", None]
ROWS = [
    {
        "species": SPECIES[n % 5],
        "count": None if n % 3 else n,
        "weight": n / 4,
        "price": Decimal(n) / 100,
        "is_adult": n % 2 == 0,
        "day": date(2020, 1, 1 + n % 28),
        "moment": datetime(2020, 1, 1, n % 24, 0, 0, n),
        "clock": time(n % 24),
        "size": "large" if n % 2 else "small",
        "ring": None,
        "photo": bytes([n % 256]),
    }
    for n in range(1, 301)
]


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    from pyspark.sql import SparkSession

    from microcosm_sqlite.interop.spark import DatasetSource

    folder = tmp_path_factory.mktemp("spark")
    site = folder / "site"
    install_dataset(write_dataset(folder / "birds", METADATA, {"sightings": ROWS}, "birds"), site)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site)
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (site, *sys.path))))
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        session = (
            SparkSession.builder.master("local[2]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.python.filterPushdown.enabled", "true")
            .config("spark.sql.shuffle.partitions", "2")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        session.dataSource.register(DatasetSource)
        yield session
        session.stop()


@pytest.fixture
def source(spark):
    reader = spark.read.format("microcosm_sqlite")
    return reader.option("dataset", "birds").option("table", "sightings")


def test_spark_has_the_rows_and_types_of_the_models(source):
    frame = source.load()
    types = dict(frame.dtypes)
    assert types["price"] == "decimal(10,2)"
    assert types["moment"] == "timestamp_ntz"
    assert types["day"] == "date"
    assert types["is_adult"] == "boolean"
    rows = [row.asDict() for row in frame.orderBy("id").collect()]
    assert [row.pop("id") for row in rows] == list(range(1, 301))
    assert rows == [row | {"clock": row["clock"].isoformat("microseconds")} for row in ROWS]


def test_partitions_are_ranges_of_rowids(source):
    frame = source.option("partitions", 3).option("columns", "id, count").load()
    assert frame.columns == ["id", "count"]
    sizes = frame.rdd.mapPartitions(lambda rows: [sum(1 for _ in rows)]).collect()
    assert sizes == [100, 100, 100]


CONDITIONS = [
    ("species = 'robin'", lambda row: row["species"] == "robin"),
    ("species > 'S'", lambda row: (row["species"] or "") > "S"),
    ("species IN ('Robin', 'wren''s')", lambda row: row["species"] in ("Robin", "wren's")),
    ("species LIKE 'W%'", lambda row: (row["species"] or "").startswith("W")),
    ("species LIKE '%obi%'", lambda row: "obi" in (row["species"] or "")),
    ("species LIKE '%s'", lambda row: (row["species"] or "").endswith("s")),
    ("NOT species = 'robin'", lambda row: row["species"] not in ("robin", None)),
    ("count IS NULL", lambda row: row["count"] is None),
    ("count IS NOT NULL AND weight >= 70.25", lambda row: row["count"] and row["weight"] >= 70.25),
    ("count <=> NULL", lambda row: row["count"] is None),
    ("price = 1.10", lambda row: row["price"] == Decimal("1.10")),
    ("is_adult", lambda row: row["is_adult"]),
    ("day < DATE'2020-01-03'", lambda row: row["day"] < date(2020, 1, 3)),
    (
        "moment >= TIMESTAMP_NTZ'2020-01-01 23:00:00'",
        lambda row: row["moment"] >= datetime(2020, 1, 1, 23),
    ),
    ("size = 'large'", lambda row: row["size"] == "large"),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=[c for c, _ in CONDITIONS])
def test_a_condition_finds_what_it_would_find_without_sqlite(source, condition, expected):
    frame = source.option("partitions", 1).load().where(condition)
    found = {row.id for row in frame.select("id").collect()}
    assert found == {number for number, row in enumerate(ROWS, 1) if expected(row)}


def test_a_condition_of_one_query_does_not_reach_the_next(source):
    frame = source.load()
    counted = [frame.count(), frame.where("size = 'large'").count(), frame.count()]
    assert counted == [300, 150, 300]
    sizes = frame.groupBy("size").count().orderBy("size").collect()
    assert sizes == [("large", 150), ("small", 150)]


def test_a_condition_for_sqlite_is_an_option(source):
    frame = source.option("where", "moment < '2020-01-01T03:00:00Z' AND size = 'large'").load()
    expected = [
        number
        for number, row in enumerate(ROWS, 1)
        if row["moment"] < datetime(2020, 1, 1, 3) and row["size"] == "large"
    ]
    assert expected
    assert [row.id for row in frame.orderBy("id").collect()] == expected
    assert frame.where("id > 100").count() == sum(number > 100 for number in expected)
    assert frame.count() == len(expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset": "bees", "table": "hives"}, "No dataset is named 'bees'"),
        ({"table": "hives"}, "no table 'hives'"),
        ({"columns": "wings"}, "no column 'wings'"),
        ({"where": '"sise" = 1'}, "Did you mean 'size'"),
    ],
)
def test_what_is_not_there_is_said_by_name(source, options, message):
    with pytest.raises(Exception, match=message):
        source.options(**options).load().collect()


def test_a_missing_option_is_named(spark):
    with pytest.raises(Exception, match="Option `table` of format `microcosm_sqlite`"):
        spark.read.format("microcosm_sqlite").option("dataset", "birds").load()


def test_a_columnar_twin_is_read_where_there_is_one(source):
    twin = dataset("birds").columnar(["sightings"])["sightings"]
    try:
        rows = [row.asDict() for row in source.load().orderBy("id").collect()]
        assert [row.pop("id") for row in rows] == list(range(1, 301))
        assert rows == [row | {"clock": row["clock"].isoformat("microseconds")} for row in ROWS]
        # That it was the twin shows where it is damaged.
        content = bytearray(twin.read_bytes())
        content[len(content) // 4] ^= 0xFF
        mode = twin.stat().st_mode
        twin.chmod(0o644)
        twin.write_bytes(content)
        twin.chmod(mode)  # or it would be left alone, as what nobody published
        with pytest.raises(Exception, match="columnar twin"):
            source.load().collect()
    finally:
        twin.unlink()
