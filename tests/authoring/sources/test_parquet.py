"""Parquet gives the values of Python that its types stand for, or refuses what Python has not."""

from __future__ import annotations

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
