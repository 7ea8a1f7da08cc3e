"""Forked and spawned children; each test is a process of its own, so that it may fork."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

PRELUDE = """
import gc, multiprocessing, os, sqlite3, sys, threading, time, warnings
from contextlib import nullcontext
from pathlib import Path
from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from microcosm.api import create_object_graph, load_from_dict
import microcosm_sqlite
from microcosm_sqlite import DataSet, Store, dispose_sqlite_connections
from microcosm_sqlite.stores import GetOrCreateSession

class Trees(DataSet, name="trees"):
    pass

class Node(Trees):
    __tablename__ = "node"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("node.id"))
    parent: Mapped["Node | None"] = relationship(remote_side=[id])

class NodeStore(Store[Node]):
    pass

path = Path(sys.argv[1]) / "trees.db"

def make_graph(**sqlite):
    graph = create_object_graph("t", loader=load_from_dict(sqlite=sqlite))
    graph.use("sqlite")
    return graph

def build(graph):
    Node.create_all(graph)
    with Node.new_context(graph) as context:
        for number in range(1, 101):
            context.session.add(Node(id=number, parent_id=number - 1 or None))
        context.commit()

def in_child(work):
    "Run in a forked child that ends as programs end; its failures are the parent's."
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        work()
        sys.exit()
    assert os.waitpid(pid, 0)[1] == 0, "the child failed"

def descriptors():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            pass
    return {number for number, target in found.items() if target == str(path)}
