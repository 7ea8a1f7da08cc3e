"""Column types."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Integer, create_engine, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

import microcosm_sqlite
from microcosm_sqlite.common.kinds import parse_boolean
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.identifiers import new_object_id
from microcosm_sqlite.types import EnumType, Truthy
from tests.support.samples import write_dataset

Base = DataSet.create("types")


class Colour(Enum):
    RED = 1
    BLUE = "blue"


class Thing(Base):
    __tablename__ = "thing"

    id = Column(Integer, primary_key=True)
    colour = Column(EnumType(Colour))
    flag = Column(Truthy)


def store_and_load(**columns: object) -> Thing:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    try:
        with Session(engine) as session:
            session.add(Thing(id=1, **columns))
            session.commit()
            thing = session.scalars(select(Thing)).one()
            session.expunge(thing)
    finally:
        engine.dispose()
    return thing


@pytest.mark.parametrize("given", [Colour.BLUE, "BLUE"])
def test_enum_type_takes_members_and_their_names(given: object) -> None:
    assert store_and_load(colour=given).colour is Colour.BLUE


def test_enum_type_refuses_a_name_that_no_member_has() -> None:
    with pytest.raises(StatementError, match="GREEN"):
        store_and_load(colour="GREEN")


def test_enum_type_stores_the_name_and_nulls_stay_null() -> None:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(Thing.__table__.insert(), [{"id": 1, "colour": Colour.RED, "flag": 1}])
        connection.execute(Thing.__table__.insert(), [{"id": 2, "colour": None, "flag": None}])
        rows = connection.exec_driver_sql("SELECT colour, flag FROM thing ORDER BY id").all()
    engine.dispose()
    assert rows == [("RED", 1), (None, None)]


TRUE = ["y", "YES", "t", "True", "on", "1", 1, True]
FALSE = ["n", "No", "f", "FALSE", "off", "0", "", 0, False]


@pytest.mark.parametrize(
    ("given", "expected"), [*((text, True) for text in TRUE), *((text, False) for text in FALSE)]
)
def test_truthy_takes_every_spelling(given: object, expected: bool) -> None:
    assert store_and_load(flag=given).flag is expected
    assert parse_boolean(given) is expected


def test_truthy_refuses_what_spells_no_boolean() -> None:
    with pytest.raises(StatementError, match="maybe"):
        store_and_load(flag="maybe")


def test_both_types_can_be_cached_by_sqlalchemy() -> None:
    statement = select(Thing).where(Thing.colour == Colour.RED, Thing.flag == "yes")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert statement._generate_cache_key() is not None
    assert Thing.colour.type.python_type is str


def test_object_ids_differ() -> None:
    assert new_object_id() != new_object_id()


TEN = datetime(2013, 1, 1, 10)
MOMENTS = [TEN, datetime(2013, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))]
TYPES = {"usual": sa.DateTime(), "short": sqlite.DATETIME(truncate_microseconds=True)}


@pytest.fixture(params=list(TYPES))
def events(request: Any, tmp_path: Path) -> Iterator[Any]:
    """A dataset, and its table as its author declares it."""
    table = sa.Table(
        "events",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", TYPES[request.param]),
    )
    rows = [{"at": TEN + timedelta(seconds=second)} for second in range(3)]
    path = write_dataset(tmp_path, table.metadata, {"events": rows}, "events")
    yield microcosm_sqlite.register("events", path), table
    microcosm_sqlite.unregister("events")


@pytest.mark.parametrize("way", ["declared", "reflected", "plain", "by itself"])
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_a_moment_is_found_by_any_table(events: Any, way: str, moment: datetime) -> None:
    dataset, table = events
    engine = dataset.create_engine()
    if way == "reflected":
        table = sa.Table("events", sa.MetaData(), autoload_with=engine)
    elif way == "plain":
        table = sa.table("events", sa.column("id"), sa.column("at", sa.DateTime))
    elif way == "by itself":  # SQLAlchemy without this library, which knows no offsets
        engine.dispose()
        engine, moment = sa.create_engine(f"sqlite:///{dataset.path}"), TEN
    after = moment + timedelta(microseconds=1)
    with engine.connect() as connection:

        def find(condition: Any) -> list[int]:
            return list(connection.scalars(sa.select(table.c.id).where(condition)))

        assert find(table.c.at == moment) == [1]
        assert find(table.c.at.between(moment, moment + timedelta(seconds=1))) == [1, 2]
        if way != "by itself":
            assert find(table.c.at == after) == []
            assert find(table.c.at >= after) == [2, 3]
    engine.dispose()
