"""A dataset is overridden in every way in; see microcosm_sqlite.orm.overridden."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from pathlib import Path
from pickle import dumps
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from microcosm_sqlite import DataSet, SessionContext, Store, dataset, datasets
from microcosm_sqlite.errors import (
    AmbiguousDatasetError,
    DatasetError,
    DatasetFileMissingError,
    DatasetNotFoundError,
    DuplicateModelError,
    ReadOnlyDatasetError,
    TableNotFoundError,
)
from microcosm_sqlite.testing import override


class Airports(DataSet, name="airports"):
    """Airports of a test."""


class Airport(Airports):
    __tablename__ = "airports"

    faa: Mapped[str] = mapped_column(primary_key=True)
    city: Mapped[str]
    altitude: Mapped[int]
    note: Mapped[str | None]


OSLO = Airport(faa="OSL", city="Oslo", altitude=681)
ROWS = {"airports": [{"faa": "BGO", "city": "Bergen", "altitude": 170}]}


def list_ways(graph: Any) -> Iterator[list[str]]:
    """The keys that each way to the dataset finds."""
    sql = "SELECT faa FROM airports ORDER BY faa"
    with closing(dataset("airports").connect()) as connection:
        yield [key for (key,) in connection.execute(sql)]
    yield dataset("airports").arrow("airports")["faa"].to_pylist()
    with dataset("airports").engine.connect() as connection:
        yield list(connection.scalars(text(sql)))
    for store in (Store[Airport](), Store[Airport](graph)):
        yield sorted(airport.faa for airport in store.search())
    for each in (graph, None):
        with SessionContext(each, Airports):
            yield sorted(airport.faa for airport in Store[Airport]().search())
    with graph.sqlite("airports")[0].connect() as connection:
        yield list(connection.scalars(text(sql)))
    yield sorted(row.faa for row in asyncio.run(search_in_a_task()))


async def search_in_a_task() -> list[Airport]:
    from microcosm_sqlite.aio import AsyncStore

    return list(await AsyncStore(Store[Airport]()).search())


def test_rows_are_of_the_models_that_have_their_columns() -> None:
    class Lighter(DataSet, name="airports"):
        """Other models of the dataset, which were imported later."""

    class Field(Lighter):
        __tablename__ = "airports"

        faa: Mapped[str] = mapped_column(primary_key=True)

    for rows in (ROWS, {"airports": iter([{"faa": "BGO", "city": "Bergen", "altitude": 170}])}):
        with override("airports", rows):
            assert [airport.city for airport in Store[Airport]().search()] == ["Bergen"]
    with override("airports", {"airports": [{"faa": "BGO"}]}):
        assert [field.faa for field in Store[Field]().search()] == ["BGO"]


@pytest.mark.parametrize("is_configured", [False, True])
@pytest.mark.usefixtures("airports")
def test_every_way_in_finds_the_rows_and_then_the_dataset_again(
    make_graph: Callable[..., Any], airports_db: Path, is_configured: bool
) -> None:
    graph = make_graph(paths={"airports": str(airports_db)} if is_configured else {})
    installed = ["EWR", "JFK", "LGA"]
    assert all(found == installed for found in list_ways(graph))
    for _ in range(2):  # the same row again, as a constant of a module is
        with override("airports", [OSLO]) as overriding:
            assert datasets()["airports"] is overriding
            assert list(list_ways(graph)) == [["OSL"]] * 9
            with override("airports", ROWS):
                assert list(list_ways(graph)) == [["BGO"]] * 9
            assert list(list_ways(graph)) == [["OSL"]] * 9
        assert all(found == installed for found in list_ways(graph))


@pytest.mark.usefixtures("airports")
def test_a_writable_copy_is_written_and_gone(make_graph: Callable[..., Any]) -> None:
    graph = make_graph(read_only=True)
    store = Store[Airport]()
    for context_graph in (graph, None):
        with override("airports", writable=True):
            with SessionContext(context_graph, Airports) as context:
                store.create(Airport(faa="OSL", city="Oslo", altitude=681))
                context.commit()
            assert store.count() == 4
            with closing(dataset("airports").connect()) as connection:
                assert connection.execute("SELECT count(*) FROM airports").fetchone() == (4,)
                with pytest.raises(ReadOnlyDatasetError):
                    connection.execute("DELETE FROM airports")
        assert store.count() == 3
    with (
        override("airports", [OSLO]),
        SessionContext(None, Airports),
        pytest.raises(ReadOnlyDatasetError),
    ):
        store.create(Airport(faa="BGO", city="Bergen", altitude=170))


@pytest.mark.usefixtures("airports")
def test_a_file_and_another_dataset_stand_in(tmp_path: Path) -> None:
    copy = dataset("airports").copy(tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("DELETE FROM airports WHERE faa != 'JFK'")
        connection.commit()
    with override("airports", copy) as found:
        assert found.path == copy
        assert Store[Airport]().count() == 1
    with override("elsewhere", dataset("airports")):
        assert dataset("elsewhere").tables["airports"].name == "airports"
    with pytest.raises(DatasetNotFoundError), override("elsewhere"):
        pass


@pytest.mark.usefixtures("airports")
def test_tests_in_threads_do_not_see_each_other_and_workers_see_their_test() -> None:
    barrier = Barrier(2, timeout=20)
    store = Store[Airport]()

    def run(row: Airport) -> list[object]:
        with override("airports", [row]):
            barrier.wait()
            own = [airport.faa for airport in store.search()]
            with ThreadPoolExecutor(1) as pool:
                worker = pool.submit(copy_context().run, store.search).result()
                unknown = pool.submit(dataset, "airports").exception()
            barrier.wait()
        return [*own, *(airport.faa for airport in worker), type(unknown)]

    rows = [OSLO, Airport(faa="BGO", city="Bergen", altitude=170)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, rows))
    assert found == [[row.faa] * 2 + [AmbiguousDatasetError] for row in rows]
    with override("airports", [OSLO]), ThreadPoolExecutor(1) as pool:
        assert pool.submit(store.count).result() == 1
    assert store.count() == 3


@pytest.mark.usefixtures("airports")
def test_what_cannot_be_done_is_told() -> None:
    with pytest.raises(DuplicateModelError), override("airports", [OSLO, _copy_of(OSLO)]):
        pass
    for rows, name in (({"airport": []}, "airport"), ({"airports": [{"fa": "X"}]}, "fa")):
        with pytest.raises(TableNotFoundError, match=f"'{name}'"), override("airports", rows):
            pass
    with pytest.raises(DatasetError, match="none of its models"), override("unknown", {}):
        pass
    with override("airports", [OSLO]) as found:
        with pytest.raises(DatasetFileMissingError, match="in memory"):
            found.path  # noqa: B018
        with pytest.raises(DatasetFileMissingError, match="another process"):
            dumps(found)
    assert Store[Airport]().count() == 3


def _copy_of(airport: Airport) -> Airport:
    return Airport(faa=airport.faa, city=airport.city, altitude=airport.altitude)


@pytest.mark.parametrize(
    "content", [3, b"x.db", DataSet, {"birds": 3}, {"birds": {"id": 1}}, {"birds": "Rook"}]
)
def test_content_that_can_be_none_is_refused(content: Any) -> None:
    with pytest.raises(TypeError, match="content must be rows"), override("anything", content):
        pass
