"""What has a digest, and what is not read for one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from hashlib import sha256, sha512
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.hashing import hash_file, identify_state
from microcosm_sqlite.errors import DatasetFileError


def test_a_file_has_a_digest_and_a_size(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert hash_file(str(path)) == (sha256(b"abc").digest(), 3)
    assert hash_file(str(path), "sha512") == (sha512(b"abc").digest(), 3)
    assert hash_file(str(path), "md5") == (sha256(b"abc").digest(), 3)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such devices")
@pytest.mark.parametrize("path", ["/dev/zero", "/dev/tty", "/dev", "/proc/self/fd"])
def test_devices_and_folders_have_no_hash(path: str) -> None:
    with pytest.raises(DatasetFileError):
        hash_file(path)


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
