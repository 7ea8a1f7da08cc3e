"""The columnar twins of tables, as Parquet: those that are installed, and those in the cache.

A cached twin is in the folder of its database. Its name says all that is known of it: dataset,
table, key of its layout, size and sha256. So it is found, and told from one that is cut short,
without a second file. An installed one is described by the manifest, as a shard is.
"""

from __future__ import annotations

import os
from contextlib import suppress

from microcosm_sqlite.catalog.cache import private_files as private
from microcosm_sqlite.catalog.cache.folders import ensure_file, find_file, make_plain
from microcosm_sqlite.catalog.cache.part_files import PartFile, find_part_files, refuse_parts
from microcosm_sqlite.catalog.columnar import ShippedTwin
from microcosm_sqlite.catalog.hashing import hash_file
from microcosm_sqlite.catalog.preflight import identify_state
from microcosm_sqlite.catalog.usage import log
from microcosm_sqlite.errors import CacheError, DatasetCorruptError, DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest

    Write = Callable[[BinaryIO], object]

VARIABLE = "MICROCOSM_SQLITE_COLUMNAR"
"""Environment variable: ``cache`` makes the twin of a table when it is first read as a frame, and
``off`` reads none."""

MAGIC = b"PAR1"
"""The bytes that a Parquet file begins with."""

SUFFIX = ".parquet"
_MARK = "~"
"""Between the parts of a name; none of them has it."""

_LONGEST = 40


class CachedTwin:
    """A file of the cache that is, by its name, the twin of a table.

    Attributes:
        path: The file.
        dataset: The dataset's name, in plain characters.
        table: The table's name, likewise.
        key: Which layout it has: columns, types and order.
        bytes: Its size, as its name says.
        sha256: Hex digest of it, as its name says.
    """

    __slots__ = ("bytes", "dataset", "key", "path", "sha256", "table")

    def __init__(self, path: str) -> None:
        parts = os.path.basename(path).removesuffix(SUFFIX).split(_MARK)
        self.dataset, self.table, self.key, size, self.sha256 = parts
        self.path = path
        self.bytes = int(size)

    def __repr__(self) -> str:
        return f"<CachedTwin {self.dataset} {self.table}: {self.bytes:,} bytes>"

    @property
    def is_whole(self) -> bool:
        """Whether the file is there as it was published, as far as its size and mode tell."""
        return private.is_published(self.path, self.bytes, MAGIC)

    @property
    def is_damaged(self) -> bool:
        """Whether its content is not what was published.

        Raises:
            DatasetFileError: It cannot be read.
        """
        return hash_file(self.path)[0].hex() != self.sha256


def parse_name(path: str) -> CachedTwin | None:
    """The twin that a file of the cache is, or None where its name is that of none."""
    if path.endswith(SUFFIX):
        with suppress(ValueError):
            return CachedTwin(path)
    return None


def list_cached(manifest: Manifest | None) -> list[CachedTwin]:
    """The twins of a dataset that are whole in the cache; none where that cannot be used."""
    found: list[CachedTwin] = []

    def look(folder: str) -> str:
        found.extend(twin for twin in _scan(folder) if twin.is_whole)
        return ""

    with suppress(CacheError):
        if manifest:
            find_file(manifest.sha256, look)
    return sorted(found, key=lambda twin: twin.path)


def find_cached(manifest: Manifest, make_key: Callable[[], str]) -> str:
    """The path of the twin with a layout; empty where there is none that can be used.

    Args:
        manifest: Describes the dataset.
        make_key: Gives the key of the layout; not called where there is no twin at all.
    """

    def find(folder: str) -> str:
        return _find(folder, make_key()) if any(_scan(folder)) else ""

    try:
        return find_file(manifest.sha256, find)
    except CacheError:
        return ""


def find_shipped(dataset: InstalledDataset, table: str, make_key: Callable[[], str]) -> str:
    """The path of the twin that a distribution of its own carries; empty where that is missing.

    It is hashed once in each process: nothing else reads it before it is used.

    Args:
        dataset: The dataset.
        table: The table's name.
        make_key: Gives the key of the layout; not called where no twin is shipped.

    Raises:
        DatasetFileError: It belongs to another release, or is not what was published.
    """
    part = dataset.manifest.twins.get(table) if dataset.manifest else None
    if part is None or part.layout != make_key():
        return ""
    file = _find_installed(dataset, part)
    if file is None:
        return ""
    seen = _look(file.path)
    fault = file.find_fault() if seen == _known.get(file.path) else file.find_damage()
    assert dataset.entry is not None  # noqa: S101  # what has installed parts is installed
    if error := refuse_parts(dataset.entry.distribution, [(file, fault)], "read"):
        raise error
    _known[file.path] = seen
    return file.path


