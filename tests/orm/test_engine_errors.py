"""What SQLite says of a file becomes cause, place and what to do."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, text
from sqlalchemy import inspect as sa_inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import relationship, selectinload

import microcosm_sqlite
from microcosm_sqlite import DataSet, SessionContext, Store
from microcosm_sqlite.aio import AsyncSessionContext, AsyncStore, dispose_async_engines
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetError,
    DatasetFileMissingError,
    DatasetUnreadableError,
    QueryError,
)
from microcosm_sqlite.orm.binds import Binds
from tests.support.wheels import make_database

Colours: Any = DataSet.create("colours")


class Colour(Colours):
    __tablename__ = "colour"

    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    shades = relationship("Shade")


class Shade(Colours):
    __tablename__ = "shade"

    code = Column(String, primary_key=True)
    colour_id = Column(ForeignKey("colour.id"), nullable=False)


def write_text(path: Path) -> None:
    path.write_text("name,warmth\n" * 20)


def damage(path: Path) -> None:
    make_database(path, rows=2000)
    content = bytearray(path.read_bytes())
    content[4096:-4096] = b"\xff" * (len(content) - 2 * 4096)
    path.write_bytes(content)


def leave_out(path: Path) -> None:
    path.with_suffix(".elsewhere").touch()


FILES = [
    (write_text, DatasetCorruptError, "is not a SQLite database"),
    (Path.mkdir, DatasetUnreadableError, "is a folder"),
    (damage, DatasetCorruptError, "is damaged"),
]


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(("make", "kind", "told"), FILES)
def test_a_configured_path_that_is_no_database_is_named_with_the_cause(
    tmp_path: Path, make: Any, kind: type[DatasetError], told: str, read_only: bool
) -> None:
    path = tmp_path / "colours.db"
    make(path)
    binds = Binds(paths={"colours": path}, read_only=read_only)
    with (
        SessionContext(binds, Colours),
        pytest.raises(kind, match=rf"colours\.db {told}") as caught,
    ):
        Store[Shade]().search()
    assert caught.value.hint
    assert "distribution" not in caught.value.hint or not read_only
    binds.dispose()


@contextmanager
def closing_binds(paths: dict[str, Path]) -> Iterator[Binds]:
    binds = Binds(paths=paths, read_only=True)
    yield binds
    binds.dispose()


READERS: dict[str, Callable[[Store[Any]], object]] = {
    "search": lambda store: store.search(),
    "search by expression": lambda store: store.search(Shade.code > ""),
    "stream": lambda store: list(store.stream(batch_size=10)),
    "count": lambda store: store.count(Shade.code > ""),
    "page": lambda store: store.page(size=5000),
    "rows": lambda store: list(store.rows("colour_id")),
    "rows by expression": lambda store: list(store.rows("code", where=Shade.colour_id > 0)),
    "SQL": lambda store: store.session.execute(text("SELECT * FROM shade")).fetchall(),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_page_that_is_damaged_is_told_however_a_store_reads_it(
    tmp_path: Path, reader: str
) -> None:
    path = make_database(tmp_path / "colours.db", rows=4000)
    sound = path.read_bytes()
    content = bytearray(sound)
    content[16 * 4096 : -8192] = b"\xff" * (len(content) - 16 * 4096 - 8192)
    path.write_bytes(content)
    paths = {"colours": path}
    with (
        closing_binds(paths) as binds,
        SessionContext(binds, Colours),
        pytest.raises(DatasetCorruptError) as raised,
    ):
        READERS[reader](Store[Shade]())
    assert str(raised.value).startswith(f"Dataset 'colours': {path} is damaged: ")
    assert "write the file again" in raised.value.hint
    path.write_bytes(sound)
    with closing_binds(paths) as binds, SessionContext(binds, Colours):
        assert READERS[reader](Store[Shade]())


def test_a_missing_file_of_ones_own_is_not_for_reinstalling(tmp_path: Path) -> None:
    binds = Binds(paths={"colours": tmp_path / "none.db"}, read_only=True)
    registered = microcosm_sqlite.register("colours", tmp_path / "none.db")
    with pytest.raises(DatasetFileMissingError, match="Correct the path") as by_registration:
        registered.connect()
    with SessionContext(binds, Colours), pytest.raises(DatasetFileMissingError) as configured:
        Store[Colour]().count()
    assert configured.value.message == by_registration.value.message
    assert configured.value.hint == by_registration.value.hint
    microcosm_sqlite.unregister("colours")


def test_an_empty_file_is_told_beside_the_error_that_programs_know(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    binds = Binds(paths={"colours": path})
    with SessionContext(binds, Colours) as context:
        with pytest.raises(OperationalError, match="no such table: colour") as caught:
            Store[Colour]().count()
        (note,) = caught.value.__notes__
        assert note.startswith(f"Dataset 'colours' is empty: {path}, which is configured for it")
        assert "call create_all()" in note
        context.rollback()
    Colours.create_all(binds)
    with SessionContext(binds, Colours):
        assert Store[Colour]().count() == 0
    binds.dispose()


@pytest.mark.parametrize(
    "use",
    [
        lambda blue: blue.shades,
        lambda blue: sa_inspect(blue).session.expire(blue) or blue.name,
        lambda _: Store[Colour]().count(),
        lambda _: list(Store[Colour]().rows(Colour.name)),
        lambda _: Store[Colour]().create(Colour(name="green")),
    ],
    ids=["relationship", "expired", "store", "rows", "write"],
)
def test_what_would_block_the_event_loop_is_refused_before_anything_begins(
    tmp_path: Path, use: Callable[[Colour], Any]
) -> None:
    binds = Binds(paths={"colours": make_database(tmp_path / "colours.db")})
    store = AsyncStore(Store[Colour]())

    async def read(end: Callable[[AsyncSessionContext], Awaitable[None]] | None) -> None:
        async with AsyncSessionContext(binds, Colours) as context:
            red = await store.one(name="red", options=[selectinload(Colour.shades)])
            assert [shade.code for shade in red.shades] == ["crimson"]
            blue = await store.one(name="blue")
            if end:
                await end(context)
            with pytest.raises(QueryError, match=r"options=\[selectinload") as caught:
                use(blue)
            assert "await AsyncStore(store)" in str(caught.value)
            await context.rollback()
            assert await store.count() == 3

    async def read_all() -> None:
        for end in (
            None,
            lambda context: context.rollback(),
            lambda context: context.commit(),
            lambda _: dispose_async_engines(),
        ):
            await read(end)

    asyncio.run(read_all())
    gc.collect()  # a coroutine that nobody awaited, or a connection left open, warns
    binds.dispose()
