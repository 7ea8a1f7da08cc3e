"""Somebody who has only pip, and follows the documentation."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from tests.docs.page import Reader
from tests.support.programs import run
from tests.support.venvs import Venv, make_venv

ROOT = Path(__file__).parents[2]
PROGRAMS = {
    "datasette": ("datasette.cli", "cli"),
    "microcosm-sqlite": ("microcosm_sqlite.cli", "main"),
}


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of this project, as an index would have it."""
    folder = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    run(*build, "--outdir", folder, ROOT)
    return folder


@pytest.fixture
def newcomer(wheels: Path, tmp_path: Path) -> Reader:
    """Somebody with a new virtual environment and an index that has this project."""
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True, symlinks=True)
    (wheel,) = wheels.glob("*.whl")
    constraint = tmp_path / "constraint.txt"
    # An index would offer 2.0.0, and pip prefers it to a release candidate.
    constraint.write_text(f"microcosm-sqlite=={wheel.name.split('-')[1]}\n")
    settings = {
        "PIP_CONSTRAINT": str(constraint),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_FIND_LINKS": f"{os.environ.get('PIP_FIND_LINKS', '')} {wheels}".strip(),
        "PIP_QUIET": "2",  # errors only: warnings depend on the machine
    }
    return make_reader(tmp_path / "work", environment, settings)


@pytest.fixture
def user(flights_venv: Venv, tmp_path: Path) -> Reader:
    """Somebody who has the example of real flights installed."""
    for name, (module, function) in PROGRAMS.items():
        program = flights_venv.root / "bin" / name
        call = f"from {module} import {function}\n{function}()\n"
        program.write_text(f"#!{flights_venv.python}\n{call}")
        program.chmod(0o755)
    return make_reader(tmp_path / "work", flights_venv.root, {})


@pytest.fixture
def joiner(flights_project: Path, tmp_path: Path) -> Reader:
    """Somebody who has that example, and installs a dataset of their own beside it."""
    environment = make_venv(tmp_path / "venv")
    environment.install(*(flights_project / "dist").glob("*.whl"))
    programs = {
        "microcosm-sqlite": "from microcosm_sqlite.cli import main\nmain()\n",
        # No index is asked for what is there already.
        "pip": "import subprocess, sys\n"
        f"pip = [{sys.executable!r}, '-m', 'pip', '--python', sys.executable, '--quiet']\n"
        "options = ['--no-deps', '--no-index', '--no-build-isolation']\n"
        "sys.exit(subprocess.call([*pip, *sys.argv[1:], *options]))\n",
    }
    for name, code in programs.items():
        program = environment.root / "bin" / name
        program.write_text(f"#!{environment.python}\n{code}")
        program.chmod(0o755)
    return make_reader(tmp_path / "work", environment.root, {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})


def make_reader(directory: Path, environment: Path, settings: dict[str, str]) -> Reader:
    """A reader in a new directory, who uses the programs of an environment first."""
    directory.mkdir()
    programs = [environment / "bin", Path(sys.executable).parent]
    path = ":".join([*map(str, programs), os.environ["PATH"]])
    # Of their own, as one page leaves there what the next one would read.
    cache = {"MICROCOSM_SQLITE_CACHE_DIR": str(directory.with_name("cache"))}
    return Reader(directory, os.environ | settings | cache | {"PATH": path})
