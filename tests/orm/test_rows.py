"""Rows that bypass SQLAlchemy's results hold the values that those would hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from microcosm_sqlite.orm.rows import PreparedRows, fetch_rows, iter_rows, make_converter
from microcosm_sqlite.types import EnumType, Truthy


class Size(Enum):
    SMALL = 1
    LARGE = 2


KINDS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "whole": (sa.Integer, st.integers(-(2**63), 2**63 - 1)),
    "price": (sa.Numeric(8, 2), st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)),
    "real": (sa.Float, st.floats(allow_nan=False)),
    "flag": (sa.Boolean, st.booleans()),
    "truth": (Truthy, st.booleans()),
    "size": (EnumType(Size), st.sampled_from(Size)),
    "day": (sa.Date, st.dates()),
    "moment": (sa.DateTime, st.datetimes()),
    "clock": (sa.Time, st.times()),
    "span": (sa.Interval, st.timedeltas(timedelta(0), timedelta(days=9999))),
    "code": (sa.Uuid, st.uuids()),
    "data": (sa.JSON, st.dictionaries(st.text("ab"), st.integers(0, 9), max_size=2)),
    "name": (sa.String(9), st.text("aä'\"", max_size=9)),
    "bytes": (sa.LargeBinary, st.binary(max_size=4)),
}
METADATA = sa.MetaData()
THINGS = sa.Table("things", METADATA, *(sa.Column(name, kind) for name, (kind, _) in KINDS.items()))
things = st.fixed_dictionaries({name: st.none() | values for name, (_, values) in KINDS.items()})
columns = st.lists(st.sampled_from(list(THINGS.columns)), min_size=1, max_size=4, unique=True)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = sa.create_engine("sqlite://")
    METADATA.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(rows=st.lists(things, min_size=1, max_size=3), chosen=columns)
def test_rows_are_those_of_sqlalchemy(
    session: Session, rows: list[dict[str, Any]], chosen: list[sa.Column[Any]]
) -> None:
    session.execute(sa.delete(THINGS))
    session.execute(sa.insert(THINGS), rows)
    statement = sa.select(*chosen).order_by(sa.text("rowid"))
    expected = [tuple(row) for row in session.execute(statement)]
    dialect = session.connection().dialect
    convert = make_converter(chosen, dialect)
    assert list(fetch_rows(session.connection(), statement, convert)) == expected
    prepared = PreparedRows(statement, [], chosen, dialect)
    assert list(prepared.fetch(session.connection(), [])) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("day", date(2020, 2, 29)),
        ("moment", datetime(2020, 2, 29, 1, 2, 3, 4)),
        ("clock", time(23, 59)),
        ("size", Size.LARGE),
        ("price", Decimal("1.50")),
        ("code", UUID(int=7)),
        ("truth", "yes"),
    ],
)
def test_values_of_parameters_are_stored_as_columns_store_them(
    session: Session, name: str, value: object
) -> None:
    session.execute(sa.insert(THINGS), [{name: value}, {name: None}])
    column = THINGS.columns[name]
    wanted = sa.bindparam("wanted", type_=column.type)
    statement = sa.select(column).where(column == wanted)
    prepared = PreparedRows(statement, ["wanted"], [column], session.connection().dialect)
    for _ in range(2):  # a prepared statement runs again
        found = list(prepared.fetch(session.connection(), [value]))
        assert found == [tuple(row) for row in session.execute(statement, {"wanted": value})]
        assert len(found) == 1
    for criterion in (column == value, column.in_([value]), column.in_([])):
        brought = sa.select(column).where(criterion)
        prepared = PreparedRows(brought, [], [column], session.connection().dialect)
        assert list(prepared.fetch(session.connection(), [])) == session.execute(brought).all()


def test_values_are_given_in_the_order_of_their_names(session: Session) -> None:
    session.execute(sa.insert(THINGS), [{"whole": number} for number in range(9)])
    column = THINGS.c.whole
    least, number, first = (
        sa.bindparam(name, type_=sa.Integer) for name in ("least", "number", "first")
    )
    statement = sa.select(column).where(column >= least).limit(number).offset(first)
    names = ["first", "number", "least"]
    prepared = PreparedRows(statement, names, [column], session.connection().dialect)
    for are_plain in (False, True):
        found = prepared.fetch(session.connection(), [2, 3, 4], are_plain=are_plain)
        assert [*found] == [(6,), (7,), (8,)]


@pytest.mark.parametrize("many", [0, 1, 2, 3, 40])
def test_each_row_is_given_once_however_many_there_are(session: Session, many: int) -> None:
    numbers = [{"whole": number} for number in range(many)]
    if numbers:
        session.execute(sa.insert(THINGS), numbers)
    column = THINGS.c.whole
    prepared = PreparedRows(sa.select(column), [], [column], session.get_bind().dialect)
    rows = prepared.fetch(session.connection(), [])
    assert [number for (number,) in rows] == [*range(many)]
    assert list(rows) == []


def test_values_that_a_statement_brings_itself_are_kept(session: Session) -> None:
    session.execute(sa.insert(THINGS), [{"whole": 1}, {"whole": 2}])
    column = THINGS.c.whole
    statement = sa.select(column).where(column > 1, column == sa.bindparam("wanted"))
    prepared = PreparedRows(statement, ["wanted"], [column], session.get_bind().dialect)
    found = [list(prepared.fetch(session.connection(), [wanted])) for wanted in (1, 2)]
    assert found == [[], [(2,)]]


def test_an_error_of_sqlite_is_raised_as_sqlalchemy_does(session: Session) -> None:
    column: sa.ColumnElement[Any] = sa.literal_column("no_such_function()")
    prepared = PreparedRows(sa.select(column), [], [column], session.connection().dialect)
    with pytest.raises(sa.exc.OperationalError, match="no such function"):
        list(prepared.fetch(session.connection(), []))


def test_a_value_that_its_type_does_not_take_is_refused_as_sqlalchemy_does(
    session: Session,
) -> None:
    wanted = sa.bindparam("day", type_=sa.Date())
    statement = sa.select(sa.literal(1)).where(wanted == wanted)
    dialect = session.connection().dialect
    prepared = PreparedRows(statement, ["day"], [sa.literal(1)], dialect)
    with pytest.raises(sa.exc.StatementError, match="only accepts Python date"):
        list(prepared.fetch(session.connection(), ["2020-01-01"]))


def test_what_rows_come_from_is_closed_when_they_are_no_longer_wanted(session: Session) -> None:
    closed: list[str] = []
    statement = sa.select(sa.literal(1))
    read = iter([(1,), (2,)])
    rows = iter_rows(read, lambda: closed.append("closed"), session.connection(), statement, {})
    assert next(rows) == (1,)
    assert closed == []
    rows.close()  # type: ignore[attr-defined]  # a generator
    assert closed == ["closed"]


@pytest.mark.parametrize(
    "name", ["before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute"]
)
def test_whoever_listens_to_statements_is_told_of_these_too(session: Session, name: str) -> None:
    statement = sa.select(THINGS.c.whole)
    prepared = PreparedRows(statement, [], [THINGS.c.whole], session.get_bind().dialect)
    told = []
    assert list(prepared.fetch(session.connection(), [])) == []
    sa.event.listen(session.get_bind(), name, lambda *_: told.append(name))
    session.rollback()
    assert list(prepared.fetch(session.connection(), [])) == []
    assert told == [name]
