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
from sqlalchemy.exc import DBAPIError

from microcosm_sqlite.common.workspace import (
    HIDDEN,
    LOCK,
    explain_os_error,
    is_disk_fault,
    making_folder,
    naming_full_disk,
    open_hidden_workspace,
    open_scratch,
    open_workspace,
    publish_new,
    writing_database,
)
from microcosm_sqlite.errors import BuildError, DatasetError

PREFIX = ".birds.db.build-"


def fail_in_sqlite(code: int) -> sqlite3.Error:
    """An error of SQLite with this code."""
    error = sqlite3.OperationalError("it fails")
    error.sqlite_errorcode = code
    return error


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
        "from microcosm_sqlite.common.workspace import open_hidden_workspace\n"
        "for number in range(150):\n"
        "    with open_hidden_workspace(Path(sys.argv[1]), 'w-') as folder:\n"
        "        (folder / 'file').write_text('mine')\n"
        "        assert (folder / 'file').read_text() == 'mine'\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [process.communicate()[1] for process in running] == [""] * 4
    assert list(tmp_path.iterdir()) == []


def test_a_hidden_workspace_leaves_nothing_either_and_many_share_its_folder(tmp_path: Path) -> None:
    with (
        open_hidden_workspace(tmp_path, PREFIX) as first,
        open_hidden_workspace(tmp_path, PREFIX) as second,
    ):
        assert {first.parent, second.parent} == {tmp_path / HIDDEN}
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


def test_a_full_disk_is_named_by_what_is_written(tmp_path: Path) -> None:
    target, elsewhere = tmp_path / "a" / "birds.db", tmp_path / "b" / "x.db"
    full, in_sqlite = OSError(errno.ENOSPC, "full"), fail_in_sqlite(sqlite3.SQLITE_FULL)
    here = OSError(errno.ENOSPC, "full", str(target.parent / ".work" / "loading.db"))
    beside = OSError(errno.EDQUOT, "quota", str(tmp_path / "a" / "draft"))
    for cause in (full, here, beside, in_sqlite, DBAPIError("CREATE", (), in_sqlite)):
        for error in (cause, BuildError("It cannot be built.")):
            with pytest.raises(OSError, match="No space left") as caught, naming_full_disk(target):
                raise error from (None if error is cause else cause)
            assert caught.value.filename == str(target)
            assert explain_os_error(caught.value) == (
                f"{target}: No space left on device.",
                "Free some space there.",
            )
    there = OSError(errno.ENOSPC, "full", str(elsewhere))
    for other in (there, PermissionError(errno.EACCES, "no", str(target)), ValueError()):
        with pytest.raises(type(other)) as kept, naming_full_disk(target):
            raise other
        assert kept.value is other
    told = DatasetError("SQLite cannot sort: the disk is full.")
    with pytest.raises(DatasetError), naming_full_disk(target):
        raise told from in_sqlite


def test_where_temporary_files_go_can_be_changed() -> None:
    with open_scratch() as scratch:
        error = OSError(errno.ENOSPC, "No space left on device", str(scratch / "x"))
    assert explain_os_error(error)[1] == "Free some space, or set TMPDIR to a folder with more."
    assert explain_os_error(OSError(errno.EIO, "Input/output error")) == ("Input/output error.", "")


def test_folders_that_were_made_are_gone_where_anything_fails(tmp_path: Path) -> None:
    def fail(name: str) -> None:
        with making_folder(tmp_path / name):
            assert (tmp_path / name).is_dir()
            raise KeyboardInterrupt

    (tmp_path / "kept").mkdir()
    for name in ("new", "new/deep/er", "kept", "kept/new"):
        with pytest.raises(KeyboardInterrupt):
            fail(name)
    assert [path.name for path in tmp_path.rglob("*")] == ["kept"]
    with making_folder(tmp_path / "a" / "b"):
        pass
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize(
    ("cause", "is_fault"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EIO, "Input/output error"), True),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), False),
        (fail_in_sqlite(sqlite3.SQLITE_FULL), True),
        (fail_in_sqlite(sqlite3.SQLITE_IOERR_WRITE), True),
        (fail_in_sqlite(sqlite3.SQLITE_CONSTRAINT), False),
        (DBAPIError("CREATE", (), fail_in_sqlite(sqlite3.SQLITE_IOERR_WRITE)), True),
        (ValueError(), False),
    ],
)
def test_a_fault_of_the_disk_is_known_behind_other_errors(cause: Exception, is_fault: bool) -> None:
    with pytest.raises(BuildError) as caught:
        raise BuildError("It cannot be built.") from cause
    assert is_disk_fault(caught.value) == is_disk_fault(cause) == is_fault
