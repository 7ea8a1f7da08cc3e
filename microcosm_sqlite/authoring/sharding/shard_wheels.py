"""Write a wheel that is larger than a limit as several: shards with the data, and one for the rest.

A shard is a distribution of its own. Its version follows from what it carries, so that a shard that
is the same in two releases is published and downloaded once.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from packaging.utils import canonicalize_name

from microcosm_sqlite.authoring.finishing.describe import place_file
from microcosm_sqlite.authoring.finishing.finalise import verify_wheel
from microcosm_sqlite.authoring.finishing.wheel_files import open_single
from microcosm_sqlite.authoring.sharding.cutting import cut_database
from microcosm_sqlite.authoring.sharding.part_wheels import (
    WHEEL,
    publish_wheels,
    rewrite_wheel,
    write_metadata,
    write_part_wheel,
)
from microcosm_sqlite.catalog.codecs import SUFFIXES
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.parts import FOLDER
from microcosm_sqlite.catalog.shards import Shard
from microcosm_sqlite.common.workspace import open_scratch, open_workspace

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.sharding.cutting import Stretch
    from microcosm_sqlite.catalog.distributions import Distribution

ROOM = 8192
"""Bytes of a shard's wheel besides the data, at most."""

_VERSION_DIGITS = 12
"""Hex digits of a digest in a version: the index takes no local versions, which could have all."""


def split_wheel(wheel: Path, folder: Path, limit: int, level: int) -> list[Path]:
    """Write a finished wheel into a folder, in shards if it is larger than a limit.

    The same wheel gives the same bytes.

    Args:
        wheel: The wheel, with its database compressed by zstd.
        folder: Where the wheel goes, and the shards into its folder ``shards``; files of the same
            names are replaced.
        limit: Bytes that a wheel may have.
        level: How hard zstd tries.

    Returns:
        The wheels in the order in which they are published: shards first.

    Raises:
        DatasetError: The wheel does not carry one dataset, or its database cannot be used.
        SettingsError: The limit is too small.
        VerificationError: What was written is not what it should be.
        OSError: It cannot be written.
    """
    if wheel.stat().st_size <= limit:
        return publish_wheels([wheel], folder)
    with open_scratch() as scratch, open_workspace(folder, f".{wheel.name}-") as workspace:
        writer = _ShardedWheel(wheel, scratch)
        written = writer.write(workspace, scratch, limit - ROOM, level)
        verify_wheel(written[-1])
        return publish_wheels(written, folder)


class _ShardedWheel:
    def __init__(self, wheel: Path, scratch: Path) -> None:
        dataset = open_single(wheel, scratch)
        assert dataset.entry is not None  # noqa: S101  # it is in a wheel
        assert dataset.manifest is not None  # noqa: S101  # it was asked for one that has one
        self._wheel = wheel
        self._manifest = dataset.manifest
        self._distribution: Distribution = dataset.entry.distribution
        self._name = canonicalize_name(self._distribution.name)
        self._database = Path(dataset.location.path)

    def write(self, folder: Path, scratch: Path, limit: int, level: int) -> list[Path]:
        """Write the shards and, last, the wheel that needs them."""
        with ZipFile(self._wheel) as full:
            packed_size = full.getinfo(member_name(self._manifest)).file_size
        (folder / FOLDER).mkdir()
        stretches = cut_database(self._database, scratch, limit, level, packed_size)
        shards = [self._write_shard(folder / FOLDER, *each) for each in enumerate(stretches, 1)]
        self._write_rest(folder / self._wheel.name, shards)
        return [
            *(folder / FOLDER / Shard(shard).wheel for shard in shards),
            folder / self._wheel.name,
        ]

    def _write_shard(self, folder: Path, number: int, stretch: Stretch) -> dict[str, Any]:
        """Write the wheel of a shard, and return what the manifest says of it."""
        name = f"{self._name}-shard-{number:04}"
        stem = name.replace("-", "_")
        path = f"{stem}/{self._manifest.name}.db{SUFFIXES[self._manifest.compression]}"
        described = self._distribution, self._name, f"shard {number}", "which installs it"
        unversioned = [write_metadata(name, "", *described), WHEEL, path, stretch.sha256]
        hashed = sha256("\n".join(unversioned).encode()).hexdigest()
        version = f"0.{int(hashed[:_VERSION_DIGITS], 16)}"
        shard = {
            "distribution": name,
            "version": version,
            "path": path,
            "offset": stretch.offset,
            "bytes": stretch.bytes,
            "fileBytes": stretch.path.stat().st_size,
            "fileHash": f"sha256:{stretch.sha256}",
        }
        metadata = write_metadata(name, version, *described)
        write_part_wheel(folder, Shard(shard), metadata, {path: stretch.path})
        stretch.path.unlink()
        return shard

    def _write_rest(self, target: Path, shards: list[dict[str, Any]]) -> None:
        """Write the wheel without its database, and with the shards in manifest and METADATA."""
        raw = self._manifest.raw
        resource = f"{self._manifest.name}.db"
        place_file(
            raw,
            package=self._manifest.package,
            resource=resource,
            compression=self._manifest.compression,
            shards=shards,
        )
        needed = "".join(
            f"Requires-Dist: {each['distribution']}=={each['version']}\n" for each in shards
        )
        rewrite_wheel(
            self._wheel,
            target,
            self._distribution,
            raw,
            needed,
            left_out=member_name(self._manifest),
        )
