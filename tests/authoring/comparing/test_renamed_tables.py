"""A table with another name is told as renamed, where its columns are the same and most rows."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.comparing.comparison import Comparison, compare_datasets
from microcosm_sqlite.authoring.comparing.revisions import render_changelog
from microcosm_sqlite.catalog.opening import open_dataset

BIRDS = """
CREATE TABLE birds (id INTEGER PRIMARY KEY, name TEXT, span REAL);
INSERT INTO birds VALUES (1, 'jay', 0.5), (2, 'owl', NULL);
CREATE TABLE nests (id INTEGER PRIMARY KEY, bird INTEGER REFERENCES birds (id));
INSERT INTO nests VALUES (1, 2);
"""


def compare(folder: Path, change: str, script: str = BIRDS) -> Comparison:
    for name, more in (("old.db", ""), ("new.db", change)):
        with closing(sqlite3.connect(folder / name)) as connection:
            connection.executescript(f"{script};{more}")
    return compare_datasets(*(open_dataset(str(folder / name), str(folder)) for name in NAMES))


NAMES = ("old.db", "new.db")
RENAME = "ALTER TABLE birds RENAME TO fowl;"


def test_a_table_with_another_name_is_told_as_renamed(tmp_path: Path) -> None:
    found = compare(tmp_path, RENAME)
    assert [str(change) for change in found.schema if change.thing == "table"] == [
        "table renamed to fowl"
    ]
    assert (found.level, found.is_same) == ("major", False)
    assert [(table.table, table.old_rows, table.is_same) for table in found.tables] == [
        ("fowl", 2, True),
        ("nests", 1, True),
    ]
    assert "### Renamed\n\n- **Breaking:** table `birds` to `fowl`." in render_changelog(found)


def test_what_else_changed_in_a_renamed_table_is_told(tmp_path: Path) -> None:
    found = compare(tmp_path, f"{RENAME} CREATE INDEX by_name ON fowl (name);")
    assert ("fowl", "index by_name added") in [(each.table, str(each)) for each in found.schema]


MANY = """
CREATE TABLE birds (code TEXT, year INTEGER, name TEXT, span REAL, PRIMARY KEY (code, year));
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
INSERT INTO birds SELECT 'b' || i, 2000 + i % 20, 'bird ' || i, i / 7.0 FROM n;
"""
PROBABLE = {
    "a cell": ("UPDATE fowl SET span = 99 WHERE code = 'b7';", MANY, 1000),
    "a column": ("UPDATE fowl SET span = span + 1;", MANY, 1000),
    "rows more": ("INSERT INTO fowl VALUES ('z', 1, 'new', 1), ('zz', 1, 'new', 1);", MANY, 1000),
    "rows fewer": ("DELETE FROM fowl WHERE code LIKE 'b1%' AND span < 100;", MANY, 949),
    "a few rows": ("UPDATE fowl SET span = 1 WHERE id = 2;", BIRDS, 2),
}


@pytest.mark.parametrize("case", PROBABLE)
def test_a_table_with_another_name_and_most_of_its_rows_is_probably_it(
    tmp_path: Path, case: str
) -> None:
    change, script, kept = PROBABLE[case]
    found = compare(tmp_path, f"{RENAME} {change}", script)
    rows = "2" if script == BIRDS else "1,000"
    told = f"{kept:,} of {rows} rows looked at keep their key and half of their values or more"
    assert [str(change) for change in found.schema if change.thing == "table"] == [
        f"table probably renamed to fowl: {told}"
    ]
    assert (found.level, found.is_same) == ("major", False)
    (table,) = [each for each in found.tables if each.table == "fowl"]
    assert (table.reason, table.is_same) == ("it was probably called birds", False)
    assert "birds" not in [each.table for each in found.tables]
    changelog = render_changelog(found)
    assert f"- **Breaking:** table `birds` to `fowl`, probably: {told}." in changelog
    assert "`fowl`: other content; " in changelog


TWIN = """
CREATE TABLE more (id INTEGER PRIMARY KEY, name TEXT, span REAL);
INSERT INTO more SELECT id, name, 3 FROM fowl;
"""


def test_the_nearest_names_are_looked_for_within_bounds(tmp_path: Path) -> None:
    tables = "".join(
        MANY.replace("birds", f"old_{n}").replace("bird ", f"b{n} ").replace("7.0", f"{n + 7}.0")
        for n in range(4)
    )
    renames = "".join(
        f"ALTER TABLE old_{n} RENAME TO new_{n}; UPDATE new_{n} SET span = 0 WHERE year = 2003;"
        for n in range(4)
    )
    found = compare(tmp_path, renames, tables)
    told = {each.table: each.after for each in found.schema if each.change == "renamed"}
    assert told == {f"old_{n}": f"new_{n}" for n in range(4)}


@pytest.mark.parametrize(
    ("change", "script"),
    [
        (f"{RENAME} UPDATE fowl SET span = id + 1, name = id;", BIRDS),
        (f"{RENAME} UPDATE fowl SET code = code || '!';", MANY),
        (f"{RENAME} UPDATE fowl SET span = span + 1, name = name || '!';", MANY),
        (f"{RENAME} ALTER TABLE fowl RENAME COLUMN span TO width;", BIRDS),
        (RENAME, f"{BIRDS} DELETE FROM birds;"),
        (f"{RENAME} CREATE TABLE more AS SELECT * FROM fowl;", BIRDS.replace(" PRIMARY KEY", "")),
        (f"{RENAME} UPDATE fowl SET span = 2 WHERE id = 1; {TWIN}", BIRDS),
    ],
    ids=[
        "other rows", "other keys", "other values", "other columns", "no rows", "twice",
        "probably twice",
    ],
)  # fmt: skip
def test_another_table_is_not_told_as_renamed(tmp_path: Path, change: str, script: str) -> None:
    found = compare(tmp_path, change, script)
    told = {(each.change, each.table) for each in found.schema if each.thing == "table"}
    assert told >= {("removed", "birds"), ("added", "fowl")}
