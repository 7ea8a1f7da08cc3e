"""Models may refer to those of another data wheel: the build checks what SQLite cannot keep."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from microcosm_sqlite import dataset, register, unregister
from microcosm_sqlite.authoring.build import BuiltDataset, build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.manifest import EXTENSION
from microcosm_sqlite.catalog.verifying.run import verify
from microcosm_sqlite.errors import BuildError, ForeignKeyError, SettingsError
from tests.support.crossing import (
    AIRPORTS,
    FLIGHT_MODELS,
    KEY,
    make_airports,
    make_flights_project,
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("MICROCOSM_SQLITE_CACHE_DIR", str(tmp_path / "cache"))
    yield folder
    for name in [name for name in sys.modules if name.startswith("airports_data")]:
        del sys.modules[name]


@pytest.fixture
def airports(site: Path, tmp_path: Path) -> Path:
    """The wheel that is referred to, installed."""
    return make_airports(tmp_path).install(site)


def build(project: Path, **options: bool) -> BuiltDataset:
    return build_dataset(ProjectSettings.from_pyproject(project), **options)


def test_the_manifest_has_the_key_and_the_file_has_none(airports: Path, tmp_path: Path) -> None:
    built = build(make_flights_project(tmp_path / "flights-data"))
    assert built.manifest.tables["flights"].external_keys == [KEY]
    assert built.manifest.raw[EXTENSION]["requires"] == {
        "airports": {"distribution": "airports-data", "version": "2.1", "accepts": "<3,>=2.1"}
    }
    with closing(sqlite3.connect(built.path)) as connection:
        (sql,) = connection.execute("SELECT sql FROM sqlite_schema").fetchone()
        assert "REFERENCES" not in sql
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    reference = {"type": "object", "required": ["fields"], "properties": {"package": {}}}
    jsonschema.validate(KEY["reference"], reference)


def test_what_was_built_is_verified_with_its_models(airports: Path, tmp_path: Path) -> None:
    built = build(make_flights_project(tmp_path / "flights-data"))
    found = register("flights", built.path)
    try:
        sys.path.append(str(built.path.parents[1]))
        report = verify(found, models=True)
        assert report.ok, report.findings
        assert {each.code: each.status for each in report.outcomes}["V14"] == "ok"
    finally:
        sys.path.remove(str(built.path.parents[1]))
        unregister("flights")
        for name in [name for name in sys.modules if name.startswith("flights_data")]:
            del sys.modules[name]


@pytest.mark.parametrize(
    ("dependencies", "accepts"),
    [
        ((), ">=2.1,==2.*"),
        (("something-else",), ">=2.1,==2.*"),
        (("Airports.Data",), None),
        (("airports-data[extra]~=2.0 ; python_version > '3'",), "~=2.0"),
    ],
)
def test_the_versions_that_fit_are_those_that_the_project_depends_on(
    airports: Path, tmp_path: Path, dependencies: tuple[str, ...], accepts: str | None
) -> None:
    built = build(make_flights_project(tmp_path / "flights-data", dependencies=dependencies))
    assert built.manifest.raw[EXTENSION]["requires"]["airports"].get("accepts") == accepts


def test_rows_that_lead_nowhere_are_told_with_their_lines(airports: Path, tmp_path: Path) -> None:
    rows = "".join(f"{number},X{number:02}\n" for number in range(30))
    project = make_flights_project(tmp_path / "flights-data", flights=f"id,origin\n{rows}50,JFK\n")
    with pytest.raises(ForeignKeyError) as caught:
        build(project)
    first, *_, last = caught.value.message.splitlines()
    assert first == (
        "Table `flights`, sources/flights.csv, line 2: origin='X00' is not in `airports.airports`."
    )
    assert last == "... and 10 more."
    assert caught.value.hint.startswith("They were looked for in airports 2026.1.")
    assert not (project / "src" / "flights_data" / "flights.db").exists()


def test_a_dataset_that_is_not_installed_is_asked_for(airports: Path, tmp_path: Path) -> None:
    for file in airports.glob("airports_data-*/entry_points.txt"):
        file.unlink()
    airports.joinpath("touched").touch()
    with pytest.raises(SettingsError, match="refers to dataset `airports`, which is not") as caught:
        build(make_flights_project(tmp_path / "flights-data"))
    assert "[build-system]" in caught.value.hint


def test_models_that_cannot_be_imported_are_told(site: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No module named 'airports_data'") as caught:
        build(make_flights_project(tmp_path / "flights-data"))
    assert "[build-system] requires" in caught.value.hint


def test_what_is_referred_to_must_be_a_key(airports: Path, tmp_path: Path) -> None:
    models = FLIGHT_MODELS.replace("Airport.faa", "Airport.name")
    with pytest.raises(BuildError, match=r"\(name\) is not a primary or unique key of airports"):
        build(make_flights_project(tmp_path / "flights-data", models=models))


def test_a_compressed_dataset_is_checked_against(site: Path, tmp_path: Path) -> None:
    make_airports(tmp_path, compression="zstd").install(site)
    assert build(make_flights_project(tmp_path / "flights-data")).is_fresh


def test_another_state_of_the_other_dataset_is_a_reason_to_build_again(
    airports: Path, tmp_path: Path
) -> None:
    project = make_flights_project(tmp_path / "flights-data")
    first = build(project).path.read_bytes()
    assert not build(project).is_fresh
    more = f"{AIRPORTS}INSERT INTO airports VALUES ('LGA', 'La Guardia');"
    make_airports(tmp_path, schema=more).install(airports)
    again = build(project)
    assert again.is_fresh
    assert again.path.read_bytes() == first
    assert json.loads(again.manifest_path.read_text()) == again.manifest.raw
    assert dataset("airports").manifest is not None
