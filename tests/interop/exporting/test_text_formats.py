"""What is written can be read back, whatever it holds."""

from __future__ import annotations

import csv
import io
import json
import math
from base64 import b64decode
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.finishing.fields import describe_field
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.cli.drawing import write_table
from microcosm_sqlite.cli.output import Count, Size
from microcosm_sqlite.interop import exporting
from microcosm_sqlite.interop.exporting import text_formats
from microcosm_sqlite.interop.exporting.text_formats import (
    BATCH,
    base64_text,
    batched,
    dump_json,
    make_speller,
    spell_bytes,
)
from tests.support.kinds import KINDS

WRITERS = {"table": write_table, **text_formats.WRITERS}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    TEXTS,
    st.binary(max_size=8),
)
ROWS = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        st.lists(TEXTS, min_size=width, max_size=width),
        st.lists(st.lists(VALUES, min_size=width, max_size=width), max_size=5),
    )
)


def write(form: str, columns: list[str], rows: list[Any], *, header: bool = True) -> str:
    return "".join(WRITERS[form](columns, batched(rows), header))


ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}


def unescape(text: str) -> str:
    found, characters = "", iter(text)
    for character in characters:
        found += ESCAPES[next(characters)] if character == "\\" else character
    return found


def as_text(value: Any) -> str:
    if value is None:
        return ""
    return f"X'{value.hex().upper()}'" if isinstance(value, bytes) else str(value)


def from_json(expected: Any, found: Any) -> bool:
    if isinstance(expected, bytes):
        return b64decode(found) == expected
    return type(found) is type(expected) and found == expected


@given(ROWS)
def test_tsv_gives_every_text_back(table: tuple[list[str], list[list[Any]]]) -> None:
    columns, rows = table
    text = write("tsv", columns, rows)
    lines = [[unescape(cell) for cell in line.split("\t")] for line in text.split("\n")[:-1]]
    assert lines == [columns, *([as_text(value) for value in row] for row in rows)]


@given(ROWS)
def test_csv_gives_every_text_back(table: tuple[list[str], list[list[Any]]]) -> None:
    columns, rows = table
    text = write("csv", columns, rows)
    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert found == [columns, *([as_text(value) for value in row] for row in rows)]


@given(ROWS, st.sampled_from(["json", "jsonl"]))
def test_json_gives_every_value_back_with_its_type(
    table: tuple[list[str], list[list[Any]]], form: str
) -> None:
    columns, rows = table
    text = write(form, columns, rows)
    found = json.loads(text) if form == "json" else [json.loads(line) for line in lines_of(text)]
    assert len(found) == len(rows)
    for record, row in zip(found, rows, strict=True):
        assert len(record) == len(columns)
        assert all(map(from_json, row, record.values()))


def lines_of(text: str) -> list[str]:
    assert not text or text.endswith("\n")
    return text.split("\n")[:-1]


def test_columns_of_one_name_are_told_apart_in_json() -> None:
    assert write("jsonl", ["a", "a", "a_2", "a"], [(1, 2, 3, 4)]) == (
        '{"a": 1, "a_2": 2, "a_2_2": 3, "a_3": 4}\n'
    )


def test_infinity_is_a_number_that_strict_readers_take() -> None:
    text = write("json", ["high", "low", "text"], [(math.inf, -math.inf, "ü")])
    assert "Infinity" not in text
    assert json.loads(text) == [{"high": math.inf, "low": -math.inf, "text": "ü"}]


@pytest.mark.parametrize(
    ("form", "expected"),
    [("json", "[]\n"), ("jsonl", ""), ("csv", "a,b\n"), ("tsv", "a\tb\n"), ("table", "a  b\n")],
)
def test_no_rows_leave_the_header_of_formats_that_have_one(form: str, expected: str) -> None:
    assert write(form, ["a", "b"], []) == expected
    if form != "json":
        assert write(form, ["a", "b"], [], header=False) == ""


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("number", [BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
def test_rows_beyond_one_batch_follow_without_a_seam(form: str, number: int) -> None:
    text = write(form, ["i"], [(i,) for i in range(number)], header=False)
    if form == "json":
        assert json.loads(text) == [{"i": i} for i in range(number)]
    elif form == "jsonl":
        assert [json.loads(line)["i"] for line in lines_of(text)] == list(range(number))
    else:
        assert [int(line) for line in lines_of(text)] == list(range(number))


def test_numbers_of_ours_are_plain_numbers_in_data() -> None:
    row = [(Count(1234), Size(5678))]
    assert write("csv", ["a", "b"], row, header=False) == "1234,5678\n"
    assert write("tsv", ["a", "b"], row, header=False) == "1234\t5678\n"
    assert write("jsonl", ["a", "b"], row) == '{"a": 1234, "b": 5678}\n'
    assert write("table", ["a", "b"], row, header=False) == "1,234  5.7 kB\n"


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (38_400_000, "38.4 MB"),
        (5 * 10**15, "5,000.0 TB"),
    ],
)
def test_a_size_is_shown_in_the_unit_that_fits(size: int, shown: str) -> None:
    assert Size(size).human() == shown


