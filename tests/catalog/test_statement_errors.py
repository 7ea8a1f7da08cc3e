"""A statement that fails on a dataset is told with the dataset's name and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite import dataset
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetError,
    QueryError,
    ReadOnlyDatasetError,
)

MISTAKES = [
    ("SELECT * FROM colours", QueryError, "no such table: colours. Did you mean 'colour'?"),
    ("SELECT nam FROM colour", QueryError, "no such column: nam. Did you mean 'name'?"),
    ("SELECT * FROM cities.city", QueryError, "Connect with attach=['cities']."),
    ("SELECT colour.id, id FROM colour, colour c", QueryError, "Write it as table.column."),
    ("SELECT 1; SELECT 2", QueryError, "Run the statements one by one."),
    ("SELECT FROM", QueryError, "syntax error"),
    ("SELECT ?", QueryError, "Incorrect number of bindings supplied"),
    ("ATTACH 'x.db' AS x", QueryError, "Name other datasets when you connect: attach=[NAME]."),
    ("DELETE FROM colour", ReadOnlyDatasetError, "Copy the file that"),
    ("CREATE TABLE t (a)", ReadOnlyDatasetError, "Dataset 'colours' is read-only."),
]


@pytest.fixture
def connection(installed: Path) -> Iterator[sqlite3.Connection]:
    with closing(dataset("colours").connect()) as opened:
        yield opened


@pytest.mark.parametrize(("sql", "kind", "told"), MISTAKES)
def test_the_error_is_ours_and_that_of_sqlite3(
    connection: sqlite3.Connection, sql: str, kind: type[DatasetError], told: str
) -> None:
    for execute in (connection.execute, connection.cursor().execute):
        with pytest.raises(kind) as caught:
            execute(sql)
        assert isinstance(caught.value, sqlite3.Error | sqlite3.Warning)
        assert type(caught.value.__cause__) in type(caught.value).__mro__
        assert told in str(caught.value)
        assert "'colours'" in str(caught.value)


def test_the_code_of_sqlite_is_kept(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("DELETE FROM colour")
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_READONLY
    assert caught.value.sqlite_errorname == "SQLITE_READONLY"


def test_a_damaged_page_is_told_with_the_file(installed: Path) -> None:
    path = installed / "colours_data" / "colours.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with (
        closing(dataset("colours").connect()) as opened,
        pytest.raises(DatasetCorruptError, match=r"colours\.db is damaged") as caught,
    ):
        opened.execute("SELECT * FROM shade").fetchall()
    assert isinstance(caught.value, sqlite3.DatabaseError)
    assert "microcosm-sqlite verify" in caught.value.hint
