"""The keys that an added database declares to tables which the project has already."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from tests.support.drafts import build

COUNTRIES = """
CREATE TABLE country (id INTEGER PRIMARY KEY, iso TEXT UNIQUE, name TEXT);
INSERT INTO country VALUES (1, 'DE', 'Germany'), (2, 'FR', 'France'), (3, 'IT', 'Italy');
CREATE TABLE pair (p INT, q INT, PRIMARY KEY (q, p));
INSERT INTO pair VALUES (1, 2), (1, 3);
CREATE TABLE region (id INTEGER PRIMARY KEY);
INSERT INTO region VALUES (1), (2), (3);
"""


def write_database(file: Path, script: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)
    return file


@pytest.fixture
def project(tmp_path: Path) -> Path:
    file = write_database(tmp_path / "first" / "geo.db", COUNTRIES)
    return draft_project(tmp_path / "geo-data", file.parent).path


KEPT = {
    "by its key": ("x INT REFERENCES country(id)", ("x", "country", "id")),
    "without its column": ("x INT REFERENCES country", ("x", "country", "id")),
    "in other letters": ("x INT REFERENCES Country(ID)", ("x", "country", "id")),
    "of a unique column": ("y TEXT REFERENCES country(iso)", ("y", "country", "iso")),
}


@pytest.mark.parametrize("index", ["", "CREATE INDEX ix_trade_x ON trade (x)"])
@pytest.mark.parametrize("case", KEPT)
def test_a_key_to_a_table_of_the_project_is_kept(
    project: Path, tmp_path: Path, case: str, index: str
) -> None:
    declared, kept = KEPT[case]
    # Few rows of odd names, in which no reference would be inferred.
    columns = f"id INTEGER PRIMARY KEY, {declared}, {'x INT' if declared[0] == 'y' else 'y TEXT'}"
    x, y = (1, "FR")
    values = f"(7, {x}, '{y}')" if declared[0] == "x" else f"(7, '{y}', {x})"
    script = f"CREATE TABLE trade ({columns}); INSERT INTO trade VALUES {values}; {index}"
    added = add_tables(project, [write_database(tmp_path / "more" / "trade.db", script)])
    assert f"trade: {kept[0]} refers to country ({kept[2]}) from now on" in added.report
    assert not [each for each in added.decisions if "foreign key" in each]
    with closing(sqlite3.connect(build(project))) as connection:
        found = connection.execute(
            'SELECT "from", "table", "to" FROM pragma_foreign_key_list(?)', ["trade"]
        )
        assert found.fetchall() == [kept]


def test_a_key_of_two_columns_is_kept_without_what_happens_on_changes(
    project: Path, tmp_path: Path
) -> None:
    script = """
    CREATE TABLE trade (a INT, b INT, FOREIGN KEY (a, b) REFERENCES pair (p, q) ON DELETE CASCADE);
    INSERT INTO trade VALUES (1, 2), (NULL, 9);
    """
    added = add_tables(project, [write_database(tmp_path / "more" / "trade.db", script)])
    assert (
        "option ON DELETE CASCADE of foreign key (a, b) to pair (p, q) of trade is left out: "
        "nobody changes rows any more"
    ) in added.decisions
    with closing(sqlite3.connect(build(project))) as connection:
        found = connection.execute("SELECT * FROM pragma_foreign_key_list('trade')").fetchall()
    assert [(each[2], each[3], each[4]) for each in found] == [
        ("pair", "a", "p"),
        ("pair", "b", "q"),
    ]


LEFT_OUT = {
    "a table that is nowhere": ("x INT REFERENCES gone(id)", "1", "there is no such table"),
    "no key": ("x TEXT REFERENCES country(name)", "'Italy'", "what it refers to is no key"),
    "an orphan": ("x INT REFERENCES country(id)", "9", "1 row refers to none that is there"),
    "values that are respelled": (
        "x BOOLEAN REFERENCES country(id)",
        "'true'",
        "its values would be written differently from those that it refers to",
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_a_key_that_cannot_be_kept_is_told_with_the_reason(
    project: Path, tmp_path: Path, case: str
) -> None:
    declared, value, reason = LEFT_OUT[case]
    script = f"CREATE TABLE trade (id INT, {declared}); INSERT INTO trade VALUES (7, {value})"
    added = add_tables(project, [write_database(tmp_path / "more" / "trade.db", script)])
    (told,) = (each for each in added.decisions if each.startswith("foreign key"))
    assert told.endswith(f" of trade is left out: {reason}")
    with closing(sqlite3.connect(build(project))) as connection:
        assert not connection.execute("SELECT * FROM pragma_foreign_key_list('trade')").fetchall()


def test_an_excluded_table_may_be_that_of_the_project(project: Path, tmp_path: Path) -> None:
    script = f"""{COUNTRIES}
    CREATE TABLE trade (x INT REFERENCES country(id) REFERENCES region);
    INSERT INTO trade VALUES (2), (3);
    """
    file = write_database(tmp_path / "more" / "trade.db", script)
    added = add_tables(project, [file], exclude=["country", "pair", "region"])
    for parent in ("country", "region"):
        assert f"trade: x refers to {parent} (id) from now on" in added.report
    build(project)
