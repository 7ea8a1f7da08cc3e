"""How large each extra is once installed, and what it brings: ``python -m benchmarks.extras``.

Every extra is installed by uv into an environment of its own, from this checkout. Prints a table,
and writes it into the reference. With the names of some extras, it only prints theirs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

from benchmarks.figures_page import replace_section
from benchmarks.report import describe_command
from microcosm_sqlite.common.wording import spell_count

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "extras.md"
NONE = "(none)"
PURPOSES = {
    NONE: "SQL, stores, the command line without what is below",
    "build": "build data wheels",
    "new": "draft projects, from files and databases",
    "excel": "workbooks as sources",
    "labelled": "files of Stata, SPSS and SAS as sources",
    "spatial": "shapefiles as sources",
    "arrow": "frames of Arrow; Parquet, Feather and ORC as sources",
    "pandas": "frames of pandas",
    "polars": "frames of polars",
    "duckdb": "relations of DuckDB",
    "dask": "data frames of Dask",
    "spark": "a data source for Spark",
    "async": "stores for asyncio",
    "migrate": "migrations with Alembic",
    "browse": "datasets in the browser, with Datasette",
    "mcp": "datasets for agents",
    "all": "all of them",
}
"""What each extra is for, in the order of the page."""

HEADS = ("extra", "for", "packages", "size", "more than without")


class Installed(NamedTuple):
    """What an environment holds.

    Attributes:
        packages: How many distributions, this one included.
        bytes: Of all their files.
    """

    packages: int
    bytes: int


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        found = {
            name: install(wheel, name, Path(folder) / f"environment{number}")
            for number, name in enumerate([NONE, *(names or list(PURPOSES)[1:])])
        }
    table = draw(found)
    print(table)
    if not names:
        told = f"`{describe_command()}`, {datetime.now(UTC):%Y-%m-%d}, {describe_platform()}."
        text = replace_section(PAGE.read_text("utf-8"), "extras", f"\n{table}\n\n{told}\n\n")
        PAGE.write_text(text, "utf-8")


def build_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, extra: str, environment: Path) -> Installed:
    """Install the wheel with an extra into a new environment, and measure that."""
    uv = [sys.executable, "-m", "uv"]
    quiet = ["--quiet", "--no-config"]
    subprocess.run([*uv, "venv", *quiet, "--python", sys.executable, environment], check=True)
    wanted = f"microcosm-sqlite[{extra}] @ {wheel.as_uri()}" if extra != NONE else wheel
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, wanted], check=True)
    (site,) = environment.rglob("site-packages")
    found = list(distributions(path=[str(site)]))
    return Installed(len(found), sum(map(measure, found)))


def measure(distribution: Distribution) -> int:
    """The bytes of all files of a distribution."""
    files = (Path(str(file.locate())) for file in distribution.files or ())
    return sum(file.stat().st_size for file in files if file.is_file())


def draw(found: dict[str, Installed]) -> str:
    """A line for each extra, with what it adds to an installation without any."""
    bare = found[NONE]
    lines = [
        (
            name if name == NONE else f"`{name}`",
            PURPOSES[name],
            each.packages,
            f"{each.bytes / 1e6:,.1f} MB",
            ""
            if name == NONE
            else f"{spell_count(each.packages - bare.packages, 'package')}, "
            f"{(each.bytes - bare.bytes) / 1e6:,.1f} MB",
        )
        for name, each in found.items()
    ]
    return tabulate(lines, HEADS, tablefmt="github", disable_numparse=True)


def describe_platform() -> str:
    """What the wheels were chosen for."""
    return f"Python {sys.version_info.major}.{sys.version_info.minor} on {sys.platform}"


def list_extras() -> list[str]:
    """The extras of this distribution."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return [*project["optional-dependencies"]]


if __name__ == "__main__":
    main(sys.argv[1:])
