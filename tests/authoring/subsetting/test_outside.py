"""The rows of other datasets that a subset refers to are told, and looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.project.recipe import Recipe
from microcosm_sqlite.authoring.subsetting.subset import Subset, write_subset
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.testing import override
from tests.support.crossing import AIRPORTS, make_airports, make_flights
from tests.support.program import Program


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path with a dataset of flights that refers to one of airports."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    make_flights(tmp_path).install(folder)
    return folder


def write(tmp_path: Path, rows: int = 3) -> Subset:
    return write_subset(dataset("flights"), tmp_path / f"few-{rows}", Recipe(rows=rows))


def tell(subset: Subset) -> list[tuple[str, str]]:
    return [(str(outside), outside.hint) for outside in subset.list_outside_rows()]


def test_the_rows_that_it_refers_to_are_counted(site: Path, tmp_path: Path) -> None:
    make_airports(tmp_path).install(site)
    assert tell(write(tmp_path)) == [("flights (origin) refers to 2 rows of airports.airports", "")]
    assert tell(write(tmp_path, 0)) == [
        ("flights (origin) refers to 0 rows of airports.airports", "")
    ]


NAMED = "flights (origin) refers to 2 rows of airports.airports: "


@pytest.mark.parametrize(
    ("schema", "version", "said", "hint"),
    [
        (AIRPORTS.replace("'EWR'", "'LGA'"), "2.1", "1 of them not in airports 2.1", ""),
        (
            AIRPORTS,
            "3.0",
            "airports-data 3.0 is installed, and >=2.1,<3 is required",
            "Run: pip install 'airports-data>=2.1,<3'",
        ),
        (AIRPORTS.replace("faa", "iata"), "2.1", "airports.airports has no column faa", ""),
        (
            "",
            "",
            "Dataset 'flights' refers to dataset 'airports', which is not installed",
            "Run: pip install 'airports-data>=2.1,<3'",
        ),
    ],
)
def test_rows_that_are_not_known_to_be_there_are_told(
    site: Path, tmp_path: Path, schema: str, version: str, said: str, hint: str
) -> None:
    if schema:
        make_airports(tmp_path, schema=schema, version=version).install(site)
    assert tell(write(tmp_path)) == [(NAMED + said, hint)]


def test_an_edition_of_the_other_dataset_says_how_to_get_all_rows(
    site: Path, tmp_path: Path
) -> None:
    make_flights(tmp_path, accepts=">=2.1").install(site)
    make_airports(tmp_path).install(site)
    few = write_subset(dataset("airports"), tmp_path / "airports-lite", Recipe(rows=1))
    with override("airports", few.path):
        ((said, hint),) = tell(write(tmp_path))
    assert said == f"{NAMED}1 of them not in airports 2026.1"
    assert hint == "Edition 'lite' has 1 of 2 rows. For all: pip install 'airports-data==2026.1'"


def test_the_command_tells_them(site: Path, tmp_path: Path) -> None:
    program = Program(site, tmp_path)
    done = program.run("subset", "flights", "--rows", "3", "-o", "one")
    assert f"Warning: {NAMED}Dataset 'flights' refers to" in done.stderr
    assert "Hint: Run: pip install 'airports-data>=2.1,<3'" in done.stderr
    make_airports(tmp_path).install(site)
    done = program.run("subset", "flights", "--rows", "3", "-o", "two")
    assert NAMED.removesuffix(": ") + "\n" in done.stderr
    assert "Warning" not in done.stderr
