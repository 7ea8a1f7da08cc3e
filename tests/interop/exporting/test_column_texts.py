"""Each kind of value is read back from CSV and JSON Lines as what was stored, and by pandas."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.finishing.describe import describe_field
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.catalog.manifest import Field
from microcosm_sqlite.interop.exporting import write_table
from microcosm_sqlite.interop.exporting.column_texts import make_speller
from microcosm_sqlite.interop.exporting.text_formats import base64_text, dump_json, spell_bytes
from tests.support.kinds import KINDS

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
    write_table(things, "things", target := io.StringIO(), columns=list(ROW))
    header, full, empty = target.getvalue().splitlines()
    assert header == "boolean,numeric,interval,uuid,json"
    assert full.startswith("true,7.500,P1DT2H30M,00000000-0000-0000-0000-000000000005,")
    assert empty == ",,,,null"
    write_table(things, "things", target := io.StringIO(), "jsonl", columns=list(ROW))
    first, second = map(json.loads, target.getvalue().splitlines())
    assert first["boolean"] is True
    assert first["interval"] == "P1DT2H30M"
    assert first["json"] == ROW["json"]
    assert set(second.values()) == {None}


def test_pandas_reads_the_same(make: Any) -> None:
    pandas = pytest.importorskip("pandas")
    things = make(METADATA, {"things": [ROW]})
    write_table(things, "things", target := io.StringIO())
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
