"""For every choice that the template offers, the project builds, installs and answers."""

from __future__ import annotations

import json
import sys
from itertools import cycle
from pathlib import Path
from zipfile import ZipFile

import pytest

from microcosm_sqlite.authoring.drafting.scaffold import questions, scaffold
from tests.support.programs import run, tool
from tests.support.venvs import Venv, make_venv

pytestmark = pytest.mark.slow

# Each licence of the data meets some licence of the code and some compression, so that every
# choice is built; the choices have no effect on each other.
COMBINATIONS = {
    f"birds{number}": {"data_license": data, "code_license": code, "compression": compression}
    for number, (data, code, compression) in enumerate(
        zip(
            questions()["data_license"],
            cycle(questions()["code_license"]),
            cycle(questions()["compression"]),
            strict=False,
        )
    )
}
DATASETS = list(COMBINATIONS)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projects")
    for dataset, choices in COMBINATIONS.items():
        scaffold(folder / f"{dataset}-data", **choices)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Venv:
    return make_venv(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def wheels(projects: Path, environment: Venv) -> list[Path]:
    dist = projects / "dist"
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", dist]
    run(sys.executable, "-m", "pip", "wheel", *options, *projects.glob("*-data"))
    built = sorted(dist.glob("*.whl"))
    assert len(built) == len(COMBINATIONS)
    environment.install(*built)
    return built


def test_every_choice_is_among_the_combinations() -> None:
    built = {(name, choice) for one in COMBINATIONS.values() for name, choice in one.items()}
    offered = {(name, choice) for name, choices in questions().items() for choice in choices}
    assert built == offered


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_installed_project_passes_its_own_tests(
    projects: Path, wheels: list[Path], environment: Venv, dataset: str
) -> None:
    project = projects / f"{dataset}-data"
    told = run(environment.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert " passed" in told


def test_installed_projects_are_listed_with_their_licences_and_queried(
    wheels: list[Path], environment: Venv, tmp_path: Path
) -> None:
    command = [environment.python, "-m", "microcosm_sqlite"]
    listed = json.loads(run(*command, "list", "--json", cwd=tmp_path))
    licences = {row["name"]: row["license"] for row in listed if row["name"] in COMBINATIONS}
    assert licences == {name: one["data_license"] for name, one in COMBINATIONS.items()}
    for dataset in DATASETS:
        sql = "SELECT name FROM elements WHERE number = 79"
        told = run(*command, "query", dataset, sql, "--csv", "--no-header", cwd=tmp_path)
        assert told == "Gold\n"


def test_wheels_hold_what_was_chosen(wheels: list[Path]) -> None:
    for wheel, (dataset, choices) in zip(wheels, COMBINATIONS.items(), strict=True):
        suffix = ".db.zst" if choices["compression"] == "zstd" else ".db"
        info = f"{dataset}_data-0.1.0.dist-info"
        names = set(ZipFile(wheel).namelist())
        assert {name for name in names if name.startswith(f"{dataset}_data/")} == {
            f"{dataset}_data/{name}"
            for name in ("__init__.py", "models.py", "py.typed", "stores.py", dataset + suffix)
        }
        assert f"{info}/extra_metadata/datapackage.json" in names
        licence = ZipFile(wheel).read(f"{info}/licenses/LICENSE-DATA").decode()
        assert choices["data_license"] in licence or "All rights reserved" in licence


@pytest.mark.once
def test_wheels_have_nothing_that_check_wheel_contents_knows_to_be_wrong(
    wheels: list[Path],
) -> None:
    run(tool("check-wheel-contents"), *wheels)


@pytest.mark.once
def test_projects_follow_their_own_style(projects: Path) -> None:
    for dataset in DATASETS:
        project = projects / f"{dataset}-data"
        run(tool("ruff"), "check", "--no-cache", project)
        run(tool("ruff"), "format", "--no-cache", "--check", project)


@pytest.mark.once
def test_a_project_with_long_names_follows_its_own_style(tmp_path: Path) -> None:
    for compression in questions()["compression"]:
        project = tmp_path / compression
        scaffold(
            project,
            distribution="p" * 50,
            dataset="d" * 32,
            compression=compression,
            description="A sentence of words " * 9 + "ends",
        )
        run(tool("ruff"), "check", "--no-cache", project)
        run(tool("ruff"), "format", "--no-cache", "--check", project)


@pytest.mark.once
@pytest.mark.parametrize("compression", questions()["compression"])
def test_a_project_is_typed_strictly(projects: Path, compression: str) -> None:
    dataset = next(name for name, one in COMBINATIONS.items() if one["compression"] == compression)
    run(sys.executable, "-m", "mypy", "--strict", cwd=projects / f"{dataset}-data")


def test_citations_follow_their_schema(projects: Path) -> None:
    files = sorted(projects.glob("*-data/CITATION.cff"))
    assert len(files) == len(COMBINATIONS)
    run(tool("check-jsonschema"), "--builtin-schema", "vendor.citation-file-format", *files)
