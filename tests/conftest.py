"""Fixtures of the whole suite: one data wheel, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import build_wheel, make_project
from tests.support.venvs import Venv, make_venv


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
