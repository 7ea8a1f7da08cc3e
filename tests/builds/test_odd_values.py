"""One table of odd values for all formats: each is stored as it was, refused, or told of."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_files import nesting
from microcosm_sqlite.authoring.drafting.report import Draft
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError

pa = pytest.importorskip("pyarrow")

NAN, INF = math.nan, math.inf
MOMENT = datetime(2020, 1, 1, 10)
ID = UUID("9a1de644-815e-46d1-9bb8-faaec63b1e7e")


def write_lines(path: Path, values: list[str]) -> None:
    path.write_text("".join(f'{{"n": {n}, "a": {v}}}\n' for n, v in enumerate(values)), "utf-8")


def write_nested(path: Path, values: list[str]) -> None:
    """Each value in an object within a row."""
    rows = (f'{{"n": {n}, "in": [{{"n": {n}, "a": {v}}}]}}\n' for n, v in enumerate(values))
    path.with_suffix(".jsonl").write_text("".join(rows), "utf-8")


def write_csv(path: Path, values: list[str]) -> None:
    path.write_text("n,a\n" + "".join(f"{n},{v}\n" for n, v in enumerate(values)), "utf-8")


def make_table(values: Any) -> Any:
    column = values if isinstance(values, pa.Array) else pa.array(values)
    return pa.table({"n": range(len(column)), "a": column})


def write_parquet(path: Path, values: Any) -> None:
    from pyarrow import parquet

    parquet.write_table(make_table(values), path)


def write_arrow(path: Path, values: Any) -> None:
    with pa.ipc.new_file(path, (table := make_table(values)).schema) as writer:
        writer.write_table(table)


def write_stream(path: Path, values: Any) -> None:
    with pa.ipc.new_stream(path, (table := make_table(values)).schema) as writer:
        writer.write_table(table)


def write_orc(path: Path, values: Any) -> None:
    from pyarrow import orc

    orc.write_table(make_table(values), path)


def write_database(path: Path, values: list[str]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, a)")
        for number, value in enumerate(values):
            connection.execute(f"INSERT INTO t VALUES ({number}, {value})")
        connection.commit()


def write_workbook(path: Path, values: list[Any]) -> None:
    """Values, or pairs of one and the format by which it is shown."""
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("python_calamine")
    workbook = openpyxl.Workbook()
    workbook.active.append(["n", "a"])
    for number, each in enumerate(values):
        value, code = each if isinstance(each, tuple) else (each, "")
        workbook.active.append([number, value])
        if code:
            workbook.active.cell(number + 2, 2).number_format = code
    workbook.save(path)


def write_geojson(path: Path, values: list[str]) -> None:
    features = ", ".join(
        f'{{"type": "Feature", "geometry": null, "properties": {{"n": {n}, "a": {v}}}}}'
        for n, v in enumerate(values)
    )
    path.write_text(f'{{"type": "FeatureCollection", "features": [{features}]}}', "utf-8")


def write_labelled(path: Path, values: Any) -> None:
    pandas, pyreadstat = map(pytest.importorskip, ("pandas", "pyreadstat"))
    frame = pandas.DataFrame({"n": [*map(float, range(len(values)))], "a": values})
    write = pyreadstat.write_sav if path.suffix == ".sav" else pyreadstat.write_dta
    write(frame, str(path))


WRITERS: dict[str, Callable[[Path, Any], None]] = {
    "jsonl": write_lines,
    "nested": write_nested,
    "csv": write_csv,
    "geojson": write_geojson,
    "sav": write_labelled,
    "dta": write_labelled,
    "parquet": write_parquet,
    "arrow": write_arrow,
    "arrows": write_stream,
    "orc": write_orc,
    "db": write_database,
    "xlsx": write_workbook,
}


def draft(folder: Path, format_: str, values: Any, **options: Any) -> Draft:
    (folder / "found").mkdir()
    WRITERS[format_](folder / f"found/t.{format_}", values)
    return draft_project(folder / "t-data", folder / "found", **options)


def read_back(draft: Draft) -> list[Any]:
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        table = "t_in" if "t_in" in tables else "t"
        return [value for (value,) in connection.execute(f"SELECT a FROM {table} ORDER BY n")]


STORED: dict[str, tuple[str, Any, list[Any], str]] = {
    # JSON Lines
    "a text and a number": (
        "jsonl", ['"1"', "1", '"x"'], ["1", "1", "x"], "a: 1 value respelled, such as 1 as '1'"),
    "a text and true": (
        "jsonl", ['"true"', "true"], ["true", "true"], "such as True as 'true'"),
    "a number as it was written": (
        "jsonl", ["1.10", '"x"', "1E1"], ["1.10", "x", "1E1"], "such as 1.10 as '1.10'"),
    "too large for a double": ("jsonl", ["1e999", "1.5"], ["1e999", "1.5"], "such as 1e999 as"),
    "a number in another spelling": ("jsonl", ["1.10", "1.5"], [1.1, 1.5], "1.10 becomes 1.1"),
    "zero with a sign": ("jsonl", ["-0", "1.5"], [0.0, 1.5], "-0.0 becomes 0.0"),
    "2**53 + 1 among fractions": (
        "jsonl", ["9007199254740993", "1.5"], ["9007199254740993", "1.5"],
        "a: 2 values respelled"),
    "2**63": (
        "jsonl", ["9223372036854775808", "1"], ["9223372036854775808", "1"],
        "a: 2 values respelled, such as 9223372036854775808 as '9223372036854775808'"),
    "2**63 - 1": ("jsonl", ["9223372036854775807", "1"], [2**63 - 1, 1], "a: integer"),
    "not a number, in words": (
        "jsonl", ['"NA"', "5"], ["NA", "5"], "would be integer except for NA (1 row)"),
    "empty text among numbers": (
        "jsonl", ['""', "5"], [None, 5], "a: 1 empty text becomes NULL"),
    "null, and no key": (
        "jsonl", ["null", '5, "b": 1', '7, "b": null'], [None, 5, 7],
        "b: null in 1 row, and no such key in 1 row; both become NULL"),
    "empty text in every row": ("jsonl", ['""', '""'], ["", ""], "a: text, empty in every row"),
    "nothing in every row": ("jsonl", ["null"] * 2, [None] * 2, "a: text, empty in every row"),
    "long decimals inside": (
        "jsonl", ["[0.30000000000000004441]"], ['["0.30000000000000004441"]'],
        "a: 1 document respelled, such as"),
    "a long decimal among documents": (
        "jsonl", ["[1]", "0.30000000000000004441"], ["[1]", '"0.30000000000000004441"'],
        "a: 1 document respelled, such as 0.30000000000000004441 as"),
    "a number in another spelling inside": (
        "jsonl", ['{"x": [1.10]}', '{"x": [1.5]}'], ['{"x": [1.1]}', '{"x": [1.5]}'],
        "a: 1 document respelled, such as {'x': [1.10]} as {\"x\": [1.1]}"),
    "zero with a sign inside": ("jsonl", ["[-0]"], ["[-0.0]"], "a: JSON"),
    "a date with a blank": (
        "jsonl", ['" 2020-01-01"', '"2020-01-02"'], ["2020-01-01", "2020-01-02"],
        "' 2020-01-01' becomes 2020-01-01"),
    "dates in another style": (
        "jsonl", ['"13/2/2020"', '"14/2/2020"'], ["2020-02-13", "2020-02-14"], "written %d/%m/%Y"),
    "moments": (
        "jsonl", ['"2020-01-01T10:00:00"', '"2020-01-02T10:00:00"'],
        ["2020-01-01 10:00:00.000000", "2020-01-02 10:00:00.000000"],
        "2020-01-01T10:00:00 becomes 2020-01-01 10:00:00"),
    "moments with an offset": (
        "jsonl", ['"2020-01-01T10:00:00+02:00"'], ["2020-01-01 08:00:00.000000"],
        "kept in UTC without it"),
    # Parquet
    "NaN and null": (
        "parquet", [1.5, NAN, None, NAN], [1.5, None, None, None], "a: NaN in 2 rows becomes NULL"),
    "NaN alone": ("parquet", [NAN, NAN], [None, None], "a: NaN in 2 rows becomes NULL"),
    "NaN inside": (
        "parquet", [[1.5, NAN], [None]], ["[1.5, null]", "[null]"],
        "a: 1 document respelled, such as [1.5, nan] as [1.5, null]"),
    "decimals of 38 digits": (
        "parquet", pa.array([Decimal("1" * 38), Decimal(1)], pa.decimal128(38)), ["1" * 38, "1"],
        "a: 2 values respelled"),
    "decimals": (
        "parquet", pa.array([Decimal("1.10"), Decimal("1.5")], pa.decimal128(38, 20)), [1.1, 1.5],
        "1.10000000000000000000 becomes 1.1"),
    "moments in nanoseconds": (
        "parquet", pa.array([1000, None], pa.timestamp("ns")),
        ["1970-01-01 00:00:00.000001", None], "a: datetime"),
    "moments of a zone": (
        "parquet", pa.array([0], pa.timestamp("us", tz="Europe/Berlin")),
        ["1970-01-01 00:00:00.000000"], "kept in UTC without it"),
    "a dictionary": (
        "parquet", pa.array(["x", "y", "x"]).dictionary_encode(), ["x", "y", "x"], "a: text"),
    "lists": ("parquet", [[1, 2], None, []], ["[1, 2]", None, "[]"], "a: JSON, may be empty"),
    "maps": (
        "parquet", pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), ['[["k", 1]]'],
        "a: 1 document respelled, such as [('k', 1)] as [[\"k\", 1]]"),
    "structs": (
        "parquet", [{"x": 1, "y": "b"}, None], ['{"x": 1, "y": "b"}', None], "a: JSON"),
    "bytes inside": (
        "parquet", [{"x": b"\xff"}], ['{"x": "ff"}'], "a: 1 document respelled, such as"),
    "times": ("parquet", [time(1, 2, 3, 4)], ["01:02:03.000004"], "a: time"),
    "durations": ("parquet", [timedelta(1, 2, 3)], ["1970-01-02 00:00:02.000003"], "a: duration"),
    "2**64 - 1": (
        "parquet", pa.array([2**64 - 1, 1], pa.uint64()), [str(2**64 - 1), "1"],
        "a: 2 values respelled, such as 18446744073709551615"),
    "bytes": ("parquet", [b"\xff", b"", None], [b"\xff", b"", None], "a: binary, may be empty"),
    "half floats": (
        "parquet", pa.array([1.5, 2.5], pa.float64()).cast(pa.float16()), [1.5, 2.5], "a: number"),
    "single floats": (
        "parquet", pa.array([0.5, 0.1], pa.float32()), [0.5, 0.10000000149011612], "a: number"),
    "large texts": ("parquet", pa.array(["x", ""], pa.large_string()), ["x", ""], "a: text"),
    "views of texts": ("parquet", pa.array(["x", "yy"], pa.string_view()), ["x", "yy"], "a: text"),
    "views of bytes": ("parquet", pa.array([None], pa.binary_view()), [None], "a: binary"),
    "infinite": ("parquet", [1.5, INF], [1.5, INF], "a: number, some infinite"),
    "UUIDs": (
        "parquet", pa.array([ID.bytes, None], pa.uuid()), [ID.hex, None], "a: UUID, may be empty"),
    "no UUIDs": ("parquet", pa.array([], pa.uuid()), [], "a: UUID, may be empty"),
    "days": ("parquet", pa.array([date(2020, 1, 1)], pa.date64()), ["2020-01-01"], "a: date"),
    # Stata and SPSS, whose numbers all are doubles
    "whole numbers of SPSS": ("sav", [1.0, 2.0, None], [1, 2, None], "a: integer, may be empty"),
    "2**53 + 2 of SPSS": ("sav", [2.0**53 + 2, 1.0], [9007199254740994.0, 1.0], "a: number"),
    "fractions of Stata": ("dta", [0.1, None, 2.0], [0.1, None, 2.0], "a: number, may be empty"),
    "empty texts of SPSS": ("sav", ["", "007"], ["", "007"], "a: text of up to 3 characters"),
    "moments of Stata": (
        "dta", [MOMENT, None], ["2020-01-01 10:00:00.000000", None], "a: datetime, may be empty"),
    "zeros with a sign of SPSS": (
        "sav", [-0.0, 1.0, None], [0.0, 1.0, None], "a: number (-0.0 becomes 0.0), may be empty"),
    # Delimited text
    "zeros with a sign": (
        "csv", ["-0.0", "0.5"], [0.0, 0.5], "-0.0 becomes 0.0"),
    "numbers with blanks": ("csv", [" 1", "2"], [1, 2], "' 1' becomes 1"),
    "dates with blanks": (
        "csv", ["2020-01-01", " 2020-01-02"], ["2020-01-01", "2020-01-02"],
        "' 2020-01-02' becomes 2020-01-02"),
    "moments of text": (
        "csv", ["2020-01-01T10:00:00"], ["2020-01-01 10:00:00.000000"],
        "2020-01-01T10:00:00 becomes 2020-01-01 10:00:00"),
    # Workbooks
    "cells with an error": (
        "xlsx", ["#N/A", 5, "#DIV/0!"], [None, 5, None], "2 cells with an error (the first is B2)"),
    "booleans of cells": ("xlsx", [True, None], [1, None], "a: boolean, may be empty"),
    "booleans and numbers": (
        "xlsx", [True, 1], ["true", "1"], "1 value beside those of other types became a text"),
    "dates and texts": (
        "xlsx", [date(2020, 1, 1), "soon"], ["2020-01-01", "soon"], "such as '2020-01-01'"),
    "per cent": ("xlsx", [(0.125, "0.0%"), 1.5], [0.125, 1.5], "the first is B2, by 0.0%"),
    "zeros with a sign of cells": ("xlsx", [-0.0, 5], [0.0, 5.0], "number (-0.0 becomes 0.0)"),
    "zeros with a sign of cells beside a text": (
        "xlsx", [-0.0, "x"], ["-0.0", "x"], "a: 1 value respelled, such as -0.0 as '-0.0'"),
    "a currency": ("xlsx", [(5, '"$"0')], [5], 'the first is B2, by "$"0): only the number'),
    "leading zeros of a format": ("xlsx", [(501, "00000")], [501], "by 00000): only the number"),
    "the first days": (
        "xlsx", [date(1900, 1, 1), date(1900, 3, 1)], ["1900-01-01", "1900-03-01"], "a: date"),
    # Databases
    "zeros with a sign, of no type": (
        "db", ["-0.0", "0.0", "1.5"], [0.0, 0.0, 1.5], "a: 1 value respelled, such as -0.0 as"),
    "zeros with a sign beside a text": (
        "db", ["-0.0", "'x'"], ["-0.0", "x"], "a: 1 value respelled, such as -0.0 as '-0.0'"),
    "infinite reals": ("db", ["9e999", "1.5"], [INF, 1.5], "a: DOUBLE"),
    "whole numbers and texts": (
        "db", ["1", "'x'"], ["1", "x"], "a: 1 value respelled, such as 1 as '1'"),
}  # fmt: skip


# What Parquet has, Arrow has too, and ORC as far as it has the types.
_NOT_IN_ORC = {
    "2**64 - 1", "UUIDs", "a dictionary", "days", "durations", "half floats", "large texts",
    "moments in nanoseconds", "no UUIDs", "times", "views of bytes", "views of texts",
}  # fmt: skip
ALIKE = [
    pytest.param(case, format_, marks=pytest.mark.slow)
    for case, (first, *_) in STORED.items()
    if first == "parquet"
    for format_ in ("arrow", "arrows", "orc")
    if not (format_ == "orc" and case in _NOT_IN_ORC)
]


ALIKE += [
    pytest.param(case, other, marks=pytest.mark.slow)
    for other in ("geojson", "nested")
    for case, (first, *_) in STORED.items()
    if first == "jsonl"
    if (case, other) != ("too large for a double", "nested")  # refused, as within documents
]


@pytest.mark.parametrize(("case", "other"), [*((case, "") for case in STORED), *ALIKE])
def test_odd_values_are_stored_as_they_were_or_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, other: str
) -> None:
    monkeypatch.setattr(nesting, "ENOUGH_OBJECTS", 1 if other == "nested" else 1000)
    format_, values, stored, told = STORED[case]
    drafted = draft(tmp_path, other or format_, values)
    report = "\n".join(drafted.report)
    assert told in report, report
    assert repr(read_back(drafted)) == repr(stored)


REFUSED: dict[str, tuple[str, Any, str, str]] = {
    "infinite inside": ("jsonl", ["[1e999]"], "[1e999] is not JSON", "as a text, or as null"),
    "infinite among documents": (
        "jsonl", ["[1]", "1e999"], "line 2, column `a`: 1e999 is not JSON", "as a text"),
    "2**63 among documents": (
        "jsonl", ["[1]", "9223372036854775808"], "column `a`: 9223372036854775808 is not",
        "as a text"),
    "NaN": ("jsonl", ["NaN"], "line 1: NaN is not JSON, which has null for it", "Write null"),
    "a key twice": ("jsonl", ['1, "a": 2'], "line 1: key 'a' is there twice", "Rename"),
    "half a character": ("jsonl", ['"\\ud800"'], "is half of a character", ""),
    "a comma too much": ("jsonl", ["1,"], "line 1: ", "comma"),
    "nanoseconds": (
        "parquet", pa.array([1], pa.timestamp("ns")), "column `a`: Casting", "microseconds"),
    "a date before 1900": (
        "xlsx", [(-5, "yyyy-mm-dd")], "cell B2: a date before 1900", "Write it as text"),
    "29 February 1900": ("xlsx", [(60, "yyyy-mm-dd")], "B2: 29 February 1900", "Write the day"),
    "a year too far": (
        "parquet", pa.array([2**40], pa.timestamp("s")), "column `a`: ", "of the years 1 to 9999"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_odd_values_are_refused_with_their_place(tmp_path: Path, case: str) -> None:
    format_, values, told, hint = REFUSED[case]
    with pytest.raises(SourceError) as raised:
        draft(tmp_path, format_, values)
    assert told in raised.value.message
    assert hint in raised.value.hint
