"""Virtual environments for the contenders, made once in the ignored folder ``build``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "bench"

WANTED = {
    "ancestor": ["microcosm-sqlite==2.0.0", "setuptools<81"],
    "sqlalchemy": ["microcosm", "SQLAlchemy"],
    "csvs-to-sqlite": ["csvs-to-sqlite>=1.3"],
    "sqlite-utils": ["sqlite-utils>=4"],
    "pandas": ["pandas>=3"],
    "pooch": ["pooch", "pandas>=3"],
    "hugging face": ["datasets", "pandas>=3"],
    "ours": [],
}


def make_environment(way: str) -> Path:
    """The interpreter of the environment of one way; ours is installed again each time."""
    folder = FOLDER / way
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([_find_interpreter(), "-m", "venv", folder], check=True)
        if WANTED[way]:
            _install(python, *WANTED[way])
        (folder / "complete").touch()
    if way == "ours":
        _install(python, str(ROOT))
    return python


def _find_interpreter() -> str:
    """One Python for all: 2.0.0 needs 3.11."""
    if sys.version_info < (3, 12):
        return sys.executable
    found = shutil.which("python3.11")
    if found is None:
        raise SystemExit("2.0.0 needs Python 3.11: python3.11 is not on the path.")
    return found


def _install(python: Path, *requirements: str) -> None:
    subprocess.run([python, "-m", "pip", "install", "-qq", *requirements], check=True)
