"""The extraction cache: each database that cannot be opened in place is extracted once.

A cached file's place is derived from the sha256 of its content, so every process, environment and
version that asks for the same content writes the same bytes to the same place, and nothing is ever
updated. A file appears there only by rename, complete and verified; the lock merely spares work,
because on some network file systems every process is told that it holds it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

from microcosm_sqlite.catalog.cache import private_files as private
from microcosm_sqlite.catalog.citation import log
from microcosm_sqlite.catalog.codecs import archive_errors, open_decompressed, stream_errors
from microcosm_sqlite.catalog.preflight import REINSTALL, check_regular, check_size, explain
from microcosm_sqlite.errors import CacheUnavailableError, DatasetCorruptError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from io import RawIOBase
    from typing import BinaryIO

    from importlib_resources.abc import Traversable

    from microcosm_sqlite.catalog.manifest import Manifest

    Opener = Callable[[], AbstractContextManager[BinaryIO]]

VARIABLE = "MICROCOSM_SQLITE_CACHE_DIR"
LAYOUT = "v1"
DIGEST_LENGTH = 40
"""Digits of the sha256 that name a cached file's folder."""

CHUNK = 1 << 20
LOCK_TIMEOUT = 60.0
"""Seconds to wait for another process that extracts the same content."""

SILENT_WAIT = 2.0
"""Seconds of that wait after which it is told."""


def cache_directory() -> str:
    """The cache's root: the environment variable, else the user's cache directory.

    Raises:
        CacheUnavailableError: The variable is not an absolute path, or there is no home directory.
    """
    root = os.environ.get(VARIABLE, "")
    if not root:
        from platformdirs import user_cache_dir

        try:
            root = user_cache_dir("microcosm-sqlite", appauthor=False)
        except RuntimeError as error:  # older platformdirs return a relative path
            raise CacheUnavailableError(
                "This user has no home directory, in which datasets could be extracted.",
                hint=f"Set {VARIABLE} to an absolute path that this user can write.",
            ) from error
    if not os.path.isabs(root):
        raise CacheUnavailableError(
            f"The cache directory {root!r} is not an absolute path.",
            hint=f"Set {VARIABLE} to an absolute path.",
        )
    return root


def layout_levels(root: str = "") -> tuple[str, ...]:
    """The directories, outermost first, that hold the folders of cached files."""
    root = root or cache_directory()
    return root, os.path.join(root, LAYOUT)


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

    def opened() -> AbstractContextManager[BinaryIO]:
        return _open_file(path, manifest.compression)

    return _ensure(_Content.of(manifest), opened, path, root)


@contextmanager
def _open_file(path: str, compression: str) -> Iterator[BinaryIO]:
    try:
        check_regular(path, os.stat(path))  # opening a FIFO would wait for a writer
        compressed = open(path, "rb")  # noqa: SIM115  # closed below
    except OSError as error:
        raise explain(error, path) from error
    with compressed, open_decompressed(compressed, compression) as stream:
        yield stream


def extract_member(archive: str, member: str, manifest: Manifest, root: str = "") -> str:
    """:func:`extract_file` for a file inside a zip file: a wheel or zipapp on ``sys.path``."""
    origin = f"{archive}/{member}"

    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        from zipfile import ZipFile

        try:
            with (
                ZipFile(archive) as zipped,
                zipped.open(member) as compressed,
                open_decompressed(compressed, manifest.compression) as stream,  # type: ignore[arg-type]
            ):
                yield stream
        except KeyError as error:
            raise _describe_damage(origin, error) from error
        except archive_errors() as error:
            if isinstance(error, OSError) and error.errno:
                raise  # it is not the content that is at fault
            raise _describe_damage(origin, error) from error

    return _ensure(_Content.of(manifest), opened, origin, root)


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
    try:
        with open(path, "wb", buffering=0) as target:
            _decompress(lambda: _open_file(packed, compression), target, path, packed)
    except OSError as error:
        raise private.describe(error, path) from error


class _Content:
    """What identifies a cached file: its name, hash and size."""

    __slots__ = ("name", "sha256", "size")

    def __init__(self, name: str, sha256: str, size: int) -> None:
        self.name = name
        self.sha256 = sha256
        self.size = size

    @classmethod
    def of(cls, manifest: Manifest) -> _Content:
        return cls(f"{manifest.name}.db", manifest.sha256, manifest.bytes)

    @property
    def path(self) -> str:
        """Its place below the cache's layout directory: a manifest's name is not to be trusted."""
        plain = "".join(c if c.isalnum() or c in "._-" else "_" for c in self.name[-100:])
        return os.path.join(self.sha256[:DIGEST_LENGTH], plain)


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
    levels = layout_levels(root)
    path = os.path.join(levels[-1], content.path)
    folder = os.path.dirname(path)
    private.check_ancestors(levels[0])
    levels = (*levels, folder)
    for level in levels:
        private.check_directory(level, create=False)
    if private.is_published(path, content.size):
        return path
    try:
        _publish(content, opened, levels, path, origin)
    except CacheUnavailableError as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            raise
        # Somebody cleared the cache at this moment.
        _publish(content, opened, levels, path, origin)
    return path


def _publish(
    content: _Content, opened: Opener, levels: Iterable[str], path: str, origin: str
) -> None:
    for level in levels:
        private.check_directory(level, create=True)
    folder = os.path.dirname(path)
    with _lock(f"{folder}.lock"):
        # A peer may have published it while this process waited for the lock.
        if not private.is_published(path, content.size):
            private.sweep(folder)
            private.check_space(folder, content.size)
            with private.publishing(path) as target:
                _extract(content, opened, target, path, origin)
            log("info", "Extracted %s to %s (%d bytes)", origin, path, content.size)


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


@contextmanager
def _lock(path: str) -> Iterator[None]:
    """Wait for a process that is extracting the same content; continue where locking fails."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, mode=0o600)
    with suppress(NotImplementedError, OSError, Timeout):
        try:
            lock.acquire(timeout=min(SILENT_WAIT, LOCK_TIMEOUT))
        except Timeout:
            _tell_of_wait(path)
            lock.acquire(timeout=max(0, LOCK_TIMEOUT - SILENT_WAIT))
    try:
        yield
    finally:
        with suppress(OSError):
            lock.release()


def _tell_of_wait(path: str) -> None:
    from logging import getLogger

    # Python prints warnings of loggers that nobody configured on standard error.
    getLogger("microcosm_sqlite").warning(
        "Waiting up to %.0f seconds for another process that extracts the same dataset (lock %s).",
        LOCK_TIMEOUT,
        path,
    )
