"""Somebody who has only pip, and follows the documentation."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from tests.docs.page import Reader
from tests.support.programs import run

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this project, as an index would have it."""
    folder = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    run(*build, "--outdir", folder, ROOT)
    return folder


@pytest.fixture
def reader(wheels: Path, tmp_path: Path) -> Reader:
    """A reader in an empty directory, with a new virtual environment."""
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True, symlinks=True)
    (wheel,) = wheels.glob("*.whl")
    constraint = tmp_path / "constraint.txt"
    # An index would offer 2.0.0, and pip prefers it to a version under development.
    constraint.write_text(f"microcosm-sqlite=={wheel.name.split('-')[1]}\n")
    directory = tmp_path / "work"
    directory.mkdir()
    links = f"{os.environ.get('PIP_FIND_LINKS', '')} {wheels}".strip()
    return Reader(
        directory,
        os.environ
        | {
            "PATH": f"{environment / 'bin'}:{os.environ['PATH']}",
            "PIP_CONSTRAINT": str(constraint),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_FIND_LINKS": links,
            "PIP_QUIET": "2",  # errors only: warnings depend on the machine
            "PIP_ROOT_USER_ACTION": "ignore",
        },
    )
