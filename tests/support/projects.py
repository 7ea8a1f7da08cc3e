"""Small dataset projects, built and installed for real."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MODELS = '''\
"""Models of a test."""

from __future__ import annotations

from datetime import date

from microcosm_sqlite import DataSet
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Family(Base):
    """A family of birds."""

    __tablename__ = "families"

    code: Mapped[str] = mapped_column(String(4), primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Bird(Base):
    """A species of bird."""

    __tablename__ = "birds"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    family: Mapped[str] = mapped_column(ForeignKey(Family.code), index=True)
    wingspan: Mapped[int | None] = mapped_column(comment="In centimetres")
    described: Mapped[date | None]
'''

SOURCES = {
    "families.csv": "code,name\nPARU,Tits\nCORV,Crows\n",
    "birds.csv": (
        "id,name,family,wingspan,described\n"
        "1,Great tit,PARU,24,1758-01-01\n"
        "2,Blue tit,PARU,18,\n"
        "3,Rook,CORV,,1758-01-01\n"
    ),
}

PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.26", "microcosm-sqlite"]
build-backend = "hatchling.build"

[project]
name = "{dataset}-data"
version = "{version}"
description = "Birds for tests"
requires-python = ">=3.11"
license = "CC0-1.0"
authors = [{{ name = "The microcosm-sqlite authors" }}]

[project.entry-points."microcosm.sqlite"]
{dataset} = "{package}:path"

[tool.hatch.build.targets.sdist]
core-metadata-version = "2.4"
artifacts = ["/sources"]

[tool.hatch.build.targets.wheel]
core-metadata-version = "2.4"
packages = ["src/{package}"]

[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]
dataset = "{dataset}"
models = "{package}.models"
sources = "sources"
{options}
"""

INIT = '''\
"""A dataset of a test."""

from pathlib import Path


def path(graph=None):
    """Where the database is."""
    return str(Path(__file__).with_name("{dataset}.db"))
'''


def make_project(
    root: Path,
    *,
    models: str = MODELS,
    sources: Mapping[str, str | bytes] = SOURCES,
    dataset: str = "birds",
    version: str = "1.0",
    options: str = "",
    init: str = INIT,
) -> Path:
    """Write a dataset project into `root`, and return `root`.

    Args:
        root: The project's directory; made where it does not exist.
        models: Text of its models module.
        sources: File name under `sources/` to content.
        dataset: The dataset's name; the distribution is `<dataset>-data`.
        version: The distribution's version.
        options: More lines of the hook's table.
        init: Text of the package's `__init__.py`.
    """
    package = f"{dataset}_data"
    names = {"dataset": dataset, "version": version, "package": package, "options": options}
    files: dict[str, str | bytes] = {
        "pyproject.toml": PYPROJECT.format(**names),
        ".gitignore": "*.db\n*.db.zst\ndatapackage.json\n",
        f"src/{package}/__init__.py": init.format(**names),
        f"src/{package}/models.py": models,
        **{f"sources/{name}": content for name, content in sources.items()},
    }
    (root / "sources").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def complete(root: Path) -> None:
    """Give a project whatever an index and `check` ask for besides."""
    (root / "README.md").write_text("# Birds\n")
    (root / "LICENSE").write_text("Everybody may do everything with it.\n")
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## 1.0\n\n- First version.\n")
    extra = 'license = "CC0-1.0"\nreadme = "README.md"\nlicense-files = ["LICENSE"]\n'
    settings = root / "pyproject.toml"
    settings.write_text(settings.read_text().replace('license = "CC0-1.0"\n', extra, 1))


def run_build(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m build` without isolation, and return what came of it."""
    command = [sys.executable, "-m", "build", "--no-isolation", *arguments, str(project)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def build_wheel(project: Path, *arguments: str) -> Path:
    """Build the wheel of a project, from its checkout, and return its path."""
    return _build(project, "*.whl", "--wheel", *arguments)


def build_sdist(project: Path) -> Path:
    """Build the source distribution of a project, and return its path."""
    return _build(project, "*.tar.gz", "--sdist")


def unpack_sdist(sdist: Path, folder: Path) -> set[str]:
    """Unpack a source distribution, and return the names in it, without the folder of all."""
    with tarfile.open(sdist) as archive:
        # Python 3.11.3 and before have no filters.
        safely: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder, **safely)
        return {name.partition("/")[2] for name in archive.getnames()}


def _build(project: Path, pattern: str, *arguments: str) -> Path:
    done = run_build(project, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (project / "dist").glob(pattern)
    return built
