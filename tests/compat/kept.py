"""Behaviours of 2.0.0 that programs rely on: each check passes there and here."""
# ruff: noqa: BLE001, C408, PT017

import csv
import io
import sys
import threading
import uuid
from enum import Enum

from microcosm.api import create_object_graph, load_from_dict
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, String, inspect, text

from microcosm_sqlite import DataSet, Store, dispose_sqlite_connections
from microcosm_sqlite.context import SessionContext
from microcosm_sqlite.errors import (
    DuplicateModelError,
    ModelIntegrityError,
    ModelNotFoundError,
    MultipleModelsFoundError,
    SQLiteError,
)
from microcosm_sqlite.identifiers import new_object_id
from microcosm_sqlite.models import IdentityMixin
from microcosm_sqlite.stores import GetOrCreateSession, get_session
from microcosm_sqlite.types import EnumType, Truthy

Base = DataSet.create("band")


class Mood(Enum):
    CALM = "c"
    LOUD = "l"


class Player(IdentityMixin, Base):
    __tablename__ = "player"

    id = Column(Integer, primary_key=True)
    name = Column(String, nullable=False, unique=True)
    age = Column(Integer, CheckConstraint("age > 0"))
    mood = Column(EnumType(Mood))
    paid = Column(Truthy)

    @property
    def identity(self):
        return self.id


class Part(IdentityMixin, Base):
    __tablename__ = "part"

    id = Column(Integer, primary_key=True)
    player_id = Column(Integer, ForeignKey("player.id"), nullable=False)


class PlayerStore(Store):
    auto_filter_fields = (Player.name, Player.age)

    @property
    def model_class(self):
        return Player

    def _filter(self, query, older_than=None, **kwargs):
        if older_than is not None:
            query = query.filter(Player.age > older_than)
        return super()._filter(query, **kwargs)

    def _order_by(self, query, by_name=False, **kwargs):
        return query.order_by(Player.name if by_name else Player.id)


def make_graph(folder, **sqlite):
    config = {"paths": {"band": str(folder / "band.db")}, **sqlite}
    graph = create_object_graph("example", testing=True, loader=load_from_dict(sqlite=config))
    graph.use("sqlite", "sqlite_builder", "sqlite_dumper")
    return graph


def fill(graph):
    Player.recreate_all(graph)
    with Player.new_context(graph) as context:
        for number, name in enumerate(["Cy", "Al", "Bo"], 1):
            context.session.add(Player(id=number, name=name, age=number * 10, mood=Mood.LOUD))
        context.commit()


def names(players):
    return [player.name for player in players]


def check_a_data_set_is_a_base_with_a_name_and_named_constraints(folder):
    assert Base.__name__ == "band"
    assert Player.resolve() is Base
    assert DataSet in Base.__bases__
    constraints = {constraint.name for constraint in Player.__table__.constraints}
    assert {"pk_player", "uq_player_name"} <= constraints
    (key,) = Part.__table__.foreign_key_constraints
    assert key.name == "fk_part_player_id_player"


def check_data_set_itself_is_none(folder):
    try:
        DataSet.resolve()
    except Exception:
        return
    raise AssertionError


def check_tables_are_created_dropped_and_recreated(folder):
    graph = make_graph(folder)
    Player.create_all(graph)
    engine, _ = graph.sqlite("band")
    assert sorted(inspect(engine).get_table_names()) == ["part", "player"]
    fill(graph)
    Base.recreate_all(graph)
    session = Player.new_session(graph)
    assert session.query(Player).count() == 0
    session.close()
    Base.drop_all(graph)
    assert inspect(engine).get_table_names() == []


def check_a_context_sets_the_session_of_the_data_set(folder):
    graph = make_graph(folder)
    fill(graph)
    context = SessionContext(graph, Base).open()
    assert context.session is Base.session is Player.session is PlayerStore().session
    context.close()
    assert Base.session is None
    with Player.new_context(graph) as entered:
        assert entered.session is Base.session
    entered.close()
    entered.commit()
    entered.rollback()


def check_commit_keeps_and_rollback_and_close_drop(folder):
    graph = make_graph(folder)
    fill(graph)
    store = PlayerStore()
    with Player.new_context(graph) as context:
        store.create(Player(id=4, name="Di"))
        context.rollback()
        store.create(Player(id=5, name="Ed"))
        context.commit()
        store.create(Player(id=6, name="Fi"))
    with Player.new_context(graph):
        assert names(store.search()) == ["Cy", "Al", "Bo", "Ed"]


