"""Two versions are compared row by row, and what is told of them is all that changed."""

from __future__ import annotations

import gzip
import lzma
import sqlite3
import sys
import tracemalloc
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.comparing.comparison import Comparison, compare_datasets
from microcosm_sqlite.authoring.comparing.revisions import render_changelog
from microcosm_sqlite.authoring.comparing.row_changes import RowChange
from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange
from microcosm_sqlite.catalog.codecs import _zstd
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.opening import open_dataset
from microcosm_sqlite.errors import (
    DatasetCorruptError,
    DatasetError,
    DatasetFileMissingError,
    DatasetNotFoundError,
)
from tests.support.crossing import KEY, edit_manifest, make_flights
from tests.support.drafts import build
from tests.support.projects import MODELS, SOURCES, build_wheel, make_project

BIRDS = """
CREATE TABLE family (code VARCHAR(4) PRIMARY KEY NOT NULL, name TEXT NOT NULL);
CREATE TABLE bird (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, family VARCHAR(4) REFERENCES family (code)
);
CREATE INDEX bird_family ON bird (family);
CREATE VIEW tit AS SELECT * FROM bird WHERE family = 'PARU';
INSERT INTO family VALUES ('PARU', 'Tits');
INSERT INTO bird VALUES (1, 'Great tit', 'PARU');
"""


zstd = _zstd()


def compare(
    folder: Path, old: str, new: str, *, limit: int | None = None, after: str = ""
) -> Comparison:
    """Compare two databases that scripts make; ``after`` is run on the newer one as well."""
    for name, script in (("old.db", old), ("new.db", new + after)):
        (folder / name).unlink(missing_ok=True)
        with closing(sqlite3.connect(folder / name)) as connection:
            connection.executescript(script)
    sides = (open_dataset(str(folder / name), str(folder)) for name in ("old.db", "new.db"))
    return compare_datasets(*sides, limit=limit)


def tell(comparison: Comparison) -> list[tuple[str, str, bool]]:
    return [(change.table, str(change), change.breaks) for change in comparison.schema]


KEYS = (
    ("k INTEGER PRIMARY KEY, j INT, ", ""),
    ("k TEXT PRIMARY KEY, j INT, ", ""),
    ("k TEXT, j INT, PRIMARY KEY (j, k), ", " WITHOUT ROWID"),
    ("k PRIMARY KEY, j, ", ""),
)
DECLARED = ("INTEGER", "REAL", "NUMERIC", "DATE", "TEXT", "TEXT COLLATE NOCASE", "BLOB", "")
VALUES = st.one_of(
    st.none(),
    st.integers(-2, 2),
    st.sampled_from([0.5, 1.0, -2.0, 1e300, float("inf"), 2**53 + 1, 2**63 - 1]),
    st.sampled_from(["a", "A", "a ", "", "1", "1.0", "\0", "東京"]),
    st.sampled_from([b"", b"a", b"\0"]),
)
# What is equal in some columns, and yet not the same.
TWINS = {1: 1.0, -2: -2.0, "a": "A", "A": "a", "1": 1}
PAIRS = VALUES.flatmap(
    lambda old: st.tuples(st.just(old), st.just(old) | st.just(TWINS.get(old, old)) | VALUES)
)
FATES = st.sampled_from(["kept", "kept", "kept", "inserted", "deleted"])
ROWS = st.dictionaries(
    st.sampled_from("abcABC123"), st.tuples(FATES, PAIRS, PAIRS, PAIRS), max_size=6
)


