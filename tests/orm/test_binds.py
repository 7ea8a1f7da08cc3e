"""From a data set's name to its file, engine and session factory."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from microcosm.api import create_object_graph, load_from_dict, load_from_environ
from microcosm.registry import Registry
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from microcosm_sqlite import dataset, dispose_sqlite_connections, register
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import (
    DatasetFileMissingError,
    DatasetNotFoundError,
    ReadOnlyDatasetError,
)
from microcosm_sqlite.factories import SQLiteBindFactory
from microcosm_sqlite.orm import engines
from microcosm_sqlite.orm.answering import binds_of
from microcosm_sqlite.stores import Store
from microcosm_sqlite.testing import override

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Airports(DataSet, name="airports"):
    """The model of the fixture's table."""


class Airport(Airports):
    __tablename__ = "airports"

    faa: Mapped[str] = mapped_column(primary_key=True)
    city: Mapped[str]
    altitude: Mapped[int]
    note: Mapped[str | None]


class AirportStore(Store[Airport]):
    pass


def test_paths_are_a_mapping_in_which_installed_datasets_appear(
    make_graph: Callable[..., Any], airports: Path
) -> None:
    sqlite = make_graph(paths={"mine": "/data/mine.db"}).sqlite
    assert sqlite["mine"] == sqlite.paths["mine"] == "/data/mine.db"
    assert sqlite["airports"] == str(airports)
    assert {"mine", "airports"} <= set(sqlite.paths)
    assert len(sqlite.paths) == len(list(sqlite.paths))
    assert "airports" in sqlite.paths
    assert "nothing" not in sqlite.paths
    assert sqlite.paths.get("nothing") is None
    with pytest.raises(KeyError):
        sqlite["nothing"]


def test_a_path_set_later_wins_over_an_installed_dataset(
    make_graph: Callable[..., Any], airports: Path, tmp_path: Path
) -> None:
    sqlite = make_graph().sqlite
    sqlite["airports"] = tmp_path / "mine.db"
    engine, _ = sqlite("airports")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE mine (id)"))
    assert (tmp_path / "mine.db").exists()
    del sqlite.paths["airports"]
    assert sqlite["airports"] == str(airports)


def test_engines_are_made_once_and_only_when_asked_for(make_graph: Callable[..., Any]) -> None:
    sqlite = make_graph().sqlite
    assert sqlite.datasets == {}
    assert sqlite("some") is sqlite("some")
    assert list(sqlite.datasets) == ["some"]


def test_the_configured_default_path_serves_unknown_names(
    make_graph: Callable[..., Any], tmp_path: Path
) -> None:
    graph = make_graph(path=str(tmp_path / "default.db"))
    Airport.create_all(graph)
    assert (tmp_path / "default.db").exists()


def test_a_registered_dataset_is_read_by_a_graph_and_without_one(
    make_graph: Callable[..., Any], airports: Path
) -> None:
    store = AirportStore()
    assert store.one(faa="JFK").city == "New York"
    with Airport.new_context(make_graph()):
        assert store.one(faa="EWR").city == "Newark"


def test_registering_another_file_is_seen_at_once(airports: Path, tmp_path: Path) -> None:
    gc.collect()  # of graphs that tracebacks of other tests hold
    assert AirportStore().count() == 3
    empty = tmp_path / "empty.db"
    connection = sqlite3.connect(empty)
    connection.execute("CREATE TABLE airports (faa VARCHAR, city, altitude, note)")
    connection.close()
    register("airports", empty)
    assert AirportStore().count() == 0


def test_a_registered_dataset_cannot_be_written(
    make_graph: Callable[..., Any], airports: Path
) -> None:
    before = airports.read_bytes()
    store = AirportStore()
    extra = Airport(faa="BOS", city="Boston", altitude=20)
    graph = make_graph()
    with Airport.new_context(graph) as context:
        refusals: list[Callable[[], Any]] = [
            lambda: store.create(extra),
            lambda: store.delete(faa="JFK"),
            lambda: context.session.execute(text("DELETE FROM airports")),
            lambda: context.session.connection().exec_driver_sql("DROP TABLE airports"),
            lambda: Airport.create_all(graph) or Airport.drop_all(graph),
        ]
        for write in refusals:
            with pytest.raises(ReadOnlyDatasetError, match=r"'airports' is read-only"):
                write()
        assert store.count() == 3
        store.one(faa="JFK").city = "Queens"
        with pytest.raises(ReadOnlyDatasetError):
            context.commit()
    assert airports.read_bytes() == before


@pytest.mark.parametrize("spelling", [True, "true", "Yes", "1", "on"])
def test_read_only_opens_configured_paths_read_only(
    make_graph: Callable[..., Any], airports_db: Path, spelling: object
) -> None:
    graph = make_graph(paths={"airports": airports_db}, read_only=spelling)
    with Airport.new_context(graph) as context:
        assert AirportStore().count() == 3
        with pytest.raises(ReadOnlyDatasetError):
            context.session.execute(text("DELETE FROM airports"))


