"""Datasets that refer to each other, at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.crossing import make_airports, make_flights
from tests.support.program import Program


@pytest.fixture
def both(lone_program: Program, tmp_path: Path) -> Program:
    make_airports(tmp_path).install(lone_program.site)
    make_flights(tmp_path).install(lone_program.site)
    return lone_program


def test_a_key_into_another_dataset_is_shown_under_its_name(both: Program) -> None:
    described = both.json("info", "flights")
    assert isinstance(described, dict)
    (table,) = (each for each in described["tables"] if each["name"] == "flights")
    assert table["foreign_keys"] == []
    assert table["external_keys"][0]["reference"]["package"] == "airports"
    assert table["columns"][1]["references"] == ["airports.airports.faa"]
    assert "airports.airports.faa" in both.read("info", "flights.flights.origin")


def test_diagrams_show_it(both: Program) -> None:
    drawn = both.read("schema", "flights", "--mermaid")
    assert '"airports.airports" |o--o{ flights : "origin"' in drawn
    assert "any origin FK" in drawn
    assert "→ airports.airports.faa" in both.read("card", "flights")


def test_exports_are_whole_without_the_other(both: Program) -> None:
    for form in ("datapackage", "croissant"):
        both.run("export", "flights", "--to", form, "--output", form)
    (described,) = (both.home / "datapackage").glob("datapackage.json")
    resources = json.loads(described.read_text())["resources"]
    assert all("foreignKeys" not in each["schema"] for each in resources)


def test_differences_are_told_all_the_same(both: Program) -> None:
    path = both.read("path", "flights").strip()
    assert "flights\t3\t3\t0\t0\t0" in both.read("diff", "flights", path)


def test_verification_says_what_to_install(lone_program: Program, tmp_path: Path) -> None:
    make_flights(tmp_path).install(lone_program.site)
    told = lone_program.run("verify", "flights", code=1)
    assert "dataset 'airports' is not installed" in told.stdout
    assert "pip install 'airports-data>=2.1,<3'" in told.stderr
    make_airports(tmp_path).install(lone_program.site)
    assert "V14" not in lone_program.read("verify", "flights")


def test_a_query_joins_both(both: Program) -> None:
    sql = "SELECT name FROM flights JOIN airports.airports ON faa = origin ORDER BY id"
    told = both.read("query", "flights", sql, "--attach", "airports", "--no-header")
    assert told == "Kennedy\nNewark\n"
