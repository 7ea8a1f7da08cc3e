"""What is left open when threads, event loops, graphs and processes end; and whose a context is.

Everything here runs in a process of its own, so that its descriptors and threads can be counted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts with /proc")

PRELUDE = """
import asyncio, gc, os, sqlite3, sys, threading, warnings
from contextvars import copy_context

import anyio, anyio.to_thread
from microcosm.api import create_object_graph, load_from_dict
from sqlalchemy.orm import Mapped, mapped_column

from microcosm_sqlite import DataSet, Store, register
from microcosm_sqlite.aio import AsyncSessionContext, AsyncStore
from microcosm_sqlite.errors import DatasetError, SQLiteError
from microcosm_sqlite.stores import GetOrCreateSession

times = int(sys.argv[2])
path = os.path.join(sys.argv[1], "yard.db")


class Yard(DataSet, name="yard"):
    pass


class Crate(Yard):
    __tablename__ = "crate"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]


class CrateStore(Store[Crate]):
    pass


def make_graph(**sqlite):
    graph = create_object_graph("example", testing=True, loader=load_from_dict(sqlite=sqlite))
    graph.use("sqlite")
    return graph


def fill(graph):
    Crate.create_all(graph)
    with Crate.new_context(graph) as context:
        context.session.add_all(Crate(id=number, name="a") for number in range(1, 11))
        context.commit()
    return graph


def refuses(call, error=DatasetError, text="Nothing would commit"):
    try:
        call()
    except error as caught:
        assert text in str(caught), caught
    else:
        raise AssertionError("not refused")


def in_thread(call):
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    (result,) = results
    return result


def count_open():
    # What one round finalizes lets go of more.
    for _ in range(3):
        gc.collect()
    return len(os.listdir("/proc/self/fd"))


def count_as_another_process():
    connection = sqlite3.connect(path, timeout=0)
    connection.execute("BEGIN EXCLUSIVE")
    (found,) = connection.execute("SELECT count(*) FROM crate").fetchone()
    connection.close()
    return found


