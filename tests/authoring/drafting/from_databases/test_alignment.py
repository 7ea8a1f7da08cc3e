"""Columns that refer to each other get one type, so that their foreign keys are kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.report import Draft
from tests.support.drafts import build

UNITS = "CREATE TABLE units (code INTEGER_OR_TEXT PRIMARY KEY); "
MIXED = f"{UNITS} INSERT INTO units VALUES (1024), (9001), ('US_YD');"


def draft(folder: Path, sql: str) -> Draft:
    (folder / "in").mkdir()
    with closing(sqlite3.connect(folder / "in/t.db")) as connection:
        connection.executescript(sql)
    return draft_project(folder / "t-data", folder / "in")


def list_keys(project: Path) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(build(project))) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        query = 'SELECT t.name, k."from", k."table" FROM sqlite_schema AS t, '
        return {*connection.execute(f"{query} pragma_foreign_key_list(t.name) AS k")}


KEPT = {
    "whole numbers": (
        f"""{MIXED} CREATE TABLE axes (n INTEGER PRIMARY KEY, unit INTEGER REFERENCES units);
        INSERT INTO axes VALUES (1, 9001), (2, NULL);""",
        {("axes", "unit", "units")},
    ),
    "a chain, the texts at its end": (
        f"""{UNITS} INSERT INTO units VALUES (1), (2);
        CREATE TABLE a (code INTEGER_OR_TEXT PRIMARY KEY); INSERT INTO a VALUES (1), (2), ('x');
        CREATE TABLE b (code INT PRIMARY KEY REFERENCES a) WITHOUT ROWID; INSERT INTO b VALUES (1);
        CREATE TABLE c (n INTEGER PRIMARY KEY, b INT REFERENCES b); INSERT INTO c VALUES (1, 1);""",
        {("b", "code", "a"), ("c", "b", "b")},
    ),
    "several columns": (
        """CREATE TABLE a (who TEXT, code NUMERIC, PRIMARY KEY (who, code));
        INSERT INTO a VALUES ('E', 1), ('E', 'x'); CREATE TABLE b (n INTEGER PRIMARY KEY, who TEXT,
        code INT, FOREIGN KEY (who, code) REFERENCES a); INSERT INTO b VALUES (7, 'E', 1);""",
        {("b", "who", "a"), ("b", "code", "a")},
    ),
    "to rows of the same table": (
        """CREATE TABLE a (code NUMERIC PRIMARY KEY, up INT REFERENCES a);
        INSERT INTO a VALUES (1, NULL), ('x', 1);""",
        {("a", "up", "a")},
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_numbers_become_texts_with_what_they_refer_to(tmp_path: Path, case: str) -> None:
    sql, keys = KEPT[case]
    drafted = draft(tmp_path, sql)
    assert list_keys(drafted.path) == keys
    assert any("with which it is compared" in line for line in drafted.report)
    assert not any("left out: foreign key" in line for line in drafted.report)


@pytest.mark.parametrize(
    "sql",
    [
        f"""{MIXED} CREATE TABLE axes (code INTEGER PRIMARY KEY REFERENCES units);
        INSERT INTO axes VALUES (1024);""",
        """CREATE TABLE a (code NUMERIC PRIMARY KEY); INSERT INTO a VALUES (1.5), (2), ('x');
        CREATE TABLE b (n INTEGER PRIMARY KEY, a INT REFERENCES a); INSERT INTO b VALUES (1, 2);""",
        """CREATE TABLE a (code NUMERIC PRIMARY KEY); INSERT INTO a VALUES (1), (2.5), ('x');
        CREATE TABLE b (n INTEGER PRIMARY KEY, a TEXT REFERENCES a);
        INSERT INTO b VALUES (1, '1.0'), (2, 'x');""",
        """CREATE TABLE a (w TEXT, code INT, PRIMARY KEY (w, code)); INSERT INTO a VALUES ('E', 1),
        ('E', 'x'); CREATE TABLE b (n INTEGER PRIMARY KEY, w TEXT, code TEXT,
        FOREIGN KEY (w, code) REFERENCES a); INSERT INTO b VALUES (7, 'E', '01');""",
    ],
)
def test_no_key_is_kept_whose_values_would_be_spelled_otherwise(tmp_path: Path, sql: str) -> None:
    drafted = draft(tmp_path, sql)
    assert list_keys(drafted.path) == set()
    assert any("would be written differently" in line for line in drafted.report)


def test_texts_that_are_written_as_the_numbers_are_go_on_to_refer_to_them(tmp_path: Path) -> None:
    sql = """CREATE TABLE a (code NUMERIC PRIMARY KEY); INSERT INTO a VALUES (1), (2), ('x');
    CREATE TABLE b (n INTEGER PRIMARY KEY, a TEXT REFERENCES a);
    INSERT INTO b VALUES (1, '2'), (2, 'x');"""
    assert list_keys(draft(tmp_path, sql).path) == {("b", "a", "a")}
