"""Objects that are made without SQLAlchemy's results are as SQLAlchemy makes them."""

from __future__ import annotations

import pickle
import sqlite3
from contextlib import closing, contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import (
    Mapped,
    Mapper,
    Session,
    column_property,
    composite,
    deferred,
    mapped_column,
    relationship,
    synonym,
)

from microcosm_sqlite import DataSet, Store, register, unregister
from microcosm_sqlite.orm import objects
from microcosm_sqlite.types import EnumType, Truthy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Cents(sa.TypeDecorator[Decimal]):
    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        return value if value is None else int(value * 100)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        return value if value is None else Decimal(value) / 100


class Shop(DataSet, name="shop"):
    """Things, and the parts that they have."""


VALUES: dict[str, tuple[Any, Any]] = {
    "whole": (sa.Integer, 2**60),
    "real": (sa.Float, 0.1),
    "price": (sa.Numeric(8, 2), Decimal("1.25")),
    "cents": (Cents, Decimal("0.99")),
    "flag": (sa.Boolean, True),
    "truth": (Truthy, True),
    "size": (EnumType(Size), Size.LARGE),
    "level": (sa.Enum(Size), Size.SMALL),
    "day": (sa.Date, date(2013, 1, 2)),
    "moment": (sa.DateTime, datetime(2013, 1, 2, 3, 4, 5, 6)),
    "clock": (sa.Time, time(3, 4)),
    "span": (sa.Interval, timedelta(days=3)),
    "code": (sa.Uuid, UUID(int=7)),
    "data": (sa.JSON, {"a": [1]}),
    "raw": (sa.LargeBinary, b"\0"),
    "words": (sa.String(9), "it's"),
}


class Thing(Shop):
    __tablename__ = "thing"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str | None]
    locals().update({name: sa.Column(kind) for name, (kind, _) in VALUES.items()})
    parts: Mapped[list[Part]] = relationship(back_populates="thing")


