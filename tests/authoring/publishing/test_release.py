"""The next version is written where it stands, with what changed, row by row."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import try_build
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing import release
from microcosm_sqlite.authoring.publishing.release import release_project
from microcosm_sqlite.errors import BuildError, SettingsError
from tests.support.drafts import build, read_tree
from tests.support.projects import MODELS, SOURCES, make_project

LOG = "# Changelog\n\nMajor is what breaks.\n\n## 1.0\n\n- First version.\n"
CITATION = 'cff-version: 1.2.0\nversion: "1.0"\ntitle: Birds\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of version 1.0 that was built, beside a copy of what was built."""
    root = make_project(tmp_path / "birds-data")
    (root / "CHANGELOG.md").write_text(LOG)
    (root / "CITATION.cff").write_text(CITATION)
    (tmp_path / "before").mkdir()
    for file in (build(root), root / "src/birds_data/datapackage.json"):
        shutil.copy(file, tmp_path / "before")
    return root


def change(project: Path) -> None:
    rows = SOURCES["birds.csv"].replace("Blue tit", "Bluetit").replace("2,Blue", "2,Blue")
    (project / "sources/birds.csv").write_text(rows + "4,Jay,CORV,55,\n")


def test_version_changelog_and_citation_are_written(project: Path, tmp_path: Path) -> None:
    change(project)
    done = release_project(project, tmp_path / "before/birds.db")
    assert done.version == "1.0.1"
    assert 'version = "1.0.1"' in (project / "pyproject.toml").read_text()
    assert 'version: "1.0.1"' in (project / "CITATION.cff").read_text()
    log = (project / "CHANGELOG.md").read_text()
    section = "## 1.0.1\n\n### Rows\n\n- `birds`: 1 inserted, 1 updated; 4 rows in all.\n"
    assert log == LOG.replace("## 1.0\n", f"{section}\n## 1.0\n")
    assert "- id = `2`: name: `Blue tit` → `Bluetit`\n" in done.summary
    assert "- new: id = `4`, name = `Jay`" in done.summary
    again = release_project(project, tmp_path / "before/birds.db")
    assert again.version == "1.0.1", "a version that was raised stays"
    assert (project / "CHANGELOG.md").read_text() == log


def test_a_release_builds_once(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds = list[str]()

    def count(settings: ProjectSettings) -> Path:
        builds.append(settings.version)
        return try_build(settings)

    monkeypatch.setattr(release, "try_build", count)
    change(project)
    assert release_project(project, tmp_path / "before/birds.db").version == "1.0.1"
    assert builds == ["1.0"]


def test_nothing_is_written_where_nothing_changed(project: Path, tmp_path: Path) -> None:
    before = read_tree(project)
    assert release_project(project, tmp_path / "before/birds.db").version == ""
    assert read_tree(project) == before


def test_a_project_without_changelog_gets_one(project: Path, tmp_path: Path) -> None:
    (project / "CHANGELOG.md").unlink()
    (project / "CITATION.cff").unlink()
    change(project)
    release_project(project, tmp_path / "before/birds.db")
    assert (project / "CHANGELOG.md").read_text().startswith("# Changelog\n\n## 1.0.1\n")
    assert not (project / "CITATION.cff").exists()


@pytest.mark.parametrize("fault", ["dynamic", "broken"])
def test_what_cannot_be_released_stays_as_it_is(project: Path, tmp_path: Path, fault: str) -> None:
    change(project)
    if fault == "dynamic":
        settings = project / "pyproject.toml"
        text = settings.read_text().replace('version = "1.0"', 'dynamic = ["version"]')
        table = '[tool.hatch.version]\npath = "src/birds_data/version.py"\n'
        settings.write_text(f"{text}\n{table}")
        (project / "src/birds_data/version.py").write_text('__version__ = "1.0"\n')
    else:
        (project / "src/birds_data/models.py").write_text(MODELS.replace("String(40)", "String(3)"))
    before = read_tree(project)
    error = SettingsError if fault == "dynamic" else BuildError
    with pytest.raises(error) as caught:
        release_project(project, tmp_path / "before/birds.db")
    assert fault == "broken" or "Raise it to 1.0.1 yourself" in caught.value.hint
    assert read_tree(project) == before


def test_what_is_no_project_is_named_by_its_own_path(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(SettingsError) as refused:
        release_project(tmp_path / "plain", "anything")
    assert refused.value.message.startswith(f"{tmp_path / 'plain'} has no pyproject.toml")
