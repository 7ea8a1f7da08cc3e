"""What is made in a workspace is published whole, or not at all, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.common.workspace import LOCK, open_workspace

PREFIX = ".birds.db.build-"


def test_a_workspace_is_gone_when_its_block_ends_and_when_it_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with open_workspace(tmp_path, PREFIX) as workspace:
            (workspace / "half.db").write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_dead_processes_left_is_removed_and_what_live_ones_use_is_not(tmp_path: Path) -> None:
    dead, other = tmp_path / f"{PREFIX}dead", tmp_path / ".nests.db.build-dead"
    for folder in (dead, other):
        folder.mkdir()
        (folder / LOCK).touch()
    with open_workspace(tmp_path, PREFIX) as first, open_workspace(tmp_path, PREFIX) as second:
        assert sorted(tmp_path.iterdir()) == sorted([first, second, other])
    assert list(tmp_path.iterdir()) == [other]
