"""What is damaged, or no reader can use, is left out by name; the rest of a database is kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.errors import SourceError
from tests.support.wild import PAGE, ask, draft, make, spoil

BIRDS = f"""
PRAGMA page_size={PAGE};
CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE nests (id INTEGER PRIMARY KEY, bird INTEGER REFERENCES birds (id));
CREATE INDEX bird_names ON birds (name);
CREATE VIEW names AS SELECT name FROM birds;
INSERT INTO birds SELECT value, 'Bird ' || value FROM generate_series;
INSERT INTO nests VALUES (1, 1);
"""


def test_a_damaged_table_is_left_out_with_what_depends_on_it(tmp_path: Path) -> None:
    path = make(tmp_path / "wild.db", BIRDS)
    spoil(path, "birds")
    report, built = draft(path)
    for line in (
        "left out: table birds, it is damaged: ",
        "left out: view names, readers could not ask it: no such table: main.birds",
        "left out: foreign key (bird) to birds (id) of nests, that table is left out",
    ):
        assert any(told.startswith(line) for told in report), (line, report)
    assert ask(built, "SELECT * FROM nests") == [(1, 1)]


def test_a_damaged_index_costs_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "wild.db", BIRDS)
    spoil(path, "bird_names")
    report, built = draft(path)
    assert not any(line.startswith("left out: ") for line in report)
    query = "SELECT count(*) FROM birds INDEXED BY bird_names WHERE name > ''"
    assert ask(built, query) == [(300,)]


def test_two_tables_that_claim_one_page_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "wild.db", BIRDS)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema "
            "WHERE name = 'birds') WHERE name = 'nests'"
        )
    with pytest.raises(SourceError, match=r"wild\.db is damaged: .*"):
        draft(path)


@pytest.mark.parametrize(
    ("name", "sql", "told"),
    [
        ("names", "CREATE VIEW names AS SELEC 1", "view names"),
        ("later", "CREATE TRIGGER later AFTERWARDS INSERT ON nests BEGIN SELECT 1; END",
         "trigger later"),
        ("birds", "CREATE TABLE birds (id", "table birds"),
    ],
)  # fmt: skip
def test_what_sqlite_does_not_understand_is_left_out(
    name: str, sql: str, told: str, tmp_path: Path
) -> None:
    trigger = "CREATE TRIGGER later AFTER INSERT ON nests BEGIN SELECT 1; END;"
    path = make(tmp_path / "wild.db", BIRDS + trigger)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (sql, name))
    report, built = draft(path)
    assert any(f"left out: {told}, SQLite " in line for line in report), report
    assert ask(built, "SELECT * FROM nests") == [(1, 1)]


UNSAFE = """
CREATE TABLE t (
    id INTEGER PRIMARY KEY, a TEXT CONSTRAINT fits CHECK (json_valid(a)),
    b AS (json_extract(a, '$.x')), c AS (json_extract(a, '$.x')) STORED, d AS (upper(a)),
    e AS (b + 1), f TEXT CHECK ("b" > 6),
    CHECK (json_type(a) <> 'null' AND id > 0), CHECK (id < 10), UNIQUE ("b", id)
);
CREATE INDEX i ON t (id, "b");
CREATE INDEX j ON t (id);
INSERT INTO t (id, a) VALUES (1, '{"x": 7}');
"""


def test_what_readers_may_not_run_is_left_out_of_its_table(tmp_path: Path) -> None:
    path = make(tmp_path / "wild.db", UNSAFE)
    report, built = draft(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        try:
            connection.execute("SELECT * FROM t")
        except sqlite3.DatabaseError:
            for line in (
                "left out: check json_valid(a) of t, readers with",
                "left out: check json_type(a) <> 'null' AND id > 0 of t, readers with",
                "left out: column b of t, readers with",
                "left out: formula of column c of t, readers with",
                "left out: column e of t, readers with",
                'left out: check "b" > 6 of t, readers with',
                'left out: UNIQUE ("b", id) of t, readers with',
                "left out: index i of t, a column of it is left out",
            ):
                assert any(told.startswith(line) for told in report), (line, report)
        else:  # a later SQLite lets them run it
            assert ask(built, "SELECT b FROM t") == [(7,)]
    assert ask(built, "SELECT id, a, c, d FROM t") == [(1, '{"x": 7}', 7, '{"X": 7}')]
    assert ask(built, "SELECT count(*) FROM t INDEXED BY j WHERE id > 0") == [(1,)]
    assert "CHECK (id < 10)" in str(ask(built, "SELECT sql FROM sqlite_schema WHERE name = 't'"))


BAD_TABLES = {
    "a blob among texts": "CREATE TABLE bad (a TEXT); INSERT INTO bad VALUES ('x'), (x'ff');",
    "no UTF-8": "CREATE TABLE bad (a TEXT); INSERT INTO bad VALUES (CAST(x'ff41' AS TEXT));",
    "no name": 'CREATE TABLE bad ("" TEXT);',
    "too wide": f"CREATE TABLE bad ({', '.join(f'c{number}' for number in range(2000))});",
    "an infinite number": "CREATE TABLE bad (a); INSERT INTO bad VALUES (9e999), ('x');",
    "the same in a key": "CREATE TABLE bad (a UNIQUE); INSERT INTO bad VALUES (1), ('1');",
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_table_that_cannot_be_drafted_leaves_the_others(name: str, tmp_path: Path) -> None:
    others = "CREATE TABLE good (id INTEGER PRIMARY KEY); INSERT INTO good VALUES (5);"
    report, built = draft(make(tmp_path / "wild.db", BAD_TABLES[name] + others))
    assert sum(line.startswith("left out: table bad, ") for line in report) == 1
    assert ask(built, "SELECT * FROM good") == [(5,)]
    assert not ask(built, "SELECT 1 FROM sqlite_schema WHERE name = 'bad'")


def test_a_collation_of_an_application_costs_its_table_at_most(tmp_path: Path) -> None:
    path = tmp_path / "wild.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_collation("ours", lambda a, b: (a > b) - (a < b))
        connection.executescript(
            """CREATE TABLE t (a TEXT COLLATE ours PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT COLLATE ours, UNIQUE (id, a));
            INSERT INTO t VALUES ('x'); INSERT INTO u VALUES (1, 'y');"""
        )
    report, built = draft(path)
    assert any(line.startswith("left out: table t, cannot be read: ") for line in report)
    assert "left out: unique key (id, a COLLATE ours) of u, only its application has" in " ".join(
        report
    )
    assert ask(built, "SELECT * FROM u") == [(1, "y")]


def test_what_a_database_has_in_its_log_only_is_copied_by_way_of_a_link(tmp_path: Path) -> None:
    path = make(tmp_path / "wild.db", BIRDS)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;")
        connection.execute("DELETE FROM nests")
        connection.execute("DELETE FROM birds WHERE id > 7")
        (tmp_path / "links").mkdir()
        (tmp_path / "links" / "wild.db").symlink_to(path)
        _, built = draft(tmp_path / "links" / "wild.db")
    assert ask(built, "SELECT count(*) FROM birds") == [(7,)]
