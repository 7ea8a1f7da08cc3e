"""The oldest and the newest hatchling write metadata that every Twine in use takes."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.metadata import Metadata

pytestmark = [pytest.mark.heavy, pytest.mark.once]

HATCHLINGS = ["hatchling==1.26.*", "hatchling"]
TWINES = [["twine==6.1.*", "packaging==24.2"], ["twine==6.2.*"], ["twine>=7"]]


def fetch(folder: Path, *requirements: str) -> Path:
    """Put distributions into a folder of their own, before those of this environment."""
    options = ["--quiet", "--disable-pip-version-check", "--target", folder]
    command = [sys.executable, "-m", "pip", "install", *options, *requirements]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip(f"{', '.join(requirements)} cannot be fetched")
    return folder


def run(folder: Path, *words: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=HATCHLINGS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of the template, built with one hatchling into wheel and source archive."""
    folder = tmp_path_factory.mktemp("metadata")
    run(folder, "microcosm_sqlite", "new", "towns-data", cwd=folder)
    hatchling = fetch(folder / "hatchling", request.param)
    words = ["hatchling", "build", "-t", "sdist", "-t", "wheel"]
    run(hatchling, *words, cwd=folder / "towns-data")
    return folder / "towns-data" / "dist"


def test_the_licence_is_an_expression(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        raw = archive.read(name)
    assert message_from_bytes(raw)["Metadata-Version"] == "2.4"
    metadata = Metadata.from_email(raw)
    assert metadata.license_expression == "Apache-2.0 AND CC-BY-4.0"
    assert metadata.license_files == ["LICENSE", "LICENSE-DATA"]


@pytest.mark.parametrize("twine", TWINES, ids=" ".join)
def test_twine_takes_what_was_built(built: Path, twine: list[str], tmp_path: Path) -> None:
    folder = fetch(tmp_path / "twine", *twine)
    told = run(folder, "twine", "check", "--strict", *built.iterdir(), cwd=tmp_path)
    assert told.count("PASSED") == 2
