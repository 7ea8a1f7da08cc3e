"""Models of two datasets in one query: each table is read from its own file."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import ForeignKey, ForeignKeyConstraint, Table, event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship, selectinload
from sqlalchemy.schema import CreateTable

from microcosm_sqlite import dataset, register, unregister
from microcosm_sqlite.aio import AsyncSessionContext, dispose_async_engines
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetNotFoundError,
    ReadOnlyDatasetError,
    SchemaMismatchError,
)
from microcosm_sqlite.orm import answering
from microcosm_sqlite.orm.external_keys import external_keys, find_attachments, find_referred
from microcosm_sqlite.stores import Store
from tests.support.crossing import AIRPORTS, make_airports, make_flights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Airports(DataSet, name="airports"):
    """Of one distribution."""


class Airport(Airports):
    __tablename__ = "airports"

    faa: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class Flights(DataSet, name="flights"):
    """Of another, which depends on that one."""


class Flight(Flights):
    __tablename__ = "flights"

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str | None] = mapped_column(ForeignKey(Airport.faa))
    gate: Mapped[str | None]

    airport: Mapped[Airport | None] = relationship(viewonly=True)


class Size(Flights):
    """Its table has the name of the other dataset's."""

    __tablename__ = "airports"

    faa: Mapped[str] = mapped_column(primary_key=True)
    runways: Mapped[int]


class FlightStore(Store[Flight]):
    pass


class AirportStore(Store[Airport]):
    pass


JOINED = select(Flight.id, Airport.name).join(Airport).order_by(Flight.id)
NAMES = [(1, "Kennedy"), (2, "Newark")]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("MICROCOSM_SQLITE_CACHE_DIR", str(tmp_path / "cache"))
    # What no graph is named for is another environment in each of these tests.
    monkeypatch.setattr(answering, "_process_binds", answering._ProcessBinds())
    monkeypatch.setattr(answering, "_latest", [lambda: None])
    return folder


@pytest.fixture
def installed(site: Path, tmp_path: Path) -> Path:
    """Both wheels, installed."""
    make_airports(tmp_path).install(site)
    return make_flights(tmp_path).install(site)


def test_one_query_joins_two_datasets(installed: Path, make_graph: Callable[..., Any]) -> None:
    for graph in (make_graph(), None):
        with Flight.new_context(graph) as context:
            assert context.session.execute(JOINED).all() == NAMES
            assert [
                flight.airport and flight.airport.name for flight in FlightStore().search()
            ] == [
                "Kennedy",
                "Newark",
                None,
            ]
    with dataset("flights").engine.connect() as connection:
        assert connection.execute(JOINED).all() == NAMES


@pytest.mark.parametrize("load", [joinedload, selectinload])
def test_relationships_are_loaded_in_every_way(installed: Path, load: Any) -> None:
    with Flight.new_context() as context:
        query = select(Flight).options(load(Flight.airport)).order_by(Flight.id)
        found = context.session.scalars(query).all()
        context.session.expunge_all()
    assert [flight.airport.name for flight in found if flight.airport] == ["Kennedy", "Newark"]


def test_tables_of_one_name_are_told_apart(installed: Path) -> None:
    with Flight.new_context() as context:
        query = select(Airport, Size).join(Size, Size.faa == Airport.faa)
        assert [(a.name, b.runways) for a, b in context.session.execute(query)] == [("Kennedy", 4)]
        near, far = aliased(Airport), aliased(Size)
        joined = select(near.name, far.runways).join(far, far.faa == near.faa)
        assert context.session.execute(joined).all() == [("Kennedy", 4)]
        # SQL by hand means what SQLite takes it to mean: the own table first.
        by_hand = text("SELECT count(*) FROM airports")
        assert context.session.scalar(by_hand) == 1
    assert AirportStore().count() == 2


