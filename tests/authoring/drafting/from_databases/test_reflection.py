"""Databases as people have them: what is built of a draft is the same, or what differs is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError
from tests.support.drafts import compare_rows

# What makes a database, and lines of the report.
WILD = {
    "names": (
        """CREATE TABLE "a'b" ("x y" INT, "select" TEXT, "q""q" TEXT, "col:on", "dot.dot", " a ");
        INSERT INTO "a'b" VALUES (1, 'a', 'b', 'c', 'd', 'e'); CREATE TABLE "" (a INT);
        CREATE TABLE "Ärger" (Id INTEGER PRIMARY KEY, "größe" REAL, "🥚" INT);
        INSERT INTO "Ärger" VALUES (1, 2.5, 3); CREATE TABLE "ärger" (id2 INTEGER PRIMARY KEY);
        CREATE TABLE "tab\nnewline" ("col\nnl" TEXT); INSERT INTO "tab\nnewline" VALUES ('v');""",
        ["  größe: REAL, may be empty", "ärger: 0 rows of wild.db, model Ärger2"],
    ),
    "words of Python and SQLAlchemy": (
        """CREATE TABLE metadata (id INTEGER PRIMARY KEY, registry, metadata TEXT, query TEXT);
        INSERT INTO metadata VALUES (1, 'a', 'b', 'c'); CREATE TABLE DataSet (id INTEGER);
        CREATE TABLE __dunder__ (__tablename__ TEXT, __table_args__ TEXT, "2nd" INT);""",
        [],
    ),
    "JSON as SQLite keeps it": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, a JSONB, b JSONB, c JSONB(9), d JSONB NOT NULL);
        INSERT INTO t VALUES (1, '{"a":[1]}', x'1c', '{bad}', '[]'), (2, NULL, NULL, '{}', '1');""",
        ["  a: JSON, declared JSONB, may be empty", "  note: b: declared JSONB, holds 1 blob"],
    ),
    "what refers to a table that is left out": (
        """CREATE TABLE p (id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES (1, x'00'), (2, 'a');
        CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES P (id));
        INSERT INTO c VALUES (1, 1);""",
        ["left out: table p, column `v` holds 1 blob and 1 text.",
         "left out: foreign key (p) to P (id) of c, that table is left out"],
    ),
    "numbers that refer to texts with other digits": (
        """CREATE TABLE p (code VARCHAR(5) PRIMARY KEY); INSERT INTO p VALUES ('01'), ('2');
        CREATE TABLE c (id INTEGER PRIMARY KEY, code INT REFERENCES p (code));
        INSERT INTO c VALUES (1, '01'), (2, 2);""",
        ["left out: foreign key (code) to p (code) of c, 1 row refers to none that is there"],
    ),
    "a key in falling order": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, v); INSERT INTO t VALUES (3, 'a'), (1, 'b');",
        ["differs: primary key t, id DESC in the source, id here"],
    ),
    "a key in falling order that is NULL": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY DESC, v); INSERT INTO t VALUES (NULL, 'a');",
        ["  note: its key, id, is NULL in some rows"],
    ),
    "numbers that go on": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);
        INSERT INTO t VALUES (10, 'a'); DELETE FROM t; INSERT INTO t (v) VALUES ('b');""",
        ["left out: option AUTOINCREMENT of t, nobody adds rows any more"],
    ),
    "a key with an order and a collation": (
        """CREATE TABLE t (a TEXT, b INT, c BLOB, PRIMARY KEY (b DESC, a COLLATE NOCASE))
        WITHOUT ROWID; INSERT INTO t VALUES ('x', 1, x'00'), ('y', 1, NULL), ('z', 2, x'01');""",
        ["differs: primary key t, b DESC, a COLLATE NOCASE in the source, b, a here"],
    ),
    "generated columns": (
        """CREATE TABLE t (b INT AS (a * 2), a INT, c TEXT AS (a || 'x') STORED, d AS (a + 1));
        INSERT INTO t (a) VALUES (2), (NULL); CREATE UNIQUE INDEX ub ON t (b);""",
        ["  b: INTEGER, declared INT, may be empty, generated"],
    ),
    "columns without a type": (
        """CREATE TABLE t (a, b, c, d, e);
        INSERT INTO t VALUES (1, 'x', 1.5, NULL, 1), (2, 'y', 2.5, NULL, 'x');""",
        ["  note: e: 1 value respelled, such as 1 as '1'"],
    ),
    "text among whole numbers": (
        "CREATE TABLE t (id INT PRIMARY KEY, b INT); INSERT INTO t VALUES (3, 'x'), ('y', '');",
        ["  note: id: 1 value respelled, such as 3 as '3'"],
    ),
    "empty text for no value": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b INT); INSERT INTO t VALUES (1, ''), (2, 5);",
        ["  note: b: 1 value respelled, such as '' as NULL"],
    ),
    "blobs in columns of text and numbers": (
        "CREATE TABLE t (a TEXT, b INT); INSERT INTO t VALUES (x'00ff', x'31');",
        ["  note: a: declared TEXT, holds 1 blob"],
    ),
    "columns that hide the rowid": (
        """CREATE TABLE u (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO u VALUES (1, 2, 3);
        CREATE TABLE w (rowid INTEGER PRIMARY KEY, x TEXT); INSERT INTO w VALUES (7, 's');""",
        ["  key: none declared, so rows are numbered, as id"],
    ),
    "views of rowids and of all columns": (
        """CREATE TABLE t (v TEXT); INSERT INTO t (rowid, v) VALUES (10, 'a'), (5, 'b');
        CREATE VIEW numbers AS SELECT rowid AS r, v FROM t;
        CREATE VIEW everything AS SELECT * FROM t;
        CREATE VIEW joined AS SELECT v FROM t NATURAL JOIN t AS u;""",
        [
            "view numbers: kept, but rowids of tables without a key are renumbered",
            "differs: view everything, (v) in the source, (id, v) here",
            "left out: view joined, it joins by all common columns, numbers of rows too",
        ],
    ),
    "a view with a column that is called as numbers of rows are": (
        """CREATE TABLE t (v TEXT); CREATE TABLE u (id INT, w TEXT); INSERT INTO t VALUES ('a');
        CREATE VIEW both AS SELECT id, v FROM t JOIN u; INSERT INTO u VALUES (7, 'b');""",
        ["view both: kept", "  key: none declared, so rows are numbered, as row_id"],
    ),
    "views of what is not there": (
        """CREATE TABLE t (a INT); CREATE VIEW v AS SELECT * FROM nowhere;
        CREATE VIEW ok AS SELECT a FROM t;""",
        [
            "view ok: kept",
            "left out: view v, readers could not ask it: no such table: main.nowhere",
        ],
    ),
    "full-text search with options": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT, title TEXT);
        INSERT INTO t VALUES (1, 'walking', 'a');
        CREATE VIRTUAL TABLE search USING fts5(body, title UNINDEXED, content='t',
            content_rowid='id', tokenize='porter', prefix='2 3', detail=column);
        CREATE VIRTUAL TABLE third USING fts5(title, content=t);
        CREATE VIRTUAL TABLE own USING fts5(a, b);""",
        [
            "  full-text search: body",
            "  note: full-text table search is rebuilt, as t_fts",
            "left out: virtual table own, its text is in no other table; to keep it, copy it into",
        ],
    ),
    "full-text search whose name is taken": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT); CREATE TABLE t_fts (id INTEGER);
        CREATE VIRTUAL TABLE s USING fts5(body, content='t');""",
        ["left out: virtual table s, the name t_fts, which it would have, is taken"],
    ),
    "a module that is not there": (
        """CREATE TABLE t (a INT); INSERT INTO t VALUES (1); PRAGMA writable_schema=ON;
        INSERT INTO sqlite_schema VALUES ('table', 'spat', 'spat', 0,
            'CREATE VIRTUAL TABLE spat USING nowhere(a, b)');""",
        ["left out: virtual table spat, its module may not be there where it is read"],
    ),
    "what only the application has": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (ours(a) > 0), b TEXT COLLATE mine);
        CREATE INDEX of_function ON t (ours(a)); CREATE INDEX some ON t (a) WHERE ours(a);
        CREATE INDEX of_collation ON t (a COLLATE mine); INSERT INTO t VALUES (1, 1, 'x');
        CREATE TABLE g (a INT, b AS (ours(a)) STORED, c AS (ours(a)), UNIQUE (a, b));
        INSERT INTO g (a) VALUES (1); CREATE VIEW v AS SELECT ours(a) AS m FROM t;""",
        [
            "left out: check ours(a) > 0 of t, it cannot be asked for: no such function: ours",
            "left out: index some of t, it cannot be made: no such function: ours",
            "left out: index of_collation of t, only its application has the collation mine",
            "left out: column b of g, it cannot be computed: no such function: ours",
            "left out: unique key (a, b) of g, a column of it is left out",
            "left out: view v, readers could not ask it: no such function: ours",
            "differs: column b of t, TEXT COLLATE MINE in the source, TEXT here",
        ],
    ),
    "moments as numbers": (
        """CREATE TABLE t (unix DATETIME, day DATE, julian DATETIME);
        INSERT INTO t VALUES (1577836800, 18262, 2458849.5), (1577836801, 18263, 2458850.25);""",
        ["  unix: BIGINT, declared DATETIME, may be empty"],
    ),
    "moments with offsets": (
        """CREATE TABLE t (a DATETIME, b TIMESTAMP PRIMARY KEY);
        INSERT INTO t VALUES ('2020-01-01T10:00:00+02:00', '2020-01-01T10:00:00');""",
        ["  note: a: 1 value respelled, such as '2020-01-01T10:00:00+02:00' as "],
    ),
    "moments that are the same, in a key": (
        """CREATE TABLE t (a DATETIME UNIQUE);
        INSERT INTO t VALUES ('2020-01-01'), ('2020-01-01 00:00:00');""",
        ["  a: TEXT, declared DATETIME, may be empty"],
    ),
    "a check of texts that are respelled": (
        """CREATE TABLE t (a DATETIME CHECK (length(a) = 10)); INSERT INTO t VALUES ('2020-01-01');
        CREATE TABLE u (a DATETIME REFERENCES v); CREATE TABLE v (a TEXT PRIMARY KEY);
        INSERT INTO v VALUES ('2020-01-01'); INSERT INTO u VALUES ('2020-01-01');""",
        [
            "left out: check length(a) = 10 of t, of values that are respelled: a",
            "left out: foreign key (a) to v (a) of u, its values would be written differently",
        ],
    ),
    "booleans as letters and words": (
        """CREATE TABLE t (a BOOLEAN, b BOOL, c BOOLEAN); INSERT INTO t VALUES ('t', 0, 'yes'),
        ('f', 2, 1);""",
        [
            "  note: a: 2 values respelled, such as 't' as 1",
            "  b: BIGINT, declared BOOL, may be empty",
        ],
    ),
    "documents of JSON": (
        """CREATE TABLE t (a JSON, b JSON); INSERT INTO t VALUES ('{"a":1}', '{"a":1,"a":2}');""",
        ["""  note: a: 1 value respelled, such as '{"a":1}' as '{"a": 1}'""",
         "  b: TEXT, declared JSON, may be empty"],
    ),
    "keys of several columns, and of the same table": (
        """CREATE TABLE t (a TEXT, b TEXT, c TEXT, d TEXT, UNIQUE (b, a), FOREIGN KEY (c, d)
            REFERENCES t (a, b) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
        INSERT INTO t VALUES ('a', 'b', NULL, NULL), ('c', 'd', 'a', 'b');
        CREATE TABLE own (id INTEGER PRIMARY KEY REFERENCES own); INSERT INTO own VALUES (1);""",
        ["  c: TEXT, may be empty, refers to t.a",
         "left out: option INITIALLY DEFERRED of t, nobody changes rows any more"],
    ),
    "indexes of all kinds": (
        """CREATE TABLE t (a TEXT, b TEXT, c INT, UNIQUE (b COLLATE NOCASE, a));
        CREATE INDEX i1 ON t (a DESC, b COLLATE NOCASE); CREATE INDEX i3 ON t (lower(a), c DESC);
        CREATE UNIQUE INDEX i4 ON t (c) WHERE a IS NOT NULL AND b LIKE '%x:y%';
        INSERT INTO t VALUES ('a', 'b', 1), ('{}', 'c', 2);""",
        ["  note: unique key (b COLLATE NOCASE, a) is kept as the unique index t_b_a"],
    ),
    "unique keys with an order and collations": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT COLLATE NOCASE,
            UNIQUE (a COLLATE NOCASE), UNIQUE (a DESC, b), UNIQUE (b COLLATE BINARY));
        CREATE INDEX i ON t (b COLLATE BINARY DESC); INSERT INTO t VALUES (1, 'x', 'y');""",
        [
            "  note: unique key (a COLLATE NOCASE) is kept as the unique index t_a",
            "  note: unique key (a DESC, b COLLATE NOCASE) is kept as the unique index t_a_b",
            "  note: unique key (b) is kept as the unique index t_b",
        ],
    ),
    "keys that are NULL in some rows": (
        """CREATE TABLE t (a TEXT PRIMARY KEY, b INT); INSERT INTO t VALUES (NULL, 1), ('x', 2);
        CREATE TABLE u (a TEXT REFERENCES t (a)); INSERT INTO u VALUES ('x');
        CREATE TABLE v (a INT NOT NULL UNIQUE); INSERT INTO v VALUES (1);""",
        [
            "  key: the declared one is NULL in some rows, so rows are numbered, as id",
            "  a: TEXT, may be empty, refers to t.a",
            "  note: its unique key, a, is the primary key here",
        ],
    ),
    "views that break on tables with numbers of rows": (
        """CREATE TABLE t (a INT); CREATE TABLE u (id INTEGER PRIMARY KEY);
        INSERT INTO t VALUES (1); CREATE VIEW both AS SELECT * FROM t UNION SELECT id FROM u;
        CREATE VIEW again AS SELECT * FROM both; CREATE VIEW ok AS SELECT a FROM t;""",
        [
            "view ok: kept",
            "left out: view both, it cannot be asked of the drafted tables: SELECTs to the left",
            "left out: view again, it cannot be asked of the drafted tables: ",
        ],
    ),
    "columns that compare otherwise as they are typed": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, a, b AS (a > 5), CHECK (a > 5), CHECK (a <> 7));
        INSERT INTO t (id, a) VALUES (1, '10'); CREATE UNIQUE INDEX i ON t (a > 5, b);
        CREATE VIEW big AS SELECT a > 5 AS big FROM t;""",
        [
            "  note: b: computed of columns that compare differently here: a is TEXT",
            "left out: check a > 5 of t, of columns that compare differently here: a is TEXT",
            "view big: kept, but it uses what is stored in another form here: t.a",
        ],
    ),
    "whole numbers among fractions": (
        "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2.5);",
        ["  note: a: 1 whole number stored as fractions, such as 1.0"],
    ),
    "sizes that SQLAlchemy does not know": (
        """CREATE TABLE t (a INTEGER(11), b UUID, c BOOLEAN(1), d DATETIME(6), e TIME(3), f DATE(1),
            g JSON(5), h FLOAT(24), i BLOB(10), j CHAR, k TIMESTAMP(6));
        INSERT INTO t VALUES (1, 'x', 1, '2020-01-01T10:00:00', '10:00', '2020-01-01', '{}', 1.5,
            x'00', 'y', '2020-01-01T10:00:00.5Z');""",
        ["  a: INTEGER, declared INTEGER(11), may be empty",
         "  note: b: declared UUID, holds 1 text"],
    ),
    "values that the declared type refuses": (
        """CREATE TABLE t (a CHAR(3), b DECIMAL(5, 2), c JSON, d BOOLEAN, e MONEY);
        INSERT INTO t VALUES ('abc', 1.5, '[]', 1, '$5'), ('abcd', 1.555, '[', 2, '$6');""",
        [
            "  note: a: declared CHAR(3), holds 2 texts, such as 'abcd', which is not text of at ",
            "  note: b: declared DECIMAL(5, 2), holds 2 fractions, such as 1.555, which is not a ",
            "  note: c: declared JSON, holds 2 texts, such as '[', which is not JSON",
            "  note: d: declared BOOLEAN, holds 2 whole numbers, such as 2, which is not true or ",
            "  note: e: declared MONEY, holds 2 texts",
        ],
    ),
    "moments in several forms": (
        """CREATE TABLE t (a DATETIME, b DATE); INSERT INTO t VALUES
        ('2020-01-01 10:00:00.000000', '2020-01-01'), ('2020-01-02T10:00:00Z', '31/01/2020'),
        ('2020-01-03T10:00:00Z', '2020-01-03'), ('2020-01-04 10:00:00+02:00', '2020-01-04');""",
        [
            "  note: a: 3 values respelled: 2 such as '2020-01-02T10:00:00Z' as ",
            "  note: b: declared DATE, holds 4 texts: 3 such as '2020-01-01', 1 such as '31/01/",
        ],
    ),
    "a name of an index that a unique key would have": (
        """CREATE TABLE t (a TEXT, b TEXT, UNIQUE (a DESC)); CREATE INDEX t_a ON t (b);
        INSERT INTO t VALUES ('x', 'y');""",
        ["  note: unique key (a DESC) is kept as the unique index t_a_2"],
    ),
    "defaults": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x:y', b INT NOT NULL DEFAULT -5,
            d TEXT DEFAULT (lower('A')), f BLOB DEFAULT x'00', h DEFAULT NULL, i DEFAULT "q");
        INSERT INTO t (id) VALUES (1);""",
        [],
    ),
    "a strict table": (
        """CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY, b INT) STRICT;
        INSERT INTO t VALUES (1, '1', 2), (2, 1, NULL);""",
        ["left out: option STRICT of t, here the build checks the types"],
    ),
    "text in UTF-16, with NUL": (
        """PRAGMA encoding='UTF-16'; CREATE TABLE t (a);
        INSERT INTO t VALUES ('äö'), ('a' || char(0));""",
        [],
    ),
    "many columns alike": (
        f"CREATE TABLE t ({', '.join(f'c{number} INTEGER' for number in range(1998))});",
        [],
    ),
}  # fmt: skip


def make(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.create_function("ours", 1, lambda _: 1, deterministic=True)
        connection.create_collation("mine", lambda a, b: (a > b) - (a < b))
        connection.executescript(script)
        connection.commit()
    return path


@pytest.mark.parametrize("name", WILD)
def test_a_wild_database_is_built_as_it_is_or_what_differs_is_told(
    name: str, tmp_path: Path
) -> None:
    script, lines = WILD[name]
    path = make(tmp_path / "wild.db", script)
    draft = draft_project(tmp_path / "wild-data", path)
    for line in lines:
        assert any(told.startswith(line) for told in draft.report), (line, draft.report)
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(built.path)) as connection,
    ):
        compare_rows(source, connection, draft.report)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("CREATE TABLE t (a TEXT); INSERT INTO t VALUES (CAST(x'ff41' AS TEXT));",
         "wild.db#t, rowid 1, column `a`: .*not UTF-8"),
        ("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES ('1'), (1);",
         "holds 1 whole number and 1 text, and is part of a key"),
        (f"CREATE TABLE t ({', '.join(f'c{number} INT' for number in range(2000))});",
         "wild.db, table `t` has 2,001 columns"),
        ("CREATE TABLE t (a TEXT COLLATE mine PRIMARY KEY) WITHOUT ROWID",
         "wild.db, table `t` cannot be read: no query solution. Let the application that made it"),
    ],
    ids=["no UTF-8", "the same in a key", "too many columns", "a key by a collation"],
)  # fmt: skip
def test_what_a_build_would_refuse_is_refused_by_the_draft(
    script: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=told):
        draft_project(tmp_path / "wild-data", make(tmp_path / "wild.db", script))
    assert not (tmp_path / "wild-data").exists()


def test_moments_with_and_without_offsets_are_told_apart(tmp_path: Path) -> None:
    rows = [f"('2020-01-{day:02} 10:00:00{'Z' if day % 3 else ''}')" for day in range(1, 31)]
    script = f"CREATE TABLE t (a DATETIME); INSERT INTO t VALUES {', '.join(rows)};"
    report = draft_project(tmp_path / "wild-data", make(tmp_path / "wild.db", script)).report
    (note,) = [line for line in report if line.startswith("  note: a: ")]
    assert "20 with an offset from UTC now in UTC, 10 without one by their own clock" in note
    uniform = script.replace("00'", "00Z'")
    report = draft_project(tmp_path / "even-data", make(tmp_path / "even.db", uniform)).report
    assert not any("an offset" in line for line in report)


def test_indexes_that_readers_may_not_use_are_dropped_from_the_copy(tmp_path: Path) -> None:
    script = "CREATE TABLE t (a); CREATE INDEX i ON t (json_extract(a, '$.x'));"
    path = make(tmp_path / "wild.db", script)
    report = draft_project(tmp_path / "wild-data", path).report
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA trusted_schema=OFF")
        try:
            connection.execute("SELECT * FROM t")
        except sqlite3.DatabaseError:
            assert any(line.startswith("left out: index i of t, readers with") for line in report)
        else:  # a later SQLite lets them run it
            assert not any("index i" in line for line in report)
