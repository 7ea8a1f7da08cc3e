"""A transaction begins with the first write, and writers wait for each other."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from microcosm_sqlite import DataSet, SessionContext, Store
from microcosm_sqlite.aio import AsyncSessionContext
from microcosm_sqlite.errors import ReadOnlyDatasetError
from microcosm_sqlite.orm.engines import recipes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HELD = 0.3
"""Seconds that another writer takes."""


class Till(DataSet, name="till"):
    """What an application counts."""


class Counter(Till):
    __tablename__ = "counter"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


@pytest.fixture(params=["file", "memory"])
def graph(request: pytest.FixtureRequest, make_graph: Callable[..., Any], tmp_path: Path) -> Any:
    paths = {"till": tmp_path / "till.db"} if request.param == "file" else {}
    graph = make_graph(paths=paths)
    Counter.create_all(graph)
    with SessionContext(graph, Counter) as context:
        context.session.add(Counter(id=1, value=0))
        context.commit()
    return graph


@pytest.fixture
def store() -> Store[Counter]:
    return Store[Counter]()


def connect(graph: Any) -> sqlite3.Connection:
    """Another connection to the same database, as another process has one."""
    address = recipes[graph.sqlite("till")[0]].uri()
    return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)


@contextmanager
def another_writes(graph: Any, statement: str = "UPDATE counter SET value = 7") -> Iterator[None]:
    """For a while, another connection holds the lock; then it commits."""
    with closing(connect(graph)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute(statement)

        def commit() -> None:
            time.sleep(HELD)
            other.execute("COMMIT")

        thread = Thread(target=commit)
        thread.start()
        yield
        thread.join()


def test_a_context_that_has_read_waits_for_its_turn_to_write(
    graph: Any, store: Store[Counter]
) -> None:
    with SessionContext(graph, Counter) as context:
        assert store.count() == 1
        with another_writes(graph):
            store.create(Counter(id=2, value=1))
        context.commit()
        assert store.count() == 2


def test_a_context_that_reads_keeps_nobody_from_committing(
    graph: Any, store: Store[Counter]
) -> None:
    with SessionContext(graph, Counter):
        assert [counter.value for counter in store.search()] == [0]
        with closing(connect(graph)) as other:
            other.execute("PRAGMA busy_timeout=0")
            other.execute("UPDATE counter SET value = 5")
        assert list(store.rows("value")) == [(5,)]


def test_what_is_read_under_the_lock_is_still_true_at_the_commit(
    graph: Any, store: Store[Counter]
) -> None:
    def count(_: int) -> None:
        start.wait()
        for _ in range(10):
            with SessionContext(graph, Counter) as context:
                context.lock()
                counter = store.retrieve(1)
                counter.value += 1
                context.commit()

    start = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert list(Store[Counter](graph).rows("value")) == [(40,)]


def test_the_lock_ends_with_the_transaction(graph: Any) -> None:
    with closing(connect(graph)) as other, SessionContext(graph, Counter) as context:
        other.execute("PRAGMA busy_timeout=0")
        for end in (context.commit, context.rollback):
            context.lock()
            context.lock()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("UPDATE counter SET value = 5")
            end()
            other.execute("UPDATE counter SET value = 5")


def test_the_lock_is_there_for_asyncio_as_well(graph: Any) -> None:
    async def main() -> None:
        async with AsyncSessionContext(graph, Counter) as context:
            await context.lock()
            other.execute("PRAGMA busy_timeout=0")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("UPDATE counter SET value = 5")
            await context.session.execute(text("UPDATE counter SET value = 6"))
            await context.commit()

    with closing(connect(graph)) as other:
        asyncio.run(main())
        assert other.execute("SELECT value FROM counter").fetchall() == [(6,)]


def test_read_only_data_cannot_be_locked(airports: Path) -> None:
    class Airports(DataSet, name="airports"):
        """Nothing of it is asked for."""

    with (
        SessionContext(None, Airports) as context,
        pytest.raises(ReadOnlyDatasetError, match="'airports' is read-only"),
    ):
        context.lock()


WRITES = [
    "INSERT INTO counter VALUES (2, 0)",
    "insert into counter values (2, 0)",
    "  \n INSERT INTO counter VALUES (2, 0)",
    "-- a comment\nINSERT INTO counter VALUES (2, 0)",
    "/* a comment */ REPLACE INTO counter VALUES (2, 0)",
    "WITH x AS (SELECT 2) INSERT INTO counter SELECT *, 0 FROM x",
    "UPDATE counter SET value = 9",
    "DELETE FROM counter",
    "CREATE TABLE more (id INTEGER)",
    "ALTER TABLE counter ADD COLUMN note TEXT",
    "DROP TABLE counter",
]


@pytest.mark.parametrize(
    ("way", "statement"),
    [
        *((way, statement) for way in ("sqlalchemy", "savepoint") for statement in WRITES),
        ("driver", "INSERT INTO counter VALUES (2, 0)"),
    ],
)
def test_a_rollback_undoes_whatever_was_written(graph: Any, way: str, statement: str) -> None:
    with closing(connect(graph)) as other:
        before = list(other.iterdump())
        with SessionContext(graph, Counter) as context:
            connection = context.session.connection()
            if way == "driver":
                driver_connection: Any = connection.connection.dbapi_connection
                driver_connection.execute(statement)
            elif way == "savepoint":
                with context.session.begin_nested():
                    context.session.execute(text(statement))
            else:
                context.session.execute(text(statement))
            context.rollback()
        assert list(other.iterdump()) == before


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM counter",
        "VALUES (1)",
        "EXPLAIN SELECT * FROM counter",
        "PRAGMA table_info(counter)",
        "VACUUM",
        "ATTACH ':memory:' AS more",
    ],
)
def test_statements_that_write_no_rows_begin_no_transaction(graph: Any, statement: str) -> None:
    engine, _ = graph.sqlite("till")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
        assert not connection.connection.dbapi_connection.in_transaction


def test_isolation_level_autocommit_is_that_of_sqlalchemy(graph: Any) -> None:
    engine, _ = graph.sqlite("till")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("UPDATE counter SET value = 3"))
    assert list(Store[Counter](graph).rows("value")) == [(3,)]


@pytest.mark.parametrize("timeout", [0.05, "0.05"])
def test_whoever_waited_in_vain_is_told_what_to_do(
    make_graph: Callable[..., Any], tmp_path: Path, timeout: object
) -> None:
    graph = make_graph(paths={"till": tmp_path / "till.db"}, timeout=timeout)
    Counter.create_all(graph)
    with closing(connect(graph)) as other:
        other.execute("BEGIN IMMEDIATE")
        for lock_first in (False, True):
            with SessionContext(graph, Counter) as context:
                with pytest.raises(OperationalError, match="locked") as caught:
                    context.lock() if lock_first else Store[Counter]().create(Counter(value=1))
                (note,) = caught.value.__notes__
                assert note.startswith(f"{tmp_path / 'till.db'}: another connection writes")
                assert "within 0.05 seconds (sqlite.timeout)" in note
    with SessionContext(graph, Counter) as context:
        Store[Counter]().create(Counter(value=1))
        context.commit()


@pytest.mark.parametrize("change", ["create_all", "drop_all"])
def test_tables_are_changed_while_another_process_changes_them(
    make_graph: Callable[..., Any], tmp_path: Path, change: str
) -> None:
    graph = make_graph(paths={"till": tmp_path / "till.db"})
    if change == "drop_all":
        Counter.create_all(graph)
        statement = "DROP TABLE counter"
    else:
        statement = "CREATE TABLE counter (id INTEGER PRIMARY KEY, value INTEGER NOT NULL)"
    with another_writes(graph, statement):
        getattr(Counter, change)(graph)
    with closing(connect(graph)) as other:
        tables = other.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == ([("counter",)] if change == "create_all" else [])


def test_tables_that_are_there_need_no_lock(make_graph: Callable[..., Any], tmp_path: Path) -> None:
    graph = make_graph(paths={"till": tmp_path / "till.db"})
    Counter.create_all(graph)
    with another_writes(graph):
        started = time.monotonic()
        Counter.create_all(graph)
        assert time.monotonic() - started < HELD
