"""What differs between operating systems, imitated where this one is another."""

from __future__ import annotations

import ast
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from microcosm_sqlite import dataset
from microcosm_sqlite.common import platforms
from microcosm_sqlite.common.platforms import open_pool
from microcosm_sqlite.common.workspace import open_workspace
from tests.support.wheels import Wheel, make_database
from tests.support.windows import imitate_windows


@pytest.fixture(params=["here", "windows"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "windows":
        imitate_windows(monkeypatch)
    return str(request.param)


def make_sealed(path: Path) -> Path:
    with path.open("wb") as file:
        file.write(b"content")
        platforms.seal(file.fileno(), str(path))
    return path


def test_a_sealed_file_is_known_as_such_removed_and_replaced(system: str, tmp_path: Path) -> None:
    first, second = make_sealed(tmp_path / "first"), make_sealed(tmp_path / "second")
    assert platforms.is_sealed(first.stat())
    assert stat.S_IMODE(first.stat().st_mode) == 0o444
    platforms.replace(str(second), str(first))
    assert platforms.is_sealed(first.stat())
    platforms.remove(str(first))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileNotFoundError):
        platforms.remove(str(first))


def test_a_workspace_is_removed_with_the_sealed_files_in_it(system: str, tmp_path: Path) -> None:
    with open_workspace(tmp_path, ".work-") as folder:
        (folder / "inner").mkdir()
        make_sealed(folder / "inner" / "file")
    assert list(tmp_path.iterdir()) == []


def test_modes_tell_who_may_write_where_files_have_owners(system: str, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    status = tmp_path.stat()
    assert platforms.find_writers(status, 0o022) == (0o022 if system == "here" else 0)
    assert platforms.is_trusted(status)
    assert (platforms.find_user() is None) == (system == "windows")


def test_names_of_a_folder_are_brought_to_the_disk_where_that_is_possible(
    system: str, tmp_path: Path
) -> None:
    platforms.synchronize_folder(tmp_path)
    assert (platforms.find_free_space(str(tmp_path)) is None) == (system == "windows")


def test_free_space_of_what_is_not_there_is_not_known() -> None:
    assert platforms.find_free_space("/no/such/folder") is None


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("birds.csv", "birds.csv"),
        ("größe 1.csv", "größe 1.csv"),
        ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"),
        ("line\nbreak\x1b\0", "line_break__"),
        ("", "_"),
        ("..", "_"),
        ("ends. ", "ends"),
        ("CON", "CON_"),
        ("aux.csv", "aux_.csv"),
        ("nul.tar.gz", "nul_.tar.gz"),
        ("com1", "com1_"),
        ("LPT\N{SUPERSCRIPT TWO}.txt", "LPT\N{SUPERSCRIPT TWO}_.txt"),
        ("console.csv", "console.csv"),
        ("x" * 300 + ".csv", "x" * 200 + ".csv"),
        ("é" * 300, "é" * 100),
        ("a." + "z" * 400, "a." + "z" * 198),
        ("\ud800" * 200, "_"),
    ],
)
def test_what_data_is_called_becomes_the_name_of_a_file_anywhere(name: str, spelled: str) -> None:
    assert platforms.spell_file_name(name) == spelled
    assert platforms.spell_file_name(spelled) == spelled


@pytest.mark.parametrize(
    ("system", "threads", "expected"),
    [
        ("linux", ["1"], True),
        ("linux", ["1", "2"], False),
        ("darwin", ["1"], False),
        ("win32", ["1"], False),
    ],
)
def test_only_a_linux_process_with_one_thread_forks(
    monkeypatch: pytest.MonkeyPatch, system: str, threads: list[str], expected: bool
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(os, "listdir", lambda folder: threads)
    assert platforms.can_fork() == expected


def test_webassembly_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert platforms.can_start_processes()
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert not platforms.can_start_processes()


def test_processors_are_counted_without_affinity_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert platforms.count_processors() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert platforms.count_processors() == os.cpu_count()


def test_what_runs_at_a_fork_is_not_registered_where_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    platforms.register_at_fork(before=lambda: None)


@pytest.fixture(params=[0, 1, 9])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many threads can be started."""
    left = [request.param]
    start = threading.Thread.start

    def start_if_any(thread: threading.Thread) -> None:
        if not left[0]:
            raise RuntimeError("can't start new thread")
        left[0] -= 1
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_if_any)
    limit: int = request.param
    return limit


@pytest.mark.usefixtures("threads")
def test_each_call_is_made_once_and_has_its_result_or_its_error() -> None:
    made = []

    def call(number: int) -> int:
        made.append(number)
        return 1 // number

    with open_pool(4) as pool:
        futures = [pool.submit(call, number) for number in range(50)]
    assert sorted(made) == list(range(50))
    assert [future.result() for future in futures[1:]] == [1, *[0] * 48]
    with pytest.raises(ZeroDivisionError):
        futures[0].result()


@pytest.mark.usefixtures("threads")
def test_a_compressed_dataset_is_extracted_verified_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    site = tmp_path / "site"
    database = make_database(tmp_path / "colours.db", rows=1000)
    Wheel("colours-data").carry(database, compression="gzip").install(site)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("MICROCOSM_SQLITE_CACHE_DIR", str(tmp_path / "cache"))
    colours = dataset("colours")
    assert colours.verify(full=True).ok
    assert colours.arrow("shade").num_rows == 1003
    assert len(colours.polars("shade")) == len(colours.pandas("shade")) == 1003


def test_a_folder_for_temporary_files_is_one_where_sqlite_looks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(platforms, "_TEMPORARY", ())
    for name in ("SQLITE_TMPDIR", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    assert not platforms.has_temporary_folder()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    assert not platforms.has_temporary_folder()
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    assert platforms.has_temporary_folder()


def test_the_same_bytes_are_written_where_lines_end_otherwise() -> None:
    calls: dict[str, bool] = {}
    for file in Path(platforms.__file__).parents[1].rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                options = {each.arg for each in node.keywords}
                modes = {each.value for each in node.args if isinstance(each, ast.Constant)}
                opens = node.func.attr == "open" and "w" in modes and "encoding" in options
                if opens or node.func.attr == "write_text":
                    calls[f"{file.name}:{node.lineno}"] = "newline" in options
    assert len(calls) > 10
    assert [place for place, is_told in calls.items() if not is_told] == []
