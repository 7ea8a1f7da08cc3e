"""What is said of columns is what their rows say, as people would write it."""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.catalog.verifying import ranges
from microcosm_sqlite.catalog.verifying.ranges import measure_columns, spell_range, spell_value

COLUMNS: dict[str, tuple[dict[str, Any], st.SearchStrategy[Any]]] = {
    "whole": ({"type": "integer"}, st.integers(-(2**63), 2**63 - 1)),
    "real": ({"type": "number"}, st.floats(allow_nan=False)),
    "day": ({"type": "date"}, st.dates().map(str)),
    "text": ({"type": "string"}, st.text(st.characters(exclude_characters="\0", codec="utf-8"))),
    "blob": ({"type": "string", "format": "binary"}, st.binary(max_size=5)),
    "kind": ({"type": "string", "constraints": {"enum": ["a", "b"]}}, st.sampled_from("ab")),
    "uuid": ({"type": "string", "format": "uuid"}, st.uuids().map(lambda found: found.hex)),
    "flag": ({"type": "boolean"}, st.integers(0, 1)),
    "other": ({"type": "any"}, st.integers(0, 9)),
}
ROWS = st.lists(st.tuples(*(st.none() | values for _, values in COLUMNS.values())), max_size=12)


def measure(rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(COLUMNS)})")
        marks = ", ".join("?" * len(COLUMNS))
        connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        fields = [Field({"name": name, **raw}) for name, (raw, _) in COLUMNS.items()]
        return measure_columns(connection, "t", fields)


@given(rows=ROWS, sampled=st.integers(0, 4) | st.just(2000))
@settings(deadline=None)
def test_ranges_are_those_of_the_rows_and_json_can_say_them(
    rows: list[tuple[Any, ...]], sampled: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "_SAMPLE_ROWS", sampled)
        found = dict(zip(COLUMNS, measure(rows), strict=True))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    for place, (name, column) in enumerate(found.items()):
        values = [row[place] for row in rows if row[place] is not None]
        assert column.pop("nullCount") == len(rows) - len(values)
        expected: dict[str, Any] = {}
        if name in ("whole", "real", "day") and values:
            ends = [min(values), max(values)]
            if name == "day" or all(map(math.isfinite, ends)):
                expected = {"valueRange": ends}
        elif name in ("text", "blob") and values:
            lengths = [len(value) for value in values]
            expected = {"lengthRange": [min(lengths), max(lengths)]}
        assert column == expected, name


def test_a_column_that_takes_no_null_is_not_asked_for_any() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a INTEGER NOT NULL)")
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        field = Field({"name": "a", "type": "integer", "constraints": {"required": True}})
        assert measure_columns(connection, "t", [field]) == [{"nullCount": 0}]
        assert not any('count("a")' in sql for sql in asked)


@pytest.mark.parametrize("number", [1, 600, 601, 1999])
def test_a_table_may_be_as_wide_as_sqlite_makes_them(number: int) -> None:
    names = [f"c{place}" for place in range(number)]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"CREATE TABLE wide ({', '.join(names)})")
        values = ", ".join(map(str, range(number)))
        connection.execute(f"INSERT INTO wide VALUES ({values})")
        fields = [Field({"name": name, "type": "integer"}) for name in names]
        found = measure_columns(connection, "wide", fields)
    assert [column["valueRange"] for column in found] == [[place] * 2 for place in range(number)]


def test_rows_of_any_number_or_none_are_measured() -> None:
    fields = [Field({"name": "a", "type": "integer"}), Field({"name": "b", "type": "string"})]
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE far (a INTEGER PRIMARY KEY, b)")
        connection.execute("CREATE TABLE keyed (a INTEGER PRIMARY KEY, b) WITHOUT ROWID")
        connection.execute("CREATE TABLE hidden (a INTEGER, b, rowid, _rowid_, oid)")
        for table in ("far", "keyed", "hidden"):
            rows = [(-(2**63), "abc"), (0, None), (7, ""), (2**63 - 1, "ab")]
            connection.executemany(f"INSERT INTO {table} (a, b) VALUES (?, ?)", rows)
            assert measure_columns(connection, table, fields) == [
                {"nullCount": 0, "valueRange": [-(2**63), 2**63 - 1]},
                {"nullCount": 1, "lengthRange": [0, 3]},
            ]


@pytest.mark.parametrize(
    ("kind", "value", "spelt"),
    [
        ("boolean", 1, "yes"),
        ("boolean", 2, "2"),
        ("integer", 2013, "2013"),
        ("integer", -336776, "-336,776"),
        ("number", 0.1 + 0.2, "0.3"),
        ("number", -2968440.4, "-2,968,440"),
        ("number", 1e300, "1e+300"),
        ("datetime", "2013-01-01 10:00:00.000000", "2013-01-01 10:00"),
        ("time", "10:00:30.000000", "10:00:30"),
        ("string", " two\n lines ", "two lines"),
        ("string", "", "(empty)"),
        ("string", "x" * 41, "x" * 39 + "…"),
    ],
)
def test_a_value_is_one_short_line(kind: str, value: object, spelt: str) -> None:
    assert spell_value(Field({"name": "x", "type": kind}), value) == spelt


@pytest.mark.parametrize(
    ("raw", "spelt"),
    [
        ({}, ""),
        ({"type": "integer", "valueRange": [1, 10_000]}, "1 to 10,000"),
        ({"type": "integer", "valueRange": [5, 5]}, "always 5"),
        ({"type": "string", "lengthRange": [1, 1]}, "1 character"),
        ({"type": "string", "lengthRange": [0, 1200]}, "0 to 1,200 characters"),
        ({"type": "string", "format": "binary", "lengthRange": [2, 2]}, "2 bytes"),
    ],
)
def test_a_range_is_told_in_words(raw: dict[str, Any], spelt: str) -> None:
    assert spell_range(Field({"name": "x", **raw})) == spelt
