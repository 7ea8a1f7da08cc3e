"""The frames of polars hold what the models hold, and lazy ones read no more than they need."""

from __future__ import annotations

import sys
from threading import Thread

import pytest

pytest.importorskip("polars")

import polars as pl
from polars.testing import assert_frame_equal

from tests.support.programs import run
from tests.support.things import FULL, METADATA, NUMBERS


def test_an_empty_table_has_the_same_schema_either_way(make):
    empty = make(METADATA)
    assert empty.polars("things").schema == empty.polars("things", lazy=True).collect_schema()
    assert len(empty.polars("things", lazy=True).collect()) == 0


def test_polars_has_the_values_of_the_models(things):
    frame = things.polars("things")
    assert frame.row(1, named=True) == FULL | {"id": 2, "size": "LARGE"}
    assert set(frame.drop("id").row(0)) == {None}
    assert frame.schema["price"] == pl.Decimal(10, 2)
    assert frame.schema["opens"] == pl.Time
    assert frame.schema["size"] == pl.Enum(["SMALL", "LARGE"])


def test_lazy_polars_equals_eager_polars(things):
    eager = things.polars("things")
    lazy = things.polars("things", lazy=True)
    assert lazy.collect_schema() == eager.schema
    assert_frame_equal(lazy.collect(), eager)
    assert_frame_equal(
        lazy.filter(pl.col("count") > 1).select("name", "size").collect(),
        eager.filter(pl.col("count") > 1).select("name", "size"),
    )
    assert lazy.select(pl.len()).collect().item() == 2
    assert lazy.tail(1).select("id").collect().item() == 2


def test_lazy_polars_reads_only_the_columns_and_rows_that_a_query_needs(halves, monkeypatch):
    from microcosm_sqlite.interop import polars_frames

    asked = []
    stream = polars_frames.stream

    def spy(scan, batch_size):
        names = [column.name for column in scan.columns]
        asked.append((names, scan.limit, scan.rows, scan.where, scan.params))
        return stream(scan, batch_size)

    monkeypatch.setattr(polars_frames, "stream", spy)
    lazy = halves.polars("numbers", lazy=True, rows=(11, 1000))
    assert lazy.select("half").head(3).collect()["half"].to_list() == [5.5, 6.0, 6.5]
    assert asked == [(["half"], 3, (11, 1000), None, ())]
    late = lazy.filter(pl.col("half") > 499.5).select("id").collect()
    assert late["id"].to_list() == [1000]
    assert asked[1][2:] == ((11, 1000), '"half" > ?', [499.5])


@pytest.mark.parametrize(
    "query",
    [
        lambda lazy: lazy.filter(pl.col("half") > 990).head(5),
        lambda lazy: lazy.head(100).filter(pl.col("half") > 40),
        lambda lazy: lazy.slice(1500, 7).select("half"),
        lambda lazy: lazy.filter(pl.col("id") % 7 == 0).select(pl.col("half").sum()),
    ],
)
def test_lazy_polars_answers_queries_as_eager_polars_does(halves, query):
    eager = halves.polars("numbers").lazy()
    assert_frame_equal(query(halves.polars("numbers", lazy=True)).collect(), query(eager).collect())


def test_frames_of_files_that_do_not_change_need_no_pandas(things):
    """Which Arrow would import for a list of Python's, and which takes longer than the reading."""
    pytest.importorskip("adbc_driver_sqlite")
    code = (
        "import sys, microcosm_sqlite\n"
        "things = microcosm_sqlite.register('things', sys.argv[1], immutable=True)\n"
        "things.polars('things', where='opens > ? AND size IN ?', params=['01:00', ['LARGE']])\n"
        "things.polars('things', where='id = -1')\n"
        "things.polars('things', lazy=True).collect()\n"
        "print('pandas' in sys.modules)"
    )
    assert run(sys.executable, "-c", code, str(things.path)).strip() == "False"


@pytest.mark.slow
def test_a_query_that_needs_no_more_rows_does_not_kill_the_process_at_its_end(make):
    dataset = make(NUMBERS, {"numbers": [{"half": n / 2} for n in range(300_000)]})
    code = (
        "import sys, microcosm_sqlite, polars as pl\n"
        "numbers = microcosm_sqlite.register('numbers', sys.argv[1], immutable=True)\n"
        "lazy = numbers.polars('numbers', lazy=True)\n"
        "print(lazy.filter(pl.col('half') > 3).head(1).collect().item(0, 'half'))"
    )
    for _ in range(30):
        assert run(sys.executable, "-c", code, str(dataset.path)).strip() == "3.5"


def test_polars_needs_no_thread_of_python(things, monkeypatch):
    def refuse(_):
        raise RuntimeError("can't start new thread")  # as in a browser

    monkeypatch.setattr(Thread, "start", refuse)
    assert things.polars("things").height == 2