OWN = ("", ", z INTEGER DEFAULT 7", ", w TEXT NOT NULL DEFAULT 'w'")
"""What one side has, and the other may not have."""


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(KEYS),
    st.lists(st.sampled_from(DECLARED), min_size=2, max_size=2),
    st.tuples(st.sampled_from(OWN), st.sampled_from(OWN)),
    ROWS,
)
def test_the_changes_applied_to_the_old_table_give_the_new_one(
    key: tuple[str, str], declared: list[str], own: tuple[str, str], rows: dict[str, Any]
) -> None:
    columns, options = key
    columns = columns.replace("PRIMARY KEY (j, k), ", "")
    last = ", PRIMARY KEY (j, k)" if options else ""
    sql = f"CREATE TABLE t ({columns} x {declared[0]}, y {declared[1]}{{}}{last}){options}"
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("old.db", "new.db")]
        for number, path in enumerate(paths):
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute(sql.format(own[number]))
                for k, (fate, *pairs) in rows.items():
                    if fate != ("inserted", "deleted")[number]:
                        j, x, y = (pair[number] for pair in pairs)
                        number_or_text = ord(k) if "INTEGER PRIMARY" in columns else k
                        values = number_or_text, 0 if options else j, x, y
                        connection.execute("INSERT INTO t (k, j, x, y) VALUES (?, ?, ?, ?)", values)
        sides = [open_dataset(str(path), folder) for path in paths]
        found = compare_datasets(*sides, limit=None)
        (table,) = found.tables
        assert table.reason == ""
        with closing(sqlite3.connect(paths[0])) as connection:
            for change in found.changes:
                apply(connection, change)
            result = read(connection)
        with closing(sqlite3.connect(paths[1])) as connection:
            assert result == read(connection)
        assert table.is_same == (not found.changes)
        assert found.is_same == (table.is_same and own[0] == own[1])
        kinds = [change.change for change in found.changes]
        assert table.inserted == kinds.count("insert")
        assert table.deleted == kinds.count("delete")
        assert table.updated == kinds.count("update")


def apply(connection: sqlite3.Connection, change: RowChange) -> None:
    where = " AND ".join(f"{name} = ?" for name in change.key)
    if change.change == "insert":
        values = tuple(change.new[name] for name in "kjxy")
        connection.execute("INSERT INTO t (k, j, x, y) VALUES (?, ?, ?, ?)", values)
        return
    if change.change == "delete":
        done = connection.execute(f"DELETE FROM t WHERE {where}", tuple(change.key.values()))
    else:
        assert change.old.keys() == change.new.keys()
        changes = ", ".join(f"{name} = ?" for name in change.new)
        values = (*change.new.values(), *change.key.values())
        done = connection.execute(f"UPDATE t SET {changes} WHERE {where}", values)
    assert done.rowcount == 1


def read(connection: sqlite3.Connection) -> list[list[tuple[type, Any]]]:
    rows = connection.execute("SELECT k, j, x, y FROM t ORDER BY k, j")
    return [[(type(value), value) for value in row] for row in rows]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("CREATE TABLE t (a, b)", "it has no primary key"),
        ("CREATE TABLE t (a TEXT COLLATE NOCASE PRIMARY KEY, b)", "byte by byte"),
        ("CREATE TABLE t (a TEXT PRIMARY KEY, b); INSERT INTO t VALUES (NULL, 1);", "NULL"),
        ("CREATE TABLE t (a PRIMARY KEY, b); INSERT INTO t VALUES (1.5, 1);", "fraction"),
    ],
)
def test_what_cannot_be_compared_by_key_is_compared_by_content(
    table: str, reason: str, tmp_path: Path
) -> None:
    script = f"{table}; INSERT INTO t (a) VALUES (2);"
    (same,) = compare(tmp_path, script, script).tables
    assert (same.is_same, same.inserted, same.by_content) == (True, None, False)
    assert reason in same.reason
    (other,) = compare(tmp_path, script, script, after="UPDATE t SET a = 3 WHERE a = 2;").tables
    assert (other.is_same, other.old_rows, other.new_rows) == (False, same.old_rows, same.old_rows)
    assert (other.inserted, other.deleted, other.by_content) == (1, 1, True)


