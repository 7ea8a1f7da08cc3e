"""A process that uses a dataset never mixes two versions of it."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest

from microcosm_sqlite import dataset
from microcosm_sqlite.errors import DatasetCorruptError, DatasetReplacedError
from tests.support.wheels import Wheel, make_database


@pytest.fixture(params=["none", "gzip"])
def compression(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def install(site: Path, folder: Path, version: str, compression: str, rows: int = 0) -> None:
    shutil.rmtree(site / "colours_data", ignore_errors=True)
    for metadata in site.glob("colours_data-*.dist-info"):
        shutil.rmtree(metadata)
    database = make_database(folder / version / "colours.db", rows=rows)
    wheel = Wheel("colours-data", version).carry(database, compression=compression)
    manifest = f"{wheel.info}/extra_metadata/datapackage.json"
    wheel.files[manifest] = wheel.files[manifest].replace(b"2026.1", version.encode())
    wheel.install(site)


def test_an_upgrade_under_a_process_is_told_by_the_versions(
    site: Path, tmp_path: Path, compression: str
) -> None:
    install(site, tmp_path, "0.3.0", compression)
    held = dataset("colours")
    opened = held.connect()
    install(site, tmp_path, "0.4.0", compression, rows=50)
    assert opened.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    opened.close()
    if compression == "none":
        with pytest.raises(DatasetReplacedError, match=r"0\.3\.0 was replaced by 0\.4\.0 while"):
            held.connect()
        with pytest.raises(DatasetReplacedError, match="Restart the process"):
            held.create_engine().connect()
    current = dataset("colours")
    assert current.version == "0.4.0"
    with current.connect() as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (53,)
    connection.close()


def test_the_same_version_installed_again_goes_on(
    site: Path, tmp_path: Path, compression: str
) -> None:
    install(site, tmp_path, "0.3.0", compression)
    held = dataset("colours")
    held.connect().close()
    install(site, tmp_path, "0.3.0", compression)
    with held.connect() as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    connection.close()


def test_a_file_that_is_being_copied_is_waited_for(site: Path, tmp_path: Path) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    held.connect().close()
    path, content = held.path, held.path.read_bytes()
    path.unlink()
    path.write_bytes(content[:5000])

    def finish() -> None:
        time.sleep(0.15)
        path.write_bytes(content)

    installer = threading.Thread(target=finish)
    installer.start()
    held.connect().close()
    installer.join()


def test_a_file_that_stays_damaged_is_told_in_time(site: Path, tmp_path: Path) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    held.connect().close()
    held.path.write_bytes(held.path.read_bytes()[:5000])
    began = time.monotonic()
    with pytest.raises(DatasetCorruptError):
        held.connect()
    assert time.monotonic() - began < 5
