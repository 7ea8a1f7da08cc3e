"""Databases are cut into stretches of one length, which change as little as they can."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.sharding.cutting import LARGEST_PAGE, cut_database
from microcosm_sqlite.errors import SettingsError
from tests.support.wheels import _zstd, make_database

LIMIT = 40_000


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """3 MB, of which some compress well and some do not."""
    path = make_database(tmp_path / "x.db", rows=60_000)
    noise = random.Random(1)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE noise (id INTEGER PRIMARY KEY, bytes BLOB)")
        connection.executemany(
            "INSERT INTO noise (bytes) VALUES (?)", [(noise.randbytes(900),) for _ in range(200)]
        )
    connection.close()
    return path


def cut(database: Path, limit: int = LIMIT, packed: int = 500_000) -> dict[int, str]:
    """Offset to hash."""
    folder = database.parent / "cut"
    folder.mkdir(exist_ok=True)
    stretches = cut_database(database, folder, limit, 3, packed)
    content = b"".join(_zstd().decompress(each.path.read_bytes()) for each in stretches)
    assert content == database.read_bytes()
    assert all(each.path.stat().st_size <= limit for each in stretches)
    assert len({each.bytes for each in stretches[:-1]}) <= 1
    assert all(each.offset % LARGEST_PAGE == 0 for each in stretches)
    return {each.offset: each.sha256 for each in stretches}


@pytest.mark.parametrize("limit", [70_000, 100_000, 1_000_000])
@pytest.mark.parametrize("packed", [1, 300_000, 10_000_000])
def test_each_stretch_fits_whatever_the_whole_was_thought_to_take(
    database: Path, limit: int, packed: int
) -> None:
    cut(database, limit, packed)


def test_a_row_that_changes_in_place_changes_one_stretch(database: Path) -> None:
    before = cut(database, 100_000)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE noise SET bytes = zeroblob(900) WHERE id = 100")
    connection.close()
    after = cut(database, 100_000)
    assert before.keys() == after.keys()
    changed = [offset for offset in before if before[offset] != after[offset]]
    assert 1 <= len(changed) <= 2, "the row's, and that of the header, which counts transactions"


@pytest.mark.parametrize("limit", [100, 5_000])
def test_a_limit_that_is_too_small_is_refused(database: Path, limit: int) -> None:
    with pytest.raises(SettingsError, match="`shards` is too small"):
        cut(database, limit)