ROWS = "INSERT INTO t VALUES (1, 'x', 10), (2, 'y', 20), (3, 'z', 30);"
T = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT);"
CHILD = "CREATE TABLE c (id INTEGER PRIMARY KEY, t INT REFERENCES t (id){});"
LEVELS = {
    # What a column is called, holds and demands.
    "a column more": (T, "a TEXT", "a TEXT, c INT", "minor"),
    "a column fewer": (T, ", b INT", "", "major"),
    "a column by another name": (T, "a TEXT", "aa TEXT", "major"),
    "a column in other capitals": (T, "a TEXT", "A TEXT", "major"),
    "columns in another order": (T, "a TEXT, b INT", "b INT, a TEXT", "minor"),
    "a number of the same kind": (T, "b INT", "b BIGINT", "minor"),
    "a text of the same kind": (T, "a TEXT", "a VARCHAR(9)", "minor"),
    "a fraction of the same kind": (T.replace("INT)", "DOUBLE)"), "DOUBLE", "FLOAT", "minor"),
    "a longer text": (T.replace("a TEXT", "a CHAR(5)"), "(5)", "(9)", "minor"),
    "a text for a number": (T, "b INT", "b TEXT", "major"),
    "a fraction for a whole number": (T, "b INT", "b REAL", "major"),
    "a moment for a day": (T.replace("TEXT", "DATE"), "a DATE", "a DATETIME", "major"),
    "no value any more": (T, "a TEXT", "a TEXT NOT NULL", "minor"),
    "no value now": (T.replace("TEXT", "TEXT NOT NULL"), " NOT NULL", "", "major"),
    "a default": (T, "b INT", "b INT DEFAULT 5", "minor"),
    "a collation": (T, "a TEXT", "a TEXT COLLATE NOCASE", "major"),
    "a check": (T, "b INT", "b INT CHECK (b > 0)", "minor"),
    "another check": (T.replace("INT)", "INT CHECK (b > 0))"), "b > 0", "b > 1", "minor"),
    "a formula": (T, "b INT", "b INT, c AS (b * 2)", "minor"),
    # What no two rows have in common.
    "a unique key": (T, "a TEXT", "a TEXT UNIQUE", "minor"),
    "a unique key fewer": (T.replace("TEXT", "TEXT UNIQUE"), " UNIQUE", "", "major"),
    "a unique key as an index": (
        T.replace("TEXT", "TEXT UNIQUE"), " UNIQUE, b INT);",
        ", b INT); CREATE UNIQUE INDEX i ON t (a);", "minor",
    ),
    "a unique index as a key": (
        f"{T} CREATE UNIQUE INDEX i ON t (a);", ", b INT); CREATE UNIQUE INDEX i ON t (a);",
        ", b INT, UNIQUE (a));", "minor",
    ),
    "a unique key in another order": (
        T.replace("INT)", "INT, UNIQUE (a, b))"), "(a, b)", "(b, a)", "minor",
    ),
    "a unique key of fewer columns": (
        T.replace("INT)", "INT, UNIQUE (a, b))"), "UNIQUE (a, b)", "UNIQUE (a)", "minor",
    ),
    "a unique key of more columns": (
        T.replace("INT)", "INT, UNIQUE (a))"), "UNIQUE (a)", "UNIQUE (a, b)", "major",
    ),
    "a unique index that admits more": (
        f"{T} CREATE UNIQUE INDEX i ON t (a COLLATE NOCASE);", " COLLATE NOCASE", "", "major",
    ),
    "a unique index that admits less": (
        f"{T} CREATE UNIQUE INDEX i ON t (a);", "t (a)", "t (a COLLATE NOCASE)", "minor",
    ),
    "a unique index by another name": (
        f"{T} CREATE UNIQUE INDEX i ON t (a);", " i ", " j ", "minor",
    ),
    "a unique index of some rows": (
        f"{T} CREATE UNIQUE INDEX i ON t (a);", "t (a)", "t (a) WHERE b > 15", "major",
    ),
    "an index that is not unique": (f"{T} CREATE UNIQUE INDEX i ON t (a);", " UNIQUE", "", "major"),
    "an index in falling order": (f"{T} CREATE INDEX i ON t (a);", "(a)", "(a DESC)", "minor"),
    # What else there is.
    "another key": (T, "id INTEGER PRIMARY KEY, a TEXT", "id INT, a TEXT PRIMARY KEY", "major"),
    "no key": (T, "INTEGER PRIMARY KEY", "INTEGER", "major"),
    "another order of the key": (
        T.replace("INTEGER PRIMARY KEY", "INT").replace("INT)", "INT, PRIMARY KEY (id, a))"),
        "(id, a)", "(a, id)", "major",
    ),
    "a reference": (T + CHILD.format(""), " REFERENCES t (id)", "", "major"),
    "what a reference does": (T + CHILD.format(""), "(id))", "(id) ON DELETE CASCADE)", "minor"),
    "another view": (f"{T} CREATE VIEW v AS SELECT a FROM t;", "SELECT a", "SELECT a, b", "major"),
    "a view as a table": (
        f"{T} CREATE VIEW v AS SELECT 1 AS a;", "VIEW v AS SELECT 1 AS a", "TABLE v (a)", "major",
    ),
    "a trigger": (
        T, "INT);", "INT); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END;", "minor",
    ),
    "a strict table": (T, "INT);", "INT) STRICT;", "minor"),
    "a table by another name": (T, " t ", " u ", "major"),
    # What says the same.
    "blanks and comments": (T, "a TEXT, b", "a  TEXT /* of it */ ,\n b", ""),
    "quotes and capitals": (T, "CREATE TABLE t (id", 'create table "t" ("id"', ""),
}  # fmt: skip


