"""Data sets: declarative bases with a database each."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, String, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from microcosm_sqlite.dataset import DataSet, dispose_sqlite_connections
from microcosm_sqlite.errors import DatasetError, DatasetNotFoundError
from microcosm_sqlite.stores import Store

if TYPE_CHECKING:
    from collections.abc import Callable

Zoo = DataSet.create("zoo")


class Keeper(Zoo):
    __tablename__ = "keeper"

    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False, unique=True)


class Menagerie(DataSet, name="travelling_menagerie"):
    """The same by a class statement."""


class Animal(Menagerie):
    __tablename__ = "animal"

    id: Mapped[int] = mapped_column(primary_key=True)
    mother_id: Mapped[int | None] = mapped_column(ForeignKey("animal.id"))
    session: Mapped[int | None]


def test_models_resolve_to_their_base_and_know_its_name() -> None:
    assert Keeper.resolve() is Zoo.resolve() is Zoo
    assert Zoo.__name__ == Keeper.dataset_name == "zoo"
    assert Animal.resolve() is Menagerie
    assert Animal.dataset_name == "travelling_menagerie"


def test_data_set_itself_resolves_to_nothing() -> None:
    with pytest.raises(DatasetError, match="belongs to no dataset"):
        DataSet.resolve()

    class NoStore(Store[DataSet]):
        pass

    with pytest.raises(DatasetError, match="belongs to no dataset"):
        NoStore().get(1)


def test_data_sets_share_no_tables() -> None:
    assert set(Zoo.metadata.tables) == {"keeper"}
    assert set(Menagerie.metadata.tables) == {"animal"}


@pytest.mark.parametrize("model", [Keeper, Animal])
def test_every_constraint_has_a_name(model: Any) -> None:
    assert all(constraint.name for constraint in model.__table__.constraints)


def test_a_base_takes_the_options_of_declarative_base() -> None:
    base = DataSet.create("optional", type_annotation_map={str: String(7)})

    class Word(base):  # type: ignore[misc,valid-type]
        __tablename__ = "word"

        text: Mapped[str] = mapped_column(primary_key=True)

    assert Word.__table__.c.text.type.length == 7


def test_attributes_can_be_added_to_a_model_later() -> None:
    Animal.children = relationship(Animal)
    assert "children" in inspect(Animal).relationships


def test_a_column_may_be_named_session(make_graph: Callable[..., Any]) -> None:
    graph = make_graph()
    Animal.recreate_all(graph)
    with Animal.new_context(graph) as context:
        context.session.add(Animal(id=1, session=7))
        context.commit()
        assert context.session.get(Animal, 1).session == 7


def test_tables_are_created_dropped_and_recreated(make_graph: Callable[..., Any]) -> None:
    graph = make_graph()
    Keeper.create_all(graph)
    engine, _ = graph.sqlite("zoo")
    with Keeper.new_context(graph) as context:
        context.session.add(Keeper(id=1, name="Ann"))
        context.commit()
    Keeper.recreate_all(graph)
    with Keeper.new_context(graph) as context:
        assert context.session.query(Keeper).count() == 0
    Keeper.drop_all(graph)
    assert inspect(engine).get_table_names() == []


def test_new_session_takes_the_options_of_a_session(make_graph: Callable[..., Any]) -> None:
    graph = make_graph()
    with Keeper.new_session(graph, autoflush=False) as session:
        assert session.autoflush is False


def test_disposing_loses_a_database_in_memory(make_graph: Callable[..., Any]) -> None:
    graph = make_graph(paths={"zoo": ":memory:"})
    Keeper.create_all(graph)
    Keeper.dispose(graph)
    with Keeper.new_session(graph) as session, pytest.raises(OperationalError, match="no such"):
        session.query(Keeper).count()


def test_dispose_connections_closes_contexts_and_engines(
    make_graph: Callable[..., Any], tmp_path: Any
) -> None:
    graph = make_graph(paths={"zoo": tmp_path / "zoo.db"})
    Keeper.create_all(graph)
    context = Keeper.new_context(graph).open()
    assert context.session.query(Keeper).count() == 0
    dispose_sqlite_connections(graph)
    assert context.session is None
    assert Keeper.session is None
    engine, _ = graph.sqlite("zoo")
    assert engine.pool.checkedin() == 0
    with Keeper.new_context(graph) as again:
        assert again.session.query(Keeper).count() == 0


def test_a_name_that_nothing_is_known_of_is_told_apart_from_wrong_sql(
    make_graph: Callable[..., Any],
) -> None:
    graph = make_graph()
    with (
        Keeper.new_session(graph) as session,
        pytest.raises(DatasetNotFoundError, match="'zoo' is empty: it is in memory"),
    ):
        session.query(Keeper).count()
    Keeper.create_all(graph)
    with Keeper.new_session(graph) as session, pytest.raises(OperationalError, match="FORM"):
        session.connection().exec_driver_sql("SELECT * FORM keeper")


@pytest.mark.parametrize("module", ["dataset", "stores", "context", "orm.engines"])
def test_models_and_stores_need_no_object_graph_library(module: str) -> None:
    code = f"import sys, microcosm_sqlite.{module}; print('microcosm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_session_cannot_be_assigned_for_every_thread(make_graph: Callable[..., Any]) -> None:
    graph = make_graph()
    Keeper.create_all(graph)
    with Keeper.new_session(graph) as session:
        for owner in (Keeper, Keeper.resolve(), DataSet):
            with pytest.raises(DatasetError, match=r"session cannot be set.*Open a context"):
                owner.session = session
        Keeper.session = None
        store: Store[Any] = Store[Keeper](lambda _: session)
        assert store.count() == 0
    with Keeper.new_context(graph) as context:
        assert Keeper.session is context.session
