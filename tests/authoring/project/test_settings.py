"""The settings are the same wherever they are read from."""

from __future__ import annotations

from pathlib import Path

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager

from microcosm_sqlite.authoring.project.settings import Origin, ProjectSettings
from microcosm_sqlite.authoring.project.source_options import CsvOptions, TableOptions
from microcosm_sqlite.errors import SettingsError
from tests.support.projects import make_project

OPTIONS = """
title = "Birds"
license = "CC-BY-4.0"
null-values = ["NA"]
error-limit = 3
compression-level = 12
csv = {delimiter = ";", encoding = "cp1252", skip-lines = 2}
columns.birds = {"No." = "id"}
dependencies = ["something"]
[[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.origins]]
title = "A book"
sha256 = "sha256:00ff"
"""


def read_as_the_hook_does(project: Path) -> ProjectSettings:
    metadata = ProjectMetadata(str(project), PluginManager())
    targets = metadata.hatch.build_targets
    config = targets["wheel"]["hooks"]["microcosm-sqlite"]
    return ProjectSettings.from_hook(str(project), config, metadata)


@pytest.mark.parametrize("options", ["", OPTIONS])
def test_the_hook_and_the_command_line_read_the_same(tmp_path: Path, options: str) -> None:
    project = make_project(tmp_path / "p", options=options)
    assert ProjectSettings.from_pyproject(project) == read_as_the_hook_does(project)


def test_every_option_is_read(tmp_path: Path) -> None:
    settings = ProjectSettings.from_pyproject(make_project(tmp_path / "p", options=OPTIONS))
    assert (settings.title, settings.license, settings.version) == ("Birds", "CC-BY-4.0", "1.0")
    assert (settings.error_limit, settings.compression_level) == (3, 12)
    csv = CsvOptions(delimiter=";", encoding="cp1252", skip_lines=2)
    assert settings.read_options("families") == TableOptions(csv, null_values=("NA",))
    assert settings.read_options("birds").columns == {"No.": "id"}
    assert settings.origins == (Origin("A book", sha256="00ff"),)
    assert settings.contributors == ("The microcosm-sqlite authors",)


def test_the_data_may_have_other_authors_than_the_project(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", options='authors = ["A. Watcher", "Institute of Birds"]')
    settings = ProjectSettings.from_pyproject(project)
    assert settings.contributors == ("A. Watcher", "Institute of Birds")


def test_a_dynamic_version_is_asked_of_hatchling(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text().replace('version = "1.0"', 'dynamic = ["version"]')
    pyproject.write_text(text + '\n[tool.hatch.version]\npath = "src/birds_data/__init__.py"\n')
    init = project / "src" / "birds_data" / "__init__.py"
    init.write_text(init.read_text() + '\n__version__ = "2.5"\n')
    settings = ProjectSettings.from_pyproject(project)
    assert settings.version == "2.5"
    assert settings == read_as_the_hook_does(project)


@pytest.mark.parametrize("layout", ["src/birds_data", "birds_data", "src/acme/birds_data"])
def test_the_package_is_found_in_every_layout(tmp_path: Path, layout: str) -> None:
    package = tmp_path / layout
    package.mkdir(parents=True)
    name = layout.removeprefix("src/").replace("/", ".")
    settings = ProjectSettings(tmp_path, "birds", f"{name}.models", package=name)
    assert settings.package_directory == package
    assert settings.database_path == package / "birds.db"
    assert settings.import_directory == tmp_path / ("src" if layout.startswith("src") else "")


def test_a_package_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = ProjectSettings(tmp_path, "birds", "birds_data.models", package="birds_data")
    with pytest.raises(SettingsError, match="The package `birds_data` is neither in"):
        settings.database_path  # noqa: B018


@pytest.mark.parametrize("name", ["", ".birds", "-birds", "bi rds", "birds/x"])
def test_names_that_are_no_entry_points_are_refused(tmp_path: Path, name: str) -> None:
    project = make_project(tmp_path / "p")
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace('"birds"', f'"{name}"'))
    with pytest.raises(SettingsError, match="`dataset` for build hook"):
        ProjectSettings.from_pyproject(project)
