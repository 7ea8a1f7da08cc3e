"""Engines take data for hostile where they are told to, and any word for a name."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import apsw
import pytest
import sqlalchemy
from sqlalchemy import (
    TIMESTAMP,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError, DataError, OperationalError

import microcosm_sqlite
from microcosm_sqlite.aio import async_engine, dispose_async_engines
from microcosm_sqlite.errors import DatasetCorruptError
from microcosm_sqlite.orm import engines
from microcosm_sqlite.orm.engines import create_readwrite_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT count(*) FROM n WHERE i < 0"
)


@pytest.fixture(params=["dataset", "graph"])
def hostile(
    request: pytest.FixtureRequest,
    airports: Path,
    make_graph: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Engine]:
    """An engine for hostile data, from each place that makes one."""
    monkeypatch.setattr(engines, "TIME_LIMIT", 0.3)
    if request.param == "dataset":
        made: Engine = microcosm_sqlite.dataset("airports").create_engine(untrusted=True)
    else:
        made, _ = make_graph(untrusted="yes").sqlite("airports")
    yield made
    made.dispose()


def test_questions_are_answered_and_the_schema_is_read(hostile: Engine) -> None:
    with hostile.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM airports")) == 3
        assert inspect(connection).get_table_names() == ["airports"]


def test_an_endless_statement_is_stopped_and_the_next_has_its_own_time(hostile: Engine) -> None:
    with hostile.connect() as connection:
        for _ in range(2):
            with pytest.raises(OperationalError, match="interrupted"):
                connection.execute(text(ENDLESS))
            assert connection.scalar(text("SELECT count(*) FROM airports")) == 3


def test_a_huge_value_and_a_switch_of_the_rules_are_refused(hostile: Engine) -> None:
    with hostile.connect() as connection:
        with pytest.raises((DataError, OperationalError), match="too big"):
            connection.scalar(text("SELECT length(hex(zeroblob(900000000)))"))
        with pytest.raises(DatabaseError, match="not authorized"):
            connection.execute(text("PRAGMA query_only=OFF"))


def test_asyncio_gives_each_statement_its_own_time_too(hostile: Engine) -> None:
    async def ask() -> int:
        async with async_engine(hostile).connect() as connection:
            with pytest.raises(OperationalError, match="interrupted"):
                await connection.execute(text(ENDLESS))
            found = await connection.scalar(text("SELECT count(*) FROM airports"))
        await dispose_async_engines()
        return int(found)

    assert asyncio.run(ask()) == 3


def test_a_damaged_file_is_refused_before_anything_is_asked(airports: Path, tmp_path: Path) -> None:
    content = bytearray(airports.read_bytes())
    content[4096:4196] = bytes(100)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(content)
    found = microcosm_sqlite.register("damaged", damaged, immutable=True)
    try:
        engine = found.create_engine(untrusted=True)
        with pytest.raises(DatasetCorruptError):
            engine.connect()
        engine.dispose()
    finally:
        microcosm_sqlite.unregister("damaged")


def test_an_engine_joins_other_datasets_under_their_names(airports: Path) -> None:
    microcosm_sqlite.register("mirror", airports)
    try:
        engine = microcosm_sqlite.dataset("airports").create_engine(attach=["mirror"])
        with engine.connect() as connection:
            joined = "SELECT count(*) FROM airports JOIN mirror.airports AS other USING (faa)"
            assert connection.scalar(text(joined)) == 3
        engine.dispose()
    finally:
        microcosm_sqlite.unregister("mirror")


def test_every_keyword_of_sqlite_can_name_a_table_and_a_column() -> None:
    metadata = MetaData()
    words = sorted(word.lower() for word in apsw.keywords)
    tables = [
        Table(
            word,
            metadata,
            Column("id", Integer, primary_key=True),
            Column(word, Text),
            Index(f"by {word}", word),
        )
        for word in words
    ]
    engine = create_readwrite_engine(":memory:")

    with engine.begin() as connection:
        metadata.create_all(connection)
        for table in tables:
            connection.execute(table.insert().values({"id": 1, table.name: "one"}))
            found = connection.execute(select(table).where(table.c[table.name] == "one"))
            assert found.one() == (1, "one")

    engine.dispose()


@pytest.mark.parametrize("type_", [DateTime, DateTime(timezone=True), TIMESTAMP])
def test_a_moment_with_an_offset_finds_the_row_that_was_built_from_it(
    tmp_path: Path, type_: Any
) -> None:
    events = Table(
        "events", MetaData(), Column("id", Integer, primary_key=True), Column("at", type_)
    )
    path = tmp_path / "events.db"
    writable = create_readwrite_engine(path)
    with writable.begin() as connection:
        events.create(connection)
        connection.execute(events.insert(), {"id": 1, "at": datetime(2019, 12, 31, 22)})
        connection.execute(events.insert(), {"id": 2, "at": datetime(2020, 1, 1)})
    writable.dispose()
    moment = datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    found = microcosm_sqlite.register("events", path)
    try:
        with found.engine.connect() as connection:
            assert connection.scalars(select(events.c.id).where(events.c.at == moment)).all() == [1]
            early = select(events.c.id).where(events.c.at < datetime(2020, 1, 1))
            assert connection.scalars(early).all() == [1]
    finally:
        found.engine.dispose()
        microcosm_sqlite.unregister("events")


def test_as_many_connections_stay_open_as_a_web_service_has_threads(airports: Path) -> None:
    engine = microcosm_sqlite.dataset("airports").create_engine()
    opened: list[object] = []
    event.listen(engine, "connect", lambda connection, _: opened.append(connection))
    for _ in range(3):
        connections = [engine.connect() for _ in range(40)]
        for connection in connections:
            connection.close()
    assert len(opened) == 40
    engine.dispose()


def test_what_took_the_place_of_create_engine_is_used(
    airports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As OpenTelemetry does it, before or after this package is imported."""
    made = []
    create_engine = sqlalchemy.create_engine
    monkeypatch.setattr(
        sqlalchemy, "create_engine", lambda *a, **b: made.append(create_engine(*a, **b)) or made[0]
    )
    assert microcosm_sqlite.dataset("airports").create_engine() is made[0]