def check_objects_stay_loaded_after_a_commit_unless_asked_otherwise(folder):
    graph = make_graph(folder)
    fill(graph)
    for expire in (False, True):
        with Player.new_context(graph, expire_on_commit=expire) as context:
            player = PlayerStore().one(name="Al")
            context.commit()
            assert ("name" in vars(player)) is not expire


def check_foreign_keys_are_enforced_at_once_or_at_the_commit(folder):
    graph = make_graph(folder)
    fill(graph)
    with Part.new_context(graph) as context:
        context.session.add(Part(id=1, player_id=99))
        try:
            context.session.flush()
        except Exception as error:
            assert "FOREIGN KEY" in str(error)
        else:
            raise AssertionError
        context.rollback()
    with Part.new_context(graph, defer_foreign_keys=True) as context:
        context.session.execute(text("INSERT INTO part VALUES (1, 4)"))
        context.session.execute(text("INSERT INTO player (id, name) VALUES (4, 'Di')"))
        context.commit()


def check_foreign_keys_can_be_left_unchecked(folder):
    graph = make_graph(folder, use_foreign_keys="False")
    fill(graph)
    with Part.new_context(graph) as context:
        context.session.add(Part(id=1, player_id=99))
        context.commit()


def check_stores_search_by_fields_and_hooks(folder):
    graph = make_graph(folder)
    fill(graph)
    store = PlayerStore()
    with Player.new_context(graph):
        assert names(store.search()) == ["Cy", "Al", "Bo"]
        assert names(store.search(by_name=True)) == ["Al", "Bo", "Cy"]
        assert names(store.search(age=20)) == ["Al"]
        assert names(store.search(age=None, older_than=10)) == ["Al", "Bo"]
        assert names(store.search(mood=Mood.CALM, nonsense=1)) == ["Cy", "Al", "Bo"]
        assert names(store.search(offset=1)) == ["Al", "Bo"]
        assert names(store.search(limit=1)) == ["Cy"]
        assert names(store.search(1, 1)) == ["Al"]
        assert store.count() == 3
        assert store.count(older_than=10) == 2
        assert store.count(name="Nobody") == 0


def check_first_and_one(folder):
    graph = make_graph(folder)
    fill(graph)
    store = PlayerStore()
    with Player.new_context(graph):
        assert store.first().name == "Cy"
        assert store.first(offset=2).name == "Bo"
        assert store.first(2).name == "Bo"
        assert store.first(name="Nobody") is None
        assert store.one(name="Al").age == 20
        assert store.one(limit=1).name == "Cy"
        for expected, criteria in (
            (ModelNotFoundError, {"name": "Nobody"}),
            (MultipleModelsFoundError, {}),
        ):
            try:
                store.one(**criteria)
            except expected:
                continue
            raise AssertionError


def check_errors_have_a_status_and_a_tree(folder):
    expected = {
        SQLiteError: 500,
        ModelIntegrityError: 500,
        ModelNotFoundError: 404,
        DuplicateModelError: 409,
        MultipleModelsFoundError: 500,
    }
    for kind, status in expected.items():
        error = kind("text")
        assert (error.status_code, error.include_stack_trace) == (status, False)
        assert isinstance(error, SQLiteError)
        kind()
    assert issubclass(DuplicateModelError, ModelIntegrityError)
    assert issubclass(MultipleModelsFoundError, ModelIntegrityError)


def check_create_and_delete_and_their_errors(folder):
    graph = make_graph(folder)
    fill(graph)
    store = PlayerStore()
    with Player.new_context(graph):
        player = Player(id=4, name="Di")
        assert store.create(player) is player
        assert store.delete(name="Di") is True
        for expected, wrong in (
            (DuplicateModelError, Player(id=9, name="Al")),
            (DuplicateModelError, Player(id=1, name="New")),
            (ModelIntegrityError, Player(id=9, name=None)),
            (ModelIntegrityError, Player(id=9, name="New", age=-1)),
        ):
            try:
                store.create(wrong)
            except ModelIntegrityError as error:
                assert type(error) is expected
            else:
                raise AssertionError
        assert store.count() == 3
        try:
            store.delete(name="Nobody")
        except ModelNotFoundError:
            pass
        else:
            raise AssertionError
        assert store.delete() is True
        assert store.count() == 0


def check_a_store_asks_the_function_that_it_was_given(folder):
    graph = make_graph(folder)
    fill(graph)
    session = Player.new_session(graph)
    store = PlayerStore(get_session=lambda store: session)
    assert store.session is session
    assert store.count() == 3
    with Player.new_context(graph) as context:
        assert get_session(PlayerStore()) is context.session
    with store.flushing():
        session.add(Player(id=7, name="Gi"))
    assert store.count() == 4


