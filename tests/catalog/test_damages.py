"""Damages are what SQLite finds, and what it only takes for one is left out."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.damages import find_damages


def test_no_damage_is_found_where_sqlite_takes_a_value_for_null() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            """
            CREATE TABLE sound (a TEXT NOT NULL, b TEXT PRIMARY KEY) WITHOUT ROWID;
            INSERT INTO sound VALUES ('x', 'y');
            CREATE TABLE broken (a TEXT, b TEXT PRIMARY KEY) WITHOUT ROWID;
            INSERT INTO broken VALUES (NULL, 'y');
            """
        )
        assert find_damages(connection) == []
        connection.executescript(
            """
            PRAGMA writable_schema=ON;
            UPDATE sqlite_schema SET sql = replace(sql, 'a TEXT', 'a TEXT NOT NULL')
            WHERE name = 'broken';
            PRAGMA writable_schema=RESET;
            """
        )
        assert find_damages(connection, "integrity_check") == ["NULL value in broken.a"]


DECLARED = [
    ("id BIGINT DEFAULT 'x:y' NOT NULL", "", "TEXT", "5"),
    ("id BIGINT DEFAULT 'x:y'", "", "TEXT", "5"),
    ("id INTEGER DEFAULT 'x' NOT NULL", ", STRICT", "non-INTEGER", "x"),
    ("id REAL DEFAULT 'x' NOT NULL", ", STRICT", "non-REAL", "x"),
]


@pytest.mark.parametrize(("declared", "kind", "found", "wrong"), DECLARED)
def test_values_of_a_wrong_type_are_those_that_are_there(
    declared: str, kind: str, found: str, wrong: str
) -> None:
    """SQLite 3.40 takes the default of a column in front of the key for its value."""
    create = "CREATE TABLE {} ({}, k TEXT PRIMARY KEY) WITHOUT ROWID{}"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute(create.format("sound", declared, kind))
        connection.execute("INSERT INTO sound VALUES (1, 'y')")
        assert find_damages(connection, "integrity_check") == []
        connection.execute(create.format("broken", "id TEXT", ""))
        connection.execute("INSERT INTO broken VALUES (?, 'y')", (wrong,))
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = ? WHERE name = 'broken'",
            (create.format("broken", declared, kind),),
        )
        connection.execute("PRAGMA writable_schema=RESET")
        assert find_damages(connection, "integrity_check") == [f"{found} value in broken.id"]


def test_a_row_without_its_entry_in_an_index_is_found(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "t.db", isolation_level=None)) as connection:
        connection.executescript(
            """
            CREATE TABLE t (a TEXT);
            CREATE INDEX t_a ON t (a) WHERE a <> 'b';
            INSERT INTO t VALUES ('a'), ('b');
            PRAGMA writable_schema=ON;
            UPDATE sqlite_schema SET sql = 'CREATE INDEX t_a ON t (a)' WHERE name = 't_a';
            PRAGMA writable_schema=RESET;
            """
        )
        assert find_damages(connection) == []  # which leaves the content of indexes alone
        assert find_damages(connection, "integrity_check") == [
            "row 2 missing from index t_a",
            "wrong # of entries in index t_a",
        ]
