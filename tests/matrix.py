"""Run the suite on every Python from 3.11 on that is installed, but for the one that runs this.

Each version gets its own virtual environment under ``build/matrix``. Arguments go to pytest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
PARALLEL = ("--numprocesses", "auto", "--dist", "loadfile")
VERSION_QUERY = "import sys; print('%d.%d' % sys.version_info[:2])"


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
    from shutil import which

    on_path = which(f"python{version}")
    kept = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"), reverse=True)
    return ([Path(on_path)] if on_path else []) + kept


def version_of(interpreter: Path) -> str:
    """What an interpreter says that it is; empty where it does not start."""
    done = subprocess.run(
        [interpreter, "-c", VERSION_QUERY], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def prepare(version: str, interpreter: Path) -> Path:
    """A virtual environment of this version with the project and what its tests need."""
    folder = ROOT / "build" / "matrix" / version
    python = folder / "bin" / "python"
    stamp = folder / "ready"
    if not stamp.exists() or stamp.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        subprocess.run([interpreter, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--upgrade", "pip>=25.1"], check=True)
        subprocess.run(
            [*install, "--editable", ".[build,new,migrate]", "--group", "test"],
            check=True,
            cwd=ROOT,
        )
        stamp.touch()
    return python


def main(arguments: list[str]) -> int:
    """Run the suite on each; the number of versions on which it failed."""
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    interpreters = find_interpreters()
    missing = [version for version in VERSIONS if version not in interpreters and version != this]
    if missing:
        print(f"not installed, so not tested: Python {', '.join(missing)}", flush=True)
    failures = 0
    for version, interpreter in interpreters.items():
        if version == this:
            continue
        print(f"=== Python {version}", flush=True)
        suite = [prepare(version, interpreter), "-m", "pytest", *PARALLEL, *arguments]
        failures += subprocess.run(suite, check=False, cwd=ROOT).returncode != 0
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
