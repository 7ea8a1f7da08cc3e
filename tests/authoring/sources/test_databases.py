"""Databases are told from other files by what they hold, and are read without being touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.sources.databases import (
    find_columns,
    is_database,
    list_tables,
    open_database,
    split_table,
)
from microcosm_sqlite.errors import SourceError

SCHEMA = """
CREATE TABLE birds (id INTEGER PRIMARY KEY, name, length AS (length(name)) STORED);
CREATE VIEW names AS SELECT name FROM birds;
CREATE VIRTUAL TABLE words USING fts5(name);
INSERT INTO birds (name) VALUES ('Rook');
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = tmp_path / "birds.data"
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(SCHEMA)
    return database


def test_a_database_is_told_by_its_first_bytes(path: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.db"
    text.write_text("SQLite format 3", "utf-8")
    assert is_database(path)
    assert not is_database(text)
    assert not is_database(tmp_path)
    assert not is_database(tmp_path / "none.db")


def test_tables_are_those_that_hold_rows_of_their_own(path: Path) -> None:
    assert list_tables(path, "birds.data") == ["birds"]


def test_reading_leaves_the_folder_as_it_was(path: Path) -> None:
    before = path.read_bytes(), sorted(path.parent.iterdir())
    with open_database(path, "birds.data") as connection:
        assert connection.execute("SELECT name FROM birds").fetchall() == [("Rook",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM birds")
        assert sorted(path.parent.iterdir()) == before[1]
    assert path.read_bytes() == before[0]


def test_a_database_in_write_ahead_mode_is_read_when_its_log_is_in_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("INSERT INTO birds (name) VALUES ('Jay')")
        connection.commit()
        with pytest.raises(SourceError, match=r"birds\.data") as caught:
            list_tables(path, "birds.data")
    assert "VACUUM INTO" in caught.value.hint
    assert list_tables(path, "birds.data") == ["birds"]


@pytest.mark.parametrize("cut", [0, 10, 4096])
def test_what_is_not_all_of_a_database_is_refused_by_name(path: Path, cut: int) -> None:
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(SourceError, match=r"^birds\.data "):
        list_tables(path, "birds.data")


def test_columns_are_those_that_hold_something(path: Path) -> None:
    with open_database(path, "birds.data") as connection:
        assert find_columns(connection, "birds", "birds.data") == ["id", "name"]
        assert find_columns(connection, "names", "birds.data") == ["name"]
        with pytest.raises(SourceError, match="has no table `bird`; it has birds") as caught:
            find_columns(connection, "bird", "birds.data")
    assert caught.value.hint == "Did you mean `birds`?"


def test_a_mark_in_a_name_divides_file_and_table_unless_the_file_is_called_so(
    tmp_path: Path,
) -> None:
    assert split_table("old.db#birds", tmp_path) == ("old.db", "birds")
    assert split_table("old.csv#birds", tmp_path) == ("old.csv#birds", "")
    assert split_table("old.db", tmp_path) == ("old.db", "")
    (tmp_path / "old.db#birds").touch()
    assert split_table("old.db#birds", tmp_path) == ("old.db#birds", "")
