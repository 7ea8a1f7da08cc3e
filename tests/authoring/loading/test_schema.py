"""Tables are created before their rows, and indexes after them, as the models declare both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from microcosm_sqlite.authoring.loading.schema import create_indexes, create_tables, open_engine
from microcosm_sqlite.errors import BuildError, SettingsError


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        yield connection


def declare(*items: sa.schema.SchemaItem) -> sa.Table:
    id_ = sa.Column("id", sa.Integer, primary_key=True)
    return sa.Table("birds", sa.MetaData(), id_, sa.Column("name", sa.Text), *items)


def list_indexes(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY rowid"
    return [name for (name,) in connection.execute(query)]


def test_indexes_come_after_the_rows_in_the_order_of_their_names(
    connection: sqlite3.Connection,
) -> None:
    table = declare(*(sa.Index(name, "name") for name in ("c", "a", "b")))
    with open_engine(connection) as engine:
        create_tables(engine, table.metadata)
        assert list_indexes(connection) == []
        assert {index.name for index in table.indexes} == {"a", "b", "c"}
        create_indexes(engine, table)
    assert list_indexes(connection) == ["a", "b", "c"]
    assert connection.execute("SELECT count(*) FROM birds").fetchone() == (0,)


def test_a_unique_index_over_equal_rows_is_an_error_of_the_rows(
    connection: sqlite3.Connection,
) -> None:
    table = declare(sa.Index("by_name", "name", unique=True))
    with open_engine(connection) as engine:
        create_tables(engine, table.metadata)
        connection.execute("INSERT INTO birds (name) VALUES ('Jay'), ('Jay')")
        with pytest.raises(IntegrityError):
            create_indexes(engine, table)


def test_an_index_that_sqlite_cannot_make_is_told_by_name(connection: sqlite3.Connection) -> None:
    table = declare(sa.Index("by_chance", sa.text("random()")))
    with open_engine(connection) as engine:
        create_tables(engine, table.metadata)
        with pytest.raises(BuildError, match="Index `by_chance` cannot be created"):
            create_indexes(engine, table)


def fail(*_: object, **__: object) -> None:
    raise LookupError("no such flag")


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (sa.CheckConstraint("no_such_function(name)"), "SQLite refuses `CREATE TABLE birds`: .*"),
        (sa.Column("x", sa.types.NullType()), "cannot be made into SQLite tables"),
    ],
)
def test_what_sqlite_does_not_take_is_an_error_of_the_models(
    connection: sqlite3.Connection, item: sa.schema.SchemaItem, told: str
) -> None:
    table = declare(item, sa.Index("by_name", "name"))
    with open_engine(connection) as engine, pytest.raises(SettingsError, match=told):
        create_tables(engine, table.metadata)
    assert len(table.indexes) == 1, "the models are as they were"


def test_an_event_that_fails_is_an_error_of_the_models(connection: sqlite3.Connection) -> None:
    table = declare()
    sa.event.listen(table, "after_create", fail)
    with (
        open_engine(connection) as engine,
        pytest.raises(SettingsError, match="LookupError: no such flag"),
    ):
        create_tables(engine, table.metadata)