def check_a_session_per_thread_is_made_if_none_is_open(folder):
    graph = make_graph(folder)
    fill(graph)
    with Player.new_context(graph) as context:
        store = PlayerStore(GetOrCreateSession(graph))
        assert store.session is context.session
    mine = store.session
    assert store.session is mine
    assert store.count() == 3
    theirs = []
    thread = threading.Thread(target=lambda: theirs.append((store.session, store.count())))
    thread.start()
    thread.join()
    assert theirs[0][0] is not mine
    assert theirs[0][1] == 3


def check_identity_mixin_compares_members(folder):
    assert Player(id=1, name="x") == Player(id=1, name="x")
    assert Player(id=1, name="x") != Player(id=1, name="y")
    assert Player(id=1) != Part(id=1)
    assert hash(Player(id=1)) == hash(1)
    assert Player(id=1, name="x")._members() == {"id": 1, "name": "x"}


def check_types_bind_and_load(folder):
    graph = make_graph(folder)
    Player.recreate_all(graph)
    with Player.new_context(graph) as context:
        for number, (mood, paid, expected) in enumerate(
            [
                ("CALM", "yes", True),
                (Mood.LOUD, "OFF", False),
                (None, None, None),
                (None, "", False),
            ]
            + [(None, spelling, True) for spelling in ("y", "T", "true", "On", "1", 5)]
            + [(None, spelling, False) for spelling in ("n", "F", "false", "No", "0", 0)]
        ):
            context.session.add(Player(id=number, name=str(number), mood=mood, paid=paid))
            context.session.flush()
            context.session.expire_all()
            player = context.session.get(Player, number)
            assert player.mood is (Mood[mood] if isinstance(mood, str) else mood)
            assert player.paid is expected
        assert context.session.execute(text("SELECT mood FROM player")).scalar() == "CALM"


def check_new_object_id_is_a_random_uuid(folder):
    assert isinstance(new_object_id(), uuid.UUID)
    assert new_object_id().version == 4


def check_the_factory_gives_paths_engines_and_sessions(folder):
    graph = make_graph(folder)
    factory = graph.sqlite
    assert factory["band"] == factory.paths["band"] == str(folder / "band.db")
    assert dict(factory.paths)["band"] == str(folder / "band.db")
    factory["other"] = str(folder / "other.db")
    engine, Session = factory("other")
    assert factory("other") == (engine, Session)
    assert set(factory.datasets) == {"other"}
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (id)"))
        connection.commit()
    assert (folder / "other.db").exists()
    session = Session(expire_on_commit=False)
    assert session.execute(text("SELECT count(*) FROM t")).scalar() == 0
    session.close()
    try:
        factory["nothing"]
    except KeyError:
        pass
    else:
        raise AssertionError


def check_the_default_is_memory_and_can_be_configured(folder):
    graph = create_object_graph("example", testing=True, loader=load_from_dict())
    Player.create_all(graph)
    with Player.new_context(graph) as context:
        PlayerStore().create(Player(id=1, name="x"))
        context.commit()
        assert PlayerStore().count() == 1
    graph = make_graph(folder, paths={}, path=str(folder / "default.db"))
    Player.create_all(graph)
    assert (folder / "default.db").exists()


def check_savepoints_work(folder):
    graph = make_graph(folder)
    fill(graph)
    with Player.new_context(graph) as context:
        PlayerStore().create(Player(id=4, name="Di"))
        nested = context.session.begin_nested()
        PlayerStore().create(Player(id=5, name="Ed"))
        nested.rollback()
        context.commit()
    with Player.new_context(graph):
        assert names(PlayerStore().search(older_than=None)) == ["Cy", "Al", "Bo", "Di"]


def check_an_entry_point_gives_a_path_from_the_graph(folder):
    write_entry_point(folder, "def path(graph):\n    return f'{graph.metadata.name}.db'\n")
    import os

    os.chdir(folder)
    graph = create_object_graph("fromgraph", testing=True, loader=load_from_dict())
    graph.use("sqlite")
    Player.create_all(graph)
    assert (folder / "fromgraph.db").exists()
    with Player.new_context(graph) as context:
        PlayerStore().create(Player(id=1, name="x"))
        context.commit()


def write_entry_point(folder, code, name="band", module="band_data"):
    site = folder / "site"
    info = site / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[microcosm.sqlite]\n{name} = {module}:path\n")
    (site / f"{module}.py").write_text(code)
    sys.path.insert(0, str(site))
    import pkg_resources

    pkg_resources.working_set.add_entry(str(site))


