"""The made-up files, the same at each call: measurements of many stations, and a wide survey."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
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


SURVEY_COLUMNS = 60


def write_survey(path: Path, rows: int) -> Path:
    """Write so many rows of 60 columns of all kinds to a file of CSV, about 240 bytes each."""
    times = SURVEY_COLUMNS // len(_SURVEYED)
    names = [f"{kind}_{number}" for number in range(times) for kind in _SURVEYED]
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write(",".join(["id", *names[1:]]) + "\n")
        for first in range(0, rows, _BATCH):
            numbers = range(first, min(rows, first + _BATCH))
            columns = [
                [write(n * 2_654_435_761 % 4_294_967_291 + place) for n in numbers]
                for place, write in enumerate([*_SURVEYED.values()] * times)
            ]
            columns[0] = [str(n + 1) for n in numbers]
            out.write("\n".join(map(",".join, zip(*columns, strict=True))) + "\n")
    return path


_START = date(2000, 1, 1)
_SURVEYED: dict[str, Callable[[int], str]] = {
    "code": lambda n: f"{n % 8_999}",
    "count": lambda n: str(n % 1_000) if n % 11 else "",
    "share": lambda n: str(n % 10_000 / 10_000),
    "price": lambda n: f"{n % 99_991 / 100:.2f}",
    "grade": lambda n: "ABCDE"[n % 5],
    "answer": lambda n: ("yes", "no", "", "yes")[n % 4],
    "day": lambda n: str(_START + timedelta(days=n % 7_000)),
    "place": lambda n: f"Place {n % 20_011}",
    "amount": lambda n: str(n * 7),
    "flag": lambda n: str(n % 2),
    "note": lambda n: ("", "", "", "none", "seen twice", "as told by others")[n % 6],
    "level": lambda n: str(n % 7 + 1),
}
