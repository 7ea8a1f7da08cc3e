"""A build is repeated when anything that decides its bytes has changed, and only then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.finishing.describe import digest, digest_inputs, find_current
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.finding import find_sources
from microcosm_sqlite.authoring.sources.python_source import SourceFunction
from tests.support.projects import make_project

TABLES = ("birds", "families")


def digest_project(project: Path) -> str:
    settings = ProjectSettings.from_pyproject(project)
    return digest_inputs(settings, find_sources(settings, TABLES))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "birds-data")


def append(name: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        with (project / name).open("a", encoding="utf-8") as stream:
            stream.write("\n")

    return change


def add_module(project: Path) -> None:
    (project / "src" / "birds_data" / "other.py").write_text("", "utf-8")


def rename_source(project: Path) -> None:
    (project / "sources" / "birds.csv").rename(project / "sources" / "birds.CSV")


def change_version(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_text(path.read_text("utf-8").replace('"1.0"', '"1.1"'), "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        append("sources/birds.csv"),
        append("src/birds_data/models.py"),
        add_module,
        rename_source,
        change_version,
    ],
)
def test_what_decides_the_bytes_decides_the_digest(
    project: Path, change: Callable[[Path], None]
) -> None:
    before = digest_project(project)
    change(project)
    assert digest_project(project) != before


def test_a_level_decides_only_where_something_is_compressed(project: Path) -> None:
    before = digest_project(project)
    path = project / "pyproject.toml"
    path.write_text(path.read_text("utf-8") + "compression-level = 3\n", "utf-8")
    assert digest_project(project) == before
    path.write_text(path.read_text("utf-8") + 'compression = "zstd"\n', "utf-8")
    assert digest_project(project) != before


def test_where_a_project_lies_and_what_else_is_in_it_do_not_matter(project: Path) -> None:
    elsewhere = project.parent / "elsewhere" / "checkout"
    shutil.copytree(project, elsewhere)
    (elsewhere / "README.md").write_text("# Birds\n", "utf-8")
    assert digest_project(elsewhere) == digest_project(project)


def test_code_that_the_models_import_counts_wherever_it_stands(project: Path) -> None:
    settings = ProjectSettings.from_pyproject(project)
    sources = find_sources(settings, TABLES)
    helper = project / "helper.py"
    helper.write_text("A = 1\n", "utf-8")
    first = digest_inputs(settings, sources, [helper])
    helper.write_text("A = 2\n", "utf-8")
    assert len({first, digest_inputs(settings, sources, [helper]), digest_project(project)}) == 3


def test_what_a_function_reads_is_never_known(project: Path) -> None:
    settings = ProjectSettings.from_pyproject(project)
    sources = {"birds": (SourceFunction("birds_data.rows:rows"),)}
    assert digest_inputs(settings, sources) == ""
    assert find_current(settings, "") is None


def test_what_was_built_is_current_until_a_byte_of_it_differs(project: Path) -> None:
    build_dataset(ProjectSettings.from_pyproject(project))
    settings = ProjectSettings.from_pyproject(project)
    raw = json.loads(settings.manifest_path.read_text("utf-8"))
    inputs = raw["microcosm-sqlite"]["inputs"].removeprefix("sha256:")
    manifest = find_current(settings, inputs)
    assert manifest is not None
    assert manifest.raw == raw
    assert find_current(settings, digest(settings.database_path)) is None
    with settings.database_path.open("ab") as stream:
        stream.write(b"\0")
    assert find_current(settings, inputs) is None


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b"\xff"])
def test_nothing_is_current_beside_a_manifest_that_cannot_be_read(
    project: Path, content: bytes | None
) -> None:
    settings = ProjectSettings.from_pyproject(project)
    if content is not None:
        settings.manifest_path.write_bytes(content)
    assert find_current(settings, "0" * 64) is None
