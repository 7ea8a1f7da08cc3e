"""The real program, on a site directory with real data wheels."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.support.program import Program
from tests.support.wheels import Wheel, make_database


@pytest.fixture(scope="session")
def site(birds_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two datasets: ``birds``, as the hook builds it, and ``colours``, compressed."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(birds_wheel) as wheel:
        wheel.extractall(folder)
    database = make_database(tmp_path_factory.mktemp("colours") / "colours.db")
    Wheel().carry(database, compression="zstd").install(folder)
    return folder


@pytest.fixture
def program(site: Path, tmp_path: Path) -> Program:
    return Program(site, tmp_path)


@pytest.fixture
def lone_program(tmp_path: Path) -> Program:
    """The program where no dataset is installed yet; ``site`` is for this test alone."""
    folder = tmp_path / "site"
    folder.mkdir()
    return Program(folder, tmp_path)
