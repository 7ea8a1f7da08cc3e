"""The made-up file: measurements of many stations, of several types, the same at each call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "id,station,measured_at,day,temperature,pressure,humidity,is_valid,remark\n"
REMARKS = ("", "", "", "", "calm", "gusts from the north-west", "after rain", "instrument changed")
_BATCH = 5_000


def write_measurements(path: Path, rows: int) -> Path:
    """Write so many rows to a file of CSV, about 70 bytes each."""
    start = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(HEADER)
        for first in range(0, rows, _BATCH):
            moment = start + timedelta(minutes=first // 100)
            out.write(
                "".join(_write_row(n, moment) for n in range(first, min(rows, first + _BATCH)))
            )
    return path


def _write_row(number: int, moment: datetime) -> str:
    mixed = number * 2_654_435_761 % 4_294_967_296  # spreads neighbours apart
    pressure = "" if mixed % 50 == 0 else 95_000 + mixed % 10_000
    return (
        f"{number + 1},S{mixed % 900:04},{moment},{moment:%Y-%m-%d},{mixed % 700 / 10 - 30:.1f},"
        f"{pressure},{mixed % 1000 / 1000},{mixed % 97 > 1},{REMARKS[mixed % 8]}\n"
    )
