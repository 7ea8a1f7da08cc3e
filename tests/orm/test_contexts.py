"""Session contexts under nesting, threads, tasks and several graphs."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from microcosm_sqlite.context import SessionContext
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.stores import GetOrCreateSession, Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Office(DataSet, name="office"):
    """Two tables with a foreign key between them."""


class Desk(Office):
    __tablename__ = "desk"

    id: Mapped[int] = mapped_column(primary_key=True)
    beside_id: Mapped[int | None] = mapped_column(ForeignKey("desk.id"))


class DeskStore(Store[Desk]):
    pass


@pytest.fixture
def graph(make_graph: Callable[..., Any], tmp_path: Path) -> Any:
    graph = make_graph(paths={"office": tmp_path / "office.db"})
    Desk.create_all(graph)
    return graph


def test_a_context_gives_its_session_to_stores(graph: Any) -> None:
    store = DeskStore()
    with SessionContext(graph, Desk) as context:
        assert store.session is context.session is Office.session is Desk.session
    assert context.session is None
    assert Desk.session is None


def test_contexts_nest_and_closing_one_restores_the_outer(graph: Any) -> None:
    with Desk.new_context(graph) as outer:
        with Desk.new_context(graph) as inner:
            assert Desk.session is inner.session is not outer.session
        assert Desk.session is outer.session is not None


def test_contexts_may_be_closed_in_the_wrong_order(graph: Any) -> None:
    outer = Desk.new_context(graph).open()
    inner = Desk.new_context(graph).open()
    outer.close()
    assert Desk.session is inner.session is not None
    inner.close()
    assert Desk.session is None


def test_closing_twice_is_closing_once(graph: Any) -> None:
    with Desk.new_context(graph) as outer:
        inner = Desk.new_context(graph).open()
        inner.close()
        inner.close()
        assert Desk.session is outer.session


def test_one_context_object_opens_again_and_again(graph: Any) -> None:
    context = Desk.new_context(graph)
    with context as first:
        session = first.session
        with context:
            assert context.session is not session
        assert context.session is session


def test_commit_keeps_and_rollback_drops(graph: Any) -> None:
    store = DeskStore()
    with Desk.new_context(graph) as context:
        store.create(Desk(id=1))
        context.commit()
        store.create(Desk(id=2))
        context.rollback()
        store.create(Desk(id=3))
    with Desk.new_context(graph):
        assert [desk.id for desk in store.search()] == [1]
    context.commit()
    context.rollback()


def test_an_error_in_the_block_is_the_error_that_is_seen(graph: Any) -> None:
    with (  # noqa: PT012
        pytest.raises(IntegrityError),
        Desk.new_context(graph, defer_foreign_keys=True) as context,
    ):
        context.session.add(Desk(id=1))
        context.session.flush()
        context.session.expunge_all()
        context.session.add(Desk(id=1))
        context.session.flush()
    assert Desk.session is None


def test_foreign_keys_can_wait_for_the_commit(graph: Any) -> None:
    with Desk.new_context(graph, defer_foreign_keys=True) as context:
        DeskStore().create(Desk(id=1, beside_id=2))
        DeskStore().create(Desk(id=2))
        context.commit()
    with Desk.new_context(graph) as context:
        context.session.add(Desk(id=3, beside_id=4))
        with pytest.raises(IntegrityError, match="FOREIGN"):
            context.session.flush()


@pytest.mark.parametrize("expire", [True, False])
def test_objects_expire_on_commit_only_if_asked_for(graph: Any, expire: bool) -> None:
    with Desk.new_context(graph, expire_on_commit=expire) as context:
        desk = DeskStore().create(Desk(id=1))
        context.commit()
        assert ("id" not in vars(desk)) is expire


def test_another_thread_never_sees_the_session(graph: Any) -> None:
    with Desk.new_context(graph) as context, ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: Desk.session).result() is None
        other = pool.submit(lambda: DeskStore().session).result()
        assert other is not context.session


def test_a_task_gets_a_session_of_its_own_on_the_graph_of_the_context(
    graph: Any, make_graph: Callable[..., Any]
) -> None:
    latest = make_graph()

    async def look() -> tuple[Any, Any]:
        return Desk.session, DeskStore().session

    async def main() -> None:
        with Desk.new_context(graph) as context:
            elsewhere = asyncio.to_thread(asyncio.run, look())
            for seen, own in await asyncio.gather(look(), look(), elsewhere):
                assert seen is None
                assert own is not context.session
                assert own.get_bind() is graph.sqlite("office")[0]

    asyncio.run(main())
    assert latest.sqlite.datasets == {}


def test_interleaved_tasks_keep_to_their_own_contexts(graph: Any) -> None:
    async def work(number: int) -> None:
        with Desk.new_context(graph) as context:
            mine = context.session
            for _ in range(5):
                await asyncio.sleep(0)
                assert DeskStore().session is Desk.session is mine
                assert DeskStore().count() == 0

    async def main() -> None:
        await asyncio.gather(*(work(number) for number in range(50)))

    asyncio.run(main())


def test_a_context_may_be_closed_by_another_thread_or_task(graph: Any) -> None:
    context = Desk.new_context(graph).open()
    thread = threading.Thread(target=context.close)
    thread.start()
    thread.join()
    assert context.session is None
    assert Desk.session is None


def test_a_context_of_one_graph_is_not_given_to_another(
    graph: Any, make_graph: Callable[..., Any]
) -> None:
    other = make_graph()
    with Desk.new_context(graph) as context:
        assert DeskStore(GetOrCreateSession(graph)).session is context.session
        session = DeskStore(GetOrCreateSession(other)).session
        assert session.get_bind() is other.sqlite("office")[0]
        with Desk.new_context(other) as inner:
            assert DeskStore(GetOrCreateSession(graph)).session is context.session
            assert DeskStore().session is inner.session


@pytest.mark.slow
@pytest.mark.parametrize("path", ["file", ":memory:"])
def test_32_threads_with_500_contexts_each_share_and_leak_nothing(
    make_graph: Callable[..., Any], tmp_path: Path, path: str
) -> None:
    graph = make_graph(paths={"office": path if path == ":memory:" else tmp_path / "many.db"})
    Desk.create_all(graph)
    with Desk.new_context(graph) as context:
        DeskStore().create(Desk(id=1))
        context.commit()
    start = threading.Barrier(32)
    store = DeskStore()

    def work(_: int) -> int:
        start.wait()
        found = 0
        for _ in range(500):
            with Desk.new_context(graph) as mine:
                assert store.session is Desk.session is mine.session
                found += store.one(id=1).id
        return found

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(work, range(32))) == [500] * 32
    engine, _ = graph.sqlite("office")
    assert engine.pool.checkedout() == 0
