"""A copy can be written to, and appears complete or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, register, unregister
from microcosm_sqlite.errors import DatasetCorruptError


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("wal", [False, True])
def test_a_copy_is_written_to(
    database: Path, site: Path, tmp_path: Path, compression: str, wal: bool
) -> None:
    from tests.support.wheels import Wheel

    Wheel().carry(database, compression=compression).install(site)
    path = dataset("colours").copy(tmp_path / "copy.db", wal=wal)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal" if wal else "delete",)
        connection.execute("INSERT INTO colour VALUES (9, 'green', NULL)")
        connection.commit()
        assert connection.execute("SELECT count(*) FROM colour").fetchone() == (4,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert dataset("colours").verify(full=True).ok
    assert {each.name for each in tmp_path.glob("copy*")} == {"copy.db"}


def test_nothing_is_left_of_a_copy_that_fails(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    target = folder / "copy.db"
    damaged = tmp_path / "damaged.db"
    content = database.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    for path, target_text, error in (
        (damaged, "", DatasetCorruptError),
        (database, "mine", FileExistsError),
    ):
        if target_text:
            target.write_text(target_text)
        register("colours", path, immutable=True)
        try:
            with pytest.raises(error):
                dataset("colours").copy(target)
        finally:
            unregister("colours")
    assert [(each.name, each.read_text()) for each in folder.iterdir()] == [("copy.db", "mine")]
