"""An engine of a dataset finds moments in the form in which they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

import microcosm_sqlite
from tests.support.samples import write_dataset

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
