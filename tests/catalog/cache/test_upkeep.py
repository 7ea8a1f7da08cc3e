"""What is cached can be listed and removed; what is removed is made again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, errors
from microcosm_sqlite.catalog import registry
from microcosm_sqlite.catalog.cache.upkeep import clear, entries, prune
from tests.support.wheels import Wheel, make_database
from tests.support.windows import imitate_windows


@pytest.fixture
def cached(database: Path, site: Path, tmp_path: Path) -> Path:
    """Two cached databases: one of an installed dataset, one that nothing refers to any more."""
    stale = make_database(tmp_path / "old" / "colours.db", rows=100)
    for source in (stale, database):
        Wheel().carry(source, compression="gzip").install(site)
        dataset("colours").connect().close()
    return tmp_path / "cache"


def test_a_cache_that_was_never_used_is_empty_and_not_created(tmp_path: Path) -> None:
    assert entries() == clear() == prune() == []
    assert not (tmp_path / "cache").exists()


def test_entries_say_what_each_file_is(cached: Path, database: Path) -> None:
    found = entries()
    assert [(entry.name, Path(entry.path).exists()) for entry in found] == [("colours", True)] * 2
    current = next(entry for entry in found if entry.is_installed)
    assert current.bytes == database.stat().st_size
    assert json.loads(json.dumps(current.as_dict()))["digest"] == current.digest
    assert len([entry for entry in found if not entry.is_installed]) == 1


def test_prune_keeps_what_is_installed_and_what_was_used_lately(cached: Path) -> None:
    assert prune() == []
    for entry in entries():
        os.utime(entry.path, (0, 0))
    (removed,) = prune()
    assert not removed.is_installed
    assert [entry.is_installed for entry in entries()] == [True]


def test_prune_of_zero_days_removes_all_that_is_not_installed(cached: Path) -> None:
    assert len(prune(days=0)) == 1


def test_clear_removes_everything_but_locks_and_it_comes_back(cached: Path) -> None:
    folder = Path(entries()[0].path).parent
    (folder / ".x-half.tmp").write_bytes(b"half")
    assert len(clear()) == 2
    assert all(path.suffix == ".lock" for path in cached.rglob("*") if path.is_file())
    assert not folder.exists()
    dataset("colours").connect().close()
    assert len(entries()) == 1


def test_windows_extracts_once_and_removes_what_nobody_may_write(
    site: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imitate_windows(monkeypatch)
    stale = make_database(tmp_path / "old" / "colours.db", rows=100)
    for source in (stale, database):
        Wheel().carry(source, compression="gzip").install(site)
        path = dataset("colours").path
        extracted = path.stat()
        assert extracted.st_mode & 0o222 == 0
        registry._installed.clear()
        found = dataset("colours").path.stat()
        assert (found.st_ino, found.st_mtime_ns) == (extracted.st_ino, extracted.st_mtime_ns)
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    path.chmod(0o444)
    registry._installed.clear()
    dataset("colours").connect().close()
    assert len(prune(days=0)) == 1
    assert len(clear()) == 1
    assert entries() == []


def test_foreign_things_in_the_cache_are_left_alone(cached: Path) -> None:
    note = cached / "v1" / "README"
    note.write_text("mine")
    clear()
    assert note.read_text() == "mine"


@pytest.mark.parametrize("fault", ["link", "writable"])
def test_an_unsafe_cache_is_not_touched(cached: Path, tmp_path: Path, fault: str) -> None:
    if fault == "link":
        cached.rename(tmp_path / "elsewhere")
        cached.symlink_to(tmp_path / "elsewhere")
    else:
        cached.chmod(0o777)
    for function in (entries, clear, prune):
        with pytest.raises(errors.CacheUnsafeError):
            function()
