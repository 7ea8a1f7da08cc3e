"""An empty environment for each test: nothing installed, nothing registered, its own cache."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from microcosm_sqlite.catalog import discovery, registry
from microcosm_sqlite.catalog.cache.folders import VARIABLE
from tests.interop.conftest import halves, make, things  # noqa: F401  # fixtures
from tests.support.wheels import Wheel, make_database


@pytest.fixture(autouse=True)
def environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Only what a test puts there is found; the modules of its packages are forgotten."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_installed", {})
    monkeypatch.setattr(discovery, "_sites", {})
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    # Imports still work; no distribution of the test environment is seen.
    known = discovery._metadata_folders
    mine = str(tmp_path_factory.getbasetemp())
    monkeypatch.setattr(
        discovery,
        "_metadata_folders",
        lambda site: known(site) if site.startswith(mine) else iter(()),
    )
    yield
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(mine):
            del sys.modules[name]


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory on the import path, as site-packages is."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return make_database(tmp_path / "source" / "colours.db")


@pytest.fixture
def wheel(database: Path) -> Wheel:
    """A data wheel whose package cannot be imported."""
    return Wheel().carry(database)


@pytest.fixture
def installed(wheel: Wheel, site: Path) -> Path:
    """The site directory with that wheel in it."""
    return wheel.install(site)