@pytest.mark.parametrize("name", LEVELS)
def test_the_version_grows_with_what_a_change_means_to_readers(name: str, tmp_path: Path) -> None:
    script, before, after, level = LEVELS[name]
    assert before in script
    changed = script.replace(before, after)
    found = compare(tmp_path, script, changed)
    assert found.level == level, found.schema
    back = {"a check": "minor", "a formula": "major", "a column more": "major"}
    if name in back:
        assert compare(tmp_path, changed, script).level == back[name]


def test_databases_that_store_texts_in_other_encodings_are_compared(tmp_path: Path) -> None:
    other = f"PRAGMA encoding='UTF-16'; {T}{ROWS}"
    (same,) = compare(tmp_path, T + ROWS, other).tables
    assert (same.is_same, same.inserted) == (True, None)
    assert "encodings" in same.reason
    (changed,) = compare(
        tmp_path, T + ROWS, other, after="UPDATE t SET a = 'ä' WHERE id = 2"
    ).tables
    assert not changed.is_same


def test_of_a_table_with_other_columns_the_shared_ones_are_compared(tmp_path: Path) -> None:
    wider = "ALTER TABLE family ADD COLUMN latin TEXT;"
    mended = "UPDATE family SET name = 'Meisen'; INSERT INTO family VALUES ('CORV', 'Crows', 'x');"
    tables = {table.table: table for table in compare(tmp_path, BIRDS, BIRDS, after=wider).tables}
    assert tables["family"].is_same
    assert tables["family"].reason == ""
    found = compare(tmp_path, BIRDS, BIRDS, after=wider + mended)
    assert found.changes == [
        RowChange("family", "update", {"code": "PARU"}, {"name": "Tits"}, {"name": "Meisen"}),
        RowChange(
            "family",
            "insert",
            {"code": "CORV"},
            {},
            {"code": "CORV", "name": "Crows", "latin": "x"},
        ),
    ]


TRIGGER = "CREATE TRIGGER {} INSTEAD OF INSERT ON {} BEGIN {}; END;"


def test_triggers_of_tables_and_views_are_compared(tmp_path: Path) -> None:
    old = (
        BIRDS + TRIGGER.format("look", "TIT", "SELECT 1") + TRIGGER.format("go", "tit", "SELECT 1")
    )
    new = BIRDS + TRIGGER.format("look", "tit", "SELECT 2")
    new += "CREATE TRIGGER feed AFTER DELETE ON Bird BEGIN SELECT 1; END;"
    found = compare(tmp_path, old, new)
    assert [
        (change.table, change.change, change.thing, change.name) for change in found.schema
    ] == [
        ("bird", "added", "trigger", "feed"),
        ("tit", "removed", "trigger", "go"),
        ("tit", "changed", "trigger", "look"),
    ]
    assert found.level == "minor"


