"""A value is spelled as a column stores it, whatever it was written as."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from microcosm_sqlite.common.kinds import KINDS
from microcosm_sqlite.common.stored_values import (
    as_plain,
    store_as,
)

EAST = timezone(timedelta(hours=2))
MOMENT = "2013-01-01 10:00:00.000000"
HEX = "00000000000000000000000000000005"

SPELLINGS: list[tuple[str, Any, list[Any]]] = [
    (
        "datetime",
        MOMENT,
        [
            *("2013-01-01 10:00:00", "2013-01-01T10:00:00", "2013-01-01 10:00", MOMENT),
            *("2013-01-01T12:00+02:00", "2013-01-01 10:00:00Z", "2013-01-01 10:00:00 UTC"),
            *(datetime(2013, 1, 1, 10), datetime(2013, 1, 1, 12, tzinfo=EAST)),
        ],
    ),
    ("datetime", "2013-01-01 00:00:00.000000", ["2013-01-01", date(2013, 1, 1)]),
    ("date", "2013-01-01", ["2013-01-01", date(2013, 1, 1), datetime(2013, 1, 1)]),
    ("date", "2013-01-01", ["2013-01-01 00:00:00", "2013-01-01T00:00:00.000"]),
    ("time", "08:30:00.000000", ["08:30", "08:30:00", "08:30:00.000", time(8, 30)]),
    ("boolean", 1, ["true", "True", "1", "yes", True]),
    ("boolean", 0, ["false", "FALSE", "0", "no", False]),
    (
        "duration",
        "1970-01-02 02:30:00.000000",
        ["P1DT2H30M", "1 day, 2:30:00", "1 days 02:30:00", timedelta(hours=26.5)],
    ),
    ("UUID", HEX, [HEX, "00000000-0000-0000-0000-000000000005", UUID(int=5)]),
]


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [(kind, stored, value) for kind, stored, values in SPELLINGS for value in values],
    ids=str,
)
def test_every_spelling_becomes_what_is_stored(kind: str, stored: object, value: object) -> None:
    assert store_as(KINDS[kind], value) == stored


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *(("datetime", text) for text in ("2013-01", "10:00", "soon", "", "%2013%")),
        *(("date", text) for text in ("2013-01-01 10:00:00", "2013-01-01T00:00+02:00")),
        *(("time", text) for text in ("8:30", "08:30+02:00")),
        *(("boolean", text) for text in ("", "maybe", "2")),
        *(("duration", text) for text in ("1970-01-02 02:30:00.000000", "26")),
        *(("UUID", text) for text in ("0000", "x")),
        ("datetime", None),
        ("datetime", 5),
    ],
)
def test_what_stands_for_no_value_stays(kind: str, value: object) -> None:
    assert store_as(KINDS[kind], value) == value


@pytest.mark.parametrize(
    ("example", "stored"),
    [
        ("1999-12-31 23:59:59.000000", "2013-01-01 10:00:00.000000"),
        ("1999-12-31 23:59:59", "2013-01-01 10:00:00"),
        ("1999-12-31T23:59:59.125", "2013-01-01T10:00:00.000"),
        ("1999-12-31T23:59", "2013-01-01T10:00"),
        ("1999-12-31T23:59:59Z", "2013-01-01 10:00"),
        (1356998400, "2013-01-01 10:00"),
    ],
)
def test_a_moment_is_spelled_as_the_column_spells_others(example: object, stored: str) -> None:
    assert store_as(KINDS["datetime"], "2013-01-01 10:00", example) == stored


@pytest.mark.parametrize("kind", ["datetime", "date"])
def test_a_year_stays_a_text_among_moments(kind: str) -> None:
    assert store_as(KINDS[kind], "2013") == "2013-"


def test_a_fraction_is_never_cut() -> None:
    found = store_as(KINDS["datetime"], "2013-01-01 10:00:00.25", "1999-12-31 23:59:59")
    assert found == "2013-01-01 10:00:00.250000"
    assert store_as(KINDS["time"], time(1, 2, 3, 4), "10:00:00") == "01:02:03.000004"


def test_columns_of_others_are_believed_what_they_store() -> None:
    assert store_as(KINDS["boolean"], "true", "true") == "true"
    assert store_as(KINDS["date"], "2013-01-01", "1999-12-31 00:00:00") == "2013-01-01 00:00:00"
    dashed = "00000000-0000-0000-0000-000000000007"
    assert store_as(KINDS["UUID"], UUID(int=5), dashed) == str(UUID(int=5))


def test_scalars_of_numpy_and_arrow_are_values_of_python() -> None:
    numpy, arrow = pytest.importorskip("numpy"), pytest.importorskip("pyarrow")
    assert [as_plain(numpy.int64(2)), as_plain(numpy.bool_(True))] == [2, True]
    assert as_plain(numpy.datetime64("2013-01-01T10", "ns")) == datetime(2013, 1, 1, 10)
    assert as_plain(numpy.timedelta64(90, "m")) == timedelta(minutes=90)
    assert as_plain(arrow.scalar(5)) == 5
    assert as_plain("text") == "text"
