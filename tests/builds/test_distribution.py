"""The wheel and the source distribution of this project hold what they should, and nothing else."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path, PurePosixPath
from shutil import which
from zipfile import ZipFile

import pytest

from tests.support.programs import run

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.once]

METADATA = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
SHIPPED = {
    *("microcosm_sqlite", "dataset_template", "tests", "docs", "examples", "benchmarks"),
    *("Makefile", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "PKG-INFO"),
    *("pyproject.toml", ".gitignore"),
}
"""What stands at the top of the source distribution."""

MADE = {".db", ".zst", ".pyc", ".whl", ".gz"}
"""Endings of what is made, and never shipped."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


def list_files(folder: str) -> set[str]:
    """The files of a folder of the project, as a wheel names them."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {
        path.relative_to(ROOT).as_posix()
        for path in found
        if "__pycache__" not in path.parts and path.suffix != ".pyc"
    }


def test_the_wheel_has_the_package_the_template_and_its_metadata(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    info = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    template = {f"microcosm_sqlite/{name}" for name in list_files("dataset_template")}
    expected = list_files("microcosm_sqlite") | template | {f"{info}/{each}" for each in METADATA}
    assert names == expected
    assert wheel.stat().st_size < 1_500_000


def test_the_source_distribution_has_what_tests_and_documentation_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        files = [each.name for each in archive.getmembers() if each.isfile()]
    names = [PurePosixPath(*PurePosixPath(name).parts[1:]) for name in files]
    assert {name.parts[0] for name in names} == SHIPPED
    assert not [name for name in names if MADE.intersection(name.suffixes)]
    if which("git") and (ROOT / ".git").exists():
        options = ["-z", "--cached", "--others", "--exclude-standard"]
        kept = set(run("git", "-C", ROOT, "ls-files", *options).split("\0"))
        assert {str(name) for name in names} - kept == {"PKG-INFO"}
    assert {"tests/conftest.py", "docs/index.md", "examples/demo.py"} <= {*map(str, names)}
    assert sdist.stat().st_size < 4_000_000


def test_both_say_the_same_of_the_project(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    (sdist,) = built.glob("*.tar.gz")
    with ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("/METADATA"))
        told = archive.read(name)
    with tarfile.open(sdist) as archive:
        (member,) = (each for each in archive.getnames() if each.endswith("/PKG-INFO"))
        opened = archive.extractfile(member)
        assert opened is not None
        assert opened.read() == told


def test_twine_finds_nothing_wrong_with_them_or_with_a_data_wheel(
    built: Path, flights_project: Path
) -> None:
    files = [*built.iterdir(), *(flights_project / "dist").glob("*.whl")]
    assert len(files) == 3
    told = run(sys.executable, "-m", "twine", "--no-color", "check", "--strict", *files)
    assert told.count("PASSED") == 3