def test_rows_and_prepared_statements_know_whose_session_it_is(installed: Path) -> None:
    session = Flights.new_session()
    mixed = AirportStore(lambda _: session)
    for _ in range(2):
        assert sorted(mixed.rows("name")) == [("Kennedy",), ("Newark",)]
        mixed.get_session = lambda _: Airports.new_session()
        assert sorted(mixed.rows("name")) == [("Kennedy",), ("Newark",)]
        mixed.get_session = lambda _: session
        assert mixed.get("JFK") is session.get(Airport, "JFK")
    session.close()


def test_the_other_dataset_cannot_be_written_either(installed: Path) -> None:
    with Flight.new_context() as context:
        for write in ("DELETE FROM airports.airports", "ATTACH ':memory:' AS more"):
            with pytest.raises((ReadOnlyDatasetError, OperationalError)):
                context.session.execute(text(write))
        flight = FlightStore().one(id=1)
        assert flight.airport is not None
        flight.airport.name = "Idlewild"
        with pytest.raises(ReadOnlyDatasetError):
            context.commit()


def test_compressed_datasets_are_joined(site: Path, tmp_path: Path) -> None:
    make_airports(tmp_path, compression="zstd").install(site)
    make_flights(tmp_path).install(site)
    with Flight.new_context() as context:
        assert context.session.execute(JOINED).all() == NAMES


def test_engines_stay_the_same(installed: Path, make_graph: Callable[..., Any]) -> None:
    assert dataset("flights").engine is dataset("flights").engine
    graph = make_graph()
    engine, _ = graph.sqlite("flights")
    with Flight.new_context(graph) as context:
        assert context.session.execute(JOINED).all() == NAMES
        assert context.session.get_bind().engine is engine
    assert graph.sqlite("flights")[0] is engine


def test_configured_and_registered_paths_come_first(
    installed: Path, make_graph: Callable[..., Any], tmp_path: Path
) -> None:
    configured = make_graph(paths={"airports": tmp_path / "mine.db"})
    Airport.create_all(configured)
    with Airport.new_context(configured) as context:
        AirportStore().create(Airport(faa="JFK", name="Configured"))
        context.commit()
    with Flight.new_context(configured) as context:
        assert context.session.execute(JOINED).all() == [(1, "Configured")]
    register("airports", tmp_path / "mine.db")
    try:
        with Flight.new_context(make_graph()) as context:
            assert context.session.execute(JOINED).all() == [(1, "Configured")]
    finally:
        unregister("airports")


@pytest.mark.parametrize("in_files", [(), ("flights",), ("airports",)])
def test_a_database_in_memory_is_joined_with_another_and_with_one_in_a_file(
    tmp_path: Path, make_graph: Callable[..., Any], in_files: Sequence[str]
) -> None:
    graph = make_graph(paths=dict.fromkeys(in_files, tmp_path / "a ?&%20.db"))
    Flights.create_all(graph)
    Airports.create_all(graph)
    with Airport.new_context(graph) as context:
        AirportStore().create(Airport(faa="JFK", name="Kennedy"))
        context.commit()
    with Flight.new_context(graph) as context:
        FlightStore().create(Flight(id=1, origin="JFK"))
        context.commit()
        assert context.session.execute(JOINED).all() == [(1, "Kennedy")]
        assert FlightStore().one(id=1).airport.name == "Kennedy"  # type: ignore[union-attr]
    Flights.recreate_all(graph)


def test_a_database_in_memory_refers_to_an_installed_dataset(
    site: Path, tmp_path: Path, make_graph: Callable[..., Any]
) -> None:
    make_airports(tmp_path).install(site)
    graph = make_graph()
    Flights.create_all(graph)
    with Flight.new_context(graph) as context:
        FlightStore().create(Flight(id=1, origin="JFK"))
        context.commit()
        assert context.session.execute(JOINED).all() == [(1, "Kennedy")]
        with pytest.raises(OperationalError, match="readonly"):
            context.session.execute(text("DELETE FROM airports.airports"))


