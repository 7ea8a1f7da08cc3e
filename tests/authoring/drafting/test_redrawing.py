"""`new --again` drafts a project again that nobody has edited, and touches no other."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.redrawing import DIGESTS_FILE, find_edits, write_digests
from microcosm_sqlite.authoring.drafting.scaffold import scaffold
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SettingsError
from tests.support.drafts import build, read_tree


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "birds.csv").write_text("id,name\n1,Rook\n2,NA\n", encoding="utf-8")
    (folder / "eggs.csv").write_text("egg,bird\na,1\nb,2\n", encoding="utf-8")
    return folder


def test_an_unedited_project_is_drawn_anew_with_its_answers(files: Path, tmp_path: Path) -> None:
    """What was built, and what stands beside it, stays."""
    project = draft_project(tmp_path / "birds-data", files, title="All birds").path
    build(project)
    (project / ".git").mkdir()
    (project / ".git" / "config").write_text("mine")
    (project / "notes.md").write_text("mine")
    with pytest.raises(SettingsError) as caught:
        draft_project(project, files)
    assert "--again" in caught.value.hint
    draft_project(project, files, again=True, null_values=["NA"], exclude=["eggs"])
    assert not (project / "sources/eggs.csv").exists()
    assert ProjectSettings.from_pyproject(project).title == "All birds"
    assert (project / ".git/config").read_text() == (project / "notes.md").read_text() == "mine"
    build(project)
    fresh = draft_project(
        tmp_path / "new" / "birds-data",
        files,
        title="All birds",
        null_values=["NA"],
        exclude=["eggs"],
    )
    kept = {"notes.md", ".git/config", DIGESTS_FILE}
    left = {name: data for name, data in read_tree(project).items() if name not in kept}
    assert left == {n: d for n, d in read_tree(fresh.path).items() if n != DIGESTS_FILE}


EDITS = {
    "src/birds_data/models.py": b"# mine",
    "README.md": None,
    "sources/more.csv": b"a\n1\n",
    "tests/test_stores.py": b"",
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_project_is_left_alone(files: Path, tmp_path: Path, name: str) -> None:
    project = draft_project(tmp_path / "birds-data", files).path
    content = EDITS[name]
    if content is None:
        (project / name).unlink()
    else:
        (project / name).write_bytes(content)
    before = read_tree(project)
    with pytest.raises(SettingsError, match=f"was edited .* It concerns {name}"):
        draft_project(project, files, again=True)
    assert read_tree(project) == before
    with pytest.raises(SettingsError) as caught:
        draft_project(project, files)
    assert "--again" not in caught.value.hint, "a hint is only given where it helps"


def test_what_was_not_drafted_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "birds-data").mkdir()
    (tmp_path / "birds-data" / "mine.txt").write_text("mine")
    with pytest.raises(SettingsError, match="nobody knows whether it was edited"):
        scaffold(tmp_path / "birds-data", again=True)


def test_the_example_is_drawn_anew_and_a_new_folder_is_written(tmp_path: Path) -> None:
    project = scaffold(tmp_path / "planets-data", again=True)
    scaffold(project, again=True, title="Planets")
    assert ProjectSettings.from_pyproject(project).title == "Planets"


def test_sources_are_digested_in_memory_that_does_not_grow_with_them(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    with (tmp_path / "sources" / "large.db").open("wb") as stream:
        stream.truncate(64_000_000)
    tracemalloc.start()
    write_digests(tmp_path)
    assert [*find_edits(tmp_path)] == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
