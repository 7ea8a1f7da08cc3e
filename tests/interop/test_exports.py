"""What is exported holds what the dataset holds, for the tools that it is meant for."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

pytest.importorskip("pyarrow")

from pyarrow import parquet

from microcosm_sqlite.interop.croissant import FILE_NAME, describe_croissant
from microcosm_sqlite.interop.parquet_files import write_parquet

METADATA = sa.MetaData()
sa.Table(
    "species",
    METADATA,
    sa.Column("code", sa.String(5), primary_key=True),
    sa.Column("name", sa.String(40), comment="English name"),
    comment="Species of birds",
)
sa.Table(
    "sightings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("species", sa.ForeignKey("species.code")),
    sa.Column("day", sa.Date),
    sa.Column("price", sa.Numeric(10, 2)),
    sa.Column("size", sa.Enum("small", "large", name="size")),
    sa.Column("is_adult", sa.Boolean),
    sa.Column("lasted", sa.Interval),
)
ROWS = {
    "species": [{"code": "robin", "name": "European robin"}, {"code": "wren", "name": None}],
    "sightings": [
        {
            "species": "wren",
            "day": date(2020, 2, 29),
            "price": Decimal("1.50"),
            "size": "large",
            "is_adult": True,
        },
        {"species": None},
    ],
}


@pytest.fixture
def birds(make):
    return make(METADATA, ROWS, name="birds", title="Birds", licenses=[{"name": "CC0-1.0"}])


def test_parquet_has_the_types_and_rows_of_the_models(birds, tmp_path):
    told = []
    write_parquet(birds, "sightings", tmp_path / "x.parquet", told.append)
    found = parquet.read_table(tmp_path / "x.parquet")
    assert found.equals(birds.arrow("sightings"))
    assert sum(told) == 2


def test_an_empty_table_is_a_parquet_file_with_its_columns(make, tmp_path):
    empty = make(METADATA)
    write_parquet(empty, "sightings", tmp_path / "x.parquet")
    found = parquet.read_table(tmp_path / "x.parquet")
    assert found.num_rows == 0
    assert found.schema == empty.arrow("sightings").schema


@pytest.fixture
def exported(birds, tmp_path):
    """Each table as a file, one of each kind, and the description beside them."""
    files = {"species": tmp_path / "species.csv", "sightings": tmp_path / "sightings.parquet"}
    with files["species"].open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["code", "name"])
        writer.writeheader()
        writer.writerows(ROWS["species"])
    write_parquet(birds, "sightings", files["sightings"])
    description = tmp_path / FILE_NAME
    description.write_text(json.dumps(describe_croissant(birds, files)))
    return description


def test_croissant_describes_the_files_and_how_they_belong_together(exported):
    described = json.loads(exported.read_text())
    species, sightings = described["recordSet"]
    assert species["description"] == "Species of birds"
    assert species["key"] == [{"@id": "species/code"}]
    assert [field["dataType"] for field in sightings["field"]] == [
        *("sc:Integer", "sc:Text", "sc:Date", "sc:Float", "sc:Text", "sc:Boolean", "sc:Text")
    ]
    assert sightings["field"][1]["references"] == {"field": {"@id": "species/code"}}
    assert described["license"] == ["https://spdx.org/licenses/CC0-1.0.html"]


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore")
def test_croissant_s_own_reader_finds_no_fault_and_reads_the_rows(exported):
    croissant = pytest.importorskip("mlcroissant")
    dataset = croissant.Dataset(exported)
    assert not dataset.metadata.ctx.issues.errors
    records = list(dataset.records("species"))
    assert [record["species/code"] for record in records] == [b"robin", b"wren"]
    first = next(iter(dataset.records("sightings")))
    assert first["sightings/species"] == b"wren"
    assert first["sightings/is_adult"] is True
