"""Columns in numbers are those that pandas reckons from the same rows."""

from __future__ import annotations

import datetime as dt
import math
import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.errors import QueryError, TableNotFoundError
from tests.support.markup import Elements

METADATA = sa.MetaData()
sa.Table(
    "days",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("rain", sa.Float),
    sa.Column("drops", sa.Integer),
    sa.Column("sky", sa.Text),
    sa.Column("day", sa.Date),
)
SKIES = ("blue", "grey", "black")
NUMBERS = {"mean": "mean", "std": "std", "min": "min", "max": "max"}
NUMBERS |= {"q25": "25%", "median": "50%", "q75": "75%"}


def make_rows(rain: list[float | None], drops: list[int | None]) -> list[dict[str, Any]]:
    return [
        {"rain": of_rain, "drops": of_drops, "sky": SKIES[at * at % 5 % 3]}
        | {"day": dt.date(2020, 1, 1) + dt.timedelta(days=at)}
        for at, (of_rain, of_drops) in enumerate(zip(rain, drops, strict=True))
    ]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(
    pairs=st.lists(
        st.tuples(
            st.none() | st.floats(-1e6, 1e6, width=32), st.none() | st.integers(-(2**40), 2**40)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_numbers_are_those_of_pandas(make: Any, pairs: list[Any]) -> None:
    pytest.importorskip("pandas")
    dataset = make(METADATA, {"days": make_rows(*map(list, zip(*pairs, strict=True)))})
    summary = dataset.describe("days")
    frame = dataset.pandas("days")
    for name in ("id", "rain", "drops"):
        expected = frame[name].astype(float).describe()
        for ours, theirs in (NUMBERS if summary[name].count else {"count": "count"}).items():
            found = getattr(summary[name], ours)
            if expected.isna()[theirs]:
                assert found is None
            else:
                assert found == pytest.approx(expected[theirs], rel=1e-9, abs=1e-6)
        assert summary[name].missing == frame[name].isna().sum()
    expected = frame["sky"].describe()
    assert [getattr(summary["sky"], name) for name in ("count", "unique", "freq")] == [
        *(expected["count"], expected["unique"], expected["freq"])
    ]


def test_values_have_their_types(things: Any) -> None:
    summary = things["things"].describe()
    assert summary["born"].median == summary["born"].top == dt.date(2020, 2, 29)
    assert summary["seen"].max == dt.datetime(2020, 2, 29, 1, 2, 3, 4)
    assert summary["opens"].min == dt.time(8, 30)
    assert summary["lasts"].q25 == dt.timedelta(minutes=90)
    assert summary["is_good"].top is True
    assert (summary["is_good"].mean, summary["is_good"].min) == (None, None)
    assert (summary["photo"].count, summary["photo"].unique) == (1, None)
    assert (summary["size"].top, summary["size"].missing) == ("LARGE", 1)


def test_rows_and_columns_are_chosen_as_for_frames(halves: Any) -> None:
    half = halves["numbers"].describe(columns=["half"], where="id <= :most", params={"most": 3})
    assert list(half) == ["half"]
    assert (half.rows, half["half"].mean, half["half"].std) == (3, 1.0, 0.5)
    assert halves.describe("numbers", where={"id": [2, 4]})["half"].median == 1.5
    with pytest.raises(TableNotFoundError, match="Did you mean 'half'"):
        halves.describe("numbers", columns=["hlaf"])
    with pytest.raises(QueryError, match="cannot be used"):
        halves.describe("numbers", where="id <")
    with pytest.raises(QueryError, match="cannot be evaluated for a row: malformed JSON"):
        halves.describe("numbers", where="json('x') = id")
    with pytest.raises(TypeError, match="where must be"):
        halves.describe("numbers", where=3)


@pytest.mark.parametrize(
    ("rain", "mean"),
    [
        ([math.inf, 1.0], math.inf),
        ([1.0, -math.inf, 2.0], -math.inf),
        ([math.inf, -math.inf], None),
    ],
)
def test_infinite_numbers_have_no_deviation(make: Any, rain: Any, mean: float | None) -> None:
    dataset = make(METADATA, {"days": make_rows(rain, [None] * len(rain))})
    summary = dataset.describe("days")["rain"]
    assert (summary.count, summary.mean, summary.std) == (len(rain), mean, None)
    assert math.inf in (summary.max, abs(summary.min))


def test_columns_of_bytes_are_called_so(things: Any) -> None:
    lines = things["things"].describe(columns=["photo", "name"]).draw().splitlines()
    assert [line.split()[1] for line in lines[1:]] == ["binary", "string"]


def test_a_table_without_rows_has_counts_of_nothing(make: Any) -> None:
    summary = make(METADATA).describe("days")
    assert {(each.count, each.missing, each.unique, each.top) for each in summary.values()} == {
        (0, 0, 0, None)
    }


def test_texts_among_numbers_are_counted_and_not_reckoned_with(make: Any) -> None:
    loose = sa.MetaData()
    sa.Table("t", loose, sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.Integer))
    dataset = make(loose, {"t": [{"n": 1}, {"n": 2}]}, immutable=False)
    import sqlite3

    with sqlite3.connect(dataset.path) as connection:
        connection.execute("INSERT INTO t (n) VALUES ('many')")
    connection.close()
    summary = dataset.describe("t")["n"]
    assert (summary.count, summary.unique, summary.mean, summary.max) == (3, 3, None, None)


def test_terminals_and_notebooks_show_a_table(make: Any) -> None:
    rows = make_rows([1.5, None, 1234567.0], [20130101, 20130102, 3])
    summary = make(METADATA, {"days": rows}).describe("days")
    first, second = repr(summary).split("\n\n")
    assert first.splitlines()[2].split() == ["rain", "number", "2", "1", "2", "1.5", "1"]
    assert "sky" not in second, "it has no numbers"
    assert second.splitlines()[0].split() == ["column", *NUMBERS_IN_ORDER]
    assert max(map(len, repr(summary).splitlines())) <= 100
    assert len(summary.draw().splitlines()) == 6
    for width in (80, 60, 45):
        parts = [part.splitlines() for part in summary.draw(width).split("\n\n")]
        assert max(len(line) for part in parts for line in part) <= width
        assert all(part[0].startswith("column ") for part in parts)
        heads = [head for part in parts for head in part[0].split()[1:]]
        assert heads == summary.draw().splitlines()[0].split()[1:]
    shown = Elements(summary._repr_html_())
    assert not shown.open
    assert {"rain", "617,284", "3 rows"} <= set(shown.text)


NUMBERS_IN_ORDER = ("mean", "std", "min", "25%", "50%", "75%", "max")


def test_pandas_lays_the_same_numbers_out(make: Any) -> None:
    pandas = pytest.importorskip("pandas")
    dataset = make(METADATA, {"days": make_rows([1.5, None, 4.0], [1, 2, 3])})
    ours = dataset.describe("days", columns=["rain", "sky"]).pandas()
    theirs = dataset.pandas("days", columns=["rain", "sky"]).describe(include="all")
    for label in theirs.index:
        for name in theirs.columns:
            if not (label in ("unique", "top", "freq") and name == "rain"):  # ours counts these
                found, expected = ours.loc[label, name], theirs.loc[label, name]
                assert found == expected or (pandas.isna(found) and pandas.isna(expected))


def test_no_extra_is_needed(halves: Any) -> None:
    program = (
        "import sys\n"
        "for name in ('pyarrow', 'pandas', 'numpy'): sys.modules[name] = None\n"
        "import microcosm_sqlite\n"
        f"halves = microcosm_sqlite.register('halves', {str(halves.path)!r})\n"
        "print(halves['numbers'].describe()['half'].median)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "500.25\n"