def test_a_missing_dataset_is_told_to_those_who_ask_for_it(
    site: Path, tmp_path: Path, make_graph: Callable[..., Any]
) -> None:
    make_flights(tmp_path).install(site)
    with dataset("flights").engine.connect() as connection:
        assert len(connection.execute(select(Flight.id)).all()) == 3
        with pytest.raises(DatasetNotFoundError, match="refers to dataset 'airports'") as caught:
            connection.execute(JOINED)
        assert caught.value.hint == "Run: pip install 'airports-data>=2.1,<3'"
    with Flight.new_context(make_graph()) as context:
        assert FlightStore().count() == 3
        with pytest.raises(DatasetNotFoundError, match="refers to dataset 'airports'"):
            context.session.execute(JOINED)


def test_a_broken_dataset_is_told_to_those_who_ask_for_it(
    installed: Path, make_graph: Callable[..., Any]
) -> None:
    (installed / "airports_data" / "airports.db").write_bytes(b"junk" * 100)
    with dataset("flights").engine.connect() as connection:
        assert len(connection.execute(select(Flight.id)).all()) == 3
        with pytest.raises(DatasetCorruptError, match=r"airports\.db"):
            connection.execute(JOINED)
    with Flight.new_context(make_graph()) as context:
        assert FlightStore().count() == 3
        with pytest.raises(DatasetCorruptError, match=r"airports\.db"):
            context.session.execute(JOINED)


def test_models_of_the_other_must_fit_its_file(
    site: Path, tmp_path: Path, make_graph: Callable[..., Any]
) -> None:
    make_airports(tmp_path, schema=AIRPORTS.replace("name", "title")).install(site)
    make_flights(tmp_path).install(site)
    with pytest.raises(SchemaMismatchError, match=r"airports\.name is not there"):
        Flights.new_session(make_graph())


def test_engines_attach_what_they_are_asked_to(installed: Path) -> None:
    class Sizes(DataSet, name="sizes"):
        pass

    class Runway(Sizes):
        __tablename__ = "airports"
        faa: Mapped[str] = mapped_column(primary_key=True)
        runways: Mapped[int]

    register("sizes", installed / "flights_data" / "flights.db")
    try:
        engine = dataset("flights").create_engine(attach=["sizes"])
        query = select(Flight.id, Airport.name, Runway.runways).join(Airport)
        query = query.join(Runway, Runway.faa == Flight.origin)
        with engine.connect() as connection:
            assert connection.execute(query).all() == [(1, "Kennedy", 4)]
        engine.dispose()
        with pytest.raises(DatasetNotFoundError):
            dataset("flights").create_engine(attach=["nothing"])
    finally:
        unregister("sizes")


def test_untrusted_engines_attach_and_stay_restricted(installed: Path) -> None:
    engine = dataset("flights").create_engine(untrusted=True)
    with engine.connect() as connection:
        assert connection.execute(JOINED).all() == NAMES
        with pytest.raises(Exception, match=r"not authorized|prohibited"):
            connection.execute(text("ATTACH ':memory:' AS more"))
    engine.dispose()


def test_models_that_come_later_are_joined_by_the_sessions_that_follow(
    make_graph: Callable[..., Any], installed: Path
) -> None:
    class Later(DataSet, name="later"):
        pass

    class First(Later):
        __tablename__ = "first"
        id: Mapped[int] = mapped_column(primary_key=True)

    graph = make_graph()
    Later.create_all(graph)
    with Later.new_context(graph) as context:
        context.session.add(First(id=1))
        context.commit()
        assert find_attachments(context.session.get_bind().engine) is None

    class Second(Later):
        __tablename__ = "second"
        id: Mapped[int] = mapped_column(primary_key=True)
        airport: Mapped[str] = mapped_column(ForeignKey(Airport.faa))

    Later.create_all(graph)
    with Later.new_context(graph) as context:
        context.session.add(Second(id=1, airport="JFK"))
        context.commit()
        query = select(First.id, Airport.name).join(Second, Second.id == First.id).join(Airport)
        assert context.session.execute(query).all() == [(1, "Kennedy")]