@pytest.mark.parametrize("spelling", [False, "false", "NO", "0", "off"])
def test_a_configured_path_is_otherwise_read_write(
    make_graph: Callable[..., Any], tmp_path: Path, spelling: object
) -> None:
    graph = make_graph(paths={"airports": tmp_path / "new.db"}, read_only=spelling)
    Airport.create_all(graph)
    with Airport.new_context(graph) as context:
        AirportStore().create(Airport(faa="BOS", city="Boston", altitude=20))
        context.commit()
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        assert connection.execute("SELECT faa FROM airports").fetchall() == [("BOS",)]


def test_a_missing_file_is_not_created_by_reading(
    make_graph: Callable[..., Any], tmp_path: Path
) -> None:
    missing = tmp_path / "missing.db"
    graph = make_graph(paths={"airports": missing}, read_only=True)
    with Airport.new_context(graph), pytest.raises(DatasetFileMissingError, match=r"missing\.db"):
        AirportStore().count()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_told(make_graph: Callable[..., Any], tmp_path: Path) -> None:
    graph = make_graph(paths={"airports": tmp_path / "no" / "where.db"})
    with pytest.raises(DatasetFileMissingError, match="folder does not exist"):
        Airport.create_all(graph)


@pytest.mark.parametrize("name", ["we?ird", "50%20 #1", "mode=memory&x", "ü ñ", "a;b'c\"d"])
@pytest.mark.parametrize("read_only", [False, True])
def test_no_character_of_a_path_has_a_meaning(
    make_graph: Callable[..., Any], tmp_path: Path, name: str, read_only: bool
) -> None:
    path = tmp_path / f"{name}.db"
    Airport.create_all(make_graph(paths={"airports": str(path)}))
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    with Airport.new_context(make_graph(paths={"airports": path}, read_only=read_only)):
        assert AirportStore().count() == 0
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_uri_is_a_path_too(make_graph: Callable[..., Any], airports_db: Path) -> None:
    graph = make_graph(paths={"airports": f"file:{airports_db}?mode=ro&uri=true"})
    with Airport.new_context(graph):
        assert AirportStore().count() == 3