TRACED = """
import sys
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
def instrument():
    # It refuses SQLAlchemy 2.1 by its number only.
    SQLAlchemyInstrumentor().instrument(tracer_provider=provider, skip_dep_check=True)

if sys.argv[2] == "before":
    instrument()
import asyncio, microcosm_sqlite
from microcosm_sqlite import DataSet, SessionContext, Store
from microcosm_sqlite.aio import AsyncSessionContext, AsyncStore
from sqlalchemy.orm import Mapped, mapped_column
if sys.argv[2] == "after":
    instrument()

class Airports(DataSet, name="airports"): ...
class Airport(Airports):
    __tablename__ = "airports"
    faa: Mapped[str] = mapped_column(primary_key=True)

microcosm_sqlite.register("airports", sys.argv[1])
store = Store[Airport]()
def trace(what, function):
    exporter.clear()
    function()
    spans = [span for span in exporter.get_finished_spans() if "db.statement" in span.attributes]
    assert [span.attributes["db.name"] for span in spans] == [sys.argv[1]], (what, spans)

async def ask():
    async with AsyncSessionContext(None, Airport):
        await AsyncStore(store).count()

def within():
    with SessionContext(None, Airport):
        store.count()

for call in (
    store.count, store.search, lambda: store.get("JFK"), lambda: list(store.rows("faa")),
    within, lambda: asyncio.run(AsyncStore(store).count()), lambda: asyncio.run(ask()),
):
    trace(call, call)
"""


@pytest.mark.heavy
@pytest.mark.parametrize("order", ["before", "after"])
def test_opentelemetry_sees_each_query_with_the_path_of_the_database(
    airports: Path, order: str
) -> None:
    pytest.importorskip("opentelemetry.instrumentation.sqlalchemy")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRACED, airports, order],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
