"""Files of Arrow's family give the values that their types stand for, or say what is wrong."""

from __future__ import annotations

import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
from pyarrow import parquet

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.arrow_files import BATCH_ROWS, ArrowOpener
from microcosm_sqlite.authoring.sources.formats import split_name
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SourceError


def write(path: Path, **columns: Any) -> ArrowOpener:
    """Write the columns, and open the file."""
    parquet.write_table(pa.table(columns), path)
    return ArrowOpener(SourceFile(path, path.name, "parquet"))


@pytest.mark.parametrize("count", [0, 1, BATCH_ROWS, 2 * BATCH_ROWS + 1])
def test_all_rows_come_in_order_and_all_bytes_are_reported(tmp_path: Path, count: int) -> None:
    told: list[int] = []
    opener = write(tmp_path / "rows.parquet", a=range(count), b=["x"] * count)
    with opener(told.append) as records:
        assert records.header == ["a", "b"]
        assert list(records.numbered()) == [(n + 1, (n, "x")) for n in range(count)]
    size = (tmp_path / "rows.parquet").stat().st_size
    assert sum(told) == pytest.approx(size if count else 0, abs=len(told) + 1)


@pytest.mark.parametrize(
    ("kind", "number", "value"),
    [
        (pa.timestamp("ns"), 1_000, datetime(1970, 1, 1, 0, 0, 0, 1)),
        (pa.time64("ns"), 61_000_001_000, time(0, 1, 1, 1)),
        (pa.duration("ns"), -1_000, timedelta(microseconds=-1)),
    ],
)
def test_nanoseconds_are_taken_where_microseconds_can_tell_them(
    tmp_path: Path, kind: Any, number: int, value: object
) -> None:
    path = tmp_path / "rows.parquet"
    whole, broken = (pa.array([each, None], kind) for each in (number, number + 1))
    with write(path, a=whole)() as records:
        assert list(records) == [(value,), (None,)]
    with (
        pytest.raises(SourceError, match=r"rows\.parquet, column `a`: "),
        write(path, a=broken)() as records,
    ):
        list(records)


def test_what_is_no_parquet_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_text("a,b\n1,2\n", "utf-8")
    opener = ArrowOpener(SourceFile(path, path.name, "parquet"))
    with pytest.raises(SourceError, match=r"^rows\.parquet cannot be read: "), opener():
        pass


def alter(path: Path, change: Callable[[bytearray], None]) -> ArrowOpener:
    """A file of 1,000 whole numbers, changed where `change` wants it."""
    table = pa.table({"id": range(1000)})
    parquet.write_table(table, path, compression="none", use_dictionary=False, store_schema=False)
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    return ArrowOpener(SourceFile(path, path.name, "parquet"))


def damage_page(data: bytearray) -> None:
    data[4:40] = bytes(36)  # the header of the first page


def encrypt_footer(data: bytearray) -> None:
    data[-4:] = b"PARE"


def promise_rows(data: bytearray) -> None:
    """Let the footer say 2,000 where it said 1,000, as numbers of thrift."""
    footer = data.index(b"\x18\x06schema")
    at = data.index(b"\x16\xd0\x0f", footer)
    data[at : at + 3] = b"\x16\xa0\x1f"


def compress_by_lzo(data: bytearray) -> None:
    """Let the footer say that the pages are compressed by what pyarrow does not have."""
    codec = data.index(b"id\x15\x00\x16", data.index(b"\x18\x06schema")) + 3
    data[codec] = 6


def widen_numbers(data: bytearray) -> None:
    """Let the footer say that whole numbers have 127 bits, the most that thrift has room for."""
    stream = BytesIO()
    parquet.write_table(pa.table({"id": pa.array([1], pa.uint64())}), stream)
    data[:] = stream.getvalue()
    data[data.index(b"\xac\x13\x40") + 2] = 127