store = CrateStore()
graph = fill(make_graph(paths={"yard": path}))
"""


def run(code: str, folder: Path, times: int = 30) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), folder, str(times)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr


@pytest.fixture(params=[30, pytest.param(1000, marks=pytest.mark.slow)])
def times(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.mark.parametrize("kind", ["configured", "registered"])
def test_ended_threads_leave_no_descriptors(tmp_path: Path, times: int, kind: str) -> None:
    run(
        f"""
        if {kind!r} == "registered":
            graph = None
            Yard.dispose()
            register("yard", path)

        def look():
            assert store.count() == 10
            assert CrateStore().get(7).id == 7

        look()
        in_thread(lambda: look())
        before = count_open()
        for _ in range(times):
            in_thread(look)
        assert count_open() <= before + 1, (before, count_open())
        """,
        tmp_path,
        times,
    )


def test_threads_that_run_at_once_leave_what_the_pool_keeps(tmp_path: Path, times: int) -> None:
    run(
        """
        before = count_open()
        start = threading.Barrier(30)

        def look():
            start.wait()
            assert store.count() == 10

        for _ in range(max(1, times // 30)):
            threads = [threading.Thread(target=look) for _ in range(30)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert count_open() <= before + 31, (before, count_open())
        """,
        tmp_path,
        times,
    )


def test_ended_event_loops_leave_no_descriptors_and_no_threads(tmp_path: Path, times: int) -> None:
    run(
        """
        async def work():
            async with AsyncSessionContext(graph, Crate):
                assert await AsyncStore(store).count() == 10
            assert await AsyncStore(store, graph).get(3)
            assert store.count() == 10

        asyncio.run(work())
        before, threads = count_open(), threading.active_count()
        for _ in range(times):
            asyncio.run(work())
        assert count_open() <= before + 1, (before, count_open())
        # The workers for calls outside of contexts are shared by all loops, and at most 8.
        assert threading.active_count() <= threads + 7, threading.enumerate()
        """,
        tmp_path,
        min(times, 300),
    )


def test_200_requests_at_once_use_a_bounded_number_of_threads(tmp_path: Path) -> None:
    run(
        """
        async def request(number):
            return await AsyncStore(store, graph).get(number % 10 + 1)

        async def request_in_a_context(number):
            async with AsyncSessionContext(graph, Crate):
                return await AsyncStore(store).get(number % 10 + 1)

        async def main():
            most = 0
            for work in (request, request_in_a_context):
                found = await asyncio.gather(*map(work, range(200)))
                most = max(most, threading.active_count())
                assert [crate.id for crate in found] == [n % 10 + 1 for n in range(200)]
            assert most < 50, most

        asyncio.run(main())
        """,
        tmp_path,
    )


def test_ended_graphs_leave_no_descriptors(tmp_path: Path, times: int) -> None:
    run(
        """
        def look():
            graph = make_graph(paths={"yard": path})
            assert CrateStore(GetOrCreateSession(graph)).count() == 10
            with Crate.new_context(graph):
                assert store.count() == 10

        look()
        before = count_open()
        for _ in range(times):
            look()
        assert count_open() <= before + 1, (before, count_open())
        """,
        tmp_path,
        times,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forks_leave_no_descriptors(tmp_path: Path, times: int) -> None:
    run(
        """
        async def look():
            return await AsyncStore(store, graph).count()

        assert store.count() == asyncio.run(look()) == 10
        before = count_open()
        for _ in range(times):
            pid = os.fork()
            if pid == 0:
                os._exit(not (store.count() == asyncio.run(look()) == 10))
            assert os.waitpid(pid, 0)[1] == 0
        assert count_open() == before
        """,
        tmp_path,
        min(times, 300),
    )


def test_a_store_outside_of_a_context_locks_nothing_between_calls(tmp_path: Path) -> None:
    run(
        """
        for mine in (store, CrateStore(GetOrCreateSession(graph))):
            assert mine.count() == len(mine.search()) == len(list(mine.rows("id"))) == 10
            assert mine.get(1).id == mine.one(id=1).id == 1
            assert mine.exists(id=3)
            assert count_as_another_process() == 10
        session = mine.session
        session.add(Crate(id=11))
        session.flush()
        session.rollback()
        assert mine.count() == 10
        session.add(Crate(id=11))
        session.commit()
        assert count_as_another_process() == 11
        with session.begin_nested():
            session.add(Crate(id=12))
        session.rollback()
        assert count_as_another_process() == 11
        session.connection().exec_driver_sql("DELETE FROM crate")
        session.rollback()
        assert count_as_another_process() == 11
        """,
        tmp_path,
    )


def test_a_synchronous_dependency_and_its_endpoint_share_a_context(tmp_path: Path) -> None:
    run(
        """
        def make_cycle(number):
            with Crate.new_context(graph) as context:
                yield context
                context.commit()

        async def request(number):
            # As FastAPI does: each piece is run by some thread, in a copy of the variables.
            cycle = make_cycle(number)
            context = await anyio.to_thread.run_sync(next, cycle)
            await anyio.to_thread.run_sync(store.create, Crate(id=number, name="b"))
            inner = await anyio.to_thread.run_sync(lambda: Crate.new_context(graph).open())
            assert Crate.session is inner.session
            await anyio.to_thread.run_sync(inner.close)
            assert Crate.session is context.session
            assert await anyio.to_thread.run_sync(lambda: Crate.session) is context.session
            await anyio.to_thread.run_sync(next, cycle, None)
            assert Crate.session is None

        async def main():
            await asyncio.gather(*(request(number) for number in range(100, 130)))

        asyncio.run(main())
        with Crate.new_context(graph):
            assert store.count(name="b") == 30
        """,
        tmp_path,
    )


def test_a_context_of_a_task_is_that_of_its_worker_threads(tmp_path: Path) -> None:
    run(
        """
        async def main():
            with Crate.new_context(graph) as context:
                assert await anyio.to_thread.run_sync(lambda: store.session) is context.session
                async with anyio.create_task_group() as group:
                    for _ in range(5):
                        group.start_soon(anyio.to_thread.run_sync, look, context.session)

        def look(session):
            assert Crate.session is None
            assert store.session is not session
            refuses(lambda: store.create(Crate(id=99)), text="another thread or task")

        anyio.run(main)
        """,
        tmp_path,
    )


def test_copied_variables_in_threads_of_their_own_share_no_session(tmp_path: Path) -> None:
    run(
        """
        with Crate.new_context(graph) as context:
            sessions = []
            threads = []
            start = threading.Barrier(8)

            def look():
                start.wait()
                sessions.append(store.session)
                assert store.count() == 10
                refuses(lambda: store.create(Crate(id=99)), text="another thread or task")
                mine = CrateStore(GetOrCreateSession(graph))
                refuses(lambda: mine.create(Crate(id=99)), text="another thread or task")

            for _ in range(8):
                threads.append(threading.Thread(target=copy_context().run, args=(look,)))
                threads[-1].start()
            for thread in threads:
                thread.join()
            assert len({id(session) for session in [context.session, *sessions]}) == 9
        """,
        tmp_path,
    )


def test_a_write_that_nobody_would_commit_is_refused(tmp_path: Path) -> None:
    run(
        """
        refuses(lambda: store.create(Crate(id=99)), text="no context is open")
        refuses(lambda: store.delete(id=1), text="no context is open")

        async def main():
            mine = AsyncStore(store, graph)
            for write in (mine.create(Crate(id=99)), mine.delete(id=1)):
                try:
                    await write
                except DatasetError as error:
                    assert "Nothing would commit" in str(error)
                else:
                    raise AssertionError

        asyncio.run(main())
        mine = CrateStore(GetOrCreateSession(graph))
        mine.create(Crate(id=99))
        mine.session.commit()
        assert count_as_another_process() == 11

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            in_thread(lambda: mine.create(Crate(id=100)) and None)
            in_thread(lambda: mine.create(Crate(id=101)) and mine.session.commit())
            in_thread(lambda: mine.search() and None)
            gc.collect()
        assert ["without committing" in str(each.message) for each in caught] == [True]
        assert count_as_another_process() == 12
        del graph
        other = make_graph(paths={"yard": path}, autocommit=True)
        store.create(Crate(id=102))
        assert count_as_another_process() == 13
        """,
        tmp_path,
    )


def test_what_open_opened_is_closed_by_the_block(tmp_path: Path) -> None:
    run(
        """
        with Crate.new_context(graph).open() as context:
            mine = context.session
            assert Crate.session is mine
            with context:
                assert context.session is not mine
            assert context.session is mine
        assert context.session is Crate.session is None
        assert graph.sqlite("yard")[0].pool.checkedout() == 0
        """,
        tmp_path,
    )


def test_disposing_calls_each_dataset_and_an_engine_tells_its_path(tmp_path: Path) -> None:
    run(
        """
        from microcosm_sqlite import dispose_sqlite_connections

        class Depot(DataSet, name="depot"):
            @classmethod
            def dispose(cls, graph=None):
                disposed.append(graph)
                super().dispose(graph)

        disposed = []
        dispose_sqlite_connections(graph)
        assert disposed == [graph]
        assert "depot" not in graph.sqlite.datasets
        engine, _ = graph.sqlite("yard")
        assert engine.url.database == path
        assert str(engine.url) == f"sqlite:///{path}"
        assert make_graph().sqlite("none")[0].url.database == ":memory:"
        register("yard", path)
        assert make_graph().sqlite("yard")[0].url.database == path
        """,
        tmp_path,
    )
