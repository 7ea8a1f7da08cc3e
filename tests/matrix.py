"""Run the suite on every Python from 3.11 on that is installed, but for the one that runs this.

Each version gets its own virtual environment under ``build/matrix``. Two versions run at a time,
since much of a suite is waiting; what each says is shown when it is done. Left out are the tests
that want more than Python, and those that say the same on all of them. Arguments go to pytest.

``python tests/matrix.py dependencies`` runs the core of the suite instead, on each version that is
installed, once with the oldest dependencies that are allowed there and once with the newest, as uv
resolves them. With ``here``, only the Python that runs this is tried.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
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


RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
EXTRAS = ("build", "new", "migrate", "async", "arrow", "pandas", "polars", "duckdb", "dask")
EXTRAS += ("browse",)
TOOLS = ("editables", "hypothesis", "pytest", "pytest-xdist")
"""What runs the core, and what the package is installed by, in any version."""

PARTS = ["common", "catalog", "orm", "graph", "interop", "authoring/loading", "authoring/values"]
CORE = [f"tests/{part}" for part in PARTS]
CORE_OPTIONS = ("--numprocesses", "auto", "-m", "not slow and not heavy and not once")
BIN, SUFFIX = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")


def main(arguments: list[str]) -> int:
    """Run the suite on each; the number of versions on which it failed."""
    if arguments[:1] == ["dependencies"]:
        return try_dependencies(arguments[1:])
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


def try_dependencies(arguments: list[str]) -> int:
    """Run the core with the oldest and the newest dependencies; the number of times it failed."""
    if arguments[:1] == ["here"]:
        interpreters = {sysconfig.get_python_version(): Path(sys.executable)}
        del arguments[0]
    else:
        interpreters = find_interpreters()
    failures = []
    for version, interpreter in interpreters.items():
        for name, resolution in RESOLUTIONS.items():
            said = f"Python {version}, {name} dependencies"
            print(f"=== {said}", flush=True)
            if not run_core(FOLDER / f"{version}-{name}", interpreter, resolution, arguments):
                failures.append(said)
    print(*(f"failed: {said}" for said in failures), sep="\n", flush=True)
    return len(failures)


def run_core(folder: Path, interpreter: Path, resolution: str, arguments: list[str]) -> bool:
    """Whether the core of the suite passes; only wheels are installed, as nobody compiles."""
    uv = which("uv") or str(Path(sys.executable).with_name(f"uv{SUFFIX}"))
    python, locked = folder / BIN / f"python{SUFFIX}", folder / "requirements.txt"
    wheels = ("--only-binary", ":all:", "--no-python-downloads", "--quiet")
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    compiling = (uv, "pip", "compile", "--python", python)
    install = (uv, "pip", "install", "--python", python, "--quiet")
    steps: list[Sequence[str | Path]] = [
        (uv, "venv", "--quiet", "--clear", "--python", interpreter, folder),
        (*compiling, *wheels, "--resolution", resolution, *extras, "-o", locked, "pyproject.toml"),
        (*install, "--only-binary", ":all:", "--requirement", locked),
        (*install, "--only-binary", ":all:", "--constraint", locked, *TOOLS),
        (*install, "--no-deps", "--no-build-isolation", "--editable", "."),
        (python, "-m", "pytest", "-q", *CORE_OPTIONS, *(arguments or CORE)),
    ]
    return all(
        subprocess.run(step, check=False, cwd=ROOT, stdin=subprocess.DEVNULL).returncode == 0
        for step in steps
    )


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
