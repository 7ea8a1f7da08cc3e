"""Parquet gives the values of Python that its types stand for, or refuses what Python has not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
from pyarrow import parquet

from microcosm_sqlite.authoring.sources.parquet import BATCH_ROWS, ParquetOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SourceError


def write(path: Path, **columns: Any) -> ParquetOpener:
    """Write the columns, and open the file."""
    parquet.write_table(pa.table(columns), path)
    return ParquetOpener(SourceFile(path, path.name, "parquet"))


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
    opener = ParquetOpener(SourceFile(path, path.name, "parquet"))
    with pytest.raises(SourceError, match=r"^rows\.parquet cannot be read: "), opener():
        pass


def alter(path: Path, change: Callable[[bytearray], None]) -> ParquetOpener:
    """A file of 1,000 whole numbers, changed where `change` wants it."""
    table = pa.table({"id": range(1000)})
    parquet.write_table(table, path, compression="none", use_dictionary=False, store_schema=False)
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    return ParquetOpener(SourceFile(path, path.name, "parquet"))


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


@pytest.mark.parametrize(
    ("change", "told", "hint"),
    [
        (damage_page, "page header", "it is damaged"),
        (encrypt_footer, "encrypted", "without encryption"),
        (promise_rows, "has 1,000 rows, where its footer promises 2,000", "it is damaged"),
        (compress_by_lzo, "LZO", "compression by zstd"),
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
