"""CPython as WebAssembly, of the npm package ``pyodide``, run by Node on this machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "webassembly"
"""Where ``tests/heavy.py`` puts the wheels of what this package needs."""

WHEELS = FOLDER / "wheels"
PYODIDE = ROOT / "build" / "npm" / "node_modules" / "pyodide"
ENVIRONMENT = {"python_version": "3.14", "sys_platform": "emscripten"}
PURE = ("--python-version", "3.14", "--platform", "any", "--implementation", "py", "--abi", "none")
"""What makes pip take wheels without compiled code only."""

DRIVER = """
const [pyodide, task] = process.argv.slice(1);
const { loadPyodide } = await import(`${pyodide}/pyodide.mjs`);
const { readFileSync } = await import("node:fs");
const { wheels, program } = JSON.parse(task);
const python = await loadPyodide({ indexURL: `${pyodide}/` });
python.FS.mkdir("/wheels");
const read = (path) => new Uint8Array(readFileSync(path));
const places = wheels.map((path) => `/wheels/${path.split("/").at(-1)}`);
wheels.forEach((path, number) => python.FS.writeFile(places[number], read(path)));
const installer = places.find((place) => place.includes("/micropip-"));
python.unpackArchive(python.FS.readFile(installer), "wheel");
python.globals.set("places", places.filter((place) => place !== installer));
await python.runPythonAsync(`
import micropip
await micropip.install([f"emfs:{place}" for place in places], deps=False)
import os
for place in places:
    os.unlink(place)
`);
try {
    await python.runPythonAsync(program);
} catch (error) {
    console.log(error.message);
    process.exitCode = 1;
}
"""


def list_requirements() -> list[str]:
    """What this package needs there, the installer of Pyodide, and what JupyterLite needs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = map(Requirement, project["dependencies"])
    chosen = [
        f"{requirement.name}{requirement.specifier}"
        for requirement in needed
        if requirement.marker is None or requirement.marker.evaluate(ENVIRONMENT)
    ]
    return [*chosen, "micropip", "ipython", "comm"]


def find_obstacle() -> str:
    """Why nothing can be run there; empty where it can."""
    if not shutil.which("node"):
        return "node is not installed"
    if not PYODIDE.is_dir() or not list(WHEELS.glob("micropip-*.whl")):
        return "pyodide is not installed: make test-heavy"
    return ""


def pack_pyodide(folder: Path) -> Path:
    """Pyodide as an archive for JupyterLite, which takes everything else from wheels."""
    made = folder / "pyodide"
    shutil.copytree(PYODIDE, made)
    (installer,) = WHEELS.glob("micropip-*.whl")
    shutil.copy(installer, made)
    lock = json.loads((made / "pyodide-lock.json").read_text("utf-8"))
    micropip = lock["packages"]["micropip"]
    micropip["file_name"] = installer.name
    micropip["sha256"] = sha256(installer.read_bytes()).hexdigest()
    lock["packages"] = {"micropip": micropip}
    (made / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")
    return Path(shutil.make_archive(str(made), "bztar", folder, "pyodide"))


def run_in_browser(program: str, wheels: Sequence[Path]) -> str:
    """Install these wheels and those that they need, run a program, and return what it prints."""
    task = {"wheels": [str(path) for path in [*WHEELS.glob("*.whl"), *wheels]], "program": program}
    command = ["node", "--input-type=module", "--eval", DRIVER, str(PYODIDE), json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{done.stdout[-3000:]}{done.stderr[-1000:]}"
    return done.stdout