"""


def run(script: str, tmp_path: Path) -> str:
    program = PRELUDE + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program, tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_child_reads_through_connections_of_its_own(tmp_path: Path) -> None:
    run(
        """
        build(make_graph(paths={"trees": path}))
        gc.collect()  # closes the connection of that graph
        microcosm_sqlite.register("trees", path, immutable=True)
        graph = make_graph()
        store = NodeStore(GetOrCreateSession(graph))
        assert store.one(id=5).id == 5
        inherited = descriptors()

        def work():
            assert store.one(id=6).id == 6
            assert inherited < descriptors(), "an inherited connection was used or closed"
            gc.collect()
            assert inherited < descriptors()

        in_child(work)
        assert store.one(id=7).id == 7
        assert descriptors() == inherited
        """,
        tmp_path,
    )


READS = {
    "objects": "assert store.one(id=5).id == 5",
    "rows": "assert next(store.rows('id', id=5)) == (5,)",
    "a context": "with Node.new_context(graph): assert store.one(id=5).id == 5",
    "rows in a context": "with Node.new_context(graph): assert list(store.rows('id', id=5))",
}


@pytest.mark.parametrize("place", ["outside", "within"])
@pytest.mark.parametrize("used", READS)
def test_a_child_reads_a_read_only_dataset_whatever_its_parent_has_read(
    used: str, place: str, tmp_path: Path
) -> None:
    run(
        f"""
        build(make_graph(paths={{"trees": path}}))
        gc.collect()
        microcosm_sqlite.register("trees", path, immutable=True)
        graph = make_graph()
        store = NodeStore(GetOrCreateSession(graph))

        def read():
            {READS[used]}

        def work():
            inherited = descriptors()
            for statement in {list(READS.values())!r}:
                exec(statement)
            gc.collect()
            assert inherited < descriptors(), "an inherited connection was used or closed"

        read()
        read()
        with Node.new_context(graph) if {place == "within"} else nullcontext():
            read()
            in_child(work)
            read()
        """,
        tmp_path,
    )


def test_a_context_goes_on_in_the_child_without_the_parents_transaction(tmp_path: Path) -> None:
    run(
        """
        graph = make_graph(paths={"trees": path})
        build(graph)
        store = NodeStore()
        with Node.new_context(graph) as context:
            node = store.one(id=3)
            store.create(Node(id=1000))
            context.session.execute(text("DELETE FROM node WHERE id = 100"))

            def work():
                assert store.count() == 100
                assert store.one_or_none(id=1000) is None
                assert context.session.get(Node, 50).parent.id == 49
                assert node.parent.id == 2, "an object of the parent loads what it lacks"

            in_child(work)
            assert store.count() == 100
            assert store.one(id=1000)
            context.commit()
        check = sqlite3.connect(path)
        found = check.execute("SELECT count(*), max(id) FROM node").fetchone()
        check.close()
        assert found == (100, 1000)
        """,
        tmp_path,
    )


def test_an_open_journal_survives_the_end_of_a_child(tmp_path: Path) -> None:
    run(
        """
        graph = make_graph(paths={"trees": path})
        build(graph)
        session = Node.new_session(graph)
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA cache_size=1")
        connection.exec_driver_sql("CREATE TABLE big (text)")
        connection.exec_driver_sql("INSERT INTO big SELECT hex(randomblob(2000)) FROM node")
        journal = Path(f"{path}-journal")
        assert journal.stat().st_size
        in_child(lambda: None)
        in_child(lambda: dispose_sqlite_connections(graph))
        assert journal.stat().st_size
        session.rollback()
        session.close()
        check = sqlite3.connect(path)
        assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert check.execute("SELECT count(*) FROM node").fetchone() == (100,)
        check.close()
        """,
        tmp_path,
    )


def test_prefork_workers_need_to_call_nothing(tmp_path: Path) -> None:
    run(
        """
        build(make_graph(paths={"trees": path}))
        graph = make_graph(paths={"trees": path})
        store = NodeStore(GetOrCreateSession(graph))
        assert store.count() == 100, "loaded before the fork, as by a server's --preload"
        store.session.rollback()  # or else its read lock would keep the workers from writing

        def work(number):
            for _ in range(20):
                with Node.new_context(graph) as context:
                    store.create(Node(id=1000 + number * 100 + _))
                    context.commit()
            assert store.one(id=1000 + number * 100).id

        workers = []
        for number in range(4):
            pid = os.fork()
            if pid == 0:
                work(number)
                sys.exit()
            workers.append(pid)
        assert [os.waitpid(pid, 0)[1] for pid in workers] == [0] * 4
        assert store.count() == 180
        """,
        tmp_path,
    )


def test_multiprocessing_with_fork(tmp_path: Path) -> None:
    out = run(
        """
        graph = make_graph(paths={"trees": path})
        build(graph)
        store = NodeStore()

        def look(number):
            return store.one(id=number).parent_id

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of 3.12: the pool has threads
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(sum(pool.map(look, range(2, 101))))
        """,
        tmp_path,
    )
    assert out == "4950\n"


def test_a_database_in_memory_is_copied_with_the_process(tmp_path: Path) -> None:
    run(
        """
        graph = make_graph()
        build(graph)

        def work():
            with Node.new_context(graph) as context:
                assert NodeStore().count() == 100
                NodeStore().create(Node(id=500))
                context.commit()

        in_child(work)
        with Node.new_context(graph):
            assert NodeStore().count() == 100
        """,
        tmp_path,
    )


def test_sessions_of_other_threads_end_quietly_in_the_child(tmp_path: Path) -> None:
    run(
        """
        graph = make_graph(paths={"trees": path})
        build(graph)
        ready, done = threading.Event(), threading.Event()

        def hold():
            store = NodeStore(GetOrCreateSession(graph))
            store.create(Node(id=2000))
            with Node.new_context(graph):
                NodeStore().first()
                ready.set()
                done.wait()
            store.session.commit()

        thread = threading.Thread(target=hold)
        thread.start()
        ready.wait()

        def work():
            assert NodeStore().count() == 100
            gc.collect()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            in_child(work)
        done.set()
        thread.join()
        assert NodeStore().count() == 101
        """,
        tmp_path,
    )


def test_forking_while_a_thread_is_inside_sqlite_is_warned_about(tmp_path: Path) -> None:
    run(
        """
        from microcosm_sqlite.catalog.fork_safety import ForkSafetyWarning

        graph = make_graph(paths={"trees": path})
        build(graph)
        slow = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 3000000)"

        def work():
            with Node.new_context(graph) as context:
                started.set()
                context.session.execute(text(slow + " SELECT count(*) FROM c")).scalar()

        started = threading.Event()
        thread = threading.Thread(target=work)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            thread.start()
            started.wait()
            time.sleep(0.1)
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
            thread.join()
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
        ours = [w for w in caught if issubclass(w.category, ForkSafetyWarning)]
        assert len(ours) == 1, caught
        assert "1 other thread(s)" in str(ours[0].message)
        """,
        tmp_path,
    )


def test_disposing_by_hand_still_works(tmp_path: Path) -> None:
    run(
        """
        graph = make_graph(paths={"trees": path})
        build(graph)
        store = NodeStore(GetOrCreateSession(graph))
        assert store.count() == 100

        def work():
            dispose_sqlite_connections(graph)
            assert store.count() == 100

        in_child(work)
        dispose_sqlite_connections(graph)
        assert store.count() == 100
        """,
        tmp_path,
    )


def test_stores_and_datasets_are_pickled_by_name(tmp_path: Path) -> None:
    module = tmp_path / "trees_module.py"
    module.write_text(PRELUDE.replace("sys.argv[1]", "os.environ['TREES']"))
    script = tmp_path / "main.py"
    script.write_text(
        textwrap.dedent(
            """
            import multiprocessing, sys
            import microcosm_sqlite
            from trees_module import NodeStore, build, make_graph, path

            def look(store, dataset, number):
                connection = dataset.connect()
                (count,) = connection.execute("SELECT count(*) FROM node").fetchone()
                connection.close()
                microcosm_sqlite.register("trees", path)
                return store.one(id=number), count

            if __name__ == "__main__":
                build(make_graph(paths={"trees": path}))
                dataset = microcosm_sqlite.register("trees", path)
                store = NodeStore()
                assert store.one(id=1).id == 1
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    node, count = pool.apply(look, (store, dataset, 7))
                assert (node.parent_id, count) == (6, 100)
            """
        )
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        env={**os.environ, "TREES": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_attached_datasets_are_there_in_a_child(tmp_path: Path) -> None:
    run(
        """
        class Forests(DataSet, name="forests"):
            pass

        class Clearing(Forests):
            __tablename__ = "clearing"
            id: Mapped[int] = mapped_column(primary_key=True)
            node_id: Mapped[int] = mapped_column(ForeignKey(Node.id))

        graph = make_graph(paths={"trees": str(path), "forests": str(path.with_name("f.db"))})
        build(graph)
        Forests.create_all(graph)
        query = text("SELECT count(*) FROM trees.node")

        def look():
            with Clearing.new_context(graph) as context:
                assert context.session.query(Clearing, Node).join(Node).count() == 0
                assert context.session.scalar(query) == 100

        look()
        in_child(look)
        look()
        """,
        tmp_path,
    )