def test_an_object_with_indentation_is_one_of_the_same_content() -> None:
    found = {"a": [1, {"b": b"\x00"}]}
    assert json.loads(dump_json(found, indent=2)) == json.loads(dump_json(found))
    with pytest.raises(TypeError, match="complex has no JSON form"):
        dump_json({"a": 1j})


TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "boolean": sa.Boolean(),
    "numeric": sa.Numeric(12, 3),
    "interval": sa.Interval(),
    "uuid": sa.Uuid(),
    "json": sa.JSON(),
    "datetime": sa.DateTime(),
    "date": sa.Date(),
    "time": sa.Time(),
    "big": sa.BigInteger(),
    "double": sa.Double(),
    "binary": sa.LargeBinary(),
    "text": sa.Text(),
}


@given(kind=st.sampled_from(list(TYPES)), data=st.data())
def test_a_value_is_read_back_as_it_was_stored(kind: str, data: st.DataObject) -> None:
    column = sa.Column("x", TYPES[kind], nullable=False)
    sa.Table("t", sa.MetaData(), column)
    rule = ColumnRule(column, dialect(), ())
    field, declared = Field(describe_field(column)), {"x": rule.expected}
    value = data.draw(KINDS[kind].values.filter(lambda value: value != b""))  # which is no text
    stored = rule.bind(value)
    (row,) = spell_bytes(make_speller([field], declared, "csv")([(stored,)]), base64_text)
    assert rule.convert(str(row[0])) == stored
    (row,) = make_speller([field], declared, "jsonl")([(stored,)])
    assert rule.convert_value(json.loads(dump_json(row))[0]) == stored


METADATA = sa.MetaData()
sa.Table("things", METADATA, *(sa.Column(name, type_) for name, type_ in TYPES.items()))
ROW = {
    "boolean": True,
    "numeric": Decimal("7.5"),
    "interval": timedelta(days=1, hours=2.5),
    "uuid": UUID(int=5),
    "json": {"a": [1.5, None, "ä"]},
}


def test_files_have_the_texts_that_people_know(make: Any) -> None:
    things = make(METADATA, {"things": [ROW, dict.fromkeys(ROW)]})
    exporting.write_table(things, "things", target := io.StringIO(), columns=list(ROW))
    header, full, empty = target.getvalue().splitlines()
    assert header == "boolean,numeric,interval,uuid,json"
    assert full.startswith("true,7.500,P1DT2H30M,00000000-0000-0000-0000-000000000005,")
    assert empty == ",,,,null"
    exporting.write_table(things, "things", target := io.StringIO(), "jsonl", columns=list(ROW))
    first, second = map(json.loads, target.getvalue().splitlines())
    assert first["boolean"] is True
    assert first["interval"] == "P1DT2H30M"
    assert first["json"] == ROW["json"]
    assert set(second.values()) == {None}


def test_pandas_reads_the_same(make: Any) -> None:
    pandas = pytest.importorskip("pandas")
    things = make(METADATA, {"things": [ROW]})
    exporting.write_table(things, "things", target := io.StringIO())
    frame = pandas.read_csv(io.StringIO(target.getvalue()))
    assert frame["boolean"].dtype == bool
    assert pandas.to_timedelta(frame["interval"])[0] == ROW["interval"]
    assert str(things.pandas("things")["uuid"][0]) == frame["uuid"][0]


def test_values_that_are_none_of_the_kind_stay(make: Any) -> None:
    fields = [Field({"name": "x", "type": type_}) for type_ in ("boolean", "duration", "object")]
    (row,) = make_speller(fields, {}, "jsonl")([(2, "soon", "{no json")])
    assert row == [2, "soon", "{no json"]
    uuid = Field({"name": "x", "type": "string", "format": "uuid"})
    assert make_speller([uuid], {}, "csv")([("short",), (None,)]) == [["short"], [None]]


def test_infinite_numbers_inside_json_are_written_so_that_all_read_them() -> None:
    text = dump_json({"a": [1, float("inf"), {"b": -float("inf")}], "c": "x"})
    assert json.loads(text) == {"a": [1, float("inf"), {"b": -float("inf")}], "c": "x"}
