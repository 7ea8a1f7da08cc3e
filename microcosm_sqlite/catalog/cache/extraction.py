"""The extraction cache: each database that cannot be opened in place is extracted once.

A cached file's place is derived from the sha256 of its content, so every process, environment and
version that asks for the same content writes the same bytes to the same place.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

from microcosm_sqlite.catalog.cache import private_files as private
from microcosm_sqlite.catalog.cache.folders import ensure_file, make_plain
from microcosm_sqlite.catalog.codecs import archive_errors, open_decompressed, stream_errors
from microcosm_sqlite.catalog.preflight import REINSTALL, check_regular, check_size, explain
from microcosm_sqlite.catalog.usage import log
from microcosm_sqlite.errors import DatasetCorruptError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from io import RawIOBase
    from typing import BinaryIO

    from importlib_resources.abc import Traversable

    from microcosm_sqlite.catalog.manifest import Manifest

    Opener = Callable[[], AbstractContextManager[BinaryIO]]

CHUNK = 1 << 20


def extract_file(path: str, manifest: Manifest, root: str = "") -> str:
    """The path of the uncompressed copy of a compressed file; made now, if need be.

    Args:
        path: The compressed file.
        manifest: What it must hold.
        root: A folder to take in place of the user's cache.

    Raises:
        DatasetFileError: The file cannot be read, or is not what its manifest says.
        CacheError: The copy cannot be written, or would not be safe.
    """
    opened = _decompressing(lambda: open_file(path), manifest.compression)
    return extract_from(opened, manifest, path, root)


@contextmanager
def open_file(path: str) -> Iterator[BinaryIO]:
    """Open a packaged file as it is, without waiting for a FIFO.

    Raises:
        DatasetFileError: It cannot be opened.
    """
    try:
        check_regular(path, os.stat(path))  # opening a FIFO would wait for a writer
        file = open(path, "rb")  # noqa: SIM115  # closed below
    except OSError as error:
        raise explain(error, path) from error
    with file:
        yield file


def extract_member(archive: str, member: str, manifest: Manifest, root: str = "") -> str:
    """:func:`extract_file` for a file inside a zip file: a wheel or zipapp on ``sys.path``."""
    opened = _decompressing(lambda: open_member(archive, member), manifest.compression)
    return extract_from(opened, manifest, f"{archive}/{member}", root)


@contextmanager
def open_member(archive: str, member: str) -> Iterator[BinaryIO]:
    """Open a file inside a zip file; damage that its reader meets is told of the same way.

    Raises:
        DatasetCorruptError: There is no such file, or it is damaged.
    """
    from zipfile import ZipFile

    origin = f"{archive}/{member}"
    try:
        with ZipFile(archive) as zipped, zipped.open(member) as compressed:
            yield compressed  # type: ignore[misc]  # a BinaryIO in all but name
    except KeyError as error:
        raise _describe_damage(origin, error) from error
    except archive_errors() as error:
        if isinstance(error, OSError) and error.errno:
            raise  # it is not the content that is at fault
        raise _describe_damage(origin, error) from error


def extract_from(opened: Opener, manifest: Manifest, origin: str, root: str = "") -> str:
    """:func:`extract_file` for a stream of the uncompressed bytes.

    Args:
        opened: Opens the stream.
        manifest: What it must hold.
        origin: Where it comes from, for errors.
        root: A folder to take in place of the user's cache.

    Raises:
        DatasetFileError: It is not what the manifest says.
        CacheError: The copy cannot be written, or would not be safe.
    """
    return _ensure(_Content.of(manifest), opened, origin, root)


def _decompressing(packed: Opener, compression: str) -> Opener:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        with packed() as compressed, open_decompressed(compressed, compression) as stream:
            yield stream

    return opened


def extract_stream(resource: Traversable) -> str:
    """:func:`extract_file` for a resource of which nothing is known but its bytes."""

    def opened() -> AbstractContextManager[BinaryIO]:
        return resource.open("rb")

    return _ensure(_measure(opened, resource.name), opened, str(resource))


def decompress_file(packed: str, compression: str, path: str) -> None:
    """Write the uncompressed copy of a file that no manifest describes.

    Raises:
        DatasetFileError: The file cannot be read, or is damaged.
        CacheError: The copy cannot be written.
    """
    opened = _decompressing(lambda: open_file(packed), compression)
    try:
        with open(path, "wb", buffering=0) as target:
            _decompress(opened, target, path, packed)
    except OSError as error:
        raise private.describe(error, path) from error


class _Content:
    """The name, hash and size that identify a cached file."""

    __slots__ = ("name", "sha256", "size")

    def __init__(self, name: str, sha256: str, size: int) -> None:
        self.name = name
        self.sha256 = sha256
        self.size = size

    @classmethod
    def of(cls, manifest: Manifest) -> _Content:
        return cls(f"{manifest.name}.db", manifest.sha256, manifest.bytes)

    @property
    def file(self) -> str:
        """Its file name in the folder of the content."""
        return make_plain(self.name[-100:])


def _measure(opened: Opener, name: str) -> _Content:
    from hashlib import sha256

    digest, size = sha256(), 0
    with opened() as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return _Content(name, digest.hexdigest(), size)


def _ensure(content: _Content, opened: Opener, origin: str, root: str = "") -> str:
    """The path of the cached content, extracting it where it is not there yet."""

    def find(folder: str) -> str:
        path = os.path.join(folder, content.file)
        return path if private.is_published(path, content.size) else ""

    def write(folder: str) -> str:
        path = os.path.join(folder, content.file)
        private.check_space(folder, content.size)
        with private.publishing(path) as target:
            _extract(content, opened, target, path, origin)
        log("info", "Extracted %s to %s (%d bytes)", origin, path, content.size)
        return path

    return ensure_file(content.sha256, find, write, root)


def _extract(content: _Content, opened: Opener, target: BinaryIO, path: str, origin: str) -> None:
    digest, size = _decompress(opened, target, path, origin, content.size)
    if size != content.size or digest != content.sha256:
        found = "more" if size > content.size else f"{size:,}"
        raise DatasetCorruptError(
            f"{origin} does not hold what was published: {found} bytes, sha256 {digest[:12]}; "
            f"published were {content.size:,} bytes, sha256 {content.sha256[:12]}.",
            hint=REINSTALL,
        )


def _decompress(
    opened: Opener, target: RawIOBase | BinaryIO, path: str, origin: str, limit: int | None = None
) -> tuple[str, int]:
    """Write a stream to an unbuffered file, and return the hex sha256 and size of its content.

    Args:
        opened: Opens the stream.
        target: The file.
        path: Where the file will stand, for errors.
        origin: Where the stream comes from, for errors.
        limit: The size that was promised: one byte more is enough to know a decompression bomb.

    Raises:
        DatasetFileError: The stream is damaged, or cannot be read.
        CacheError: The file cannot be written.
    """
    from concurrent.futures import Future
    from hashlib import sha256

    from microcosm_sqlite.common.platforms import open_pool

    digest, size = sha256(), 0
    taken: Future[None] | None = None

    def take(chunk: bytes) -> None:
        digest.update(chunk)
        private.write(target, chunk, path)

    try:
        # One thread decompresses while the other hashes and writes what came before.
        with opened() as stream, open_pool(1) as other:
            while chunk := stream.read(CHUNK if limit is None else min(CHUNK, limit + 1 - size)):
                if limit is not None and not size:
                    check_size(origin, limit, chunk)  # before the disk fills with what is refused
                size += len(chunk)
                if taken:
                    taken.result()
                taken = other.submit(take, chunk)
            if taken:
                taken.result()
    except stream_errors() as error:
        raise _describe_damage(origin, error) from error
    except OSError as error:
        raise explain(error, origin) from error
    return digest.hexdigest(), size


def _describe_damage(origin: str, error: Exception) -> DatasetCorruptError:
    return DatasetCorruptError(f"{origin} is damaged or cut short: {error}.", hint=REINSTALL)
