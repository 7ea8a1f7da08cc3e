"""The same checks against 2.0.0, in an environment of its own, and against this project.

The environments are made once, in the ignored folder ``build``. Version 2.0.0 needs Python 3.11:
later ones have no ``distutils``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

    Results = dict[str, str | None]

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / "build" / "compat"
CHECKS = {
    file: re.findall(r"^def (check_\w+)", (HERE / f"{file}.py").read_text(), re.MULTILINE)
    for file in ("kept", "mended", "changed")
}
CASES = [(file, check) for file, checks in CHECKS.items() for check in checks]


@pytest.fixture(scope="session")
def run_checks(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, str], Results]:
    """Run the checks of a file with an interpreter, once."""
    known: dict[tuple[Path, str], Results] = {}

    def run(python: Path, file: str) -> Results:
        if (python, file) not in known:
            folder = tmp_path_factory.mktemp(file)
            variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
            done = subprocess.run(
                [python, "-W", "ignore", HERE / "runner.py", HERE / f"{file}.py", folder],
                capture_output=True,
                text=True,
                check=False,
                # 2.0.0 has orders of sets, which are right by chance with some hashes.
                env=variables | {"PYTHONHASHSEED": "0"},
            )
            assert done.returncode == 0, done.stderr
            known[python, file] = json.loads(done.stdout)
        return known[python, file]

    return run


def make_ancestor(sqlalchemy: str) -> Path:
    """The interpreter of an environment that holds 2.0.0, and this SQLAlchemy."""
    python = sys.executable if sys.version_info < (3, 12) else shutil.which("python3.11")
    if python is None:
        pytest.skip("2.0.0 needs Python 3.11")
    folder = ENVIRONMENTS / f"2.0.0-sqlalchemy-{sqlalchemy}"
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _install(python, folder, f"sqlalchemy=={sqlalchemy}.*")
            (folder / "complete").touch()
    return folder / "bin" / "python"


def _install(python: str, folder: Path, sqlalchemy: str) -> None:
    subprocess.run([python, "-m", "venv", folder], check=True)
    wanted = ["microcosm-sqlite==2.0.0", "setuptools<81", sqlalchemy]
    done = subprocess.run(
        [folder / "bin" / "python", "-m", "pip", "install", "--quiet", *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"2.0.0 cannot be installed here: {done.stderr[-300:]}")


@pytest.fixture(scope="session", params=["2.0", "2.1"])
def ancestor(request: pytest.FixtureRequest) -> Path:
    return make_ancestor(request.param)


@pytest.mark.parametrize(("file", "check"), CASES)
def test_this_project_passes(
    run_checks: Callable[[Path, str], Results], file: str, check: str
) -> None:
    failure = run_checks(Path(sys.executable), file)[check]
    assert failure is None, failure


@pytest.mark.once
@pytest.mark.parametrize("check", CHECKS["kept"])
def test_2_0_0_does_the_same(
    run_checks: Callable[[Path, str], Results], ancestor: Path, check: str
) -> None:
    failure = run_checks(ancestor, "kept")[check]
    assert failure is None, failure


@pytest.mark.once
@pytest.mark.parametrize(("file", "check"), [case for case in CASES if case[0] != "kept"])
def test_2_0_0_does_not(
    run_checks: Callable[[Path, str], Results], ancestor: Path, file: str, check: str
) -> None:
    assert run_checks(ancestor, file)[check] is not None