def test_foreign_keys_into_other_datasets_are_compared(tmp_path: Path) -> None:
    sides = []
    for name, keys in (("old", [KEY]), ("new", [])):
        wheel = edit_manifest(make_flights(tmp_path / name), keys=keys, accepts="")
        folder = tmp_path / name / "extracted"
        folder.mkdir()
        sides.append(open_dataset(str(wheel.pack(tmp_path / name)), str(folder)))
    (change,) = compare_datasets(*sides).schema
    assert change == SchemaChange(
        "removed", "foreign key", "flights", KEY_IN_WORDS, KEY_IN_WORDS, "", True
    )
    (change,) = compare_datasets(*reversed(sides)).schema
    assert (change.change, change.breaks) == ("added", False)


KEY_IN_WORDS = "(origin) to airports.airports (faa)"


@pytest.mark.parametrize(
    ("change", "told", "level"),
    [
        ("", [], ""),
        ("UPDATE bird SET name = 'Rook'", [], "patch"),
        ("DELETE FROM bird", [], "major"),
        ("CREATE TABLE x (a)", [("x", "table added", False)], "minor"),
        ("DROP VIEW tit", [("tit", "view removed", True)], "major"),
        ("DROP INDEX bird_family", [("bird", "index bird_family removed", False)], "minor"),
        (
            "ALTER TABLE family ADD COLUMN latin TEXT DEFAULT ''",
            [("family", "column latin added", False)],
            "minor",
        ),
        (
            "DROP VIEW tit; ALTER TABLE family RENAME COLUMN name TO title",
            [
                ("family", "column name removed", True),
                ("family", "column title added", False),
                ("tit", "view removed", True),
            ],
            "major",
        ),
        ("DROP VIEW tit; DROP TABLE bird", None, "major"),
    ],
)
def test_the_level_follows_from_what_readers_notice(
    change: str, told: list[tuple[str, str, bool]] | None, level: str, tmp_path: Path
) -> None:
    found = compare(tmp_path, BIRDS, BIRDS, after=change)
    assert found.level == level
    assert told is None or tell(found) == told
    assert found.is_same == (not level)


@pytest.mark.parametrize(
    ("before", "after", "told", "breaks"),
    [
        ("a INT NOT NULL", "a INT", "column a changed from INT NOT NULL to INT", True),
        ("a INT", "a INT NOT NULL", "column a changed from INT to INT NOT NULL", False),
        ("a INT", "a TEXT", "column a changed from INT to TEXT", True),
        ("a CHAR(2)", "a CHAR(3)", "column a changed from CHAR(2) to CHAR(3)", False),
        ("a INT", "a INT DEFAULT 1", "column a changed from INT to INT DEFAULT 1", False),
        ("a INT", "a INT CHECK (a > 0)", "check a > 0 added", False),
        ("a INT UNIQUE", "a INT", "unique key (a) removed", True),
        ("a INT REFERENCES o (b)", "a INT", "foreign key (a) to o (b) removed", True),
        ("a INT", "a INT REFERENCES o (b)", "foreign key (a) to o (b) added", False),
        ("a INT PRIMARY KEY", "a INT NOT NULL", "primary key changed from a to none", True),
    ],
)
def test_columns_and_keys_are_told_apart(
    before: str, after: str, told: str, breaks: bool, tmp_path: Path
) -> None:
    other = "CREATE TABLE o (b INTEGER PRIMARY KEY);"
    sides = (f"{other} CREATE TABLE t (z INT, {columns});" for columns in (before, after))
    found = compare(tmp_path, *sides)
    assert [change.breaks for change in found.schema] == [breaks]
    assert str(found.schema[0]).startswith(told)


def test_retyped_values_are_found(tmp_path: Path) -> None:
    found = compare(
        tmp_path,
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v INTEGER); INSERT INTO t VALUES (1, 7), (2, NULL)",
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 7), (2, NULL)",
    )
    assert found.changes == [RowChange("t", "update", {"k": 1}, {"v": 7}, {"v": "7"})]


