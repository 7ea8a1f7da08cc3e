"""A sample is the same each time, comes from all over a table, and costs little."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.interop.samples import read_sample, spell_sample


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as opened:
        yield opened


@given(st.sets(st.integers(-(1 << 62), 1 << 62), max_size=30), st.integers(1, 8))
def test_rows_that_exist_are_read_in_order_and_the_ends_are_among_them(
    numbers: set[int], count: int
) -> None:
    with closing(sqlite3.connect(":memory:")) as opened:
        opened.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
        opened.executemany("INSERT INTO t VALUES (?, 'x')", ((number,) for number in numbers))
        rows = [number for number, _ in read_sample(opened, "t", ["a", "b"], count)]
        assert rows == read_sample_again(opened, count)
    assert rows == sorted(set(rows))
    assert set(rows) <= numbers
    assert bool(rows) == bool(numbers)
    if len(numbers) > 1 and count > 1:
        assert {min(numbers), max(numbers)} <= set(rows)


def read_sample_again(opened: sqlite3.Connection, count: int) -> list[int]:
    return [number for (number,) in read_sample(opened, "t", ["a"], count)]


@pytest.mark.parametrize(
    "declaration",
    [
        "CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE u (a TEXT); CREATE VIEW t AS SELECT * FROM u",
        "CREATE TABLE t (a TEXT, rowid TEXT, oid TEXT, _rowid_ TEXT)",
        "CREATE VIRTUAL TABLE t USING fts5 (a)",
    ],
)
def test_a_table_without_rowids_gives_its_first_rows(
    connection: sqlite3.Connection, declaration: str
) -> None:
    connection.executescript(declaration)
    target = "u" if "VIEW" in declaration else "t"
    letters = [(letter,) for letter in "abcdefgh"]
    connection.executemany(f"INSERT INTO {target} (a) VALUES (?)", letters)
    rows = read_sample(connection, "t", ["a"], 3)
    assert len(rows) == 3
    assert set(rows) <= set(letters)


def test_a_large_table_is_not_scanned(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
    connection.execute(
        "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 50000)"
        " INSERT INTO t SELECT x FROM n"
    )
    steps = []
    connection.set_progress_handler(lambda: steps.append(1), 100)
    read_sample(connection, "t", ["a"], 5)
    assert len(steps) < 20


@pytest.mark.parametrize(
    ("field", "stored", "spelled"),
    [
        ({"type": "duration"}, "1970-01-02 02:30:00.000000", "1 day, 2:30:00"),
        ({"type": "duration"}, "a while", "a while"),
        ({"type": "string", "format": "uuid"}, "0" * 31 + "7", str(UUID(int=7))),
        ({"type": "string", "format": "uuid"}, 1.5, "1.5"),
        ({"type": "datetime"}, "2013-01-01 10:00:00.000000", "2013-01-01 10:00"),
        ({"type": "boolean"}, 1, "yes"),
        ({"type": "integer"}, 20130101, "20130101"),
        ({"type": "string", "format": "binary"}, b"\0\1", "2 bytes"),
    ],
)
def test_values_are_spelled_as_people_write_them(
    field: dict[str, str], stored: Any, spelled: str
) -> None:
    assert spell_sample(Field({"name": "a", **field}), stored) == spelled
