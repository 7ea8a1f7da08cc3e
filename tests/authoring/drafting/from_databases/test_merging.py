"""Tables of databases come into a project that is there, and those of later editions as well."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.columns import make_words
from tests.support.drafts import build, check_style, read_tree, write_csv

SITES = "CREATE TABLE sites (id INTEGER PRIMARY KEY, name TEXT NOT NULL, share REAL)"
VISITS = """
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, site_id INTEGER NOT NULL REFERENCES sites (id), species TEXT
)
"""
NOTES = "CREATE TABLE notes (half AS (at / 2), at INTEGER, text TEXT)"
BUSY = "CREATE VIEW busy AS SELECT site_id, count(*) AS n FROM visits GROUP BY 1"
SPECIES = make_words(60)


def write_database(path: Path, *more: str, sites: int = 12) -> Path:
    """Write sites and visits, and more tables."""
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        for sql in (SITES, VISITS, BUSY):
            connection.execute(sql)
        rows = [(at, f"site {at}", float("inf") if at == 3 else at / 7) for at in range(sites)]
        connection.executemany("INSERT INTO sites VALUES (?, ?, ?)", rows)
        visits = [(at, at % sites, SPECIES[at % 50]) for at in range(300)]
        connection.executemany("INSERT INTO visits VALUES (?, ?, ?)", visits)
        for sql in more:
            connection.execute(sql)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A draft of one table of a file."""
    rows = (f"{word},F{at % 5}" for at, word in enumerate(SPECIES))
    write_csv(tmp_path / "first" / "species.csv", "code,family", rows)
    return draft_project(tmp_path / "field-data", tmp_path / "first").path


def ask(database: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def test_tables_views_and_references_of_a_database_join_those_of_files(
    project: Path, tmp_path: Path
) -> None:
    second = write_database(tmp_path / "second" / "field.sqlite", NOTES).parent
    write_csv(second / "observers.csv", "name,site_id", (f"O{n},{n % 12}" for n in range(40)))
    models = project / "src" / "field_data" / "models.py"
    before = models.read_text("utf-8")
    added = add_tables(project, [second], exclude=["notes"])
    assert added.decisions == ()
    assert "visits: species refers to species (code) from now on" in added.report
    assert before.partition("\n\nclass")[2] in models.read_text("utf-8")
    card = (project / "README.md").read_text("utf-8")
    assert "| visits | id |\n| observers | name |\n" in card
    assert "- `field.sqlite`\n- `observers.csv`\n" in card
    database = build(project)
    assert ask(database, "SELECT n FROM busy WHERE site_id = 3") == [(25,)]
    assert ask(database, "SELECT share FROM sites WHERE id = 3") == [(float("inf"),)]
    keys = 'SELECT "from", "table" FROM pragma_foreign_key_list("{}") ORDER BY 1'
    assert ask(database, keys.format("visits")) == [("site_id", "sites"), ("species", "species")]
    assert ask(database, keys.format("observers")) == [("site_id", "sites")]
    assert not ask(database, "SELECT 1 FROM sqlite_schema WHERE name = 'notes'")


def test_a_later_edition_of_a_database_brings_more_tables(project: Path, tmp_path: Path) -> None:
    add_tables(project, [write_database(tmp_path / "second" / "field.db")])
    third = write_database(
        tmp_path / "third" / "field.db", NOTES, "INSERT INTO notes VALUES (7, 'seen')", sites=13
    )
    done = refresh_project(project, [third], apply=True)
    assert done.is_applied
    assert done.unknown == ["`notes` of field.db"]
    assert any("there is no model of table `notes`, which is left out" in t for t in done.report)
    assert ask(build(project), "SELECT count(*) FROM sites") == [(13,)]
    assert not refresh_project(project, [third], apply=True).is_new
    add_tables(project, [third])
    assert ask(build(project), "SELECT half, at, text FROM notes") == [(3, 7, "seen")]
    before = read_tree(project)
    with pytest.raises(SettingsError, match=r"field\.db adds nothing to the tables"):
        add_tables(project, [third])
    assert read_tree(project) == before


def test_tables_that_were_excluded_do_not_hinder_a_refresh(tmp_path: Path) -> None:
    first = write_database(tmp_path / "first" / "field.db", NOTES)
    project = draft_project(tmp_path / "field-data", first, exclude=["notes"]).path
    second = write_database(tmp_path / "second" / "field.db", NOTES, sites=14)
    assert refresh_project(project, [second], apply=True).is_applied
    assert ask(build(project), "SELECT count(*) FROM sites") == [(14,)]


@pytest.mark.slow
def test_what_was_added_is_as_formatter_linter_and_type_checker_want_it(
    project: Path, tmp_path: Path
) -> None:
    add_tables(project, [write_database(tmp_path / "second" / "field.db", NOTES)])
    parks = "CREATE TABLE parks (id INTEGER PRIMARY KEY, opened DATE, size DECIMAL(8, 2))"
    more = (parks, "CREATE VIEW large AS SELECT id FROM parks WHERE size > 5")
    add_tables(project, [write_database(tmp_path / "third" / "field.db", *more)])
    text = (project / "src" / "field_data" / "models.py").read_text("utf-8")
    assert all(name in text for name in ("VIEWS = (", "VIEWS_2 = (", "def create_views_2("))
    check_style(project, tmp_path)


def test_a_table_of_another_source_or_a_damaged_database_leaves_the_project_as_it_was(
    project: Path, tmp_path: Path
) -> None:
    build(project)
    before = read_tree(project)
    twin = write_database(tmp_path / "second" / "other.db", "CREATE TABLE Species (code TEXT)")
    with pytest.raises(SettingsError, match="has `species`; nothing was changed") as caught:
        add_tables(project, [twin])
    assert "--exclude Species" in str(caught.value.hint)
    cut = tmp_path / "cut.db"
    cut.write_bytes(twin.read_bytes()[:5000])
    with pytest.raises(SourceError, match=r"cut\.db"):
        add_tables(project, [cut])
    assert read_tree(project) == before
    assert add_tables(project, [twin], exclude=["Species"]).report
    build(project)
