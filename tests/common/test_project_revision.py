"""A project takes changes as a whole, or stays as it was."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from microcosm_sqlite.common import project_revision
from microcosm_sqlite.common.project_revision import (
    Revision,
    recover_project,
    revise_project,
)
from microcosm_sqlite.common.workspace import JOURNAL, LOCK
from microcosm_sqlite.errors import BuildError


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
        assert read_tree(revision.path).keys() - {LOCK, ".gitignore"} == {
            "models.py",
            "sources/a.csv",
        }
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
        assert moves >= 3
    assert list(tmp_path.iterdir()) == [root]


KILLED = """
import os, sys
from pathlib import Path
from microcosm_sqlite.common.project_revision import revise_project

left = int(sys.argv[2])
for name in ("replace", "rename", "link", "unlink"):
    def call(*arguments, real=getattr(os, name), **options):
        global left
        left -= 1
        if left == -1:
            os._exit(9)
        return real(*arguments, **options)
    setattr(os, name, call)
with revise_project(Path(sys.argv[1])) as revision:
    revision.rewrite(revision.path / "models.py", "new")
    revision.remove(revision.path / "sources" / "a.csv")
    revision.take(revision.path / "models.py", revision.path / "sources" / "b.csv")
    revision.rewrite(revision.path / "more" / "c.txt", "c")
"""


@pytest.mark.slow
def test_a_project_is_whole_again_after_a_kill_at_any_step(tmp_path: Path) -> None:
    before = read_tree(make_tree(tmp_path / "model"))
    make_tree(tmp_path / "changed")
    with revise_project(tmp_path / "changed") as revision:
        change(revision)
    after = read_tree(tmp_path / "changed")
    seen = set()
    for step in range(40):
        root = make_tree(tmp_path / str(step) / "project")
        command = [sys.executable, "-c", KILLED, str(root), str(step)]
        code = subprocess.run(command, check=False).returncode
        left = read_tree(root)
        assert left.keys() >= {"models.py"}
        recovered = recover_project(root)
        assert recovered or left in (before, after), step
        found = read_tree(root)
        assert found in (before, after), step
        seen.add((code, recovered, found == after))
        with revise_project(root):
            """Sweep what was left."""
        assert list(root.parent.iterdir()) == [root]
        if not code:
            break
    assert seen == {(9, False, False), (9, True, False), (9, False, True), (0, False, True)}


def test_what_was_edited_after_a_kill_and_what_leads_out_stays(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "project")
    backup = tmp_path / ".project.revised-old-dead"
    backup.mkdir()
    (backup / "models.py").write_text("old")
    (backup / LOCK).touch()
    stamps = {"models.py": [3, 1], "../out": None, str(tmp_path / "far"): None}
    (backup / JOURNAL).write_text(json.dumps(stamps))
    assert recover_project(root)
    assert (root / "models.py").read_text() == "models.py"
    assert not (tmp_path / "out").exists()
    assert not recover_project(root)


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


def test_what_somebody_else_wrote_meanwhile_is_not_lost(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "project")
    before = read_tree(root)
    with pytest.raises(BuildError, match=r"^models\.py was changed by another program meanwhile"):
        edit_while_it_is_revised(root)
    assert read_tree(root) == {**before, "models.py": "edited"}
    assert list(tmp_path.iterdir()) == [root]


def edit_while_it_is_revised(root: Path) -> None:
    with revise_project(root) as revision:
        change(revision)
        (root / "models.py").write_text("edited")


@pytest.mark.parametrize("step", ["_keep", "_put"])
def test_of_two_that_change_a_project_at_once_at_most_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    root = make_tree(tmp_path / "project")
    owner = project_revision if step == "_put" else Revision
    real = getattr(owner, step)
    outcomes: list[str] = []

    def go_on(*arguments: object) -> None:
        monkeypatch.setattr(owner, step, real)
        real(*arguments)
        try:
            with revise_project(root) as second:
                second.remove(second.path / "models.py")
                second.rewrite(second.path / "sources" / "b.csv", "second")
        except BuildError as error:
            outcomes.append(error.message)

    monkeypatch.setattr(owner, step, go_on)
    with revise_project(root) as first:
        change(first)
    assert outcomes == ["Another program is changing project, so nothing was written."]
    assert (root / "models.py").read_text() == "new"
    assert (root / "sources" / "b.csv").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["project"]
