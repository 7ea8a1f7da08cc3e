"""A finished file is looked at as its readers will look at it, before anybody has it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.finishing.verification import (
    digest_tables,
    open_as_reader,
    verify_database,
)
from microcosm_sqlite.catalog.verifying.digest import content_digest
from microcosm_sqlite.errors import VerificationError

SCHEMA = """
CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT UNIQUE, weight REAL);
INSERT INTO birds VALUES (1, 'Rook', 0.5), (2, 'Jay', NULL);
CREATE TABLE [odd "name"] (code TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIEW names AS SELECT upper(name) AS name FROM birds;
"""
COUNTS = {"birds": 2, 'odd "name"': 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = tmp_path / "birds.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(SCHEMA)
    return database


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(sql)


def verify(path: Path) -> None:
    with open_as_reader(path) as connection:
        verify_database(connection, COUNTS)


def test_a_whole_file_passes(path: Path) -> None:
    verify(path)


def test_a_table_with_other_rows_than_were_loaded_fails(path: Path) -> None:
    change(path, "DELETE FROM birds WHERE id = 2")
    with pytest.raises(VerificationError, match="`birds` has 1 row where 2 were loaded"):
        verify(path)


def test_an_index_that_disagrees_with_its_table_fails(path: Path) -> None:
    change(
        path,
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema"
        " WHERE name = 'odd \"name\"') WHERE name = 'sqlite_autoindex_birds_1';",
    )
    with pytest.raises(VerificationError):
        verify(path)


@pytest.mark.parametrize(
    "view", ["SELECT * FROM nests", "SELECT load_extension('x')", "SELECT random_word(1)"]
)
def test_a_view_that_readers_cannot_use_fails_by_name(path: Path, view: str) -> None:
    change(path, f"CREATE VIEW broken AS {view}")
    with pytest.raises(VerificationError, match="View `broken` does not answer"):
        verify(path)


def test_a_file_that_readers_refuse_is_not_opened(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    with pytest.raises(VerificationError, match="Readers cannot open"):
        open_as_reader(path)


def test_tables_digested_by_several_threads_are_those_that_one_digests(path: Path) -> None:
    change(
        path,
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)"
        " INSERT INTO birds SELECT i, 'bird ' || i, i / 7.0 FROM n",
    )
    with closing(sqlite3.connect(path)) as connection:
        alone = {table: content_digest(connection, table) for table in COUNTS}
    assert digest_tables(path, COUNTS) == alone
