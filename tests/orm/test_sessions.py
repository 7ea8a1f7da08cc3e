"""A session belongs to one thread or one task, and is closed when that ends."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from microcosm_sqlite.orm.sessions import (
    DatasetSession,
    IdleConnections,
    LeasingSession,
    OwnSessions,
    ReadOnlySession,
    end_sessions,
)

Base = sa.orm.declarative_base()


class Bird(Base):  # type: ignore[misc,valid-type]
    __tablename__ = "birds"

    id = sa.Column(sa.Integer, primary_key=True)


class Closing(Session):
    """A session that says when it was closed."""

    def __init__(self, closed: list[Session]) -> None:
        super().__init__()
        self.closed = closed

    def close(self) -> None:
        super().close()
        self.closed.append(self)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'birds.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def in_thread(function: Callable[[], object]) -> object:
    """What a function returns in a new thread, which then ends."""
    results: list[object] = []
    thread = Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_a_thread_has_its_own_session_and_keeps_it() -> None:
    own, closed = OwnSessions(), []  # type: ignore[var-annotated]

    def get() -> Session:
        return own.get("key", lambda _: Closing(closed))

    mine = get()
    assert get() is mine
    assert own.get("other", lambda _: Closing(closed)) is not mine
    theirs = in_thread(lambda: (get(), get()))
    assert isinstance(theirs, tuple)
    assert theirs[0] is theirs[1] is not mine
    gc.collect()
    assert closed == [theirs[0]], "closed when its thread ended"
    own.close()
    assert mine in closed


def test_tasks_of_one_thread_have_their_own_sessions() -> None:
    own, closed = OwnSessions(), []  # type: ignore[var-annotated]

    async def get() -> Session:
        session = own.get("key", lambda _: Closing(closed))
        await asyncio.sleep(0)
        assert own.get("key", lambda _: Closing(closed)) is session
        return session

    async def both() -> list[Session]:
        return await asyncio.gather(get(), get())

    first, second = asyncio.run(both())
    gc.collect()
    assert first is not second
    assert closed in ([first, second], [second, first])


def test_a_session_that_is_closed_by_its_thread_leaves_those_of_others_open() -> None:
    own, closed = OwnSessions(), []  # type: ignore[var-annotated]
    mine = own.get("key", lambda _: Closing(closed))
    with ThreadPoolExecutor(1) as pool:
        theirs = pool.submit(own.get, "key", lambda _: Closing(closed)).result()
        own.close_mine()
        assert closed == [mine]
        assert pool.submit(own.get, "key", lambda _: Closing(closed)).result() is theirs
        own.close()
        assert closed == [mine, theirs]


def test_a_read_only_session_refuses_to_flush_and_goes_on_reading(engine: sa.Engine) -> None:
    make = sessionmaker(engine, class_=ReadOnlySession, refuse=lambda: PermissionError("no"))
    with make() as session:
        session.add(Bird(id=1))
        with pytest.raises(PermissionError, match="no"):
            session.flush()
        session.rollback()
        assert session.scalar(sa.select(sa.func.count()).select_from(Bird)) == 0


def test_short_sessions_of_a_thread_share_one_connection(engine: sa.Engine) -> None:
    taken: list[object] = []
    sa.event.listen(engine, "checkout", lambda connection, *_: taken.append(connection))
    idle = IdleConnections(engine)
    make = sessionmaker(engine, class_=LeasingSession, idle=idle, refuse=PermissionError)

    def read() -> object:
        with make() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Bird))

    assert [read() for _ in range(5)] == [0] * 5
    assert len(taken) <= 2, "the first returns it to the pool, the second keeps it"
    with make() as outer, make() as inner:
        connections = {outer.connection(), inner.connection()}
        assert len(connections) == 2, "sessions that are open together do not share"
    assert in_thread(read) == 0
    idle.close()
    assert read() == 0


def test_a_first_session_leases_the_connection_that_it_opens(engine: sa.Engine) -> None:
    idle = IdleConnections(engine)
    make = sessionmaker(engine, class_=LeasingSession, idle=idle, refuse=PermissionError)
    with make() as session:
        first = session.connection()
        assert session.connection() is first is session.bind
    with make() as session:
        assert session.connection() is first
        session.execute(sa.select(Bird))
        assert session.connection() is first
    idle.close()
    with make() as session:
        session.execute(sa.select(Bird))
        assert session.bind is engine, "SQLAlchemy has taken one for this transaction"
        assert session.connection() is session.connection()
    idle.close()


def test_execution_options_of_a_session_are_not_those_of_the_next(engine: sa.Engine) -> None:
    idle = IdleConnections(engine)
    make = sessionmaker(engine, class_=LeasingSession, idle=idle, refuse=PermissionError)
    moved = {"schema_translate_map": {None: "elsewhere"}}
    for _ in range(2):
        with make() as session:
            assert session.scalars(sa.select(Bird)).all() == []
        with make() as session:
            assert session.connection(execution_options=moved).get_execution_options() == moved
        with make() as session:
            session.connection().execution_options(told=True)
    idle.close()


def test_a_leased_connection_is_the_one_that_the_session_reads_with(engine: sa.Engine) -> None:
    idle = IdleConnections(engine)
    make = sessionmaker(engine, class_=LeasingSession, idle=idle, refuse=PermissionError)
    for _ in range(3):  # the first two leave one at hand
        with make() as session:
            session.connection()
    session = make()
    leased = session.connection()
    assert session.connection() is leased
    with pytest.warns(sa.exc.SAWarning, match="execution_options ignored"):  # SQLAlchemy's own
        session.connection(execution_options={"told": True})
    session.rollback()
    assert not leased.in_transaction()
    assert session.connection() is leased
    assert leased.in_transaction(), "and SQLAlchemy begins with it again"
    other = sa.create_engine("sqlite://")
    session.rollback()
    session.bind = other
    assert session.connection().engine is other
    session.bind = leased
    session.close()
    other.dispose()
    with make() as session:
        assert session.connection() is leased, "it went back to the thread"
    idle.close()


def test_a_thread_may_end_after_its_write_has_failed(engine: sa.Engine) -> None:
    session = DatasetSession(engine)
    session.is_own = True
    session.add(Bird(id=1))
    session.commit()
    session.expunge_all()
    session.add(Bird(id=1))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    end_sessions({"key": session}, os.getpid())
    assert not session.in_transaction()
