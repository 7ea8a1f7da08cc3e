"""Keys and references that a database does not declare are told, and nothing is held to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_databases import dependents
from tests.support.columns import write_stints

SCRIPT = """
CREATE TABLE players (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE stints (player TEXT, year INTEGER, stint INTEGER, team TEXT, games INTEGER);
CREATE TABLE fielding (player TEXT, year INTEGER, stint INTEGER, position TEXT);
CREATE TABLE prizes (id INTEGER PRIMARY KEY, player_id INTEGER);
CREATE TABLE rents (id INTEGER PRIMARY KEY, player_id INTEGER REFERENCES players (id));
"""


def draft(folder: Path) -> tuple[str, list[str]]:
    rows = [row.split(",") for row in write_stints()]
    with closing(sqlite3.connect(folder / "ball.db")) as connection:
        connection.executescript(SCRIPT)
        connection.executemany("INSERT INTO stints VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute(
            "INSERT INTO fielding SELECT player, year, stint, 'C' FROM stints LIMIT 300"
        )
        ids = [(number,) for number in range(1, 40)]
        connection.executemany("INSERT INTO players VALUES (?, 'x')", ids)
        connection.executemany("INSERT INTO prizes (player_id) VALUES (?)", ids)
        connection.executemany("INSERT INTO rents (player_id) VALUES (?)", ids)
        connection.commit()
    made = draft_project(folder / "ball-data", folder / "ball.db")
    models = (made.path / "src/ball_data/models.py").read_text("utf-8")
    return models, [line.strip() for line in made.report]


def test_what_rows_speak_for_is_told_and_not_declared(tmp_path: Path) -> None:
    models, report = draft(tmp_path)
    maybe = [line for line in report if line.startswith("maybe ")]
    assert any("player, year, stint may be the key: different in all" in m for m in maybe)
    assert any("player, year, stint may refer to stints" in each for each in maybe)
    told = [each for each in maybe if each.startswith("maybe player_id: ")]
    assert len(told) == 1
    assert "it may refer to players.id (by its name and all of its values)" in told[0]
    assert models.count("ForeignKey(") == 1
    assert "    # It may refer to players.id (by its name and all of its values)" in models
    assert "    # The columns player, year, stint may be the key: different in all" in models


def test_a_large_database_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependents, "_MOST_ROWS", 10)
    _, report = draft(tmp_path)
    assert not any(line.startswith("maybe ") for line in report)
    assert any("the search for keys that are not declared" in line for line in report)
