"""Put what the page "Try it in your browser" loads into ``build/try-it``; `make docs` runs it.

CPython as WebAssembly is taken from the npm package ``pyodide``; the runtime is built from this
checkout, and the dataset from the project template. Nothing of it is kept by git. Where npm is
missing or cannot reach its registry, there is no such folder, and the page says so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from microcosm_sqlite.authoring.drafting.scaffold import scaffold

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "try-it"
NPM = ROOT / "build" / "npm"
PACKAGE = "pyodide@>=314"
PYODIDE = ("pyodide.mjs", "pyodide.asm.*", "pyodide-lock.json", "python_stdlib.zip", "LICENSE*")
"""The files of the npm package that a browser loads."""


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    package = fetch_pyodide()
    if package is None:
        print("Try it in your browser: npm gave no pyodide, so the page cannot load it.")
        return
    served = FOLDER / "try"
    served.mkdir(parents=True)
    for pattern in PYODIDE:
        for file in package.glob(pattern):
            shutil.copy(file, served)
    with tempfile.TemporaryDirectory() as folder:
        project = scaffold(Path(folder) / "elements-data", title="The chemical elements")
        wheels = [build_wheel(ROOT, served), build_wheel(project, served)]
    (served / "wheels.json").write_text(json.dumps([wheel.name for wheel in wheels]))


def fetch_pyodide() -> Path | None:
    """The npm package, installed where it is not there yet."""
    package = NPM / "node_modules" / "pyodide"
    if not package.is_dir() and shutil.which("npm"):
        NPM.mkdir(parents=True, exist_ok=True)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
        command = ["npm", "install", *quiet, "--prefix", str(NPM), PACKAGE]
        subprocess.run(command, check=False, capture_output=True)
    return package if package.is_dir() else None


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel of a project into a folder."""
    before = set(folder.glob("*.whl"))
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    subprocess.run([*command, project], check=True, capture_output=True)
    (wheel,) = set(folder.glob("*.whl")) - before
    return wheel


if __name__ == "__main__":
    main()
