"""What a store, an expression or SQL of a user compares with a column finds the same rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm import Mapped, mapped_column

import microcosm_sqlite
from microcosm_sqlite.aio import async_engine, dispose_async_engines
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import QueryError
from microcosm_sqlite.stores import Store
from tests.support.samples import write_dataset

EAST = timezone(timedelta(hours=2))
MOMENT = datetime(2013, 1, 1, 10, tzinfo=UTC)
SPELLED: list[tuple[str, list[Any]]] = [
    ("at", ["2013-01-01 10:00:00", "2013-01-01T12:00+02:00", MOMENT, MOMENT.astimezone(EAST)]),
    ("at", [datetime(2013, 1, 1, 10)]),
    ("day", ["2013-01-01", "2013-01-01T00:00", date(2013, 1, 1), datetime(2013, 1, 1)]),
    ("clock", ["08:30", "08:30:00", time(8, 30)]),
    ("is_over", ["true", True, 1]),
    ("lasts", ["P1DT2H", "1 day, 2:00:00", timedelta(hours=26)]),
    ("key", [str(UUID(int=5)), UUID(int=5).hex, UUID(int=5)]),
    ("price", ["0.50", Decimal("0.5"), 0.5]),
    ("name", [UUID(int=5), str(UUID(int=5))]),
]
"""For each column what stands for its value in the first row."""


class Events(DataSet, name="happenings"):
    """Things that happen."""


class Event(Events):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    day: Mapped[date]
    clock: Mapped[time]
    is_over: Mapped[bool]
    lasts: Mapped[timedelta] = mapped_column(sa.Interval)
    key: Mapped[UUID]
    price: Mapped[Decimal] = mapped_column(sa.Numeric(8, 2))
    name: Mapped[str]
    mark: Mapped[str] = mapped_column(sa.String(32))


class EventStore(Store[Event]):
    auto_filter_fields = (Event.at, Event.day, Event.clock, Event.key, Event.name, Event.mark)


FIRST: dict[str, Any] = {
    "id": 1,
    "at": datetime(2013, 1, 1, 10),
    "day": date(2013, 1, 1),
    "clock": time(8, 30),
    "is_over": True,
    "lasts": timedelta(hours=26),
    "key": UUID(int=5),
    "price": Decimal("0.50"),
    "name": str(UUID(int=5)),
    "mark": UUID(int=5).hex,
}
SECOND: dict[str, Any] = FIRST | {
    "id": 2,
    "at": datetime(2013, 1, 2),
    "day": date(2013, 1, 2),
    "clock": time(9),
    "is_over": False,
    "lasts": timedelta(hours=1),
    "key": UUID(int=6),
    "price": Decimal("0.25"),
    "name": "08:30:00",
    "mark": "0.50",
}


@pytest.fixture
def events(tmp_path: Path) -> Iterator[microcosm_sqlite.InstalledDataset]:
    rows = {"events": [FIRST, SECOND]}
    path = write_dataset(tmp_path / "data", Events.metadata, rows, "happenings")
    yield (found := microcosm_sqlite.register("happenings", path, immutable=True))
    found.engine.dispose()
    microcosm_sqlite.unregister("happenings")


def ask_by_text(engine: sa.Engine, condition: str, params: dict[str, Any]) -> list[int]:
    sql = sa.text(f"SELECT id FROM events WHERE {condition}")
    with engine.connect() as connection:
        return list(connection.scalars(sql, params))


def ask_by_part(engine: sa.Engine, condition: str, params: dict[str, Any]) -> list[int]:
    """The condition as a text within an expression."""
    statement = sa.select(Event.id).where(sa.text(condition)).params(**params)
    with engine.connect() as connection:
        return list(connection.scalars(statement))


def ask_driver(engine: sa.Engine, condition: str, params: dict[str, Any]) -> list[int]:
    sql = f"SELECT id FROM events WHERE {condition.replace(':v', '?')}"
    with engine.connect() as connection:
        return list(connection.exec_driver_sql(sql, tuple(params.values())).scalars())


def ask_asyncio(engine: sa.Engine, condition: str, params: dict[str, Any]) -> list[int]:
    pytest.importorskip("aiosqlite")

    async def ask() -> list[int]:
        async with async_engine(engine).connect() as connection:
            sql = sa.text(f"SELECT id FROM events WHERE {condition}")
            found = list((await connection.scalars(sql, params)).all())
        await dispose_async_engines()
        return found

    return asyncio.run(ask())


WAYS = [ask_by_text, ask_by_part, ask_driver, ask_asyncio]
Ask = Callable[[sa.Engine, str, dict[str, Any]], list[int]]


@pytest.mark.parametrize("ask", WAYS)
@pytest.mark.parametrize(
    ("column", "value"),
    [(column, value) for column, values in SPELLED for value in values],
    ids=str,
)
def test_sql_of_users_is_spelled_as_columns_store_it(
    events: microcosm_sqlite.InstalledDataset, ask: Ask, column: str, value: Any
) -> None:
    engine = events.engine
    for form in ("{} = :v", "+{} IN (:v)", "(1, {}) = (id, :v)", "coalesce({}, NULL) IS :v"):
        assert ask(engine, form.format(column), {"v": value}) == [1], form
        if isinstance(value, str):
            literal = form.format(column).replace(":v", f"'{value}'")
            assert ask(engine, literal, {}) == [1], literal


@pytest.mark.parametrize("first", [0, 1])
def test_a_statement_of_the_same_text_is_known_by_its_types_too(
    events: microcosm_sqlite.InstalledDataset, first: int
) -> None:
    typed = sa.select(Event.id).where(Event.at == sa.bindparam("v", type_=sa.DateTime))
    untyped = sa.text(str(typed.compile(events.engine)).replace("?", ":v"))
    asked = [(typed, datetime(2013, 1, 1, 10)), (untyped, "2013-01-01T12:00+02:00")]
    with events.engine.connect() as connection:
        for statement, value in (asked[first], asked[1 - first]):
            assert connection.scalars(statement, {"v": value}).all() == [1]


@pytest.mark.parametrize("ask", WAYS)
@pytest.mark.parametrize("untrusted", [False, True])
def test_a_misspelt_column_in_double_quotes_is_no_text(
    events: microcosm_sqlite.InstalledDataset, ask: Ask, untrusted: bool
) -> None:
    if untrusted and ask is ask_asyncio:
        pytest.skip("the engine of asyncio is that of the process")
    engine = events.create_engine(untrusted=untrusted)
    try:
        assert ask(engine, '"price" > :v', {"v": 0.3}) == [1]
        with pytest.raises(OperationalError, match="no such column: prise") as failed:
            ask(engine, '"prise" > :v', {"v": 0.3})
        assert failed.value.__notes__ == [
            "Did you mean 'price'? A text is written in single quotes: 'prise'."
        ]
        with pytest.raises(OperationalError, match="no such column: JFK"):
            ask(engine, 'name = "JFK"', {})
    finally:
        engine.dispose()


@pytest.mark.parametrize("sql", ['"prise" > 60', 'events."prise" > 60', 'name = "prise"'])
def test_an_untrusted_connection_takes_no_name_for_a_text(
    events: microcosm_sqlite.InstalledDataset, sql: str
) -> None:
    with closing(events.connect(untrusted=True)) as connection:
        with pytest.raises(QueryError, match=r"no such column: .*prise\. Did you mean 'price'"):
            connection.execute(f"SELECT 1 FROM events WHERE {sql}")
        found = connection.execute('SELECT "id" FROM "events" WHERE "price" = ?', [0.25])
        assert found.fetchall() == [(2,)]
        assert found.description[0][0] == "id"


def test_an_untrusted_engine_compares_what_is_stored(
    events: microcosm_sqlite.InstalledDataset,
) -> None:
    engine = events.create_engine(untrusted=True)
    for stored, expected in (("2013-01-01 10:00:00", []), ("2013-01-01 10:00:00.000000", [1])):
        assert ask_by_text(engine, f"at = '{stored}'", {}) == expected
        assert ask_by_text(engine, "at = :v", {"v": stored}) == expected
    engine.dispose()


def test_each_place_of_a_parameter_is_spelled_by_itself(
    events: microcosm_sqlite.InstalledDataset,
) -> None:
    params = {"v": "2013-01-02"}
    assert ask_by_text(events.engine, "at = :v AND day = :v", params) == [2]
    with pytest.raises(QueryError, match=r"Parameter .* different ways"):
        ask_by_text(events.engine, "coalesce(at, day) = :v", params)


def test_more_statements_than_are_known_are_executed(
    events: microcosm_sqlite.InstalledDataset,
) -> None:
    for number in range(510):
        assert ask_driver(events.engine, f"id = {number} AND at < '2013-01-02'", {}) in ([], [1])


def test_an_attached_dataset_is_asked_alike(events: microcosm_sqlite.InstalledDataset) -> None:
    engine = events.create_engine(attach=["happenings"])
    with engine.connect() as connection:
        sql = sa.text("SELECT id FROM happenings.events WHERE lasts = 'P1DT2H' AND at < '2014'")
        assert connection.scalars(sql).all() == [1]
    engine.dispose()


DAY = datetime(2013, 1, 1, 15, 30)
SAME: list[tuple[str, Any, list[int]]] = [
    ("day", DAY, [1]),
    ("day", datetime(2013, 1, 2), [2]),
    ("at", date(2013, 1, 2), [2]),
    ("at", datetime(2013, 1, 1, 12, tzinfo=EAST), [1]),
    ("name", UUID(int=5), [1]),
    ("mark", UUID(int=5), [1]),
    ("mark", Decimal("0.50"), [2]),
    ("key", UUID(int=6), [2]),
]


@pytest.mark.parametrize("is_read_only", [True, False])
@pytest.mark.parametrize(("column", "value", "expected"), SAME, ids=str)
def test_a_store_finds_the_same_by_keyword_and_by_expression(
    tmp_path: Path, is_read_only: bool, column: str, value: Any, expected: list[int]
) -> None:
    path = write_dataset(
        tmp_path / "data", Events.metadata, {"events": [FIRST, SECOND]}, "happenings"
    )
    found = microcosm_sqlite.register("happenings", path, immutable=is_read_only)
    if not is_read_only:
        (path.parent / "datapackage.json").unlink()  # a working copy, which is written as well
    try:
        with Events.new_context() as context:
            context.open()
            store = EventStore()
            attribute = getattr(Event, column)
            assert [each.id for each in store.search(**{column: value})] == expected
            assert [each.id for each in store.search(attribute == value)] == expected
            assert [each.id for each in store.search(attribute.in_([value]))] == expected
            assert [each.id for each in store.search(value == attribute)] == expected
            assert store.count(**{column: value}) == store.count(attribute == value) == 1
            # Another value of the same type goes through the statement that is known by now.
            other = type(value)(2000, 1, 1) if isinstance(value, date) else None
            if other:
                assert store.count(attribute == other) == store.count(**{column: other}) == 0
            for number in range(2):
                assert list(store.rows("id", **{column: value})) == [(expected[0],)], number
    finally:
        microcosm_sqlite.dispose_sqlite_connections()
        found.engine.dispose()
        microcosm_sqlite.unregister("happenings")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Event.day < datetime(2013, 1, 2), [1]),
        (Event.day <= datetime(2013, 1, 1), [1]),
        (Event.day >= datetime(2013, 1, 2), [2]),
        (Event.day > datetime(2013, 1, 1), [2]),
        (Event.day > datetime(2013, 1, 1, 12), [2]),
        (Event.day < datetime(2013, 1, 1, 12), [1]),
        (Event.day.between(datetime(2013, 1, 1), datetime(2013, 1, 1, 23)), [1]),
        (~Event.day.between(datetime(2013, 1, 1), datetime(2013, 1, 1, 23)), [2]),
        (Event.day != DAY, [2]),
        (Event.day.not_in([DAY]), [2]),
        (Event.day.is_distinct_from(datetime(2013, 1, 1)), [2]),
        (Event.at <= date(2013, 1, 2), [1, 2]),
        (Event.at > date(2013, 1, 2), []),
        (Event.at.between(date(2013, 1, 1), date(2013, 1, 2)), [1, 2]),
        (sa.and_(Event.day == DAY, Event.at == datetime(2013, 1, 1, 10)), [1]),
        (Event.day == sa.func.date(datetime(2013, 1, 1, 3)), [1]),
        (Event.id.in_(sa.select(Event.id).where(Event.day == DAY)), [1]),
        (Event.name == "08:30:00", [2]),
    ],
    ids=str,
)
def test_values_of_another_type_are_in_order(
    events: microcosm_sqlite.InstalledDataset, condition: Any, expected: list[int]
) -> None:
    with events.engine.connect() as connection:
        statement = sa.select(Event.id).where(condition).order_by(Event.id)
        assert connection.scalars(statement).all() == expected


def test_a_time_is_compared_with_times_alone(events: microcosm_sqlite.InstalledDataset) -> None:
    for ask in (
        lambda: EventStore().count(clock=DAY),
        lambda: EventStore().count(Event.clock == DAY),
    ):
        with pytest.raises(StatementError, match="Time type only accepts"):
            ask()
