"""With apsw or without it: the same rows, the same digests, the same errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from microcosm_sqlite.authoring.loading import connections as bulk
from microcosm_sqlite.authoring.loading.connections import (
    create_indexes,
    create_tables,
    open_engine,
)
from microcosm_sqlite.authoring.loading.parallel import _transaction
from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.catalog.verifying.digest import content_digest
from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from microcosm_sqlite.errors import BuildError, SettingsError

ROWS = [
    (1, "a", 0.1, None),
    (2**63 - 1, 'quo"te', 1e300, b"\0\xff"),
    (None, "\0\n\u2028é😀", -0.0, "text"),
    (-5, "", float("inf"), 7),
]


@pytest.fixture(params=[True, False], ids=["apsw", "sqlite3"])
def has_apsw(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param:
        pytest.importorskip("apsw")
    monkeypatch.setattr(bulk, "has_apsw", lambda: request.param)
    return bool(request.param)


@pytest.mark.usefixtures("has_apsw")
def test_what_is_written_is_read_by_everybody(tmp_path: Path) -> None:
    path = tmp_path / "a b%?.db"
    with bulk.open_writer(path) as writer:
        writer.execute("CREATE TABLE t (i INTEGER, s TEXT, r REAL, a)")
        assert writer.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", ROWS).rowcount == len(ROWS)
        assert writer.execute("SELECT count(*) FROM t").fetchone() == (len(ROWS),)
    plain = sqlite3.connect(path)
    fields = [
        Field({"name": n, "type": t})
        for n, t in zip("isra", ("integer", "string", "number", "any"), strict=True)
    ]
    with bulk.open_scanner(path) as scanner:
        assert scanner.execute("SELECT * FROM t").fetchall() == ROWS
        assert scanner.execute("SELECT * FROM t").fetchmany(2) == ROWS[:2]
        for columns in (None, ["i"], ["s"], ["i", "r"], ["i", "a"]):
            assert content_digest(scanner, "t", columns) == content_digest(plain, "t", columns)
        assert measure_columns(scanner, "t", fields) == measure_columns(plain, "t", fields)
        with pytest.raises(sqlite3.Error, match=r"readonly|read-only|not authorized"):
            scanner.execute("DELETE FROM t")
    plain.close()


@pytest.mark.usefixtures("has_apsw")
def test_errors_are_those_of_python(tmp_path: Path) -> None:
    with bulk.open_writer(tmp_path / "t.db") as writer:
        writer.execute("CREATE TABLE t (i INTEGER NOT NULL)")
        for rows in ([(None,)], [(1, 2)]):
            with pytest.raises(sqlite3.Error):
                writer.executemany("INSERT INTO t VALUES (?)", rows)


def test_a_transaction_that_sqlite_ended_itself_tells_what_ended_it(has_apsw: bool) -> None:
    opened = bulk.ApswConnection if has_apsw else bulk.open_loading
    with closing(opened(":memory:")) as writer:
        writer.execute("PRAGMA journal_mode=MEMORY").fetchall()
        writer.execute("CREATE TABLE t (number UNIQUE)")
        with pytest.raises(sqlite3.Error, match="UNIQUE"), _transaction(writer):
            writer.executemany("INSERT OR ROLLBACK INTO t VALUES (?)", [(1,), (1,)])
        assert not writer.in_transaction


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
