"""What has a digest, and what is not read for one."""

from __future__ import annotations

import sys
from hashlib import sha256, sha512
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.hashing import hash_file
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
