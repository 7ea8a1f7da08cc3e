"""Files that are not the sources they are named as."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.from_files.file_kind import refuse_disguise
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError
from tests.support.projects import SOURCES, make_project

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


@pytest.mark.parametrize("name", ["birds.csv", "birds.jsonl", "birds.parquet", "birds.db"])
def test_a_pointer_of_git_lfs_is_told_from_a_source(name: str, tmp_path: Path) -> None:
    sources = {file: text for file, text in SOURCES.items() if file != "birds.csv"}
    project = make_project(tmp_path / "p", sources={**sources, name: POINTER})
    with pytest.raises(SourceError, match=r"birds.* a Git LFS pointer") as caught:
        build_dataset(ProjectSettings.from_pyproject(project))
    if not name.endswith(".db"):
        assert caught.value.hint == "Fetch it: git lfs pull"
        with pytest.raises(SourceError, match="is a Git LFS pointer"):
            refuse_disguise(project / "sources" / name)
