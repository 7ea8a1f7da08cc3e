"""What is made in a workspace is published whole, or not at all, and nothing is left behind."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.common.workspace import (
    LOCK,
    Revision,
    open_workspace,
    publish_new,
    revise_project,
    writing_database,
)

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
    (tmp_path / f"{PREFIX}empty").mkdir()
    (tmp_path / f"{PREFIX}half removed").mkdir()
    (tmp_path / f"{PREFIX}half removed" / "half.db").touch()
    with open_workspace(tmp_path, PREFIX) as first, open_workspace(tmp_path, PREFIX) as second:
        assert sorted(tmp_path.iterdir()) == sorted([first, second, other])
    assert list(tmp_path.iterdir()) == [other]


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_nothing_behind_a_strangers_link_is_touched(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "folder").mkdir(parents=True)
    (own / "file").write_text("mine")
    (own / "folder" / LOCK).write_text("mine")
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / f"{PREFIX}link").symlink_to(own / "folder")
    if os.geteuid() == 0:
        foreign = shared / f"{PREFIX}foreign"
        foreign.mkdir()
        (foreign / LOCK).symlink_to(own / "file")
        os.chown(foreign, 65534, 65534)
    before = sorted(shared.iterdir())
    with open_workspace(shared, PREFIX):
        pass
    assert sorted(shared.iterdir()) == before
    assert (own / "file").read_text() == (own / "folder" / LOCK).read_text() == "mine"


def test_many_processes_at_once_never_sweep_what_another_uses(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; sys.setswitchinterval(1e-5)\n"
        "from microcosm_sqlite.common.workspace import open_workspace\n"
        "for number in range(150):\n"
        "    with open_workspace(Path(sys.argv[1]), 'w-') as folder:\n"
        "        (folder / 'file').write_text('mine')\n"
        "        assert (folder / 'file').read_text() == 'mine'\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[1] for process in running] == [""] * 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_what_is_there_already_is_never_replaced(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    for name in ("draft", "target"):
        make(tmp_path / name)
    if (tmp_path / "target").is_dir():
        (tmp_path / "target" / "file").touch()
    with pytest.raises(FileExistsError):
        publish_new(tmp_path / "draft", tmp_path / "target")
    publish_new(tmp_path / "draft", tmp_path / "other")
    assert (tmp_path / "other").exists()


def test_a_disk_without_room_is_told_as_such(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        connection.executescript("PRAGMA max_page_count = 2; CREATE TABLE a (a);")
        with (
            pytest.raises(OSError, match="database or disk is full") as caught,
            writing_database(tmp_path / "a.db"),
        ):
            connection.execute("INSERT INTO a VALUES (randomblob(99999))")
    assert caught.value.errno == errno.ENOSPC


def make_tree(root: Path) -> Path:
    for name in (
        "models.py",
        "sources/a.csv",
        ".git/config",
        ".venv/x",
        "env/pyvenv.cfg",
        "dist/x",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def read_tree(root: Path) -> dict[str, str]:
    return {
        file.relative_to(root).as_posix(): file.read_text()
        for file in root.rglob("*")
        if file.is_file()
    }


def change(revision: Revision) -> None:
    revision.rewrite(revision.path / "models.py", "new")
    revision.remove(revision.path / "sources" / "a.csv")
    revision.take(revision.path / "models.py", revision.path / "sources" / "b.csv")
    revision.rewrite(revision.path / "more" / "c.txt", "c")


def test_a_project_takes_the_changes_of_its_copy(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "project")
    before = read_tree(root)
    with revise_project(root) as revision:
        assert read_tree(revision.path).keys() - {LOCK} == {"models.py", "sources/a.csv"}
        change(revision)
        assert read_tree(root) == before
    changed = {"models.py": "new", "sources/b.csv": "new", "more/c.txt": "c"}
    kept = {name: text for name, text in before.items() if name != "sources/a.csv"}
    assert read_tree(root) == {**kept, **changed}
    assert list(tmp_path.iterdir()) == [root]


@pytest.mark.parametrize("moves", range(8))
def test_a_project_stays_as_it_was_whatever_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    root = make_tree(tmp_path / "project")
    before = read_tree(root)
    real, left = Path.replace, [moves]

    def replace(file: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] == -1:
            raise OSError(errno.ENOSPC, "full")
        return real(file, target)

    monkeypatch.setattr(Path, "replace", replace)
    try:
        with revise_project(root) as revision:
            change(revision)
    except OSError:
        assert read_tree(root) == before
    else:
        assert moves >= 5
    assert list(tmp_path.iterdir()) == [root]


def test_a_large_file_is_not_copied_and_not_written_through(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "project")
    large = root / "sources" / "large.csv"
    large.write_bytes(b"x" * 1_000_000)
    with revise_project(root) as revision:
        copy = revision.path / "sources" / "large.csv"
        assert copy.samefile(large)
        revision.rewrite(copy, "small")
        assert large.stat().st_size == 1_000_000
        revision.changed.clear()
    assert large.stat().st_size == 1_000_000
