"""What lies beside a database describes it, if it is a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from microcosm_sqlite import register
from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.catalog.opening import open_dataset
from microcosm_sqlite.errors import DatasetUnreadableError
from tests.support.wheels import compress


def put_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("put", [os.mkfifo, put_device, Path.mkdir])
def test_a_fifo_or_a_device_beside_a_database_is_not_waited_for(
    database: Path, tmp_path: Path, put: object
) -> None:
    put(database.parent / FILE_NAME)  # type: ignore[operator]
    assert register("mine", database).manifest is None
    packed = database.with_name("colours.db.gz")
    packed.write_bytes(compress(database.read_bytes(), "gzip"))
    folder = tmp_path / "unpacked"
    folder.mkdir()
    open_dataset(str(packed), str(folder)).connect().close()
    assert [path.name for path in folder.iterdir()] == ["colours.db"]


def test_a_fifo_in_place_of_a_compressed_database_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "colours.db.gz")
    with pytest.raises(DatasetUnreadableError, match="not a regular file"):
        open_dataset(str(tmp_path / "colours.db.gz"), str(tmp_path))
