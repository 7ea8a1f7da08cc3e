"""Shards are joined once, and only a set that belongs together is."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, errors
from microcosm_sqlite.catalog.doctor import diagnose
from microcosm_sqlite.catalog.manifest import EXTENSION
from microcosm_sqlite.catalog.opening import open_dataset
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.support.shards import Shards
from tests.support.wheels import compress, make_database


@pytest.fixture
def shards(database: Path, site: Path) -> Shards:
    made = Shards(database)
    made.install(site)
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def databases_below(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


@pytest.mark.parametrize("codec", ["zstd", "gzip", "xz", "none"])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_dataset_in_shards_opens_like_any_other(
    database: Path, site: Path, cache: Path, codec: str, count: int
) -> None:
    Shards(database, count, compression=codec).install(site)
    found = dataset("colours")
    assert found.manifest
    assert not cache.exists(), "describing a dataset joins nothing"
    with found.connect() as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    connection.close()
    assert found.path.read_bytes() == database.read_bytes()
    assert found.location.immutable
    assert databases_below(cache) == [found.path]
    assert found.verify(full=True).ok
    assert diagnose().datasets[0]["kind"] == "sharded"
    assert "colours_data" not in sys.modules


def test_the_shards_are_joined_once(shards: Shards, site: Path) -> None:
    path = dataset("colours").path
    shards.file(site, 1).unlink()
    assert dataset("colours").path == path


def test_shards_are_found_elsewhere_on_the_import_path(
    database: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards, other = Shards(database), tmp_path / "other"
    shards.whole.install(site)
    for part in shards.parts:
        part.install(other)
    monkeypatch.syspath_prepend(str(other))
    assert dataset("colours").path.read_bytes() == database.read_bytes()


def truncate(shards: Shards, site: Path) -> None:
    file = shards.file(site, 1)
    file.write_bytes(file.read_bytes()[:-5])


def extend(shards: Shards, site: Path) -> None:
    file = shards.file(site, 1)
    file.write_bytes(file.read_bytes() + compress(b"more", "gzip"))


def flip(shards: Shards, site: Path) -> None:
    file = shards.file(site, 1)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def repack(shards: Shards, site: Path) -> None:
    shards.file(site, 1).write_bytes(compress(bytes(shards.told[1]["bytes"]), "gzip"))


def swap(shards: Shards, site: Path) -> None:
    shards.file(site, 1).write_bytes(shards.file(site, 2).read_bytes())


def empty(shards: Shards, site: Path) -> None:
    shards.file(site, 1).write_bytes(b"")


def link_elsewhere(shards: Shards, site: Path) -> None:
    shards.file(site, 1).unlink()
    shards.file(site, 1).symlink_to(shards.file(site, 0))


def link_to_device(shards: Shards, site: Path) -> None:
    shards.file(site, 1).unlink()
    shards.file(site, 1).symlink_to("/dev/zero")


def replace_by_fifo(shards: Shards, site: Path) -> None:
    shards.file(site, 1).unlink()
    os.mkfifo(shards.file(site, 1))


DAMAGES = [
    truncate,
    extend,
    flip,
    repack,
    swap,
    empty,
    link_elsewhere,
    link_to_device,
    replace_by_fifo,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_shard_with_another_content_is_refused_by_name(
    shards: Shards, site: Path, cache: Path, damage: Callable[[Shards, Path], None]
) -> None:
    damage(shards, site)
    pin = f"colours-data-shard-0002=={shards.parts[1].version}"
    with pytest.raises(errors.DatasetCorruptError) as caught:
        dataset("colours").connect()
    assert str(shards.file(site, 1)) in caught.value.message
    assert caught.value.hint == f"Run: pip install --force-reinstall --no-deps {pin}"
    assert databases_below(cache) == []
    (finding,) = [each for each in dataset("colours").verify().findings if each.code == "V16"]
    assert finding.hint == caught.value.hint


def test_the_first_shard_in_the_place_of_another_is_named_as_well(
    shards: Shards, site: Path, database: Path
) -> None:
    # Its header claims another size than the manifest, which is what would be noticed first.
    other = Shards(make_database(database.with_name("other.db"), rows=5000))
    shards.file(site, 0).write_bytes(other.parts[0].files[other.told[0]["path"]])
    with pytest.raises(errors.DatasetCorruptError, match="colours_data_shard_0001"):
        dataset("colours").connect()


def test_a_link_to_the_right_file_is_as_good_as_the_file(
    shards: Shards, site: Path, tmp_path: Path, database: Path
) -> None:
    # As uv installs with --link-mode=symlink.
    shards.file(site, 1).rename(tmp_path / "elsewhere")
    shards.file(site, 1).symlink_to(tmp_path / "elsewhere")
    assert dataset("colours").path.read_bytes() == database.read_bytes()


def test_a_set_of_two_releases_is_refused_before_anything_is_written(
    shards: Shards, site: Path, cache: Path, database: Path
) -> None:
    newer = Shards(make_database(database.with_name("newer.db"), rows=50), version="2.0")
    newer.whole.install(site)
    shutil.rmtree(site / "colours_data-1.0.dist-info")
    with pytest.raises(errors.DatasetFileMissingError) as caught:
        dataset("colours").connect()
    needed, old = newer.parts[2].version, shards.parts[2].version
    said = f"colours-data-shard-0003 {needed} is needed, and {old} is installed"
    assert said in caught.value.message
    assert all(f"{part.name}=={part.version}" in caught.value.hint for part in newer.parts[1:])
    assert not databases_below(cache)
    (problem,) = diagnose().problems
    assert (problem.message, problem.hint) == (caught.value.message, caught.value.hint)


def test_a_shard_that_is_not_installed_is_named(shards: Shards, site: Path) -> None:
    shards.file(site, 2).unlink()
    shutil.rmtree(next(site.glob("colours_data_shard_0003-*")))
    with pytest.raises(errors.DatasetFileMissingError) as caught:
        dataset("colours").connect()
    assert "colours-data-shard-0003" in caught.value.message
    assert caught.value.hint.endswith(f"colours-data-shard-0003=={shards.parts[2].version}")
    for part in shards.parts[2:]:  # what the hint does
        part.install(site)
    dataset("colours").connect().close()


def test_many_faults_are_counted_and_mended_by_one_command(database: Path, site: Path) -> None:
    shards = Shards(database, 30)
    shards.whole.install(site)
    with pytest.raises(errors.DatasetFileMissingError) as caught:
        dataset("colours").connect()
    assert "27 more shards are at fault" in caught.value.message
    assert caught.value.hint.count("==") == 20


def test_uv_is_told_to_forget_what_it_would_link_again(shards: Shards, site: Path) -> None:
    flip(shards, site)
    (info,) = site.glob("colours_data_shard_0002-*")
    (info / "INSTALLER").write_text("uv\n")
    with pytest.raises(errors.DatasetCorruptError) as caught:
        dataset("colours").connect()
    name, version = shards.parts[1].name, shards.parts[1].version
    said = f"Run: uv cache clean {name} && uv pip install --reinstall {name}=={version}"
    assert caught.value.hint == said


def test_shards_that_are_not_what_their_manifest_promises_together_are_refused(
    database: Path, site: Path, cache: Path
) -> None:
    shards = Shards(database)
    shards.raw[EXTENSION]["hash"] = "sha256:" + "0" * 64
    shards.install(site)
    with pytest.raises(errors.DatasetCorruptError, match="set of shards of colours-data"):
        dataset("colours").connect()
    assert databases_below(cache) == []


def test_a_bomb_is_stopped_at_its_first_byte_too_many(
    database: Path, site: Path, cache: Path
) -> None:
    shards = Shards(database)
    bomb = compress(bytes(50_000_000), "gzip")
    shards.parts[1].put(shards.told[1]["path"], bomb)
    shards.install(site)
    with pytest.raises(errors.DatasetCorruptError, match="shard_0002"):
        dataset("colours").connect()
    assert databases_below(cache) == []


@pytest.mark.parametrize("folder", ["", "shards"])
@pytest.mark.parametrize("damage", [None, "missing", "other"])
def test_wheels_of_shards_are_found_beside_the_wheel_that_needs_them(
    database: Path, tmp_path: Path, damage: str | None, folder: str
) -> None:
    shards = Shards(database)
    if damage == "other":
        shards.parts[1].put(shards.told[1]["path"], compress(b"x", "gzip"))
    parts = [part.pack(tmp_path / "dist" / folder) for part in shards.parts]
    whole = shards.whole.pack(tmp_path / "dist")
    if damage == "missing":
        parts[1].unlink()
    report = verify_wheel(whole, full=True)
    assert report.ok == (damage is None)
    if damage is None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        found = open_dataset(str(whole), str(scratch))
        assert found.path.read_bytes() == database.read_bytes()
    else:
        (finding,) = [each for each in report.findings if each.code == "V16"]
        assert "colours_data_shard_0002" in finding.message


def test_shards_inside_of_one_zip_file_are_joined(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = Shards(database)
    application = shards.whole
    for part in shards.parts:
        application.files |= part.files
    monkeypatch.syspath_prepend(str(application.pack(tmp_path).rename(tmp_path / "app.zip")))
    assert dataset("colours").path.read_bytes() == database.read_bytes()
