"""Wheels that are larger than a limit, written in shards."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from microcosm_sqlite.authoring.publishing.candidate import (
    find_bad_names,
    find_foreign_methods,
    find_oddities,
)
from microcosm_sqlite.authoring.sharding.shard_wheels import ROOM, split_wheel
from microcosm_sqlite.catalog.manifest import EXTENSION
from microcosm_sqlite.catalog.opening import read_wheel
from microcosm_sqlite.catalog.verifying.record import compare_archive, read_record
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from microcosm_sqlite.errors import DatasetError
from tests.support.wheels import Wheel, make_database

LIMIT = 120_000


def make_wheel(folder: Path, *, version: str = "1.0", extra: str = "", license_: str = "") -> Path:
    """A wheel of 400 kB."""
    database = make_database(folder / "colours.db", rows=60_000, extra=extra)
    wheel = Wheel(version=version).carry(database, compression="zstd")
    path = f"{wheel.info}/METADATA"
    told = wheel.files[path].decode()
    wheel.put(path, f"{told}{license_}Requires-Dist: microcosm-sqlite>=3\n\nColours, in words.\n")
    return wheel.pack(folder)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return make_wheel(tmp_path / "whole", license_="License-Expression: CC0-1.0\n")


def test_a_wheel_that_fits_stays_as_it_is(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    content = wheel.read_bytes()
    assert split_wheel(wheel, tmp_path / "dist", 10**9, 3) == [tmp_path / "dist" / wheel.name]
    assert (tmp_path / "dist" / wheel.name).read_bytes() == content


@pytest.fixture
def split(wheel: Path, tmp_path: Path) -> list[Path]:
    (tmp_path / "dist").mkdir()
    return split_wheel(wheel, tmp_path / "dist", LIMIT, 3)


def test_shards_come_first_and_each_fits(split: list[Path], wheel: Path) -> None:
    *shards, whole = split
    assert len(shards) > 2
    assert whole.name == wheel.name
    assert all(path.stat().st_size <= LIMIT for path in split)
    assert [re.sub(r"-0\.\d+-", "-V-", path.name) for path in shards[:2]] == [
        "colours_data_shard_0001-V-py3-none-any.whl",
        "colours_data_shard_0002-V-py3-none-any.whl",
    ]
    assert verify_wheel(whole, full=True).ok
    with pytest.raises(DatasetError, match="a shard: name the wheel that it belongs to"):
        verify_wheel(shards[0])
    assert set(split) == set(whole.parent.rglob("*.whl"))
    assert {path.parent for path in shards} == {whole.parent / "shards"}
    assert {path.name for path in whole.parent.iterdir()} == {"shards", whole.name}


def test_a_shard_holds_bytes_and_no_code(split: list[Path]) -> None:
    with zipfile.ZipFile(split[0]) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        metadata = archive.read(next(name for name in sizes if name.endswith("METADATA"))).decode()
    assert names == ["colours.db.zst", "METADATA", "WHEEL", "RECORD"]
    assert sum(sizes.values()) - max(sizes.values()) < ROOM / 2
    assert "Name: colours-data-shard-0001\n" in metadata
    assert "License-Expression: CC0-1.0\n" in metadata
    assert "Requires-Dist" not in metadata


def test_the_index_takes_every_wheel(split: list[Path]) -> None:
    for path in split:
        distribution = read_wheel(str(path))
        assert list(compare_archive(str(path), read_record(distribution))) == []
        with zipfile.ZipFile(path) as archive:
            for find in (find_foreign_methods, find_bad_names, find_oddities):
                assert list(find(archive)) == [], path.name
        metadata = Metadata.from_email(distribution.read("METADATA") or b"")
        assert metadata.version.local is None
        assert (metadata.description or "").strip()


def test_the_wheel_that_is_left_needs_its_shards_exactly(split: list[Path]) -> None:
    *shards, whole = split
    with zipfile.ZipFile(whole) as archive:
        info = "colours_data-1.0.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode()
        raw = json.loads(archive.read(f"{info}/extra_metadata/datapackage.json"))
        names = archive.namelist()
    assert not [name for name in names if name.endswith(".zst")]
    headers, _, body = metadata.partition("\n\n")
    pins = re.findall(r"^Requires-Dist: (colours-data-shard-\d+)==(0\.\d+)$", headers, re.MULTILINE)
    told = raw[EXTENSION]["shards"]
    assert pins == [(shard["distribution"], shard["version"]) for shard in told]
    assert [f"{name.replace('-', '_')}-{version}-py3-none-any.whl" for name, version in pins] == [
        path.name for path in shards
    ]
    assert "Requires-Dist: microcosm-sqlite>=3\n" in headers
    assert body == "Colours, in words.\n"
    assert raw[EXTENSION]["format"] == 2
    assert "fileHash" not in raw[EXTENSION]


def test_the_same_wheel_gives_the_same_bytes(
    split: list[Path], wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (tmp_path / "again").mkdir()
    again = split_wheel(wheel, tmp_path / "again", LIMIT, 3)
    assert [path.name for path in again] == [path.name for path in split]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in split]


def test_a_shard_that_did_not_change_keeps_its_version(split: list[Path], tmp_path: Path) -> None:
    changed = make_wheel(
        tmp_path / "newer",
        version="2.0",
        extra="UPDATE shade SET code = 'shade 999999' WHERE code = 'shade 059999';",
        license_="License-Expression: CC0-1.0\n",
    )
    (tmp_path / "second").mkdir()
    *second, _ = split_wheel(changed, tmp_path / "second", LIMIT, 3)
    before = {path.name: path.read_bytes() for path in split[:-1]}
    kept = [path for path in second if path.name in before]
    assert 0 < len(kept) < len(second)
    assert all(path.read_bytes() == before[path.name] for path in kept)


def test_a_shard_under_another_licence_is_another_version(
    split: list[Path], tmp_path: Path
) -> None:
    other = make_wheel(tmp_path / "other", license_="License-Expression: CC-BY-4.0\n")
    (tmp_path / "second").mkdir()
    *second, _ = split_wheel(other, tmp_path / "second", LIMIT, 3)
    assert not {path.name for path in second} & {path.name for path in split[:-1]}


def test_a_wheel_without_a_dataset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    foreign = Wheel("foreign").put("foreign.txt", "x" * 100).pack(tmp_path)
    with pytest.raises(DatasetError, match="carries no dataset"):
        split_wheel(foreign, tmp_path / "dist", 10, 3)
    assert list((tmp_path / "dist").iterdir()) == []


def test_the_rows_are_those_of_the_whole(split: list[Path], tmp_path: Path) -> None:
    from microcosm_sqlite.catalog.opening import open_dataset

    path = open_dataset(str(split[-1]), str(tmp_path)).path
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (60_003,)
    connection.close()