class Part(Shop):
    __tablename__ = "part"

    thing_id: Mapped[int] = mapped_column(sa.ForeignKey("thing.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    label: Mapped[str | None] = mapped_column("its label")
    thing: Mapped[Thing] = relationship(back_populates="parts")


class Code(Shop):
    """A text as the key, which SQLite lets be NULL."""

    __tablename__ = "code"

    code: Mapped[str] = mapped_column(primary_key=True, nullable=True)
    label: Mapped[str | None]


STORES: dict[Any, Store[Any]] = {model: Store[model]() for model in (Thing, Part, Code)}  # type: ignore[valid-type]


@pytest.fixture(scope="module")
def shop_db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    Shop.metadata.create_all(engine)
    with Session(engine) as session:
        filled = {name: value for name, (_, value) in VALUES.items()}
        session.add(Thing(id=1, label="full", **filled))
        session.add_all(Thing(id=number, label="bare") for number in (2, 3))
        session.add_all(Part(thing_id=1, day=date(2013, 1, number)) for number in (1, 2))
        session.add(Code(code="a", label="x"))
        session.commit()
        session.execute(sa.text("INSERT INTO code VALUES (NULL, 'x')"))
        session.execute(sa.text("INSERT INTO thing (id, label, moment) VALUES (9, 'odd', 'never')"))
        session.commit()
    engine.dispose()
    return path


@pytest.fixture(autouse=True)
def shop(shop_db: Path) -> Iterator[None]:
    register("shop", shop_db, immutable=True)
    yield
    unregister("shop")


class Ways:
    """What a situation is given: a session, and how to search in it."""

    def __init__(self, session: Session, *, is_plain: bool) -> None:
        self.session = session
        self._is_plain = is_plain
        self.told: list[Any] = []

    def search(self, model: Any = Thing, **filters: Any) -> list[Any]:
        if self._is_plain:
            return STORES[model].search(**filters)
        conditions = [getattr(model, name) == sa.bindparam(name) for name in filters]
        return list(self.session.scalars(sa.select(model).where(*conditions), filters))

    def one(self, model: Any = Thing, **filters: Any) -> Any:
        (found,) = self.search(model, **(filters or {"id": 1}))
        return found

    @contextmanager
    def listening(self, target: Any, name: str, **options: Any) -> Iterator[None]:
        def listen(*_: object) -> None:
            self.told.append(name)

        event.listen(target, name, listen, **options)
        try:
            yield
        finally:
            event.remove(target, name, listen)


KNOWN = (
    *("key", "identity_token", "load_options", "load_path", "modified", "expired", "callables"),
    *("expired_attributes", "committed_state", "unloaded"),
    *("transient", "pending", "persistent", "deleted", "detached"),
)


def describe(instance: Any) -> dict[str, Any]:
    """Everything that SQLAlchemy knows of an object, but which query it came from."""
    state = sa.inspect(instance)
    assert (state.session is None) == (state.session_id is None)
    values = {name: value for name, value in vars(instance).items() if not name.startswith("_sa")}
    for name in values.keys() & {"parts", "thing"}:
        related = values[name] if name == "parts" else [values[name]]
        values[name] = [sa.inspect(each).key for each in related]
    return {"values": values, **{name: getattr(state, name) for name in KNOWN}}


def tell(found: Any) -> Any:
    """What a situation returns, in a form that can be compared."""
    if isinstance(found, list | tuple):
        return [tell(each) for each in found]
    return describe(found) if isinstance(found, Shop) else found


def run(situation: Callable[[Ways], Any], *, is_plain: bool) -> Any:
    with Shop.new_context() as context:
        ways = Ways(context.session, is_plain=is_plain)
        try:
            found = tell(situation(ways))
        except Exception as error:  # noqa: BLE001  # it is compared
            found = type(error), type(getattr(error, "orig", error))
        held = len(context.session.identity_map)
    return found, ways.told, held


def hold(ways: Ways, **filters: Any) -> Any:
    """An object that SQLAlchemy has loaded in both ways."""
    return ways.session.scalars(sa.select(Thing).filter_by(**(filters or {"id": 1}))).one()


SITUATIONS: list[Callable[[Ways], Any]] = []


def situation(function: Callable[[Ways], Any]) -> Callable[[Ways], Any]:
    SITUATIONS.append(function)
    return function


@situation
def all_rows(ways: Ways) -> Any:
    return [ways.one(), *ways.search(label="bare"), *ways.search(Part), ways.search(id=77)]


@situation
def a_composite_key(ways: Ways) -> Any:
    return ways.search(Part, thing_id=1, day=date(2013, 1, 2))


@situation
def a_key_of_null(ways: Ways) -> Any:
    return ways.search(Code, label="x")


@situation
def a_value_that_cannot_be_read(ways: Ways) -> Any:
    return ways.search(label="odd")


@situation
def a_value_that_cannot_be_bound(ways: Ways) -> Any:
    return ways.search(moment=3.5)


@situation
def another_that_cannot_be_bound(ways: Ways) -> Any:
    return ways.search(whole=object())


@situation
def the_same_object(ways: Ways) -> Any:
    held = hold(ways)
    return held is ways.one(), ways.one() is held, ways.session.get(Thing, 1) is held, held


@situation
def an_object_of_its_own_search(ways: Ways) -> Any:
    found = ways.one()
    return found is hold(ways), found is ways.one(), found in ways.session, found


@situation
def an_expired_object(ways: Ways) -> Any:
    held = hold(ways)
    ways.session.expire(held)
    return ways.search(), held


@situation
def an_expired_attribute(ways: Ways) -> Any:
    held = hold(ways)
    ways.session.expire(held, ["label"])
    return ways.search(), held


@situation
def an_attribute_set_after_expiry(ways: Ways) -> Any:
    held = hold(ways)
    with ways.session.no_autoflush:
        ways.session.expire(held)
        held.label = "changed"
        return ways.search(), held.whole, held


@situation
def an_object_without_some_columns(ways: Ways) -> Any:
    statement = sa.select(Thing).options(sa.orm.load_only(Thing.id)).filter_by(id=1)
    held = ways.session.scalars(statement).one()
    return ways.search(), held


@situation
def a_modified_object(ways: Ways) -> Any:
    hold(ways).label = "changed"
    return ways.search()


@situation
def a_modified_object_that_is_held(ways: Ways) -> Any:
    held = hold(ways)
    held.label = "changed"
    return ways.search()


@situation
def a_modified_object_without_flush(ways: Ways) -> Any:
    held = hold(ways)
    held.label = "changed"
    with ways.session.no_autoflush:
        return ways.search(), held, held in ways.session.dirty


@situation
def a_deleted_object(ways: Ways) -> Any:
    held = hold(ways, id=2)
    ways.session.delete(held)
    return ways.search()


@situation
def a_deleted_object_without_flush(ways: Ways) -> Any:
    held = hold(ways, id=2)
    ways.session.delete(held)
    with ways.session.no_autoflush:
        return ways.search(id=2), held in ways.session.deleted


@situation
def a_new_object(ways: Ways) -> Any:
    ways.session.add(Thing(id=50))
    return ways.search()


@situation
def an_object_that_was_expunged(ways: Ways) -> Any:
    first = ways.one()
    ways.session.expunge(first)
    return ways.one() is first, first, ways.one()


@situation
def what_is_changed_afterwards(ways: Ways) -> Any:
    found = ways.one()
    found.label = "changed"
    history = sa.inspect(found).attrs.label.history
    return found in ways.session.dirty, list(history), found


@situation
def a_related_object(ways: Ways) -> Any:
    part = ways.search(Part)[0]
    return part.thing, part.thing.parts, part.thing is ways.one(), part


@situation
def related_objects(ways: Ways) -> Any:
    found = ways.one()
    return found.parts, found


@situation
def a_refresh(ways: Ways) -> Any:
    found = ways.one()
    ways.session.refresh(found)
    return found


@situation
def an_expiry_afterwards(ways: Ways) -> Any:
    found = ways.one()
    ways.session.expire(found)
    return tell(found), found.label, found


@situation
def a_merge(ways: Ways) -> Any:
    found = ways.one()
    return ways.session.merge(Thing(id=1, label=found.label)) is found, found


@situation
def a_pickle(ways: Ways) -> Any:
    part = ways.search(Part)[0]
    return pickle.loads(pickle.dumps(part)), len(pickle.dumps(part)) > 0


@situation
def a_pickle_that_is_added_again(ways: Ways) -> Any:
    copy = pickle.loads(pickle.dumps(ways.one()))
    ways.session.expunge_all()
    ways.session.add(copy)
    return copy.parts, copy, ways.one() is copy


@situation
def a_commit(ways: Ways) -> Any:
    found = ways.one()
    ways.session.commit()
    return tell(found), ways.session.in_transaction(), ways.one() is found


@situation
def a_commit_that_expires(ways: Ways) -> Any:
    ways.session.expire_on_commit = True
    found = ways.one()
    ways.session.commit()
    return tell(found), ways.one() is found, found


@situation
def a_rollback(ways: Ways) -> Any:
    found = ways.one()
    begun = ways.session.in_transaction()
    ways.session.rollback()
    return begun, ways.session.in_transaction(), tell(found), ways.one() is found, found


@situation
def a_closed_session(ways: Ways) -> Any:
    found = ways.one()
    ways.session.close()
    return found, ways.session.in_transaction(), len(ways.session.identity_map)


@situation
def a_savepoint(ways: Ways) -> Any:
    with ways.session.begin_nested():
        found = ways.one()
    return found, ways.one() is found


@situation
def a_savepoint_that_is_over(ways: Ways) -> Any:
    with ways.session.begin_nested() as nested:
        nested.rollback()
        return ways.search()


@situation
def a_transaction_that_is_over(ways: Ways) -> Any:
    with ways.session.begin():
        ways.session.commit()
        return ways.search()


@situation
def a_connection_with_options(ways: Ways) -> Any:
    ways.session.connection(execution_options={"schema_translate_map": {None: "nowhere"}})
    try:
        return ways.search(Part)
    finally:
        ways.session.connection().execution_options(schema_translate_map={})


@situation
def populate_existing(ways: Ways) -> Any:
    if not hasattr(ways.session, "execution_options"):
        return None
    ways.session.execution_options = {"populate_existing": True}
    held = hold(ways)
    with ways.session.no_autoflush:
        held.label = "changed"
        return ways.search(), held


@situation
def another_bind_of_the_model(ways: Ways) -> Any:
    other = sa.create_engine("sqlite://")
    Shop.metadata.create_all(other)
    ways.session.bind_mapper(Thing, other)
    found = ways.search(), ways.search(Part)
    ways.session.close()
    other.dispose()
    return found


@situation
def a_listener_of_all_mappers(ways: Ways) -> Any:
    with ways.listening(Mapper, "load"):
        return ways.one()


@situation
def a_listener_of_the_class(ways: Ways) -> Any:
    with ways.listening(Thing, "load"):
        return ways.one()


@situation
def a_listener_of_all_classes(ways: Ways) -> Any:
    with ways.listening(Shop, "load", propagate=True):
        return ways.one()


@situation
def a_listener_to_refreshes(ways: Ways) -> Any:
    held = hold(ways)
    with ways.listening(Thing, "refresh"):
        return ways.one() is held


@situation
def a_listener_of_the_session(ways: Ways) -> Any:
    with ways.listening(ways.session, "do_orm_execute"):
        return ways.one()


@situation
def a_listener_of_all_sessions(ways: Ways) -> Any:
    with ways.listening(Session, "do_orm_execute"):
        return ways.one()


@situation
def a_listener_to_new_objects(ways: Ways) -> Any:
    with ways.listening(ways.session, "loaded_as_persistent"):
        return ways.one()


@situation
def a_listener_to_transactions(ways: Ways) -> Any:
    with (
        ways.listening(ways.session, "after_begin"),
        ways.listening(ways.session, "after_transaction_create"),
        ways.listening(ways.session, "persistent_to_detached"),
    ):
        found = ways.one()
        ways.session.expunge(found)
        return found


ENGINE_EVENTS = ("before_cursor_execute", "after_cursor_execute", "before_execute", "do_execute")


@pytest.mark.parametrize("name", ENGINE_EVENTS)
def test_listeners_of_the_engine_are_told_the_same(name: str) -> None:
    def with_listener(ways: Ways) -> Any:
        ways.one()
        with ways.listening(ways.session.get_bind().engine, name):
            return ways.one(), ways.search(label="bare")

    found = run(with_listener, is_plain=True)
    assert found == run(with_listener, is_plain=False)
    assert found[1], "nobody was told"


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.__name__)
def test_a_store_loads_what_a_select_loads(situation: Callable[[Ways], Any]) -> None:
    expected = run(situation, is_plain=False)
    assert run(situation, is_plain=True) == expected
    assert run(situation, is_plain=True) == expected


def test_states_have_the_attributes_that_sqlalchemy_sets_in_its_order() -> None:
    """Otherwise neither share the names of their attributes, and each takes more memory."""
    with Shop.new_context() as context:
        ours = list(vars(sa.inspect(STORES[Thing].one(id=1))))
        theirs = list(vars(sa.inspect(context.session.get(Thing, 2))))
    assert ours == theirs


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of objects of each search that was not left to SQLAlchemy."""
    numbers: list[int] = []
    make = objects.PlainObjects.make

    def count(self: Any, session: Any, rows: Any) -> Any:
        found = make(self, session, rows)
        numbers.append(-1 if found is None else len(found))
        return found

    monkeypatch.setattr(objects.PlainObjects, "make", count)
    return numbers


def test_plain_searches_are_not_left_to_sqlalchemy(made: list[int]) -> None:
    store = STORES[Thing]
    with Shop.new_context():
        store.one(id=1)
        store.search(label="bare")
        store.first(label="bare")
        store.get(2)
        store.search(limit=2, offset=1)
    store.get(3)
    assert made == [1, 2, 1, 1, 2, 1]


def test_the_first_search_of_a_session_begins_as_a_select_does() -> None:
    for find in (lambda: STORES[Thing].get(1), lambda: STORES[Thing].session.get(Thing, 1)):
        with Shop.new_context() as context:
            assert not context.session.in_transaction()
            find()
            assert context.session.in_transaction()


def test_threads_have_objects_of_their_own() -> None:
    found: list[Any] = []

    def work() -> None:
        with Shop.new_context() as context:
            found.extend(STORES[Thing].one(id=1) for _ in range(20))
            assert sa.inspect(found[-1]).session is context.session

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert len({id(each) for each in found}) == 4
    assert all(sa.inspect(each).detached for each in found)


def test_nested_contexts_have_objects_of_their_own() -> None:
    with Shop.new_context() as outer:
        one = STORES[Thing].one(id=1)
        with Shop.new_context() as inner:
            other = STORES[Thing].one(id=1)
            assert sa.inspect(other).session is inner.session
        assert STORES[Thing].one(id=1) is one is not other
        assert sa.inspect(one).session is outer.session
        assert list(STORES[Thing].rows("id", id=1)) == [(1,)]


def test_a_key_that_several_rows_have_gives_one_object(tmp_path: Path) -> None:
    class Logs(DataSet, name="logs"):
        """A table whose file declares no key."""

    class Line(Logs):
        __tablename__ = "line"
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str]

    path = tmp_path / "logs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE line (id INTEGER, text TEXT)")
        connection.executemany("INSERT INTO line VALUES (1, ?)", [("a",), ("b",)])
        connection.commit()
    register("logs", path, immutable=True)
    try:
        with Logs.new_context() as context:
            expected = context.session.scalars(sa.select(Line)).all()
            texts = [line.text for line in expected]
            context.session.expunge_all()
            found = Store[Line]().search()
            assert found[0] is found[1]
            assert [line.text for line in found] == texts
    finally:
        unregister("logs")


class Odd(DataSet, name="odd"):
    """Models of which a query loads something else than the columns of one table."""


class Deferring(Odd):
    __tablename__ = "deferring"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = deferred(mapped_column())


class Computing(Odd):
    __tablename__ = "computing"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    double: Mapped[int] = column_property(sa.literal_column("number * 2", sa.Integer))


class Renaming(Odd):
    __tablename__ = "renaming"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[int] = synonym("id")


class Point:
    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def __composite_values__(self) -> tuple[int, int]:
        return self.x, self.y


class Composing(Odd):
    __tablename__ = "composing"
    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[int]
    y: Mapped[int]
    point: Mapped[Point] = composite(Point, "x", "y")


class Base(Odd):
    __tablename__ = "base"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "base"}


class Derived(Base):
    __mapper_args__ = {"polymorphic_identity": "derived"}


class Refreshing(Odd):
    __tablename__ = "refreshing"
    id: Mapped[int] = mapped_column(primary_key=True)
    __mapper_args__ = {"always_refresh": True}


class Subquery(Odd):
    __table__ = sa.select(Renaming.__table__).subquery()
    __mapper_args__ = {"primary_key": [__table__.c.id]}


class Selecting(Odd):
    __tablename__ = "selecting"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("selecting.id"))
    children: Mapped[list[Selecting]] = relationship(lazy="selectin")


@pytest.mark.parametrize("lazy", ["joined", "selectin", "subquery", "immediate", "raise"])
def test_relationships_that_are_loaded_along_are_left_to_sqlalchemy(lazy: Any) -> None:
    class Along(DataSet, name=f"along_{lazy}"):
        """A parent and a child."""

    class Node(Along):
        __tablename__ = "node"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("node.id"))
        parent = relationship("Node", remote_side="Node.id", lazy=lazy)

    assert not objects.is_plain(sa.inspect(Node))


LEFT = (Deferring, Computing, Renaming, Composing, Base, Derived, Refreshing, Subquery, Selecting)


@pytest.mark.parametrize("model", LEFT, ids=lambda model: model.__name__)
def test_models_of_more_than_columns_are_left_to_sqlalchemy(model: Any) -> None:
    assert not objects.is_plain(sa.inspect(model))


def test_others_are_not() -> None:
    assert all(objects.is_plain(sa.inspect(model)) for model in STORES)


def test_an_attribute_that_is_added_later_is_left_to_sqlalchemy(made: list[int]) -> None:
    class Others(DataSet, name="shop"):
        """Another base for the same file."""

    class Later(Others):
        __table__ = Code.__table__.to_metadata(Others.metadata)

    store = Store[Later]()
    with Others.new_context():
        store.one(code="a")
        Later.shout = column_property(sa.func.upper(Later.label))  # type: ignore[attr-defined]
        assert store.one(code="a").shout == "X"
    assert made == [1]


@pytest.mark.parametrize(("owner", "name"), objects.NEEDED)
def test_without_a_name_of_sqlalchemy_all_is_left_to_it(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "NEEDED", [*objects.NEEDED, (owner, f"{name}_that_is_missing")])
    assert not objects.is_plain(sa.inspect(Thing))
