"""Each dataset of the gallery is built from its source, verified, installed and queried."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support.programs import run
from tests.support.venvs import Venv, make_venv

pytestmark = pytest.mark.once
ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "examples" / "gallery"
PAGE = ROOT / "docs" / "reference" / "gallery.md"
RECIPES = tomllib.loads((GALLERY / "gallery.toml").read_text(encoding="utf-8"))

LOOK = """
import json, sys, microcosm_sqlite
dataset = microcosm_sqlite.dataset(sys.argv[1])
assert dataset.verify(full=True, models=True).ok
rows = sum(table.row_count for table in dataset.tables.values())
print(f"{len(dataset.tables)} | {rows:,}")
"""


def read_table() -> list[list[str]]:
    """The rows of the page's table."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:2] == "| "
    ]
    return [row for row in cells if row[0].strip("`") in RECIPES]


def test_the_page_has_each_dataset_with_its_shape_source_and_licence() -> None:
    expected = [
        [f"`{name}`", each["title"], each["shape"], each["source"], each["license"]]
        for name, each in RECIPES.items()
    ]
    assert [row[:5] for row in read_table()] == expected


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with the data wheels of the gallery."""
    folder = tmp_path_factory.mktemp("gallery")
    run(sys.executable, GALLERY / "gallery.py", folder)
    environment = make_venv(tmp_path_factory.mktemp("environment") / "venv")
    environment.install(*(folder / "wheels").glob("*.whl"))
    return environment


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_dataset_is_whole_and_as_large_as_the_page_says(gallery: Venv, name: str) -> None:
    (told,) = (row[5:] for row in read_table() if row[0] == f"`{name}`")
    assert gallery.run(LOOK, name).strip().split(" | ") == told


@pytest.mark.slow
def test_airports_are_searched_and_know_the_countries_of_another_dataset(gallery: Venv) -> None:
    code = """
from airports_data.models import Airport
from microcosm_sqlite import Store
class Airports(Store[Airport]):
    pass
with Airport.new_context():
    for airport in Airports().match("zürich"):
        if airport.iata:
            print(airport.iata, airport.in_country.name)
"""
    assert "ZRH Switzerland" in gallery.run(code)


@pytest.mark.slow
def test_reference_systems_and_statistics_are_what_their_sources_say(gallery: Venv) -> None:
    code = """
from microcosm_sqlite import dataset
epsg = dataset("epsg").sql(
    "SELECT name FROM crs_view WHERE auth_name = 'EPSG' AND code = ?", ["4326"]
)
print(epsg.arrow().column(0).to_pylist())
macro = dataset("macrodata").sql("SELECT max(year), max(realgdp) FROM macrodata")
print(macro.arrow().to_pylist())
"""
    told = gallery.run(code).splitlines()
    assert told[0] == "['WGS 84']"
    assert "2009" in told[1]


def test_without_what_it_needs_the_program_says_what_to_install() -> None:
    command = [sys.executable, "-S", "-I", GALLERY / "gallery.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith('with pip and "microcosm-sqlite[build,new,labelled]".\n')