if "pkg_resources" not in sys.modules:
    # Only 2.0.0 needs it, and imports it before this line.
    import types

    sys.modules["pkg_resources"] = types.SimpleNamespace(
        working_set=types.SimpleNamespace(add_entry=lambda site: None)
    )

CSV = "id,name,age,unknown\n1,Al,10,x\n2,Bo,,y\n"


def check_csv_builds_a_table(folder):
    for options in ({}, {"commit_on_insert": True}):
        graph = make_graph(folder)
        Player.recreate_all(graph)
        builder = graph.sqlite_builder.csv(Player, **options)
        assert builder.default(mood="CALM") is builder
        builder.build(io.StringIO(CSV))
        with Player.new_context(graph):
            found = PlayerStore().search()
            assert [(p.id, p.name, p.age, p.mood) for p in found] == [
                (1, "Al", 10, Mood.CALM),
                (2, "Bo", None, Mood.CALM),
            ]


def check_csv_builds_several_tables_in_any_order(folder):
    graph = make_graph(folder)
    Player.recreate_all(graph)
    parts = io.StringIO("id,player_id\n1,2\n")
    graph.sqlite_builder.csv(Player).bulk().build([(Part, parts), (Player, io.StringIO(CSV))])
    with Player.new_context(graph) as context:
        assert PlayerStore().count() == 2
        assert context.session.query(Part).one().player_id == 2


def check_csv_is_dumped(folder):
    graph = make_graph(folder)
    fill(graph)
    store = PlayerStore()
    with Player.new_context(graph):
        players = store.search()
        for options, expected in (
            (
                {"items": players, "field_names": ["name", "id"]},
                ["name,id", "Cy,1", "Al,2", "Bo,3"],
            ),
            (
                {
                    "items": players[:1],
                    "field_names": ["id", "name"],
                    "custom_header": {"id": "Number", "name": "Name"},
                },
                ["Number,Name", "1,Cy"],
            ),
        ):
            out = io.StringIO()
            graph.sqlite_dumper.csv(store).dump(out, extras_action="ignore", **options)
            assert out.getvalue().splitlines() == expected
    with Player.new_context(graph):
        out = io.StringIO()
        graph.sqlite_dumper.csv(store).dump(out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [(row["id"], row["name"], row["age"]) for row in rows] == [
        ("1", "Cy", "10"),
        ("2", "Al", "20"),
        ("3", "Bo", "30"),
    ]


def check_migrations(folder):
    from microcosm_sqlite.alembic import get_migrations_dir, make_alembic_config
    from microcosm_sqlite.cmd.check_migration import StaleDBError
    from microcosm_sqlite.cmd.check_migration import main as check
    from microcosm_sqlite.cmd.migrate import main

    Troupe = DataSet.create("band")

    class Clown(Troupe):
        __tablename__ = "clown"
        id = Column(Integer, primary_key=True)

    (folder / "migrations" / "band").mkdir(parents=True)
    graph = make_graph(folder, use_foreign_keys="False")
    graph.assign("sqlite_migrations_dir", str(folder / "migrations"))
    assert get_migrations_dir(graph, "band") == str(folder / "migrations" / "band")
    make_alembic_config("a", "b")
    try:
        check(graph, Troupe)
    except StaleDBError:
        pass
    else:
        raise AssertionError
    main(graph, Troupe, True, "revision", "--autogenerate", "-m", "first")
    main(graph, Troupe, True, "upgrade", "head")
    engine, _ = graph.sqlite("band")
    assert "clown" in inspect(engine).get_table_names()
    check(graph, Troupe)
    main(graph, Troupe, True, "downgrade", "base")
    assert "clown" not in inspect(engine).get_table_names()


def check_connections_can_be_disposed_of(folder):
    graph = make_graph(folder)
    fill(graph)
    context = Player.new_context(graph).open()
    assert PlayerStore().count() == 3
    dispose_sqlite_connections(graph)
    assert Base.session is None
    context.close()
    assert PlayerStore(GetOrCreateSession(graph)).count() == 3
    Player.dispose(graph)


def check_the_readme(folder):
    from microcosm.api import create_object_graph, load_from_dict

    Base = DataSet.create("some_name")

    class SomeModel(Base):
        __tablename__ = "sometable"

        id = Column(Integer, primary_key=True)

    class SomeStore(Store):
        @property
        def model_class(self):
            return SomeModel

    loader = load_from_dict(
        sqlite=dict(
            paths={
                "some_name": str(folder / "readme.db"),
            },
        ),
    )
    graph = create_object_graph("example", loader=loader)
    SomeModel.create_all(graph)
    with SomeModel.new_context(graph):
        store = SomeStore()
        results = store.search()
    assert results == []
