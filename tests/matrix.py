"""Run the suite on every Python from 3.11 on that is installed, but for the one that runs this.

Each version gets its own virtual environment under ``build/matrix``. Two versions run at a time,
since much of a suite is waiting; what each says is shown when it is done. Left out are the tests
that want more than Python, and those that say the same on all of them. Arguments go to pytest.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "matrix"
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
AT_A_TIME = 2
OPTIONS = ("--numprocesses", "auto", "--dist", "loadfile", "-m", "not heavy and not once")
VERSION_QUERY = "import sys; print('%d.%d' % sys.version_info[:2])"


def main(arguments: list[str]) -> int:
    """Run the suite on each; the number of versions on which it failed."""
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreters = find_interpreters()
    missing = [version for version in VERSIONS if version not in interpreters and version != this]
    if missing:
        print(f"not installed, so not tested: Python {', '.join(missing)}", flush=True)
    interpreters.pop(this, None)
    FOLDER.mkdir(parents=True, exist_ok=True)
    failures = 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        running = {
            pool.submit(run_suite, version, interpreter, arguments): version
            for version, interpreter in interpreters.items()
        }
        for done in as_completed(running):
            version = running[done]
            print(f"=== Python {version}\n{log_of(version).read_text()}", flush=True)
            failures += not done.result()
    return failures


def find_interpreters() -> dict[str, Path]:
    """Version to interpreter, for each that starts and is the version that it claims."""
    found: dict[str, Path] = {}
    for version in VERSIONS:
        for candidate in candidates(version):
            if version_of(candidate) == version:
                found[version] = candidate
                break
    return found


def candidates(version: str) -> list[Path]:
    """Where an interpreter of this version may be: on the path, or kept by pyenv."""
    on_path = which(f"python{version}")
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)
    return ([Path(on_path)] if on_path else []) + kept


def version_of(interpreter: Path) -> str:
    """What an interpreter says that it is; empty where it does not start."""
    done = subprocess.run(
        [interpreter, "-c", VERSION_QUERY], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def run_suite(version: str, interpreter: Path, arguments: list[str]) -> bool:
    """Whether the suite passes on one version; all that is said goes to its log."""
    folder = FOLDER / version
    python = folder / "bin" / "python"
    with log_of(version).open("w") as log:

        def succeeds(command: Sequence[str | Path]) -> bool:
            done = subprocess.run(
                command, check=False, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
            return done.returncode == 0

        if not all(map(succeeds, preparations(folder, interpreter, python))):
            return False
        (folder / "ready").touch()
        return succeeds([python, "-m", "pytest", *OPTIONS, *arguments])


def preparations(folder: Path, interpreter: Path, python: Path) -> list[list[str | Path]]:
    """The steps to a virtual environment of this version with what the tests need."""
    stamp = folder / "ready"
    if stamp.exists() and stamp.stat().st_mtime > (ROOT / "pyproject.toml").stat().st_mtime:
        return []
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [
        [interpreter, "-m", "venv", "--clear", folder],
        [*install, "--upgrade", "pip>=25.1"],
        [*install, "--editable", ".[build,new,migrate]", "--group", "test"],
    ]


def log_of(version: str) -> Path:
    """Where what a version says is kept."""
    return FOLDER / f"{version}.txt"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
