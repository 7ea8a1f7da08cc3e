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
from microcosm_sqlite.authoring.drafting.draft import Draft, draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError

pa = pytest.importorskip("pyarrow")

NAN, INF = math.nan, math.inf
MOMENT = datetime(2020, 1, 1, 10)
ID = UUID("9a1de644-815e-46d1-9bb8-faaec63b1e7e")


def write_lines(path: Path, values: list[str]) -> None:
    path.write_text("".join(f'{{"n": {n}, "a": {v}}}\n' for n, v in enumerate(values)), "utf-8")


def write_csv(path: Path, values: list[str]) -> None:
    path.write_text("n,a\n" + "".join(f"{n},{v}\n" for n, v in enumerate(values)), "utf-8")


def write_parquet(path: Path, values: Any) -> None:
    from pyarrow import parquet

    column = values if isinstance(values, pa.Array) else pa.array(values)
    parquet.write_table(pa.table({"n": range(len(column)), "a": column}), path)


def write_database(path: Path, values: list[str]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, a)")
        for number, value in enumerate(values):
            connection.execute(f"INSERT INTO t VALUES ({number}, {value})")
        connection.commit()


WRITERS: dict[str, Callable[[Path, Any], None]] = {
    "jsonl": write_lines,
    "csv": write_csv,
    "parquet": write_parquet,
    "db": write_database,
}


def draft(folder: Path, format_: str, values: Any, **options: Any) -> Draft:
    (folder / "found").mkdir()
    WRITERS[format_](folder / f"found/t.{format_}", values)
    return draft_project(folder / "t-data", folder / "found", **options)


def read_back(draft: Draft) -> list[Any]:
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        return [value for (value,) in connection.execute("SELECT a FROM t ORDER BY n")]


STORED: dict[str, tuple[str, Any, list[Any], str]] = {
    # JSON Lines
    "a text and a number": (
        "jsonl", ['"1"', "1", '"x"'], ["1", "1", "x"], "a: 1 value spelled anew, such as 1 as '1'"),
    "a text and true": (
        "jsonl", ['"true"', "true"], ["true", "true"], "a: 1 value spelled anew, such as True"),
    "a number as it was written": (
        "jsonl", ["1.10", '"x"', "1E1"], ["1.10", "x", "1E1"], "such as 1.10 as '1.10'"),
    "too large for a double": ("jsonl", ["1e999", "1.5"], ["1e999", "1.5"], "such as 1e999 as"),
    "a number in another spelling": ("jsonl", ["1.10", "1.5"], [1.1, 1.5], "1.10 becomes 1.1"),
    "zero with a sign": ("jsonl", ["-0", "1.5"], [0.0, 1.5], "-0.0 becomes 0.0"),
    "2**53 + 1 among fractions": (
        "jsonl", ["9007199254740993", "1.5"], ["9007199254740993", "1.5"],
        "a: 2 values spelled anew"),
    "2**63": (
        "jsonl", ["9223372036854775808", "1"], ["9223372036854775808", "1"],
        "a: 2 values spelled anew, such as 9223372036854775808 as '9223372036854775808'"),
    "2**63 - 1": ("jsonl", ["9223372036854775807", "1"], [2**63 - 1, 1], "a: integer"),
    "not a number, in words": (
        "jsonl", ['"NA"', "5"], ["NA", "5"], "would be integer but for NA (1 row)"),
    "empty text among numbers": (
        "jsonl", ['""', "5"], [None, 5], "a: 1 empty text becomes NULL"),
    "null, and no key": (
        "jsonl", ["null", '5, "b": 1', '7, "b": null'], [None, 5, 7],
        "b: null in 1 row, and no such key in 1 row; both become NULL"),
    "empty text in every row": ("jsonl", ['""', '""'], ["", ""], "a: text, empty in every row"),
    "nothing in every row": ("jsonl", ["null"] * 2, [None] * 2, "a: text, empty in every row"),
    "long decimals inside": (
        "jsonl", ["[0.30000000000000004441]"], ['["0.30000000000000004441"]'],
        "a: 1 document spelled anew, such as"),
    "a long decimal among documents": (
        "jsonl", ["[1]", "0.30000000000000004441"], ["[1]", '"0.30000000000000004441"'],
        "a: 1 document spelled anew, such as 0.30000000000000004441 as"),
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
        "a: 1 document spelled anew, such as [1.5, nan] as [1.5, null]"),
    "decimals of 38 digits": (
        "parquet", pa.array([Decimal("1" * 38), Decimal(1)], pa.decimal128(38)), ["1" * 38, "1"],
        "a: 2 values spelled anew"),
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
        "a: 1 document spelled anew, such as [('k', 1)] as [[\"k\", 1]]"),
    "structs": (
        "parquet", [{"x": 1, "y": "b"}, None], ['{"x": 1, "y": "b"}', None], "a: JSON"),
    "bytes inside": (
        "parquet", [{"x": b"\xff"}], ['{"x": "ff"}'], "a: 1 document spelled anew, such as"),
    "times": ("parquet", [time(1, 2, 3, 4)], ["01:02:03.000004"], "a: time"),
    "durations": ("parquet", [timedelta(1, 2, 3)], ["1970-01-02 00:00:02.000003"], "a: duration"),
    "2**64 - 1": (
        "parquet", pa.array([2**64 - 1, 1], pa.uint64()), [str(2**64 - 1), "1"],
        "a: 2 values spelled anew, such as 18446744073709551615"),
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
    # Databases
    "infinite reals": ("db", ["9e999", "1.5"], [INF, 1.5], "a: DOUBLE"),
    "whole numbers and texts": (
        "db", ["1", "'x'"], ["1", "x"], "a: 1 value spelled anew, such as 1 as '1'"),
}  # fmt: skip


@pytest.mark.parametrize("case", STORED)
def test_odd_values_are_stored_as_they_were_or_told_of(tmp_path: Path, case: str) -> None:
    format_, values, stored, told = STORED[case]
    drafted = draft(tmp_path, format_, values)
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
    "NaN": ("jsonl", ["NaN"], "line 1: NaN is no JSON, which has null for it", "Write null"),
    "a key twice": ("jsonl", ['1, "a": 2'], "line 1: key 'a' is there twice", "Rename"),
    "half a character": ("jsonl", ['"\\ud800"'], "is half of a character", ""),
    "a comma too much": ("jsonl", ["1,"], "line 1: ", "comma"),
    "nanoseconds": (
        "parquet", pa.array([1], pa.timestamp("ns")), "column `a`: Casting", "microseconds"),
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
