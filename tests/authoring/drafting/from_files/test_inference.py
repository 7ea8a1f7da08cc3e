"""Tables, keys and references are inferred from every row, and nothing is guessed beyond them."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile, TypedFile
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.values.layout import TableRules, lay_out, make_names
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.errors import SourceError


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def infer(folder: Path, **files: str | bytes) -> dict[str, InferredTable]:
    return infer_folder(write(folder, **files)).tables


def kinds(table: InferredTable) -> dict[str, str]:
    return {column.name: column.kind for column in table.columns.values()}


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter", "header"),
    [
        (b"\xef\xbb\xbfa,b\n", "utf-8", ",", ("a", "b")),
        ("a,straße\n".encode("utf-16"), "utf-8", ",", ("a", "straße")),
        ("a;café\n".encode("cp1252"), "cp1252", ";", ("a", "café")),
        (b"a\tb,c\td\n", "utf-8", "\t", ("a", "b,c", "d")),
        (b"a|b|c\r\n", "utf-8", "|", ("a", "b", "c")),
        (b"\n\na,b\n", "utf-8", ",", ("a", "b")),
        (b"only\n", "utf-8", ",", ("only",)),
    ],
)
def test_encoding_and_delimiter_are_found_out(
    tmp_path: Path, content: bytes, encoding: str, delimiter: str, header: tuple[str, ...]
) -> None:
    raw = sniff(write(tmp_path, birds=content) / "birds.csv")
    assert isinstance(raw, RawFile)
    assert (raw.options.encoding, raw.options.delimiter) == (encoding, delimiter)
    assert raw.header == header


def test_names_are_identifiers_and_differ_by_more_than_capitals() -> None:
    header = ["a", "A", "", "Price (€)", "2nd", "straße", " a ", "%"]
    names = make_names(header)
    assert names == ("a", "A_2", "column_3", "Price", "_2nd", "straße", "a_3", "column_8")
    assert all(name.isidentifier() for name in names)


def test_the_whole_file_counts_not_its_beginning(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number}\n" for number in range(5000))
    tables = infer(tmp_path, birds=f"a,b\n{rows}4999,x\n4999,x\n")
    assert kinds(tables["birds"]) == {"a": "integer", "b": "text"}
    assert tables["birds"].primary_key == ()


def test_an_empty_field_makes_a_column_nullable_and_no_key(tmp_path: Path) -> None:
    table = infer(tmp_path, birds="id,wings\n1,2\n2,\n")["birds"]
    assert table.primary_key == ("id",)
    assert not table.columns["id"].is_nullable
    assert table.columns["wings"].is_nullable
    assert infer(tmp_path, birds="id,wings\n,2\n2,3\n")["birds"].primary_key == ()


@pytest.mark.parametrize(
    ("header", "rows", "key"),
    [
        ("code,name", ["a,x", "b,x"], ()),
        ("name,bird_id", ["x,1", "x,2"], ("bird_id",)),
        ("name,code,id", ["x,a,1", "y,b,2"], ("id",)),
        ("weight,name", ["1.5,x", "2.5,y"], ()),
        ("flies,name", ["true,x", "false,y"], ()),
        ("family,size", ["x,1", "x,2"], ()),
    ],
)
def test_a_key_is_the_first_column_or_one_that_is_named_so(
    tmp_path: Path, header: str, rows: list[str], key: tuple[str, ...]
) -> None:
    assert infer(tmp_path, birds="\n".join([header, *rows]))["birds"].primary_key == key


def test_texts_for_nothing_are_the_authors_to_name(tmp_path: Path) -> None:
    write(tmp_path, birds="id,wings\n1,NA\n2,2\n")
    assert kinds(infer_folder(tmp_path).tables["birds"])["wings"] == "text"
    told = infer_folder(tmp_path, null_values=["NA"]).tables["birds"].columns["wings"]
    assert (told.kind, told.is_nullable) == ("integer", True)


def test_what_makes_no_table_is_told(tmp_path: Path) -> None:
    write(tmp_path, birds="id\n1\n", empty="")
    (tmp_path / "notes.md").write_text("x")
    (tmp_path / "owls.csv.gz").write_bytes(gzip.compress(b"id\n1\n"))
    found = infer_folder(tmp_path)
    assert list(found.tables) == ["birds", "owls"]
    assert found.left_out == {"empty.csv": "empty", "notes.md": "of no format that is read"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "holds no file that tables"),
        ({"birds": "a,b\n1,2\n3,4,5\n"}, "birds.csv, line 3: 3 fields where the header has 2"),
        ({"birds": 'a,b\n1,"2\n'}, "birds.csv, line 2: a quote is opened and not closed"),
        ({"birds": b"a,b\nx\x00,b\n"}, "birds.csv, line 2: a NUL"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(
    tmp_path: Path, files: dict[str, str | bytes], told: str
) -> None:
    with pytest.raises(SourceError, match=told.replace("'", "")):
        infer_folder(write(tmp_path, **files))


def test_parquet_is_taken_as_far_as_no_value_is_changed(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    exact = {
        "id": [1, 2, 3],
        "nested": [{"day": date(2013, 1, 31)}, None, None],
        "number": [1.5, float("nan"), float("inf")],
        "at": pyarrow.array([1000, None, 2000], pyarrow.timestamp("ns")),
        "label": pyarrow.array(["x", "y", None]).dictionary_encode(),
    }
    parquet.write_table(pyarrow.table(exact), tmp_path / "exact.parquet")
    finer = {"at": pyarrow.array([1], pyarrow.timestamp("ns"))}
    parquet.write_table(pyarrow.table(finer), tmp_path / "finer.parquet")
    found = infer_folder(tmp_path)
    assert kinds(found.tables["exact"]) == {
        "id": "integer",
        "nested": "JSON",
        "number": "number",
        "at": "datetime",
        "label": "text",
    }
    assert found.tables["exact"].columns["number"].has_infinity
    assert "finer.parquet, column `at`: " in str(found.refused[0])
    assert "Moments are kept in microseconds, of the years 1 to 9999" in str(found.refused[0])


def test_empty_columns_of_parquet_are_what_they_are_declared(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    declared = {
        "integer": pyarrow.int16(),
        "number": pyarrow.float32(),
        "boolean": pyarrow.bool_(),
        "date": pyarrow.date64(),
        "datetime": pyarrow.timestamp("ns"),
        "datetime with offset": pyarrow.timestamp("s", tz="Europe/Berlin"),
        "time": pyarrow.time32("ms"),
        "duration": pyarrow.duration("us"),
        "binary": pyarrow.binary(4),
        "JSON": pyarrow.list_(pyarrow.int8()),
        "text": pyarrow.dictionary(pyarrow.int8(), pyarrow.large_string()),
    }
    more = {
        "whole": pyarrow.array([Decimal(5)], pyarrow.decimal128(10, 0)),
        "none": pyarrow.nulls(1),
        "far": pyarrow.array([None], pyarrow.decimal128(38, 2)),
        "near": pyarrow.array([None], pyarrow.decimal128(10, 2)),
    }
    parquet.write_table(pyarrow.schema(declared).empty_table(), tmp_path / "empty.parquet")
    parquet.write_table(pyarrow.table(more), tmp_path / "more.parquet")
    late = {"day": pyarrow.array([10**7], pyarrow.date32())}
    parquet.write_table(pyarrow.table(late), tmp_path / "late.parquet")
    found = infer_folder(tmp_path)
    assert kinds(found.tables["empty"]) == {name: name for name in declared}
    assert kinds(found.tables["more"]) == {
        "whole": "integer",
        "none": "text",
        "far": "text",
        "near": "number",
    }
    assert "late.parquet, column `day`: " in str(found.refused[0])


odd_names = st.lists(st.text("aA _2-é", max_size=4), min_size=1, max_size=6)


@given(odd_names)
def test_every_field_finds_the_column_that_was_made_of_it(header: list[str]) -> None:
    raw = RawFile(Path("t.csv"), tuple(header), options=CsvOptions())
    for names in (raw.names, TypedFile(raw.path, raw.header).names):
        assert find_columns(header, names) == names


def find_columns(header: list[str], names: tuple[str, ...]) -> tuple[str, ...]:
    table = sa.Table("t", sa.MetaData(), *(sa.Column(name, sa.Text) for name in names))
    layout = lay_out(TableRules.of(table, dialect()), header, "t.csv")
    return tuple(rule.name for rule in layout if rule)


def test_a_row_may_refer_to_another_one_of_its_own_table(tmp_path: Path) -> None:
    lines = [f"{n},{n // 2 or ''},{n % 5 + 1}" for n in range(1, 20)]
    columns = infer(tmp_path, staff="\n".join(["id,manager_id,grade_id", *lines]))["staff"].columns
    assert columns["manager_id"].reference == ("staff", "id")
    assert columns["grade_id"].reference is None


def test_a_reference_that_misses_few_values_is_told_and_not_made(tmp_path: Path) -> None:
    airports = "\n".join(["faa,name", *(f"A{n:02},x" for n in range(30))])
    flights = "\n".join(["id,dest", *(f"{n},A{n:02}" for n in range(31))])
    column = infer(tmp_path, airports=airports, flights=flights)["flights"].columns["dest"]
    assert column.reference is None
    assert column.near_reference == (
        "no reference to airports.faa, as 1 of its values is not there "
        "(in 1 row, the first is 'A30')"
    )


def test_of_two_tables_with_one_key_the_smaller_refers_to_the_larger(tmp_path: Path) -> None:
    lines = [f"C{n},{n}" for n in range(20)]
    tables = infer(
        tmp_path,
        countries="\n".join(["iso,size", *lines]),
        islands="\n".join(["iso,size", *lines[:10]]),
    )
    assert tables["islands"].columns["iso"].reference == ("countries", "iso")
    assert tables["countries"].columns["iso"].reference is None


def test_an_empty_text_is_in_a_draft_what_it_is_in_a_build(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": n, "sex": ["female", "male", ""][n % 3], "born": f"2013-01-{n:02}", "size": n}
        for n in range(1, 91)
    ]
    for row in rows[30:]:
        row |= {"born": "", "size": ""}
    (tmp_path / "birds.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    columns = infer_folder(tmp_path).tables["birds"].columns
    found = {name: (one.kind, one.is_nullable, one.labels) for name, one in columns.items()}
    assert found == {
        "id": ("integer", False, ()),
        "sex": ("text", False, ()),
        "born": ("date", True, ()),
        "size": ("integer", True, ()),
    }
    table = sa.Table(
        "birds",
        sa.MetaData(),
        sa.Column("sex", sa.String(6), nullable=False),
        sa.Column("born", sa.Date),
        sa.Column("size", sa.Integer),
    )
    rules = [ColumnRule(column, dialect(), ()) for column in table.columns]
    assert [rule.convert_value("") for rule in rules] == ["", None, None]


def test_a_bad_file_is_refused_by_name_and_the_others_are_drafted(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"id": range(1000)})
    parquet.write_table(table, tmp_path / "bad.parquet", compression="none", use_dictionary=False)
    data = bytearray((tmp_path / "bad.parquet").read_bytes())
    data[4:40] = bytes(36)
    (tmp_path / "bad.parquet").write_bytes(data)
    found = infer_folder(write(tmp_path, good="id,name\n1,a\n2,b\n", lone='"', quotes='""\n"'))
    assert list(found.tables) == ["good"]
    assert [error.file for error in found.refused] == ["bad.parquet", "lone.csv", "quotes.csv"]
    assert str(found.refused[1]).startswith("lone.csv, line 1: a quote is opened and not closed")


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('{"id": 1}\n{"id": 2}\n', ".jsonl"),
        ('\ufeff\n{"i\\"d": {}, "v": [1, 2]}\n', ".jsonl"),
        ('[{"id": 1}, {"id": 2}]', ".json"),
        ('[\n  {\n    "id": 1\n  }\n]\n', ".json"),
        ('{\n  "rows": [{"id": 1}]\n}\n', ".json"),
    ],
)
@pytest.mark.parametrize("name", ["birds.csv", "birds.tsv"])
def test_json_that_is_called_delimited_text_is_read_once_it_is_renamed(
    tmp_path: Path, text: str, suffix: str, name: str
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    (error,) = infer_folder(write(tmp_path, good="id,v\n1,a\n")).refused
    assert error.hint == f"Call it {suffix}."
    (tmp_path / name).rename(tmp_path / f"birds{suffix}")
    found = infer_folder(tmp_path)
    is_object = suffix == ".json" and text.startswith("{")
    assert {*found.tables} == {"good"} | (set() if is_object else {"birds"})
    assert not is_object or "jq -c '.[\"rows\"][]' birds.json" in found.left_out["birds.json"]


ECSV = "# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: int64}\na b\n1 2\n3 4\n"


@pytest.mark.parametrize(
    ("name", "text", "suffix"),
    [
        ("birds", "a;b\n1;2\n3;4\n", ".csv"),
        ("birds.xyz", "a,b\n1,2\n3,4\n", ".csv"),
        ("birds.data", "a\tb\n1\t2\n3\t4\n", ".tsv"),
        ("birds.ecsv", ECSV, ".csv"),
        ("birds.v2", '{"a": 1, "b": 2}\n{"a": 3, "b": 4}\n', ".jsonl"),
        ("birds.v2", '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]', ".json"),
    ],
)
def test_a_table_of_unknown_name_is_read_once_it_is_renamed(
    tmp_path: Path, name: str, text: str, suffix: str
) -> None:
    (tmp_path / name).write_text(text)
    told = infer_folder(write(tmp_path, good="id,v\n1,a\n")).left_out[name]
    assert re.search(rf"[Cc]all it .*{re.escape(suffix)}\b", told)
    (tmp_path / name).rename(tmp_path / f"birds{suffix}")
    table = infer_folder(tmp_path).tables["birds"]
    assert (table.row_count, kinds(table)) == (2, {"a": "integer", "b": "integer"})


@pytest.mark.parametrize(
    "text", ["Owls, by night\nJays, by day, too\nTits\n", "x\ny\nz\n", "\0,a\n" * 4]
)
def test_what_is_no_table_by_its_content_is_not_said_to_be_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "notes").write_text(text)
    found = infer_folder(write(tmp_path, good="id,v\n1,a\n"))
    assert found.left_out["notes"] == "of no format that is read"


@pytest.mark.parametrize("first", ["[1]", "{x}", "[INFO]", '{""}', "{}"])
def test_brackets_at_the_start_make_no_json(tmp_path: Path, first: str) -> None:
    found = infer_folder(write(tmp_path, birds=f"{first},b\n1,2\n3,4\n"))
    assert list(found.tables) == ["birds"]


@pytest.mark.parametrize("text", ["a", "a, x"])
def test_spaces_behind_closing_quotes_are_told_and_left_out(tmp_path: Path, text: str) -> None:
    raw = sniff(write(tmp_path, birds=f'id,name,v\n1,"{text}" ,2\n2,"b" ,3\n') / "birds.csv")
    assert isinstance(raw, RawFile)
    with raw.open_rows() as rows:
        assert list(rows) == [["1", text, "2"], ["2", "b", "3"]]
    assert raw.notes == ("spaces behind delimiters, and behind closing quotes, are left out",)