@pytest.mark.parametrize(
    ("change", "told", "hint"),
    [
        (damage_page, "page header", "it is damaged"),
        (encrypt_footer, "encrypted", "without encryption"),
        (promise_rows, "has 1,000 rows, where its footer promises 2,000", "it is damaged"),
        (compress_by_lzo, "LZO", "reads, such as zstd"),
        (widen_numbers, "Bit width", "numbers as text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name_and_cause(
    tmp_path: Path, change: Callable[[bytearray], None], told: str, hint: str
) -> None:
    opener = alter(tmp_path / "rows.parquet", change)
    with pytest.raises(SourceError, match=rf"^rows\.parquet .*{told}") as caught, opener() as rows:
        list(rows)
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value).split("Hint")[0].rstrip()


def test_a_text_that_is_not_utf_8_is_told_with_its_row(tmp_path: Path) -> None:
    raw = pa.array([b"x"] * BATCH_ROWS + [b"y", b"na\xefve"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    told = rf"^rows\.parquet, row {BATCH_ROWS + 2}, column `name`: text that is not UTF-8"
    with (
        pytest.raises(SourceError, match=told) as caught,
        write(tmp_path / "rows.parquet", name=texts)() as records,
    ):
        list(records)
    assert "Moments" not in str(caught.value)


def write_ipc(path: Path, table: pa.Table) -> None:
    make = pa.ipc.new_stream if path.suffix == ".arrows" else pa.ipc.new_file
    with make(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=BATCH_ROWS + 1)


def write_orc(path: Path, table: pa.Table) -> None:
    from pyarrow import orc

    orc.write_table(table, path)


OTHERS: dict[str, Callable[[Path, pa.Table], None]] = {
    "rows.arrow": write_ipc,
    "rows.arrows": write_ipc,
    "rows.feather": lambda path, table: pa.feather.write_feather(table, path),
    "rows.orc": write_orc,
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("count", [0, 1, BATCH_ROWS, 2 * BATCH_ROWS + 1])
def test_other_formats_have_the_same_rows(tmp_path: Path, name: str, count: int) -> None:
    pytest.importorskip("pyarrow.feather")
    path, told = tmp_path / name, list[int]()
    schema = pa.schema({"a": pa.int64(), "b": pa.string()})
    OTHERS[name](path, pa.table({"a": range(count), "b": ["x"] * count}, schema=schema))
    source = SourceFile(path, name, split_name(path)[1])
    with ArrowOpener(source)(told.append) as records:
        assert records.header == ["a", "b"]
        assert records.kinds == ("integer", "text")
        assert list(records.numbered()) == [(n + 1, (n, "x")) for n in range(count)]
    assert sum(told) <= source.size


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_cut_off_is_refused_wherever_that_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    pytest.importorskip("pyarrow.feather")
    OTHERS[name](path, pa.table({"a": range(3 * BATCH_ROWS)}))
    whole = path.read_bytes()
    for end in (*range(0, 64, 7), *range(64, len(whole), len(whole) // 40), len(whole) - 8):
        path.write_bytes(whole[:end])
        opener = ArrowOpener(SourceFile(path, name, split_name(path)[1]))
        with pytest.raises(SourceError, match=f"^{name} "), opener() as records:
            list(records)


@pytest.mark.filterwarnings("ignore:Feather V1:DeprecationWarning")
def test_the_first_feather_is_refused_with_the_line_that_converts_it(tmp_path: Path) -> None:
    feather = pytest.importorskip("pyarrow.feather")
    path = tmp_path / "rows.feather"
    try:
        feather.write_feather(pa.table({"a": [1, 2]}), path, version=1)
    except (TypeError, ValueError):
        pytest.skip("pyarrow has given it up")
    opener = ArrowOpener(SourceFile(path, path.name, "arrow"))
    with pytest.raises(SourceError, match="Feather of version 1") as raised, opener():
        pass
    line = raised.value.hint.partition("python -c ")[2]
    subprocess.run([sys.executable, "-c", line.strip('"')], cwd=tmp_path, check=True)
    with opener() as records:
        assert list(records) == [(1,), (2,)]


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow"])
@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("pandas.period", pa.array([600, 601]), "integer"),
        ("geoarrow.wkb", pa.array([b"\x01", b"\x02"]), "binary"),
        ("pandas.interval", pa.array([{"left": 0, "right": 1}]), "JSON"),
        ("arrow.uuid", pa.array([bytes(16)], pa.binary(16)), ""),
        ("arrow.json", pa.array(["{}"]), ""),
    ],
)
def test_types_that_mean_more_than_what_is_kept_are_told(
    tmp_path: Path, name: str, values: pa.Array[Any], kind: str, suffix: str
) -> None:
    field = pa.field("v", values.type, metadata={"ARROW:extension:name": name})
    table = pa.table([values], schema=pa.schema([field]))
    path = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        parquet.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    source = SourceFile(path, path.name, split_name(path)[1])
    with ArrowOpener(source)() as records:
        told = f"v: values of the type {name} are read as they are kept, as {kind}; "
        assert [note.startswith(told) for note in records.notes] == [True] * bool(kind)


def test_intervals_of_parquet_are_told(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    (tmp_path / "found").mkdir()
    path = tmp_path / "found/t.parquet"
    rows = "SELECT 1 AS id, INTERVAL '1 month 2 days' AS v, {'a': INTERVAL '1 day'} AS w"
    duckdb.sql(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
    draft = draft_project(tmp_path / "p-data", tmp_path / "found")
    for name in ("v", "w.a"):
        told = f"note: {name}: intervals are read as bytes: months, days and milliseconds"
        assert any(line.strip().startswith(told) for line in draft.report), draft.report
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        ((value,),) = connection.execute("SELECT v FROM t")
    assert struct.unpack("<III", value) == (1, 2, 0)