def test_a_relative_path_is_fixed_when_the_engine_is_made(
    make_graph: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    graph = make_graph(paths={"airports": "here.db"})
    graph.sqlite("airports")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    Airport.create_all(graph)
    assert (tmp_path / "here.db").exists()


class Cities(DataSet, name="cities"):
    """Holds a foreign key that can be broken."""


class City(Cities):
    __tablename__ = "city"

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize(
    ("spelling", "expected"), [(True, 1), ("yes", 1), (False, 0), ("False", 0)]
)
def test_foreign_keys_are_enforced_if_asked_for(
    make_graph: Callable[..., Any], spelling: object, expected: int
) -> None:
    engine, _ = make_graph(use_foreign_keys=spelling).sqlite("cities")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == expected


@pytest.mark.parametrize("spelling", [True, "True"])
def test_autocommit_leaves_nothing_to_commit(
    make_graph: Callable[..., Any], tmp_path: Path, spelling: object
) -> None:
    graph = make_graph(paths={"airports": tmp_path / "auto.db"}, autocommit=spelling)
    Airport.create_all(graph)
    with Airport.new_context(graph) as context:
        AirportStore().create(Airport(faa="BOS", city="Boston", altitude=20))
        context.rollback()
    with Airport.new_context(graph):
        assert AirportStore().count() == 1


def test_stores_share_the_engine_of_their_dataset(airports: Path, tmp_path: Path) -> None:
    engine, seen = dataset("airports").engine, list[str]()
    event.listen(engine, "before_cursor_execute", lambda *values: seen.append(values[2]))
    assert AirportStore().session.get_bind().engine is engine
    assert AirportStore().count() == 3
    with Airport.new_context() as context:
        assert context.session.get_bind().engine is engine
        assert [*AirportStore().rows("faa", faa="JFK")] == [("JFK",)]
    assert len(seen) == 2
    with override("airports", {"airports": []}):
        assert AirportStore().session.get_bind().engine is dataset("airports").engine is not engine
    assert AirportStore().session.get_bind().engine is engine


def test_the_engine_of_a_dataset_that_is_registered_no_longer_is_forgotten(
    airports: Path, tmp_path: Path
) -> None:
    former = dataset("airports")
    assert AirportStore().session.get_bind().engine is former.engine
    register("airports", shutil.copy(airports, tmp_path))
    assert AirportStore().session.get_bind().engine is dataset("airports").engine
    assert former not in {key for key, _ in engines._dataset_engines}
    with closing(former.connect()) as connection:
        assert connection.execute("SELECT count(*) FROM airports").fetchone() == (3,)


@pytest.mark.parametrize("options", [{"echo": "on"}, {}], ids=["echo", "level of the logger"])
@pytest.mark.parametrize("ask", [AirportStore.count, lambda store: [*store.rows(faa="JFK")]])
def test_statements_are_logged_where_that_is_asked_for(
    make_graph: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    airports: Path,
    options: dict[str, str],
    ask: Callable[[AirportStore], object],
) -> None:
    graph = make_graph(**options)
    with caplog.at_level("INFO", logger="sqlalchemy.engine"), Airport.new_context(graph):
        ask(AirportStore())
    assert "FROM airports" in caplog.text


def test_configuration_comes_from_the_environment_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EXAMPLE__SQLITE__READ_ONLY", "false")
    monkeypatch.setenv("EXAMPLE__SQLITE__USE_FOREIGN_KEYS", "true")
    monkeypatch.setenv("EXAMPLE__SQLITE__PATHS__AIRPORTS", os.fspath(tmp_path / "env.db"))
    graph = create_object_graph("example", testing=True, loader=load_from_environ)
    Airport.create_all(graph)
    assert (tmp_path / "env.db").exists()


def test_savepoints_nest_within_a_transaction(make_graph: Callable[..., Any]) -> None:
    graph = make_graph()
    City.create_all(graph)
    with City.new_context(graph) as context:
        context.session.add(City(id=1))
        with pytest.raises(IntegrityError), context.session.begin_nested():  # noqa: PT012
            context.session.execute(text("INSERT INTO city VALUES (2)"))
            context.session.execute(text("INSERT INTO city VALUES (1)"))
        context.commit()
    with City.new_context(graph) as context:
        assert context.session.query(City.id).all() == [(1,)]


def test_code_that_names_no_graph_uses_the_graph_made_last_and_never_an_earlier_one(
    make_graph: Callable[..., Any],
) -> None:
    first, second = make_graph(), make_graph()
    assert binds_of(None, "cities") is second.sqlite
    del second
    gc.collect()
    assert binds_of(None, "cities") is not first.sqlite
    assert binds_of(None, "cities") is binds_of(None, "cities")


def test_a_graph_that_a_traceback_holds_never_answers_for_a_registered_dataset(
    make_graph: Callable[..., Any], airports: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        graph = make_graph(paths={"airports": str(tmp_path / "other.db")})
        Airport.create_all(graph)
        raise RuntimeError

    with pytest.raises(RuntimeError) as held:
        fail()
    assert held.traceback
    store = AirportStore()
    assert [store.count(), store.count()] == [3, 3]
    assert AirportStore(lambda store: Airport.new_session()).count() == 3
    with Airport.new_context():
        assert store.count() == 3
    told = [record.getMessage() for record in caplog.records if "no object graph" in record.msg]
    assert len(told) == 1
    assert "airports" in told[0]
    assert "other.db" in told[0]


def test_a_store_that_was_made_for_a_graph_reads_what_that_configures(
    make_graph: Callable[..., Any], airports: Path, tmp_path: Path
) -> None:
    graph = make_graph(paths={"airports": str(tmp_path / "mine.db")})
    make_graph(paths={"airports": str(tmp_path / "later.db")})
    Airport.create_all(graph)
    store = AirportStore(graph)
    assert store.count() == 0
    assert store.session.get_bind() is graph.sqlite("airports")[0]
    with Airport.new_context(graph) as context:
        AirportStore(graph).create(Airport(faa="JFK", city="New York", altitude=13))
        context.commit()
    assert AirportStore(graph).count() == 1
    assert AirportStore().count() == 3


def test_the_class_of_a_store_is_a_factory_of_components(
    make_graph: Callable[..., Any], tmp_path: Path
) -> None:
    registry = Registry()
    registry.bind("sqlite", SQLiteBindFactory)
    registry.bind("airport_store", AirportStore)
    loader = load_from_dict(sqlite={"paths": {"airports": str(tmp_path / "mine.db")}})
    graph = create_object_graph("example", testing=True, loader=loader, registry=registry)
    Airport.create_all(graph)
    make_graph()
    assert graph.airport_store.count() == 0


def test_disposing_without_a_graph_closes_what_such_code_opened(
    make_graph: Callable[..., Any], airports: Path
) -> None:
    graph = make_graph()
    City.create_all()
    sessions = [AirportStore().session, City.new_session()]
    assert [session.get_bind() is graph.sqlite("cities")[0] for session in sessions] == [
        False,
        True,
    ]
    dispose_sqlite_connections()
    assert AirportStore().session is not sessions[0]


def test_without_graph_or_dataset_the_error_names_what_was_looked_for() -> None:
    class CityStore(Store[City]):
        pass

    gc.collect()  # of graphs that tracebacks of other tests hold
    with pytest.raises(DatasetNotFoundError, match="'cities'"):
        CityStore().count()
