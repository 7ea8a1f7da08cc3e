"""An upgrade under a process is never read as the version before, and is told."""

from __future__ import annotations

import re
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite import dataset, provenance
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
        replaced = [each for each in held.verify().outcomes if each.code == "V03"]
        assert "0.3.0 was replaced by 0.4.0" in replaced[0].message
        assert replaced[0].hint.startswith("Restart the process")
    current = dataset("colours")
    assert current.version == "0.4.0"
    with current.connect() as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (53,)
    connection.close()
    assert {"0.3.0", "0.4.0"} <= {each["version"] for each in provenance()}


@pytest.mark.parametrize("known", ["name", "manifest", "location"])
def test_an_upgrade_before_the_first_opening_is_told_by_the_versions(
    site: Path, tmp_path: Path, compression: str, known: str
) -> None:
    install(site, tmp_path, "0.3.0", compression)
    held = dataset("colours")
    if known != "name":
        getattr(held, known)
    install(site, tmp_path, "0.4.0", compression, rows=50)
    if compression != "none" and known == "location":
        held.connect().close()  # what was extracted stays
        Path(held.location.path).unlink()
    told = "0.3.0, which had dataset 'colours', was uninstalled after"
    if known != "name":
        told = "0.3.0 was replaced by 0.4.0 while"
    with pytest.raises(DatasetReplacedError, match=re.escape(told)):
        held.connect()
    assert dataset("colours").version == "0.4.0"


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


def test_a_file_that_is_replaced_between_the_look_and_the_opening_is_opened_again(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    held.connect().close()
    path, content, open_database = held.path, held.path.read_bytes(), sqlite3.connect
    opened: list[sqlite3.Connection] = []

    def reinstall(*arguments: Any, **options: Any) -> sqlite3.Connection:
        if opened:
            opened.append(open_database(*arguments, **options))
        else:
            path.rename(tmp_path / "removed")
            path.write_bytes(content[:5000])
            opened.append(open_database(*arguments, **options))
            path.write_bytes(content)
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", reinstall)
    with held.connect() as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    connection.close()
    assert len(opened) > 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_a_file_that_stays_damaged_is_told_in_time(site: Path, tmp_path: Path) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    held.connect().close()
    held.path.write_bytes(held.path.read_bytes()[:5000])
    began = time.monotonic()
    with pytest.raises(DatasetCorruptError):
        held.connect()
    assert time.monotonic() - began < 5


def test_metadata_that_an_installer_still_writes_is_waited_for(site: Path, tmp_path: Path) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    held.connect().close()
    metadata = site / "colours_data-0.3.0.dist-info"
    metadata.rename(tmp_path / "away")
    content = held.path.read_bytes()
    held.path.unlink()
    held.path.write_bytes(content)
    back = threading.Timer(0.2, lambda: (tmp_path / "away").rename(metadata))
    back.start()
    held.connect().close()
    back.join()


def test_a_manifest_that_an_installer_still_writes_is_waited_for(
    site: Path, tmp_path: Path
) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    metadata = site / "colours_data-0.3.0.dist-info"
    metadata.rename(tmp_path / "away")
    back = threading.Timer(0.2, lambda: (tmp_path / "away").rename(metadata))
    back.start()
    assert held.version == "0.3.0"
    assert held.manifest is not None
    back.join()


def test_another_build_of_the_same_version_is_told_as_such(site: Path, tmp_path: Path) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    held.connect().close()
    install(site, tmp_path, "0.3.0", "none", rows=50)
    with pytest.raises(
        DatasetReplacedError, match=r"0\.3\.0 was replaced by another build of 0\.3"
    ):
        held.connect()


def test_a_file_that_is_removed_between_the_look_and_the_opening_is_waited_for(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, tmp_path, "0.3.0", "none")
    held = dataset("colours")
    held.connect().close()
    path, open_database = held.path, sqlite3.connect

    def remove(*arguments: Any, **options: Any) -> sqlite3.Connection:
        monkeypatch.setattr(sqlite3, "connect", open_database)
        path.rename(tmp_path / "away.db")
        threading.Timer(0.1, lambda: (tmp_path / "away.db").rename(path)).start()
        return open_database(*arguments, **options)

    monkeypatch.setattr(sqlite3, "connect", remove)
    with held.connect() as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    connection.close()