def test_generated_columns_are_compared_like_others(tmp_path: Path) -> None:
    table = (
        "CREATE TABLE t (k INTEGER PRIMARY KEY, v INT, w AS (v * {})); INSERT INTO t VALUES (1, 7)"
    )
    found = compare(tmp_path, table.format(2), table.format(3))
    assert found.changes == [RowChange("t", "update", {"k": 1}, {"w": 14}, {"w": 21})]


def test_full_text_indexes_count_as_one_thing(tmp_path: Path) -> None:
    index = "CREATE VIRTUAL TABLE words USING fts5 (name, content='bird', content_rowid='id');"
    found = compare(tmp_path, BIRDS, BIRDS, after=index)
    assert tell(found) == [("words", "virtual table added", False)]
    assert [table.table for table in found.tables] == ["bird", "family"]


def test_only_as_many_changes_as_asked_for_are_kept_and_all_are_counted(tmp_path: Path) -> None:
    numbers = list(range(50))
    more = f"INSERT INTO family SELECT value, 'x' FROM json_each('{numbers}')"
    for limit, kept in ((0, 0), (3, 3), (None, 50)):
        found = compare(tmp_path, BIRDS, BIRDS, limit=limit, after=more)
        assert len(found.changes) == kept
        assert found.tables[1].inserted == 50


def test_wheels_are_compared_without_running_their_code(tmp_path: Path) -> None:
    more = SOURCES["birds.csv"].replace("24", "25") + "4,Jay,CORV,,\n"
    renamed = MODELS.replace("wingspan: Mapped[int | None]", "span: Mapped[int]")
    filled = more.replace("wingspan", "span").replace("CORV,,", "CORV,1,")
    old, new, broken = (
        open_wheel(tmp_path / version, version, models, birds)
        for version, models, birds in (
            ("1.0", MODELS, SOURCES["birds.csv"]),
            ("1.0.1", MODELS, more),
            ("2.0", renamed, filled),
        )
    )
    found = compare_datasets(old, new, limit=None)
    assert (found.level, found.next_version) == ("patch", "1.0.1")
    assert [(change.change, change.key) for change in found.changes] == [
        ("update", {"id": 1}),
        ("insert", {"id": 4}),
    ]
    assert render_changelog(found) == (
        "## 1.0.1\n\n### Rows\n\n- `birds`: 1 inserted, 1 updated; 4 rows in all.\n"
    )
    assert render_changelog(compare_datasets(old, broken)) == (
        "## 2.0\n\n### Added\n\n- Column `span` of `birds`: `INTEGER NOT NULL`.\n"
        "\n### Removed\n\n- **Breaking:** column `wingspan` of `birds`.\n"
        "\n### Rows\n\n- `birds`: 1 inserted; 4 rows in all.\n"
    )
    assert render_changelog(compare_datasets(old, old)) == "## Unreleased\n\nNo changes.\n"
    assert "birds_data" not in sys.modules


def open_wheel(folder: Path, version: str, models: str, birds: str) -> InstalledDataset:
    sources = SOURCES | {"birds.csv": birds}
    wheel = build_wheel(make_project(folder, models=models, version=version, sources=sources))
    return open_dataset(str(wheel), str(folder))


def test_sides_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError):
        open_dataset("nowhere", str(tmp_path))
    with pytest.raises(DatasetNotFoundError, match="neither a dataset's name, nor a wheel"):
        open_dataset(str(tmp_path), str(tmp_path))
    with pytest.raises(DatasetFileMissingError):
        open_dataset(str(tmp_path / "nowhere.whl"), str(tmp_path))
    (tmp_path / "text.db").write_text("no database")
    side = open_dataset(str(tmp_path / "text.db"), str(tmp_path))
    with pytest.raises(DatasetCorruptError):
        compare_datasets(side, side)


def test_a_damaged_row_is_an_error_and_no_difference(tmp_path: Path) -> None:
    rows = "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')"
    assert compare(tmp_path, rows, rows).is_same
    garbled = "INSERT INTO t VALUES (3, CAST(x'FF' AS TEXT))"
    with pytest.raises(DatasetError):
        compare(tmp_path, rows, rows, after=";" + garbled)


