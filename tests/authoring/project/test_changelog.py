"""The last versions of a changelog are found, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.changelog import (
    LONGEST,
    MOST_VERSIONS,
    Change,
    parse_changes,
    read_changes,
)
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from tests.support.projects import make_project


@pytest.mark.parametrize(
    ("heading", "version"),
    [
        ("1.0", "1.0"),
        ("v1.0 (2026-01-31)", "v1.0 (2026-01-31)"),
        ("[1.0] - 2026-01-31", "1.0 - 2026-01-31"),
        ("[1.0](https://example.org/1.0) - today ##", "1.0 - today"),
        ("Unreleased", None),
        ("[Unreleased]", None),
        ("How versions are numbered", None),
    ],
)
def test_headings_that_name_a_version_are_taken(heading: str, version: str | None) -> None:
    found = parse_changes(f"# Changelog\n\nAbout.\n\n## {heading}\n\n- More.\n### Rows\n- Two.\n")
    assert found == ((Change(version, "- More.\n### Rows\n- Two."),) if version else ())


def test_long_histories_and_texts_are_cut() -> None:
    text = "".join(f"## {9 - number}.0\r\n\r\n" + "- A line.\r\n" * 500 for number in range(9))
    found = parse_changes(text)
    assert [each.version for each in found] == [
        f"{9 - number}.0" for number in range(MOST_VERSIONS)
    ]
    assert all(len(each.text) <= LONGEST + 3 for each in found)
    assert found[0].text.endswith("- A line.\n\n…")


def test_the_manifest_carries_them_and_a_change_of_the_changelog_is_built(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    assert read_changes(project) == ()
    first = build_dataset(ProjectSettings.from_pyproject(project))
    assert "changes" not in first.manifest.raw[EXTENSION]
    content = first.path.read_bytes()
    (project / "CHANGELOG.md").write_text("\ufeff## 1.0\n\n- Größer.\n", "utf-8")
    second = build_dataset(ProjectSettings.from_pyproject(project))
    written = Manifest.loads(second.manifest_path.read_text("utf-8"))
    assert written.changes == [{"version": "1.0", "text": "- Größer."}]
    assert (second.path.read_bytes(), second.is_fresh) == (content, True)
