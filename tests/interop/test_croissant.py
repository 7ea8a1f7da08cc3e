"""What is exported holds what the dataset holds, for the tools that it is meant for."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

pytest.importorskip("pyarrow")

from pyarrow import parquet

from microcosm_sqlite.interop.croissant import FILE_NAME, describe_croissant
from microcosm_sqlite.interop.exporting import export_folder
from microcosm_sqlite.interop.exporting.files import write_parquet

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
    write_parquet(birds, "sightings", tmp_path / "x.parquet", advance=told.append)
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


def test_licences_without_a_page_are_named_and_those_without_a_name_are_left_out(make, tmp_path):
    terms = [{"name": "LicenseRef-Ours"}, {"title": "Terms"}, {"path": "https://example.org/t"}, {}]
    described = describe_croissant(make(METADATA, licenses=terms), {})
    assert described["license"] == ["LicenseRef-Ours", "Terms", "https://example.org/t"]


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


TREE = sa.MetaData()
for name, targets in {
    "staff": ["staff"],
    "visits": ["staff"],
    "bills": ["visits", "coins"],
    "coins": [],
    "eggs": ["hens"],
    "hens": ["eggs"],
}.items():
    sa.Table(
        name,
        TREE,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(f"{to}_id", sa.ForeignKey(f"{to}.id", use_alter=True)) for to in targets),
    )


@pytest.fixture
def tree(make):
    rows = {
        "staff": [{"id": 1}, {"id": 2, "staff_id": 1}],
        "visits": [{"id": 1, "staff_id": 2}],
        "coins": [{"id": 1}],
        "bills": [{"id": 1, "visits_id": 1, "coins_id": 1}, {"id": 2, "visits_id": 1}],
    }
    return make(TREE, rows, name="tree", title="Tree", licenses=[{"name": "CC0-1.0"}])


def test_croissant_tells_no_reference_that_closes_a_cycle_or_lengthens_a_chain(tree, tmp_path):
    described = json.loads((export(tree, "croissant", tmp_path / "out") / FILE_NAME).read_text())
    references = {
        field["@id"]: field["references"]["field"]["@id"]
        for table in described["recordSet"]
        for field in table["field"]
        if "references" in field
    }
    assert references == {"visits/staff_id": "staff/id", "bills/coins_id": "coins/id"}


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore")
def test_croissant_s_own_reader_reads_tables_that_refer_to_themselves_and_chains(tree, tmp_path):
    croissant = pytest.importorskip("mlcroissant")
    dataset = croissant.Dataset(export(tree, "croissant", tmp_path / "out") / FILE_NAME)
    counts = {"staff": 2, "visits": 1, "bills": 2, "coins": 1, "eggs": 0, "hens": 0}
    for name, count in counts.items():
        records = list(dataset.records(name))
        assert [record[f"{name}/id"] for record in records] == list(range(1, count + 1)), name


KINDS = {
    "whole": (sa.Integer, -5),
    "big": (sa.BigInteger, 2**62),
    "flag": (sa.Boolean, True),
    "ratio": (sa.Float, 1.5),
    "tiny": (sa.Double, 1e-300),
    "price": (sa.Numeric(10, 2), Decimal("12.50")),
    "code": (sa.String(5), 'a,b"c'),
    "text": (sa.Text, "line\nline, ünï"),
    "kind": (sa.Enum("a", "b", name="kind"), "a"),
    "day": (sa.Date, date(1999, 12, 31)),
    "stamp": (sa.DateTime, datetime(2020, 1, 2, 3, 4, 5, 678)),
    "time": (sa.Time, time(23, 59, 59)),
    "lasted": (sa.Interval, timedelta(hours=30)),
    "extra": (sa.JSON, {"a": [1, None]}),
    "uid": (sa.Uuid, UUID(int=99 << 64)),
    "photo": (sa.LargeBinary, b"\0\xff"),
}
EVERYTHING = sa.MetaData()
for table, nullable in (("blank", True), ("Every Thing", True), ("required", False)):
    sa.Table(
        table,
        EVERYTHING,
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, kind, nullable=nullable) for name, (kind, _) in KINDS.items()),
        *([] if nullable else [sa.Column("parent", sa.ForeignKey("Every Thing.id"))]),
    )
FULL = {name: value for name, (_, value) in KINDS.items()}
EMPTY = FULL | {"text": "", "code": "", "extra": []}


@pytest.fixture
def everything(make):
    rows = {
        "Every Thing": [dict.fromkeys(KINDS), FULL, EMPTY],
        "required": [{"parent": 2, **FULL}, {"parent": None, **EMPTY}],
    }
    licenses = [{"name": "LicenseRef-Ours"}, {"title": "Own terms"}, {"name": "MIT AND CC0-1.0"}]
    return make(EVERYTHING, rows, name="everything", title="All", licenses=licenses)


def export(dataset, form, folder):
    export_folder(dataset, folder, form)
    return folder


def test_a_data_package_names_what_it_describes_as_the_standard_does(everything, tmp_path):
    folder = export(everything, "datapackage", tmp_path / "out")
    described = json.loads((folder / "datapackage.json").read_text())
    assert [each["name"] for each in described["licenses"]] == [
        *("LicenseRef-Ours", "Own-terms", "MIT-AND-CC0-1.0")
    ]
    names = {each["name"]: (each["path"], each.get("title")) for each in described["resources"]}
    assert names["every_thing"] == ("Every_Thing.csv", "Every Thing")
    assert names["required"] == ("required.csv", None)
    required = next(each for each in described["resources"] if each["name"] == "required")
    assert required["schema"]["foreignKeys"][0]["reference"]["resource"] == "every_thing"


def test_no_name_of_a_table_leads_out_of_the_folder(make, tmp_path):
    metadata = sa.MetaData()
    for name in ("../../evil", "a/b", "A_B", "..", "日本"):
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True))
    (tmp_path / "deep").mkdir()
    folder = export(make(metadata), "csv", tmp_path / "deep" / "er")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("A_B.csv", "a_b_2.csv", "evil.csv", "table.csv", "日本.csv")
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["er"]


@pytest.mark.heavy
def test_frictionless_finds_nothing_wrong_with_any_type(everything, tmp_path):
    frictionless = pytest.importorskip("frictionless")
    folder = export(everything, "datapackage", tmp_path / "out")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["type", "message"])
    package = frictionless.Package(str(folder / "datapackage.json"))
    rows = package.get_resource("every_thing").read_rows()
    assert [rows[0]["text"], rows[0]["stamp"]] == [None, None]
    for name in ("whole", "big", "flag", "price", "code", "text", "day", "stamp", "time"):
        assert rows[1][name] == FULL[name], name
    assert package.get_resource("blank").read_rows() == []
    assert package.get_resource("required").read_rows()[1]["text"] == ""


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore")
def test_croissant_s_own_reader_reads_any_type(everything, tmp_path):
    croissant = pytest.importorskip("mlcroissant")
    folder = export(everything, "croissant", tmp_path / "out")
    dataset = croissant.Dataset(folder / FILE_NAME)
    assert not dataset.metadata.ctx.issues.errors
    assert list(dataset.records("blank")) == []
    nothing, full, _ = dataset.records("Every%20Thing")
    assert {value for key, value in nothing.items() if key != "Every%20Thing/id"} == {None}
    for name in ("whole", "big", "flag", "ratio", "price"):
        assert full[f"Every%20Thing/{name}"] == float(FULL[name]), name
    assert full["Every%20Thing/text"] == FULL["text"].encode()
    assert full["Every%20Thing/day"].date() == FULL["day"]
    assert full["Every%20Thing/stamp"].to_pydatetime() == FULL["stamp"]
