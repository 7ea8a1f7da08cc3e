"""The extraction cache: what is in it was verified, and nobody else could have written it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from microcosm_sqlite import dataset, errors
from microcosm_sqlite.catalog.cache import extraction as cache
from microcosm_sqlite.catalog.cache import folders, private_files
from microcosm_sqlite.catalog.cache.extraction import extract_file, extract_member
from microcosm_sqlite.catalog.cache.folders import VARIABLE
from microcosm_sqlite.catalog.manifest import Manifest
from tests.support.wheels import Wheel, compress, describe, make_database

CODECS = ["zstd", "gzip", "xz"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def manifest(database: Path) -> Manifest:
    return Manifest(describe(database, compression="gzip"))


@pytest.fixture
def packed(database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "colours.db.gz"
    path.write_bytes(compress(database.read_bytes(), "gzip"))
    return path


def files_below(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def databases_below(root: Path) -> list[Path]:
    return [path for path in files_below(root) if path.suffix != ".lock"]


@pytest.mark.parametrize("codec", CODECS)
def test_a_compressed_dataset_opens_like_any_other(
    database: Path, site: Path, root: Path, codec: str
) -> None:
    Wheel().carry(database, compression=codec).install(site)
    found = dataset("colours")
    assert found.manifest
    assert not root.exists(), "describing a dataset extracts nothing"
    with found.connect() as connection:
        assert connection.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    connection.close()
    assert found.path.read_bytes() == database.read_bytes()
    assert found.location.immutable
    assert found.location.is_cached


def test_the_same_content_is_extracted_once(packed: Path, manifest: Manifest, root: Path) -> None:
    first = extract_file(str(packed), manifest)
    packed.unlink()
    assert extract_file(str(packed), manifest) == first
    assert databases_below(root) == [Path(first)]


def test_the_place_follows_from_the_content_alone(
    packed: Path, manifest: Manifest, root: Path
) -> None:
    path = extract_file(str(packed), manifest)
    assert path == str(root / "v1" / manifest.sha256[:40] / "colours.db")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_directories_are_private_and_files_sealed_whatever_the_umask(
    packed: Path, manifest: Manifest, root: Path, umask: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = root / "made" / "on" / "the" / "way"
    monkeypatch.setenv(VARIABLE, str(deep))
    before = os.umask(umask)
    try:
        path = Path(extract_file(str(packed), manifest))
    finally:
        os.umask(before)
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in [root, *root.rglob("*")]}
    assert modes.pop(path) == 0o444
    assert {mode for p, mode in modes.items() if p.is_dir()} == {0o700}


@pytest.mark.parametrize("level", ["", "v1", "v1/digest"])
@pytest.mark.parametrize("fault", ["writable", "link", "foreign", "file"])
def test_a_cache_that_others_could_write_is_refused_at_every_level(
    packed: Path, manifest: Manifest, root: Path, tmp_path: Path, level: str, fault: str
) -> None:
    target = root / level.replace("digest", manifest.sha256[:40])
    if fault == "foreign" and os.getuid():
        pytest.skip("only root can give a directory away")
    if fault == "link":
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        target.symlink_to(tmp_path / "elsewhere")
    elif fault == "file":
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        target.write_bytes(b"")
    else:
        target.mkdir(parents=True)
        target.chmod(0o777 if fault == "writable" else 0o755)
        if fault == "foreign":
            os.chown(target, 65534, 65534)
    with pytest.raises(errors.CacheError) as caught:
        extract_file(str(packed), manifest)
    assert str(target) in str(caught.value)
    assert VARIABLE in caught.value.hint
    if fault == "link":
        assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("fault", ["writable", "foreign", "foreign and sticky"])
def test_a_cache_below_a_directory_in_which_it_can_be_exchanged_is_refused(
    packed: Path, manifest: Manifest, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault != "writable" and os.geteuid():
        pytest.skip("only root can give a directory away")
    shared = tmp_path / "shared"
    monkeypatch.setenv(VARIABLE, str(shared / "between" / "cache"))
    extract_file(str(packed), manifest)
    if fault == "writable":
        shared.chmod(0o777)
    else:
        os.chown(shared, 65534, 65534)
        shared.chmod(0o1777 if "sticky" in fault else 0o755)
    with pytest.raises(errors.CacheUnsafeError, match=f"{shared} "):
        extract_file(str(packed), manifest)
    if fault == "writable":
        shared.chmod(0o1777)  # as /tmp is
        assert extract_file(str(packed), manifest)


def test_every_link_on_the_way_to_the_cache_is_followed_by_the_check(
    packed: Path, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, shared, real = (tmp_path / name for name in ("own", "shared", "real"))
    for folder in (own, shared, real):
        folder.mkdir(mode=0o700)
    (shared / "second").symlink_to("../real")
    (own / "first").symlink_to(shared / "second")
    monkeypatch.setenv(VARIABLE, str(own / "first" / "cache"))
    assert extract_file(str(packed), manifest)
    shared.chmod(0o777)
    with pytest.raises(errors.CacheUnsafeError, match=f"{shared} "):
        extract_file(str(packed), manifest)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_the_effective_user_owns_the_cache(
    packed: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:  # that others can look at
        own = Path(folder, "own")
        own.mkdir(0o700)
        os.chown(own, 65534, 65534)
        Path(folder).chmod(0o755)
        monkeypatch.setenv(VARIABLE, str(own))
        with pytest.raises(errors.CacheUnsafeError, match="belongs to uid 65534"):
            extract_file(str(packed), manifest)
        readable = shutil.copy(packed, folder)
        os.seteuid(65534)
        try:
            assert extract_file(readable, manifest).startswith(str(own))
        finally:
            os.seteuid(0)


def test_a_wait_for_another_process_is_told(
    packed: Path,
    manifest: Manifest,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(folders, "SILENT_WAIT", 0.05)
    monkeypatch.setattr(folders, "LOCK_TIMEOUT", 0.1)
    lock = root / "v1" / f"{manifest.sha256[:40]}.lock"
    lock.parent.mkdir(parents=True, mode=0o700)
    with FileLock(lock):
        assert extract_file(str(packed), manifest)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert str(lock) in record.getMessage()


@pytest.mark.parametrize("fault", ["cut short", "zeros", "writable", "written to"])
def test_a_file_that_is_not_as_it_was_published_is_made_again(
    packed: Path, manifest: Manifest, database: Path, fault: str
) -> None:
    path = Path(extract_file(str(packed), manifest))
    path.chmod(0o644)
    if fault == "cut short":
        path.write_bytes(database.read_bytes()[:-1])
    elif fault == "zeros":
        path.write_bytes(bytes(manifest.bytes))
    elif fault == "written to":
        Path(f"{path}-wal").write_bytes(b"changes")
    path.chmod(0o644 if fault == "writable" else 0o444)
    assert extract_file(str(packed), manifest) == str(path)
    assert path.read_bytes() == database.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert not Path(f"{path}-wal").exists()


def test_a_link_in_place_of_the_file_is_replaced_and_its_target_untouched(
    packed: Path, manifest: Manifest, tmp_path: Path
) -> None:
    path = Path(extract_file(str(packed), manifest))
    path.unlink()
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    path.symlink_to(target)
    extract_file(str(packed), manifest)
    assert target.read_bytes() == b"precious"
    assert path.is_file()
    assert not path.is_symlink()


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "longer", "other"])
def test_what_is_not_the_published_content_is_never_published_here(
    database: Path, tmp_path: Path, root: Path, codec: str, damage: str
) -> None:
    manifest = Manifest(describe(database, compression=codec))
    content = database.read_bytes()
    packed = compress(content, codec)
    packed = {
        "cut": packed[: len(packed) // 2],
        "flipped": packed[:40] + bytes([packed[40] ^ 0x55]) + packed[41:],
        "empty": b"",
        "longer": compress(content + b"x" * 5_000_000, codec),
        "other": compress(content[:-1] + b"x", codec),
    }[damage]
    path = tmp_path / "packed"
    path.write_bytes(packed)
    with pytest.raises(errors.DatasetCorruptError) as caught:
        extract_file(str(path), manifest)
    assert str(path) in str(caught.value)
    assert not databases_below(root)


def test_an_unknown_codec_asks_for_a_later_version(database: Path, tmp_path: Path) -> None:
    manifest = Manifest(describe(database, compression="brotli"))
    with pytest.raises(errors.ManifestError, match=r"brotli.*pip install --upgrade"):
        extract_file(str(database), manifest)


def test_a_missing_packaged_file_is_named(manifest: Manifest, tmp_path: Path) -> None:
    with pytest.raises(errors.DatasetFileMissingError, match=r"gone\.gz"):
        extract_file(str(tmp_path / "gone.gz"), manifest)


def test_a_manifest_cannot_lead_out_of_the_cache(
    packed: Path, manifest: Manifest, root: Path
) -> None:
    manifest.name = "../../../../escaped/.."
    path = Path(extract_file(str(packed), manifest))
    assert path.parent == root / "v1" / manifest.sha256[:40]


@pytest.mark.parametrize("fault", ["no member", "no archive", "damaged"])
def test_a_damaged_archive_is_named(
    database: Path, manifest: Manifest, tmp_path: Path, fault: str
) -> None:
    archive = tmp_path / "some.whl"
    if fault != "no archive":
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("p/colours.db", database.read_bytes() if fault == "damaged" else b"")
    if fault == "damaged":
        content = archive.read_bytes()
        archive.write_bytes(content.replace(b"CREATE TABLE", b"CREATE TIBLE", 1))
    plain = Manifest(describe(database))
    member = "p/other.db" if fault == "no member" else "p/colours.db"
    with pytest.raises(errors.DatasetFileError, match=r"some\.whl"):
        extract_member(str(archive), member, plain)


@pytest.mark.parametrize("value", ["relative/path", "~/cache"])
def test_a_relative_cache_directory_is_refused(
    value: str, packed: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(errors.CacheUnavailableError, match=VARIABLE):
        extract_file(str(packed), manifest)


def raise_error(*_: object, **__: object) -> str:
    raise RuntimeError("could not determine the home directory")


# What platformdirs does when neither the environment nor the system knows a home directory.
@pytest.mark.parametrize("answer", [lambda *_, **__: "~/.cache/m", raise_error])
def test_no_home_directory_is_an_error_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    import platformdirs

    monkeypatch.delenv(VARIABLE)
    monkeypatch.setattr(platformdirs, "user_cache_dir", answer)
    with pytest.raises(errors.CacheUnavailableError, match=VARIABLE):
        folders.cache_directory()


def test_a_wiped_cache_heals_while_readers_go_on(database: Path, site: Path, root: Path) -> None:
    Wheel().carry(database, compression="zstd").install(site)
    found = dataset("colours")
    reader = found.connect()
    for path in databases_below(root):
        path.unlink()
    assert reader.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    reader.close()
    again = found.connect()
    assert again.execute("SELECT count(*) FROM shade").fetchone() == (3,)
    again.close()


def test_an_engine_heals_as_well(database: Path, site: Path, root: Path) -> None:
    Wheel().carry(database, compression="zstd").install(site)
    engine = dataset("colours").engine
    for _ in range(2):
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT count(*) FROM shade").scalar()
            assert found == 3
        engine.dispose()
        databases_below(root)[0].unlink()


def test_a_cache_wiped_between_locating_and_opening_heals(
    database: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Wheel().carry(database, compression="zstd").install(site)
    found = dataset("colours")
    real, wiped = cache.private.is_published, []

    def wipe_once(path: str, size: int, *magic: bytes) -> bool:
        is_there = real(path, size, *magic)
        if is_there and not wiped:
            wiped.append(path)
            Path(path).unlink()
        return is_there

    found.connect().close()
    monkeypatch.setattr(cache.private, "is_published", wipe_once)
    found.connect().close()
    assert wiped


def test_a_cache_cleared_during_extraction_is_filled_all_the_same(
    packed: Path, manifest: Manifest, database: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    real, cleared = private_files.seal, []

    def clear_once(descriptor: int, path: str) -> None:
        real(descriptor, path)
        if not cleared:
            cleared.extend(root.rglob(".x-*"))
            cleared[0].unlink()

    monkeypatch.setattr(private_files, "seal", clear_once)
    assert Path(extract_file(str(packed), manifest)).read_bytes() == database.read_bytes()
    assert cleared


def test_a_failing_write_leaves_nothing_and_says_that_room_is_missing(
    packed: Path, manifest: Manifest, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def refuse(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(errors.CacheFullError, match="cache prune"):
            extract_file(str(packed), manifest)
    assert not databases_below(root)
    extract_file(str(packed), manifest)


def test_too_little_room_is_said_before_writing(
    packed: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = os.statvfs_result((4096, 4096, 10, 1, 1, 0, 0, 0, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    with pytest.raises(errors.CacheFullError, match="4,096 bytes free"):
        extract_file(str(packed), manifest)


def test_a_read_only_cache_says_which_variable_moves_it(
    packed: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/proc/no/cache/here")
    with pytest.raises(errors.CacheUnavailableError, match=VARIABLE):
        extract_file(str(packed), manifest)


def test_a_lock_that_never_comes_costs_time_and_nothing_else(
    packed: Path, manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    folder = Path(extract_file(str(packed), manifest)).parent
    for path in folder.iterdir():
        path.unlink()
    monkeypatch.setattr(folders, "LOCK_TIMEOUT", 0.1)
    holder = FileLock(f"{folder}.lock", is_singleton=False)
    with holder:
        assert Path(extract_file(str(packed), manifest)).exists()


def test_threads_extract_the_same_content_at_once(
    packed: Path, manifest: Manifest, database: Path, root: Path
) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(extract_file(str(packed), manifest)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert databases_below(root) == [Path(found[0])]


def test_a_zipped_data_wheel_on_the_path_is_read_through_the_cache(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    archive = wheel.pack(tmp_path / "dist")
    monkeypatch.syspath_prepend(str(archive))
    found = dataset("colours")
    assert found.distribution_version == "2026.1"
    connection = found.connect()
    assert connection.execute("SELECT name FROM colour WHERE id = 3").fetchone() == ("grün",)
    connection.close()
    assert databases_below(root) == [found.path]


def test_a_resource_in_a_zip_can_be_registered_and_heals(
    database: Path, tmp_path: Path, root: Path
) -> None:
    from microcosm_sqlite import register

    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.write(database, "data/colours.db")
    found = register("colours", zipfile.Path(archive, "data/colours.db"))
    for _ in range(2):
        connection = found.connect()
        assert connection.execute("SELECT count(*) FROM colour").fetchone() == (3,)
        connection.close()
        found.path.unlink()


def test_litter_of_killed_processes_is_swept_when_it_is_old(
    packed: Path, manifest: Manifest
) -> None:
    path = Path(extract_file(str(packed), manifest))
    path.unlink()
    old, young = (path.parent / f".x-{name}.tmp" for name in ("old", "young"))
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (0, 0))
    extract_file(str(packed), manifest)
    assert not old.exists()
    assert young.exists()


def test_a_cached_database_is_large_enough_to_take_several_reads(
    tmp_path: Path, root: Path
) -> None:
    database = make_database(tmp_path / "big" / "colours.db", rows=60_000)
    assert database.stat().st_size > 2 * cache.CHUNK
    packed = tmp_path / "big.zst"
    packed.write_bytes(compress(database.read_bytes(), "zstd"))
    path = extract_file(str(packed), Manifest(describe(database, compression="zstd")))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