@pytest.mark.parametrize(("suffix", "codec"), [(".zst", zstd), (".gz", gzip), (".xz", lzma)])
def test_compressed_databases_are_compared_or_refused_where_cut_short(
    tmp_path: Path, suffix: str, codec: Any
) -> None:
    for name, script in (("old", BIRDS), ("new", BIRDS + "DELETE FROM bird;")):
        with closing(sqlite3.connect(tmp_path / f"{name}.db")) as connection:
            connection.executescript(script)
        content = codec.compress((tmp_path / f"{name}.db").read_bytes())
        (tmp_path / f"{name}.db{suffix}").write_bytes(content)
        (tmp_path / name).mkdir()
    sides = [
        open_dataset(str(tmp_path / f"{name}.db{suffix}"), str(tmp_path / name))
        for name in ("old", "new")
    ]
    assert compare_datasets(*sides).tables[0].deleted == 1
    assert compare_datasets(sides[0], sides[0]).is_same
    cut = tmp_path / f"cut.db{suffix}"
    cut.write_bytes(content[:-20])
    with pytest.raises(DatasetCorruptError, match="damaged or cut short"):
        open_dataset(str(cut), str(tmp_path))
    with pytest.raises(DatasetFileMissingError):
        open_dataset(str(tmp_path / f"nowhere.db{suffix}"), str(tmp_path))


def test_rows_are_told_of_without_being_kept(tmp_path: Path) -> None:
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
    insert = numbers + "INSERT INTO family SELECT printf('%d', i), hex(randomblob(50)) FROM n;"
    peaks = []
    for count in (1_000, 50_000):
        compare(tmp_path, BIRDS, BIRDS, after=insert.format(count))
        sides = [open_dataset(str(tmp_path / name), "") for name in ("old.db", "new.db")]
        tracemalloc.start()
        found = compare_datasets(*sides, limit=None, tell=lambda _: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (found.changes, found.tables[1].inserted) == ([], count)
    assert peaks[1] < 2 * peaks[0] + 100_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8191), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_damaged_file_is_compared_or_refused(damage: list[tuple[int, int]]) -> None:
    with TemporaryDirectory() as folder:
        sound, damaged = Path(folder) / "sound.db", Path(folder) / "damaged.db"
        with closing(sqlite3.connect(sound)) as connection:
            connection.executescript(BIRDS)
        content = bytearray(sound.read_bytes())
        for place, value in damage:
            content[place % len(content)] = value
        damaged.write_bytes(content)
        sides = (open_dataset(str(path), folder) for path in (sound, damaged))
        with suppress(DatasetError):
            compare_datasets(*sides, limit=None)


def test_what_is_deprecated_is_told_by_comparison_and_changelog(tmp_path: Path) -> None:
    """Tables and columns, once for each advice, and when it is withdrawn."""
    tables = "code: Mapped[str] = mapped_column(String(4), primary_key=True)"
    column = 'mapped_column(comment="In centimetres"'
    sides = []
    for at, (table, advice) in enumerate((("", ""), ("use birds", "use span"), ("", "use width"))):
        args = f'__table_args__ = {{"info": {{"deprecated": {table!r}}}}}\n    {tables}'
        told = f'{column}, info={{"deprecated": {advice!r}}}'
        models = MODELS.replace(tables, args, 1).replace(column, told)
        project = make_project(tmp_path / f"{at}", models=models)
        sides.append(open_dataset(str(build(project)), str(tmp_path)))
    first, second = (compare_datasets(*pair) for pair in pairwise(sides))
    assert tell(first) == [
        ("birds", "column wingspan deprecated: use span", False),
        ("families", "table deprecated: use birds", False),
    ]
    assert first.level == "minor"
    entries = ("Column `wingspan` of `birds`: use span", "Table `families`: use birds")
    assert "\n- ".join(["### Deprecated\n", *entries]) in render_changelog(first)
    assert tell(second) == [
        ("birds", "column wingspan deprecated: use width", False),
        ("families", "deprecation of table removed", False),
    ]
