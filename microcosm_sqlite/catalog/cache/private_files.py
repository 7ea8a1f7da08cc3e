"""Directories that only their owner can write, and files that appear in them all at once."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import contextmanager, suppress

from microcosm_sqlite.catalog.preflight import MAGIC, SIDECARS
from microcosm_sqlite.common.platforms import (
    HAS_OWNERS,
    IS_WINDOWS,
    find_free_space,
    find_writers,
    is_sealed,
    is_trusted,
    remove,
    replace,
    seal,
    synchronize_folder,
)
from microcosm_sqlite.errors import (
    CacheError,
    CacheFullError,
    CacheUnavailableError,
    CacheUnsafeError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import RawIOBase
    from typing import BinaryIO

PREFIX, SUFFIX = ".x-", ".tmp"
LITTER_AGE = 24 * 3600
"""Seconds after which an unpublished file is considered the leftover of a killed process."""

_LOOK = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # as far as the platform has them
    _LOOK |= getattr(os, _flag, 0)

_NO_ROOM = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_ADVICE = "Set MICROCOSM_SQLITE_CACHE_DIR to a directory that only you can write."


def check_directory(path: str, *, create: bool) -> None:
    """Refuse a directory that somebody else owns, can write, or has replaced by a link.

    Directories are made one level at a time, because ``os.makedirs`` applies its mode to the last
    only. A missing one is no error unless it is to be made here.

    Raises:
        CacheUnsafeError: It is not safe.
        CacheUnavailableError: It cannot be made or looked at.
    """
    try:
        if create:
            _make_directory(path)
        status = os.lstat(path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not create:
            return
        raise describe(error, path) from error
    if not stat.S_ISDIR(status.st_mode):
        raise CacheUnsafeError(f"{path} is not a directory but a link or file.", hint=_ADVICE)
    _check_owner(path, status)


def _make_directory(path: str) -> None:
    parent = os.path.dirname(path)
    if not os.path.lexists(parent):
        _make_directory(parent)
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)


def check_ancestors(path: str) -> None:
    """Refuse a directory below one in which another user could exchange it.

    A directory with the sticky bit, such as ``/tmp``, lets nobody but its owner exchange what
    belongs to others.

    Raises:
        CacheUnsafeError: A directory above belongs to another user, or others can write to it.
    """
    if not HAS_OWNERS:
        return
    for directory in sorted(set(_list_ancestors(os.path.abspath(path)))):
        try:
            status = os.stat(directory)
        except OSError:
            continue  # not there yet, or not to be looked at: making it will tell
        # A home directory may be writable by the group that its owner is alone in.
        writable = 0o002 if status.st_gid == status.st_uid else 0o022
        _check_owner(directory, status, writable=0 if status.st_mode & stat.S_ISVTX else writable)


def _list_ancestors(path: str) -> Iterator[str]:
    """The directories that a path leads through, and those that each link in it leads through."""
    seen, found = set(), [path]
    while found:
        path = found.pop()
        parent = os.path.dirname(path)
        if path in seen or parent == path:
            continue
        seen.add(path)
        found.append(parent)
        if os.path.islink(path):
            # The kernel takes what the link says from where the directory above really is.
            target = os.path.join(os.path.realpath(parent), os.readlink(path))
            found.append(os.path.abspath(target))
        yield parent


def _check_owner(path: str, status: os.stat_result, *, writable: int = 0o022) -> None:
    if not is_trusted(status):
        raise CacheUnsafeError(f"{path} belongs to uid {status.st_uid}.", hint=_ADVICE)
    if find_writers(status, writable):
        raise CacheUnsafeError(
            f"{path} can be written by others (mode {stat.S_IMODE(status.st_mode):04o}).",
            hint=f"Run: chmod go-w {path}. {_ADVICE}",
        )


def is_published(path: str, size: int, magic: bytes = MAGIC) -> bool:
    """Whether the file is there as :func:`publishing` leaves it.

    Anything else at that place (a link, another size, a writable file, zeros that a power cut
    left, a file that somebody wrote to) counts as not there, and is replaced.

    Args:
        path: The file.
        size: Its size.
        magic: The bytes that it begins with.
    """
    try:
        descriptor = os.open(path, _LOOK)
        try:
            return _is_as_published(descriptor, size, magic) and not _has_sidecar(path)
        finally:
            os.close(descriptor)
    except OSError:
        return False


def _is_as_published(descriptor: int, size: int, magic: bytes) -> bool:
    status = os.fstat(descriptor)
    is_whole = is_trusted(status) and is_sealed(status) and status.st_size == size
    return is_whole and os.read(descriptor, len(magic)) == magic


def _has_sidecar(path: str) -> bool:
    return any(os.path.lexists(path + suffix) for suffix in SIDECARS)


@contextmanager
def publishing(path: str, choose: Callable[[], str] | None = None) -> Iterator[BinaryIO]:
    """A new file to write, which takes its place at ``path`` when the block ends without error.

    Args:
        path: The place.
        choose: Gives the place at the end, in the same folder, where it follows from what was
            written; ``path`` then only stands in errors.

    Raises:
        CacheFullError: No room is left.
        CacheUnavailableError: Writing fails for another reason.
    """
    import tempfile

    folder = os.path.dirname(path)
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=folder)
    except OSError as error:
        raise describe(error, folder) from error
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as target:
            yield target
            seal(target.fileno(), temporary)
            # Without it a rename can outlive a power cut that its content does not.
            os.fsync(target.fileno())
        path = choose() if choose else path
        for suffix in SIDECARS:
            with suppress(FileNotFoundError):
                remove(path + suffix)
        _move(temporary, path)
    except OSError as error:
        raise describe(error, path) from error
    finally:
        with suppress(OSError):
            remove(temporary)


def write(target: RawIOBase | BinaryIO, chunk: bytes, path: str) -> None:
    """Write all of a chunk to an unbuffered file, which will stand at ``path``.

    Raises:
        CacheFullError: No room is left.
        CacheUnavailableError: Writing fails for another reason.
    """
    view = memoryview(chunk)
    try:
        while view:
            view = view[target.write(view) or 0 :]
    except OSError as error:
        raise describe(error, path) from error


def _move(temporary: str, path: str) -> None:
    try:
        replace(temporary, path)
    except PermissionError:
        # Windows does not replace a file that a peer has open; then the peer's is as good.
        if not (IS_WINDOWS and os.path.exists(path)):
            raise
    with suppress(OSError):
        synchronize_folder(os.path.dirname(path))


def check_space(folder: str, size: int) -> None:
    """Raise an error if a file of this size cannot fit.

    Raises:
        CacheFullError: Fewer than ``size`` bytes are free.
    """
    free = find_free_space(folder)
    if free is not None and free < size:
        raise CacheFullError(
            f"{folder} has {free:,} bytes free; {size:,} are needed.", hint=_MORE_ROOM
        )


_MORE_ROOM = (
    "Free some space (microcosm-sqlite cache prune), or set MICROCOSM_SQLITE_CACHE_DIR, or TMPDIR "
    "for a wheel file, to a directory with more."
)
_LARGER_FILES = (
    "Raise the limit of the size of files: ulimit -f, or MICROCOSM_SQLITE_MAX_FILE_SIZE for what "
    "is in a file from outside."
)


def is_litter(name: str) -> bool:
    """Whether a file of this name is one that was not published, or not yet."""
    return name.startswith(PREFIX) and name.endswith(SUFFIX)


def sweep(folder: str, age: float = LITTER_AGE) -> int:
    """Remove what killed processes left ``age`` seconds ago; returns the number of files."""
    removed = 0
    with suppress(OSError), os.scandir(folder) as files:
        for file in files:
            removed += is_litter(file.name) and _remove_litter(file, age)
    return removed


def _remove_litter(file: os.DirEntry[str], age: float) -> bool:
    with suppress(OSError):
        if time.time() - file.stat(follow_symlinks=False).st_mtime >= age:
            remove(file.path)
            return True
    return False


def describe(error: OSError, path: str) -> CacheError:
    """Return the error of this package for an operating system error in the cache."""
    if error.errno in _NO_ROOM:
        hint = _LARGER_FILES if error.errno == errno.EFBIG else _MORE_ROOM
        return CacheFullError(f"{path} cannot be written: {error.strerror}.", hint=hint)
    return CacheUnavailableError(
        f"The cache cannot be used: {path}: {error.strerror}.", hint=_ADVICE
    )
