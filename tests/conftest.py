"""Fixtures of the whole suite: data wheels that are built once."""

from __future__ import annotations

import gc
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.support.flights import build_copy
from tests.support.projects import build_wheel, make_project
from tests.support.venvs import Venv, make_venv

# How long an example takes is nothing to fail for: other tests run at the same time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _quiet_callbacks() -> None:
    """Undo what Datasette switches on when it is imported: sqlite3 tells what callbacks raise."""
    sqlite3.enable_callback_tracebacks(False)


@pytest.fixture(scope="module", autouse=True)
def _no_open_connection() -> Iterator[None]:
    """Have what a module leaves open warned of there, rather than in whichever test comes next.

    From 3.13 on, sqlite3 warns of a connection that is collected before it was closed.
    """
    yield
    if sys.version_info >= (3, 13):
        gc.collect()


@pytest.fixture(scope="session")
def birds_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data wheel of two tables, built by the hook."""
    return build_wheel(make_project(tmp_path_factory.mktemp("birds") / "birds-data"))


@pytest.fixture(scope="session")
def birds_venv(birds_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with that wheel installed; for reading only."""
    venv = make_venv(tmp_path_factory.mktemp("venv") / "birds")
    venv.install(birds_wheel)
    return venv


@pytest.fixture(scope="session")
def flights_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example of real flights, built."""
    return build_copy(tmp_path_factory.mktemp("example") / "nycflights13-data")


@pytest.fixture(scope="session")
def flights_venv(flights_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    """An environment with its wheel installed; for reading only."""
    venv = make_venv(tmp_path_factory.mktemp("environment") / "venv")
    venv.install(*(flights_project / "dist").glob("*.whl"))
    return venv
