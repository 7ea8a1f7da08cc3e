"""Join the shards of a database in the extraction cache, in the way that one file is extracted.

Each shard is a compressed file of its own. They are decompressed one after the other into one
stream, which is verified while it is written: the file of each shard, and the database.
"""

from __future__ import annotations

import io
from contextlib import closing, contextmanager
from hashlib import sha256

from microcosm_sqlite.catalog.cache.extraction import CHUNK, extract_from, extract_member
from microcosm_sqlite.catalog.cache.part_files import PartFile, find_part_files, refuse_parts
from microcosm_sqlite.catalog.codecs import open_decompressed, stream_errors
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.preflight import explain
from microcosm_sqlite.errors import DatasetCorruptError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.manifest import Manifest
    from microcosm_sqlite.catalog.shards import Shard


def find_shards(distribution: Distribution, manifest: Manifest) -> list[PartFile]:
    """Where the shards of an installed dataset are, or of one in a wheel."""
    return find_part_files(distribution, manifest.shards)


def join_shards(distribution: Distribution, manifest: Manifest, root: str = "") -> str:
    """The path of the database that shards make up; joined now, if need be.

    Args:
        distribution: The distribution that needs the shards.
        manifest: Its manifest.
        root: A folder to take in place of the user's cache.

    Raises:
        DatasetFileError: A shard is missing, damaged, or of another release: the text names it.
        CacheError: The database cannot be written, or would not be safe.
    """

    def opened() -> AbstractContextManager[BinaryIO]:
        files = find_shards(distribution, manifest)
        error = refuse_parts(distribution, ((file, file.find_fault()) for file in files))
        if error:
            raise error
        return _open_joined(files, manifest)

    origin = f"The set of shards of {distribution.name} {distribution.version}"
    try:
        return extract_from(opened, manifest, origin, root)
    except DatasetCorruptError as error:
        # A shard in the place of another is told by its hash, and all of them at once.
        files = find_shards(distribution, manifest)
        raise (
            refuse_parts(distribution, ((file, file.find_damage()) for file in files)) or error
        ) from error


def extract_archive(distribution: Distribution, manifest: Manifest, root: str = "") -> str:
    """:func:`join_shards`, or the same for one file, of what is in a wheel or a zipapp."""
    if manifest.shards:
        return join_shards(distribution, manifest, root)
    return extract_member(distribution.site, member_name(manifest), manifest, root)


@contextmanager
def _open_joined(files: list[PartFile], manifest: Manifest) -> Iterator[BinaryIO]:
    with closing(_read_shards(files, manifest.shards, manifest.compression)) as chunks:
        yield _Joined(chunks)  # type: ignore[misc]  # a BinaryIO as far as it is used


class _Joined:
    """The chunks of all shards as a stream; each is at most as long as the read that takes it."""

    __slots__ = ("_chunks",)

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks

    def read(self, size: int) -> bytes:  # noqa: ARG002  # shards end exactly where they should
        return next(self._chunks, b"")


def _read_shards(
    files: list[PartFile], shards: Iterable[Shard], compression: str
) -> Generator[bytes]:
    for file, shard in zip(files, shards, strict=True):
        try:
            yield from _read_shard(file, shard, compression)
        except stream_errors() as error:
            raise DatasetCorruptError(f"{file.path} is damaged or cut short: {error}.") from error
        except OSError as error:
            raise explain(error, file.path) from error


def _read_shard(file: PartFile, shard: Shard, compression: str) -> Iterator[bytes]:
    left = shard.bytes
    with file.opened() as packed:
        hashed = _HashedReader(packed)
        with open_decompressed(hashed, compression) as stream:  # type: ignore[arg-type]
            # One byte more than is left is enough to know a decompression bomb.
            while chunk := stream.read(min(CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise DatasetCorruptError(f"{file.path} holds more than was published.")
                yield chunk
    if left or hashed.digest.hexdigest() != shard.file_sha256:
        raise DatasetCorruptError(f"{file.path} is not the file that was published.")


class _HashedReader(io.BufferedIOBase):
    """A stream whose bytes are hashed as they are read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        chunk = self._stream.read(-1 if size is None else size)
        self.digest.update(chunk)
        return chunk