def describe_twins(dataset: InstalledDataset) -> list[dict[str, object]]:
    """The columnar twins of a dataset that are here, sorted by table.

    Each has its ``table``, its size as ``bytes``, and the ``distribution`` that carries it: none
    carries one in the cache.
    """
    if dataset.entry is None and refuse_twins(dataset):
        return []
    installed = [
        {
            "table": file.part.table,
            "bytes": file.part.file_bytes,
            "distribution": file.part.distribution,
        }
        for file in list_installed(dataset)
        if isinstance(file.part, ShippedTwin)
    ]
    cached = [
        {"table": twin.table, "bytes": twin.bytes, "distribution": ""}
        for twin in list_cached(dataset.manifest)
    ]
    return sorted([*installed, *cached], key=lambda twin: str(twin["table"]))


def list_installed(dataset: InstalledDataset) -> list[PartFile]:
    """Where the shipped twins of a dataset are, those whose distribution is installed."""
    parts = dataset.manifest.twins.values() if dataset.manifest else ()
    return [file for part in parts if (file := _find_installed(dataset, part))]


def _find_installed(dataset: InstalledDataset, part: ShippedTwin) -> PartFile | None:
    """Where a twin is, or should be; None where its distribution is not installed, or is zipped."""
    if dataset.entry is None:
        return None
    (file,) = find_part_files(dataset.entry.distribution, [part])
    is_there = bool(file.versions) or file.is_installed
    return file if is_there and os.path.isdir(file.site) else None


_known: dict[str, tuple[int, ...]] = {}
"""The installed twins whose content this process has hashed, and what they looked like then."""


def _look(path: str) -> tuple[int, ...]:
    with suppress(OSError):
        return identify_state(os.stat(path))
    return ()


def publish_twin(dataset: InstalledDataset, table: str, key: str, write: Write) -> str:
    """The path of the twin of a table; made now, if need be.

    Args:
        dataset: The dataset.
        table: The table's name.
        key: Which layout the twin has.
        write: Writes Parquet to a file.

    Raises:
        DatasetError: There can be none; see :func:`refuse_twins`. Or the database is not what was
            published.
        CacheError: It cannot be written, or would not be safe.
    """
    if reason := refuse_twins(dataset):
        raise DatasetError(f"Dataset {dataset.name!r} has no columnar twin: {reason}.")
    manifest = dataset.manifest
    assert manifest is not None  # noqa: S101  # as was just asked

    def publish(folder: str) -> str:
        _check_origin(dataset, manifest)
        return _publish(folder, (manifest.name, table, key), write)

    return ensure_file(manifest.sha256, lambda folder: _find(folder, key), publish)


def refuse_twins(dataset: InstalledDataset) -> str:
    """Why no twin is made of a dataset's tables, or read for them; empty where there may be.

    A twin belongs to a content: to a file that nobody changes in place, and whose sha256 a manifest
    states.
    """
    if dataset.manifest is None:
        return "it has no manifest, which would say what its file holds"
    if dataset.location.memory or not dataset.location.immutable:
        return "its file may change"
    return ""


def _find(folder: str, key: str) -> str:
    whole = (twin.path for twin in _scan(folder) if twin.key == key and twin.is_whole)
    return min(whole, default="")


def _scan(folder: str) -> Iterator[CachedTwin]:
    with suppress(OSError), os.scandir(folder) as files:
        yield from filter(None, (parse_name(file.path) for file in files))


def _check_origin(dataset: InstalledDataset, manifest: Manifest) -> None:
    """Refuse a file that is not the published one; what was extracted was verified then."""
    location = dataset.location
    if not location.is_cached and hash_file(location.path)[0].hex() != manifest.sha256:
        raise DatasetCorruptError(
            f"{location.path} is not what was published, so that no columnar twin is made of it.",
            hint=f"Run: microcosm-sqlite verify {dataset.name}",
        )


def _publish(folder: str, named: tuple[str, str, str], write: Write) -> str:
    name, table, key = named
    stem = [_shorten(name), _shorten(table), key]
    with private.publishing(folder + os.sep, lambda: path) as target:
        measured = MeasuredFile(target, folder)
        write(measured)  # type: ignore[arg-type]  # a BinaryIO as far as it is used
        file = _MARK.join([*stem, str(measured.size), measured.digest.hexdigest()])
        path = os.path.join(folder, f"{file}{SUFFIX}")
    log("info", "Wrote the columnar twin %s (%d bytes)", path, measured.size)
    return path


def _shorten(name: str) -> str:
    return make_plain(name.encode("ascii", "replace").decode()[:_LONGEST])


class MeasuredFile:
    """An unbuffered file of the cache, whose bytes are hashed and counted as they are written.

    Attributes:
        size: How many there are.
        digest: Their sha256.
    """

    closed = False

    def __init__(self, target: BinaryIO, path: str) -> None:
        from hashlib import sha256

        self._target = target
        self._path = path
        self.size = 0
        self.digest = sha256()

    def writable(self) -> bool:
        """Whether it can be written."""
        return True

    def write(self, chunk: bytes) -> int:
        """Write all of a chunk.

        Raises:
            CacheError: It cannot be written.
        """
        content = bytes(chunk)
        private.write(self._target, content, self._path)
        self.digest.update(content)
        self.size += len(content)
        return len(content)

    def tell(self) -> int:
        """How many bytes were written."""
        return self.size

    def flush(self) -> None:
        """Nothing is held back."""
