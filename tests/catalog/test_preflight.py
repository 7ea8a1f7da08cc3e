"""A file that SQLite would misread is refused before it is opened, with the true cause."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite import errors
from microcosm_sqlite.catalog.preflight import (
    check_header,
    find_sidecars,
    identify_state,
    preflight,
    preflight_live,
    translate,
)
from tests.support.wheels import compress, make_database


def test_a_finished_database_passes(database: Path) -> None:
    preflight(str(database))
    preflight_live(str(database))


CLAIM = {16, 17, *range(24, 32), *range(92, 96)}
"""Where a header claims a size; it counts only where all of these agree."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished database that stays as it is."""
    return make_database(tmp_path_factory.mktemp("whole") / "colours.db")


@given(place=st.integers(0, 99), value=st.integers(0, 255), size=st.none() | st.integers(0, 5000))
def test_a_header_of_any_bytes_passes_or_is_refused_in_our_words(
    whole: Path, place: int, value: int, size: int | None
) -> None:
    content = whole.read_bytes()
    path = whole.with_name("changed.db")
    changed = content[:place] + bytes([value]) + content[place + 1 :]
    path.write_bytes(changed[:size])
    refusal = None
    try:
        check_header(str(path))
    except errors.DatasetFileError as error:
        refusal = error
    if refusal:
        assert refusal.message.startswith(str(path))
        assert refusal.hint
    else:
        assert size is None or size >= len(content) or place in CLAIM
        assert changed.startswith(b"SQLite format 3\0")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"SQLite form", "is cut short"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (compress(b"x" * 200, "zstd"), "compressed with zstd"),
        (compress(b"x" * 200, "gzip"), "compressed with gzip"),
        (compress(b"x" * 200, "xz"), "compressed with xz"),
        (b"PK\x03\x04" + bytes(200), "a zip archive"),
        (b"<!DOCTYPE html>" + bytes(200), "an HTML page"),
        (b"a,b\n1,2\n" * 50, "not a SQLite database"),
    ],
)
def test_what_a_file_is_instead_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "colours.db"
    path.write_bytes(content)
    with pytest.raises(errors.DatasetCorruptError, match=told):
        preflight(str(path))


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_log_beside_the_file_or_beside_what_a_link_leads_to_is_found(
    database: Path, tmp_path: Path, suffix: str
) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(database)
    log = Path(f"{database}{suffix}")
    log.touch()
    preflight(str(link))
    log.write_bytes(b"x")
    for path in (database, link):
        with pytest.raises(errors.DatasetNotPackagedError, match=suffix):
            preflight(str(path))


def test_a_link_that_is_removed_while_it_is_looked_at_is_no_fault(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, readlink = tmp_path / "link.db", os.readlink
    link.symlink_to(database)

    def read_late(path: str) -> str:
        link.unlink(missing_ok=True)
        return readlink(path)

    monkeypatch.setattr(os, "readlink", read_late)
    assert preflight(str(link)).st_size == database.stat().st_size
    assert not link.is_symlink()
    link.symlink_to(database)
    assert find_sidecars(str(link)) == []


@pytest.mark.parametrize("look", [preflight, preflight_live])
@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_a_fifo_in_place_of_a_log_is_refused_without_waiting_for_it(
    database: Path, look: Callable[[str], None], suffix: str
) -> None:
    os.mkfifo(f"{database}{suffix}")
    with pytest.raises(errors.DatasetUnreadableError, match=f"{suffix} is not a regular file"):
        look(str(database))


def test_a_database_in_write_ahead_mode_is_not_packaged(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    with pytest.raises(errors.DatasetNotPackagedError, match="WAL"):
        preflight(str(database))
    preflight_live(str(database))


@pytest.mark.parametrize("look", [preflight, preflight_live])
@pytest.mark.parametrize(
    ("make", "error"),
    [
        (Path.mkdir, errors.DatasetUnreadableError),
        (os.mkfifo, errors.DatasetUnreadableError),
        (lambda path: None, errors.DatasetFileMissingError),
        (lambda path: path.symlink_to(path), errors.DatasetFileError),
    ],
)
def test_what_is_no_file_is_refused_without_waiting_for_it(
    tmp_path: Path, look: object, make: object, error: type[Exception]
) -> None:
    path = tmp_path / "colours.db"
    make(path)  # type: ignore[operator]
    with pytest.raises(error):
        look(str(path))  # type: ignore[operator]


@pytest.mark.skipif(os.name == "nt" or os.getuid() != 0, reason="only root becomes somebody else")
def test_what_the_effective_user_may_read_counts(database: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:  # that others can look at
        Path(folder).chmod(0o755)
        private = Path(shutil.copy(database, folder))
        private.chmod(0o600)
        os.seteuid(65534)
        try:
            with pytest.raises(errors.DatasetUnreadableError, match="by uid 65534"):
                preflight_live(str(private))
        finally:
            os.seteuid(0)
        preflight_live(str(private))


def replace_file(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)


def overwrite(path: Path) -> None:
    changed = path.stat().st_mtime_ns
    path.write_bytes(b"x" * path.stat().st_size)
    os.utime(path, ns=(0, changed))


CHANGES: dict[str, Callable[[Path], object]] = {
    "replaced by a file of the same content and time": replace_file,
    "overwritten, with its size and time put back": overwrite,
    "longer": lambda path: path.write_bytes(b"longer"),
    "another time": lambda path: os.utime(path, ns=(0, 0)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_state_of_a_file_is_another_after_any_change(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    before = identify_state(path.stat())
    assert identify_state(path.stat()) == before
    assert path.read_bytes() == b"abc"
    assert identify_state(path.stat()) == before, "it is no other file for having been read"
    if change is overwrite and os.name == "nt":
        pytest.skip("Windows has no time at which a file's state changed")
    change(path)
    assert identify_state(path.stat()) != before


@pytest.mark.parametrize(
    ("code", "reason", "kind", "told", "hint"),
    [
        (sqlite3.SQLITE_ERROR, "no such table: t", "DatasetIOError", "cannot be read", "verify"),
        (None, "Could not decode to UTF-8", "DatasetIOError", "cannot be read", "in a copy"),
        (sqlite3.SQLITE_TOOBIG, "too big", "DatasetIOError", "cannot be read", "verify"),
        (sqlite3.SQLITE_IOERR_READ, "disk I/O error", "DatasetIOError", "cannot be read", "medium"),
        (sqlite3.SQLITE_BUSY, "locked", "DatasetIOError", "is being written to", "Try again"),
        (sqlite3.SQLITE_LOCKED, "locked", "DatasetIOError", "is being written to", "Try again"),
        (sqlite3.SQLITE_CORRUPT, "malformed", "DatasetCorruptError", "is damaged", "Reinstall"),
    ],
)
def test_what_sqlite_says_is_told_with_a_hint_that_fits(
    code: int | None, reason: str, kind: str, told: str, hint: str
) -> None:
    error = sqlite3.OperationalError(reason)
    if code is not None:
        vars(error)["sqlite_errorcode"] = code
    explained = translate(error, "/data/x.db")
    assert type(explained).__name__ == kind
    assert explained.message == f"/data/x.db {told}: {reason}."
    assert hint in explained.hint
    assert hint == "medium" or "medium" not in explained.hint


def test_an_error_of_a_connection_of_ours_is_told_once() -> None:
    cause = errors.QueryError("Dataset 'x': no such column: y.", hint="Did you mean 'z'?")
    explained = translate(cause, "/data/x.db")
    assert explained.message == "/data/x.db cannot be read: Dataset 'x': no such column: y."
    assert "Did you mean" not in explained.hint
