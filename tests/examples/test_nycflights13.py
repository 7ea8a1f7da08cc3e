"""The example is what the template scaffolds, filled with real data that are what its card says."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from microcosm_sqlite.authoring.drafting.scaffold import questions, scaffold
from tests.support.flights import PROJECT, committed_files
from tests.support.programs import run, tool
from tests.support.venvs import Venv

CARD = (PROJECT / "README.md").read_text(encoding="utf-8")

# What an author edits after `microcosm-sqlite new`, adds, and takes away.
EDITED = {
    ".gitignore",
    "CHANGELOG.md",
    "CITATION.cff",
    "README.md",
    "pyproject.toml",
    "src/nycflights13_data/models.py",
    "src/nycflights13_data/stores.py",
    "tests/test_dataset.py",
    "tests/test_stores.py",
}
ADDED = {"fetch_sources.py"}
REMOVED = {".drafted.json", "sources/blocks.csv", "sources/elements.csv"}

# Figures of the dataset card, and how they are counted.
CLAIMS = {
    "7,602 flights went to": """
        SELECT count(*) FROM flights WHERE dest NOT IN (SELECT faa FROM airports)""",
    "SJU 5,819": "SELECT count(*) FROM flights WHERE dest = 'SJU'",
    "52,606 flights have no row in planes": """
        SELECT count(*) FROM flights LEFT JOIN planes USING (tailnum)
        WHERE planes.tailnum IS NULL""",
    "2,512 of them have no tail": "SELECT count(*) FROM flights WHERE tailnum IS NULL",
    "one of 721 that planes lacks": """
        SELECT count(DISTINCT tailnum) FROM flights
        WHERE tailnum NOT IN (SELECT tailnum FROM planes)""",
    "1,556 flights left in one of them": """
        SELECT count(*) FROM flights LEFT JOIN weather USING (origin, time_hour)
        WHERE weather.origin IS NULL""",
    "932 of these after": """
        SELECT count(*) FROM flights WHERE time_hour > (SELECT max(time_hour) FROM weather)""",
    "8,255 flights never left": "SELECT count(*) FROM flights WHERE dep_time IS NULL",
    "458 left and have no": """
        SELECT count(*) FROM flights WHERE dep_time NOTNULL AND arr_time IS NULL""",
    "717 arrived and have no": """
        SELECT count(*) FROM flights
        WHERE arr_time NOTNULL AND arr_delay IS NULL AND air_time IS NULL""",
    "known for 23 aircraft": "SELECT count(speed) FROM planes",
    "unknown for 70": "SELECT count(*) FROM planes WHERE year IS NULL",
    "a wind of 1,048 mph": "SELECT CAST(max(wind_speed) AS INTEGER) FROM weather",
}

ROWS = {"airlines": 16, "airports": 1458, "flights": 336776, "planes": 3322, "weather": 26115}


def test_the_template_renders_the_same_project_from_its_recorded_answers(tmp_path: Path) -> None:
    answers = yaml.safe_load((PROJECT / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert set(answers) == set(questions())
    scaffolded = scaffold(tmp_path / "nycflights13-data", **answers)
    run("git", "init", "--quiet", cwd=scaffolded)
    fresh, example = committed_files(scaffolded), committed_files(PROJECT)
    assert set(example) == set(fresh) - REMOVED | ADDED
    changed = {name for name in set(example) & set(fresh) if example[name] != fresh[name]}
    assert changed == EDITED


@pytest.mark.slow
@pytest.mark.once
def test_the_example_follows_its_own_style_and_types() -> None:
    run(tool("ruff"), "check", "--no-cache", PROJECT)
    run(tool("ruff"), "format", "--no-cache", "--check", PROJECT)
    run(tool("mypy"), "--strict", "--cache-dir", "/dev/null", cwd=PROJECT)


@pytest.fixture
def database(flights_project: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(flights_project / "src" / "nycflights13_data" / "nycflights13.db")
    yield connection
    connection.close()


@pytest.mark.slow
class TestBuilt:
    def test_it_passes_its_own_tests_once_installed(
        self, flights_project: Path, flights_venv: Venv
    ) -> None:
        command = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
        assert " passed" in run(flights_venv.python, *command, cwd=flights_project)

    def test_manifest_card_and_database_count_the_same_rows(
        self, flights_project: Path, database: sqlite3.Connection
    ) -> None:
        manifest = json.loads(
            (flights_project / "src" / "nycflights13_data" / "datapackage.json").read_text()
        )
        described = {table["name"]: table["rowCount"] for table in manifest["resources"]}
        counted = {
            table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ROWS
        }
        carded = dict(re.findall(r"^\| (\w+) \| ([\d,]+) \|", CARD, flags=re.MULTILINE))
        assert described == counted == ROWS
        assert {name: int(rows.replace(",", "")) for name, rows in carded.items()} == ROWS

    @pytest.mark.parametrize(("claim", "sql"), CLAIMS.items())
    def test_the_card_says_what_the_data_do_not_hold(
        self, database: sqlite3.Connection, claim: str, sql: str
    ) -> None:
        assert claim in re.sub(r"\s+", " ", CARD)
        (counted,) = database.execute(sql).fetchone()
        assert f"{counted:,}" in claim

    def test_rows_are_numbered_in_the_order_of_the_source(
        self, database: sqlite3.Connection
    ) -> None:
        first_and_last = database.execute(
            "SELECT id, month, day, carrier, flight, time_hour FROM flights WHERE id IN (1, 336776)"
        ).fetchall()
        assert first_and_last == [
            (1, 1, 1, "UA", 1545, "2013-01-01 10:00:00.000000"),
            (336776, 9, 30, "MQ", 3531, "2013-09-30 12:00:00.000000"),
        ]
        assert database.execute("SELECT min(id), max(id) FROM flights").fetchone() == (1, 336776)

    def test_foreign_keys_are_declared_where_every_row_has_its_counterpart(
        self, database: sqlite3.Connection
    ) -> None:
        declared = {
            (table, row[3], row[2], row[4])
            for table in ROWS
            for row in database.execute(f"PRAGMA foreign_key_list({table})")
        }
        assert declared == {
            ("flights", "carrier", "airlines", "carrier"),
            ("flights", "origin", "airports", "faa"),
            ("weather", "origin", "airports", "faa"),
        }
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []

    def test_readers_searches_use_an_index(self, database: sqlite3.Connection) -> None:
        for condition in (
            "carrier = 'UA'",
            "tailnum = 'N14228'",
            "dest = 'IAH'",
            "origin = 'EWR' AND time_hour = '2013-01-01 10:00:00.000000'",
            "year = 2013 AND month = 1 AND day = 1",
        ):
            plan = database.execute(f"EXPLAIN QUERY PLAN SELECT * FROM flights WHERE {condition}")
            assert "USING INDEX" in plan.fetchone()[3]