def test_threads_and_tasks_join_at_the_same_time(
    installed: Path, make_graph: Callable[..., Any]
) -> None:
    graph = make_graph()
    found: list[Any] = []

    def join() -> None:
        with Flight.new_context(graph) as context:
            found.append(context.session.execute(JOINED).all())

    threads = [threading.Thread(target=join) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [NAMES] * 8

    async def main() -> list[Any]:
        async def join() -> Any:
            async with AsyncSessionContext(graph, Flight) as context:
                assert context.session is not None
                return (await context.session.execute(JOINED)).all()

        try:
            return await asyncio.gather(*(join() for _ in range(4)))
        finally:
            await dispose_async_engines()

    assert asyncio.run(main()) == [NAMES] * 4


def test_a_connection_is_given_each_dataset_once(installed: Path) -> None:
    engine = dataset("flights").create_engine()
    statements: list[str] = []

    def listen(connection: Any, _: object) -> None:
        connection.set_trace_callback(statements.append)

    event.listen(engine, "connect", listen)
    for _ in range(5):
        with engine.connect() as connection:
            assert connection.execute(JOINED).all() == NAMES
    engine.dispose()
    assert len([sql for sql in statements if sql.startswith("ATTACH")]) == 1


def test_a_graph_that_nobody_has_any_more_is_let_go(
    installed: Path, make_graph: Callable[..., Any]
) -> None:
    graph = make_graph()
    with Flight.new_context(graph) as context:
        assert context.session.execute(JOINED).all() == NAMES
    engine = weakref.ref(graph.sqlite("flights")[0])
    graph.sqlite.dispose()
    del graph, context
    gc.collect()
    assert engine() is None


def test_a_dataset_without_such_keys_is_left_alone(
    airports: Path, make_graph: Callable[..., Any]
) -> None:
    graph = make_graph()
    engine, _ = graph.sqlite("airports")
    assert find_attachments(engine) is None
    assert str(select(Airport.name).compile(engine)) == "SELECT airports.name \nFROM airports"


def test_keys_into_other_datasets_are_left_out_of_tables() -> None:
    assert [key.column_keys for key in external_keys(Flight.__table__)] == [["origin"]]  # type: ignore[arg-type]
    assert find_referred(Flights) == [Airports]
    assert "REFERENCES" not in str(CreateTable(Flight.__table__))  # type: ignore[arg-type]


def test_keys_within_a_dataset_stay_whichever_way_they_are_written() -> None:
    class Trees(DataSet, name="trees"):
        pass

    class Leaf(Trees):
        __tablename__ = "leaf"
        id: Mapped[int] = mapped_column(primary_key=True)
        tree: Mapped[int] = mapped_column(ForeignKey("tree.id"))  # a table that is yet to come

    class Tree(Trees):
        __tablename__ = "tree"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent: Mapped[int | None] = mapped_column(ForeignKey("tree.id"))

    class Bark(Trees):
        __tablename__ = "bark"
        tree: Mapped[int] = mapped_column(ForeignKey(Tree.id), primary_key=True)

    assert find_referred(Trees) == []
    for model in (Leaf, Tree, Bark):
        assert "REFERENCES tree" in str(CreateTable(model.__table__))  # type: ignore[arg-type]


def test_a_key_of_several_columns_and_a_chain_of_datasets() -> None:
    class Weather(DataSet, name="weather"):
        pass

    class Hour(Weather):
        __tablename__ = "hours"
        __table_args__ = (ForeignKeyConstraint(["flight", "origin"], [Flight.id, Flight.origin]),)
        flight: Mapped[int] = mapped_column(primary_key=True)
        origin: Mapped[str]

    table = Hour.__table__
    assert isinstance(table, Table)
    assert [key.column_keys for key in external_keys(table)] == [["flight", "origin"]]
    assert find_referred(Weather) == [Flights, Airports]
    assert [each.name for each in Weather.metadata.sorted_tables] == ["hours"]
