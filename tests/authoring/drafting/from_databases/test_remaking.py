"""Tables are rebuilt where an index that SQLite keeps for a key is not right."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.wild import ask, draft, make, spoil

KEYED = """
PRAGMA page_size=1024;
PRAGMA encoding='{encoding}';
CREATE TABLE birds (
    id INTEGER {key}, -- as ringed
    name TEXT UNIQUE, half AS (id / 2), twice AS (id * 2) STORED UNIQUE, note TEXT DEFAULT 'x'
) {tail};
CREATE INDEX halves ON birds (half);
CREATE TRIGGER seen AFTER INSERT ON birds BEGIN SELECT raise(FAIL, 'fired'); END;
CREATE TABLE nests (id INTEGER PRIMARY KEY, bird TEXT REFERENCES birds (name));
DROP TRIGGER seen;
INSERT INTO birds (id, name) SELECT value, 'Bird ' || value FROM generate_series;
CREATE TRIGGER seen AFTER INSERT ON birds BEGIN SELECT raise(FAIL, 'fired'); END;
INSERT INTO nests VALUES (1, 'Bird 7');
"""


@pytest.mark.parametrize(
    ("key", "tail", "encoding", "index"),
    [
        ("PRIMARY KEY", "WITHOUT ROWID", "UTF-16le", 2),
        ("PRIMARY KEY AUTOINCREMENT", "", "UTF-16be", 2),
        ("", "", "UTF-8", 1),
    ],
)
def test_a_damaged_index_of_a_unique_key_costs_nothing(
    key: str, tail: str, encoding: str, index: int, tmp_path: Path
) -> None:
    script = KEYED.format(key=key, tail=tail, encoding=encoding)
    path = make(tmp_path / "wild.db", script)
    spoil(path, f"sqlite_autoindex_birds_{index}")
    report, built = draft(path)
    left_out = [line for line in report if line.startswith("left out: ")]
    assert all(" trigger seen of " in line or " AUTOINCREMENT of " in line for line in left_out)
    query = "SELECT count(*), sum(half), sum(twice), min(note) FROM birds WHERE name >= ''"
    assert ask(built, query) == [(300, 22500, 90300, "x")]
    assert ask(built, "SELECT bird FROM nests JOIN birds ON bird = name") == [("Bird 7",)]


def test_rows_that_do_not_obey_a_damaged_key_cost_their_table(tmp_path: Path) -> None:
    path = make(
        tmp_path / "wild.db",
        """PRAGMA page_size=1024; CREATE TABLE t (a TEXT); CREATE TABLE u (a TEXT);
        INSERT INTO t VALUES ('x'), ('x'); INSERT INTO u VALUES ('y');""",
    )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("CREATE INDEX i ON t (a)")
        connection.execute(
            "UPDATE sqlite_schema SET name = 'sqlite_autoindex_t_1', sql = NULL WHERE name = 'i'"
        )
        connection.execute(
            "UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a TEXT UNIQUE)' WHERE name = 't'"
        )
    spoil(path, "sqlite_autoindex_t_1")
    report, built = draft(path)
    assert any(line.startswith("left out: table t, it is damaged: ") for line in report)
    assert ask(built, "SELECT a FROM u") == [("y",)]


def test_a_key_behind_a_column_that_is_left_out_keeps_its_own_index(tmp_path: Path) -> None:
    path = make(
        tmp_path / "wild.db",
        """CREATE TABLE t (
            id INTEGER PRIMARY KEY, a TEXT, b AS (json_extract(a, '$.x')) UNIQUE, c TEXT UNIQUE
        );
        INSERT INTO t (a, c) SELECT '{"x": ' || value || '}', 'c' || -value FROM generate_series;
        """,
    )
    report, built = draft(path)
    assert "autoindex" not in " ".join(report)
    assert ask(built, "SELECT id FROM t WHERE c = 'c-7'") == [(7,)]
    assert ask(built, "PRAGMA integrity_check") == [("ok",)]
