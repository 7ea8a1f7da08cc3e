"""Contexts and stores for asyncio."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from microcosm_sqlite import register, unregister
from microcosm_sqlite.aio import (
    AsyncSessionContext,
    AsyncStore,
    async_engine,
    dispose_async_engines,
)
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import (
    DatasetFileMissingError,
    DuplicateModelError,
    ModelNotFoundError,
    ReadOnlyDatasetError,
)
from microcosm_sqlite.orm import async_engines
from microcosm_sqlite.stores import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path


class Stock(DataSet, name="stock"):
    """Things on a shelf."""


class Item(Stock):
    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class ItemStore(Store[Item]):
    pass


store = AsyncStore(ItemStore())

SLOW = """
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000000)
SELECT count(*) FROM c
"""


def run(work: Coroutine[Any, Any, Any]) -> Any:
    async def main() -> Any:
        try:
            return await work
        finally:
            await dispose_async_engines()

    return asyncio.run(main())


@pytest.fixture(params=["file", ":memory:"])
def graph(request: pytest.FixtureRequest, make_graph: Callable[..., Any], tmp_path: Path) -> Any:
    path = tmp_path / "stock.db" if request.param == "file" else request.param
    graph = make_graph(paths={"stock": path})
    Item.create_all(graph)
    with Item.new_context(graph) as context:
        context.session.add_all(Item(id=number, name=f"n{number % 10}") for number in range(100))
        context.commit()
    return graph


def test_a_store_is_read_and_written_from_a_task(graph: Any) -> None:
    async def work() -> None:
        async with AsyncSessionContext(graph, Item) as context:
            assert (await store.one(id=7)).name == "n7"
            assert (await store.get(7)) is (await store.retrieve(7))
            assert await store.count(name="n3") == 10
            assert await store.exists(Item.id > 98)
            assert await store.one_or_none(id=1000) is None
            assert (await store.first(name="n4")).id == 4
            assert len(await store.search(Item.id < 50, limit=20)) == 20
            assert len((await store.page(size=7)).items) == 7
            assert await store.rows("id", id=3) == [(3,)]
            assert [item.id async for item in store.stream(batch_size=9)] == list(range(100))
            await store.create(Item(id=100, name="new"))
            await context.commit()
            await store.delete(id=1)
            await context.rollback()
            with pytest.raises(DuplicateModelError):
                await store.create(Item(id=5, name="again"))
            with pytest.raises(ModelNotFoundError):
                await store.one(id=1000)
        assert context.session is None
        await context.close()

    run(work())
    with Item.new_context(graph):
        assert ItemStore().count() == 101


def test_outside_of_a_context_each_call_has_its_own_session(graph: Any) -> None:
    async def work() -> None:
        assert (await AsyncStore(ItemStore(), graph).one(id=7)).name == "n7"
        assert (await AsyncStore(ItemStore(graph)).one(id=7)).name == "n7"
        assert await store.count() == 100

    run(work())


def test_without_threads_the_loop_makes_the_calls(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(async_engines, "_executors", [])
    monkeypatch.setattr(threading.Thread, "start", refuse)

    async def work() -> list[int]:
        outside = AsyncStore(ItemStore(), graph)
        return await asyncio.gather(*(outside.count(name="n3") for _ in range(3)))

    assert asyncio.run(work()) == [10, 10, 10]


def test_contexts_nest(graph: Any) -> None:
    async def work() -> None:
        async with AsyncSessionContext(graph, Item) as outer:
            async with AsyncSessionContext(graph, Item) as inner:
                assert Item.session is inner.session.sync_session
            assert Item.session is outer.session.sync_session
            assert await store.count() == 100

    run(work())


def test_200_tasks_at_once_share_and_block_nothing(graph: Any) -> None:
    async def request(number: int) -> int:
        async with AsyncSessionContext(graph, Item) as context:
            mine = context.session
            item = await store.one(id=number % 100)
            assert context.session is mine
            assert Item.session is mine.sync_session
            return item.id

    async def work() -> None:
        found = await asyncio.gather(*(request(number) for number in range(200)))
        assert found == [number % 100 for number in range(200)]
        engine = async_engine(graph.sqlite("stock")[0])
        assert engine.pool.checkedout() == 0

    run(work())


def test_200_tasks_inside_one_context_use_sessions_of_their_own(graph: Any) -> None:
    async def work() -> None:
        async with AsyncSessionContext(graph, Item):
            found = await asyncio.gather(*(store.count(id=number) for number in range(200)))
        assert sum(found) == 100

    run(work())


def test_the_loop_goes_on_while_sqlite_works(graph: Any) -> None:
    async def work() -> float:
        async def tick() -> float:
            longest = 0.0
            while not done.is_set():
                before = time.perf_counter()
                await asyncio.sleep(0.001)
                longest = max(longest, time.perf_counter() - before)
            return longest

        done = asyncio.Event()
        ticking = asyncio.create_task(tick())
        async with AsyncSessionContext(graph, Item) as context:
            started = time.perf_counter()
            assert (await context.session.execute(text(SLOW))).scalar() == 1_000_000
            took = time.perf_counter() - started
        done.set()
        return (await ticking) / took

    assert run(work()) < 0.6


def test_packaged_data_is_read_only_here_too(
    make_graph: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "stock.db"
    Item.create_all(make_graph(paths={"stock": path}))
    register("stock", path)

    async def work() -> None:
        async with AsyncSessionContext(make_graph(), Item) as context:
            assert await store.count() == 0
            with pytest.raises(ReadOnlyDatasetError, match="'stock' is read-only"):
                await store.create(Item(id=1000, name="x"))
            with pytest.raises(ReadOnlyDatasetError, match="'stock' is read-only"):
                await context.session.execute(text("DELETE FROM item"))

    try:
        run(work())
    finally:
        unregister("stock")


@pytest.mark.parametrize("is_failing", [False, True], ids=["break", "error"])
def test_a_program_may_end_in_a_loop_over_a_stream(
    graph: Any, is_failing: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async for _ in AsyncStore(ItemStore(graph)).stream(batch_size=10):
            if is_failing:
                raise KeyError("stop")
            break

    open_before = len(threading.enumerate())
    for _ in range(3):
        with suppress(KeyError):
            asyncio.run(main())
    assert [record.getMessage() for record in caplog.records] == []
    assert len(threading.enumerate()) <= open_before + async_engines.WORKERS


def test_a_database_that_cannot_be_opened_leaves_no_thread_that_fails(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncSessionContext(None, Item):
            await store.count()

    register("stock", tmp_path / "nowhere.db")
    try:
        for _ in range(20):
            with pytest.raises(DatasetFileMissingError):
                asyncio.run(main())  # a thread that fails is a warning, and so an error
            assert not [each for each in threading.enumerate() if "connection_worker" in each.name]
    finally:
        unregister("stock")
