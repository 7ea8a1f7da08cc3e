"""Enumerations are dictionaries and categories in every frame; decimals are read at any size."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")
pytest.importorskip("duckdb")

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.errors import SchemaMismatchError
from microcosm_sqlite.exporting import export_table
from tests.support.projects import make_project

if TYPE_CHECKING:
    from pathlib import Path

MODELS = '''\
"""Every way to declare an enumeration."""

from __future__ import annotations

import enum
from typing import Literal

from microcosm_sqlite import DataSet
from microcosm_sqlite.types import EnumType
from sqlalchemy import Enum, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Size(enum.Enum):
    """Stored by name."""

    SMALL = "s"
    LARGE = "l"
    TINY = "s"  # an alias, which is not stored


class Spelled(TypeDecorator[str]):
    impl = Enum("small", "large")
    cache_ok = True


class Bird(Base):
    __tablename__ = "birds"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None] = mapped_column(Enum("small", "large"))
    literal: Mapped[Literal["small", "large"] | None]
    member: Mapped[Size | None] = mapped_column(Enum(Size))
    value: Mapped[Size | None] = mapped_column(
        Enum(Size, values_callable=lambda size: [each.value for each in size])
    )
    ours: Mapped[Size | None] = mapped_column(EnumType(Size))
    wrapped: Mapped[str | None] = mapped_column(Spelled)
'''
HEADER = "id,label,literal,member,value,ours,wrapped\n"
LABELS = {
    "label": ["small", "large"],
    "literal": ["small", "large"],
    "member": ["SMALL", "LARGE"],
    "value": ["s", "l"],
    "ours": ["SMALL", "LARGE"],
    "wrapped": ["small", "large"],
}


def build(root: Path, rows: str) -> InstalledDataset:
    project = make_project(root, models=MODELS, sources={"birds.csv": HEADER + rows})
    built = build_dataset(ProjectSettings.from_pyproject(project))
    return InstalledDataset("birds", location=Location(str(built.path), immutable=True))


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ("", []),
        ("1,,,,,,\n2,large,large,LARGE,l,LARGE,large\n", [None, "large"]),
        ("1,large,large,LARGE,l,LARGE,large\n", ["large"]),
    ],
    ids=["empty", "NULL first", "value first"],
)
def test_every_way_to_declare_one_gives_dictionaries_and_categories(
    tmp_path: Path, rows: str, first: list[str | None]
) -> None:
    birds = build(tmp_path, rows)
    fields = {field.name: field for field in birds.tables["birds"].fields}
    arrow, pandas, polars = (read("birds") for read in (birds.arrow, birds.pandas, birds.polars))
    for name, labels in LABELS.items():
        assert fields[name].constraints["enum"] == labels
        assert "maxLength" not in fields[name].constraints
        assert arrow.schema.field(name).type == pa.dictionary(pa.int32(), pa.string())
        assert pandas.dtypes[name] == pd.CategoricalDtype(labels)
        assert isinstance(polars.schema[name], pl.Categorical | pl.Enum)
    assert arrow["label"].to_pylist() == polars["label"].to_list() == first
    assert birds.polars("birds", lazy=True).collect_schema() == polars.schema


DECIMALS = [
    ("NUMERIC(38, 2)", pa.decimal128(38, 2)),
    ("NUMERIC(39, 2)", pa.decimal256(39, 2)),
    ("NUMERIC(76, 4)", pa.decimal256(76, 4)),
    ("NUMERIC(77, 4)", pa.decimal256(76, 4)),
    ("NUMERIC(1000, 500)", pa.decimal256(76, 76)),
    ("NUMERIC(40)", pa.decimal128(38, 10)),
    ("NUMERIC(10, 20)", pa.decimal128(38, 20)),
    ("NUMERIC(20, 40)", pa.decimal256(76, 40)),
    ("NUMERIC(0, 0)", pa.decimal128(38, 0)),
]


@pytest.mark.parametrize(("declared", "expected"), DECIMALS, ids=dict(DECIMALS))
def test_a_decimal_of_any_size_is_read_or_refused_by_name(
    tmp_path: Path, declared: str, expected: pa.DataType
) -> None:
    path = tmp_path / "sums.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE sums (id INTEGER PRIMARY KEY, total {declared})")
        connection.execute("INSERT INTO sums VALUES (1, 0)")
    sums = InstalledDataset("sums", location=Location(str(path), immutable=True))
    assert sums.arrow("sums").schema.field("total").type == expected
    assert sums.pandas("sums")["total"].to_list() == [0]
    export_table(sums, "sums", tmp_path / "sums.parquet", "parquet")
    assert pq.read_table(tmp_path / "sums.parquet")["total"].to_pylist() == [0]
    others = {
        "polars": [
            lambda: sums.polars("sums"),
            lambda: sums.polars("sums", lazy=True).collect(),
            lambda: sums.sql("SELECT id, total FROM sums").polars(),
        ],
        "DuckDB": [
            lambda: sums.duckdb("sums"),
            lambda: sums.sql("SELECT id, total FROM sums").duckdb(),
        ],
    }
    for tool, ways in others.items():
        for read in ways:
            if pa.types.is_decimal256(expected):
                told = f"'total' holds decimals of up to {expected.precision} digits, and {tool}"
                with pytest.raises(SchemaMismatchError, match=told):
                    read()
            else:
                frame = read()
                assert (frame.rows() if tool == "polars" else frame.fetchall()) == [(1, 0)]
    assert sums.polars("sums", columns=["id"])["id"].to_list() == [1]
    assert sums.duckdb("sums", columns=["id"]).fetchall() == [(1,)]
