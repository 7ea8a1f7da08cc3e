r"""Differences between operating systems, and threads if there can be any.

=========================== ===================== ===================== ==========================
.                           Linux                 macOS                 Windows
=========================== ===================== ===================== ==========================
Who may change a file       owner and mode        owner and mode        a list that Python lacks
A file that nobody writes   mode 0444             mode 0444             attribute "read-only"
To remove or replace it     as any other          as any other          without the attribute
To remove an open file      possible              possible              not possible
Names of a folder on disk   synchronized          synchronized          no need
Processes for a large load  forked, one thread    spawned               spawned
Free space                  ``statvfs``           ``statvfs``           not asked for
SQLite's files              ``unix``              ``unix``              ``win32``
SQLite's temporary files    first of some folders first of some folders the user's folder
Lines of a text end with    line feed             line feed             both, unless it is told
Letters in names of files   all but ``/``         all but ``/``         all but ``<>:"/\|?*``
Names of files that differ  all                   not by case alone     not by case alone
Names that are no files     none                  none                  ``CON``, ``aux.csv``
=========================== ===================== ===================== ==========================

WebAssembly is like Linux, but starts neither processes nor threads.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from typing import Any


IS_WINDOWS = os.name == "nt"

HAS_OWNERS = hasattr(os, "geteuid")
"""Whether files have an owner and a mode that say who may read and change them."""

VFS = "win32" if IS_WINDOWS else "unix"
"""SQLite's name for the files of this system."""

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def spell_file_name(name: str) -> str:
    """A name that is one of a file in a folder on every system, for what data is called.

    >>> spell_file_name("a/b: c.csv"), spell_file_name("aux.csv"), spell_file_name("..")
    ('a_b_ c.csv', 'aux_.csv', '_')
    """
    import re

    name = re.sub(r"[\0-\x1f\x7f<>:\"/\\|?*]", "_", name).rstrip(". ") or "_"
    stem, dot, ending = name.partition(".")
    if re.fullmatch(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\xb9\xb2\xb3]) *", stem):
        stem += "_"
    stem, ending = os.path.splitext(stem + dot + ending)
    if len(ending) > LONGEST_ENDING:
        stem, ending = stem + ending, ""
    stored = stem.encode("utf-8", "surrogatepass")
    if len(stored) > LONGEST_NAME:
        stem = stored[:LONGEST_NAME].decode("utf-8", "ignore") or "_"
    return stem + ending


LONGEST_NAME, LONGEST_ENDING = 200, 20
"""Bytes of a name, and letters of its ending, at most: file systems allow 255 bytes in all."""


def find_user() -> int | None:
    """Return the number of the user that this process acts for; None where users have none."""
    return os.geteuid() if HAS_OWNERS else None


def is_trusted(status: os.stat_result) -> bool:
    """Whether a file belongs to this user or to root; always, where files have no owner."""
    return not HAS_OWNERS or status.st_uid in (os.geteuid(), 0)


def find_writers(status: os.stat_result, mask: int) -> int:
    """Return those bits of the mask by which others may write to a file; 0 where modes say nothing.

    Windows reports 0666 for each file that is not read-only, and 0777 for each folder.
    """
    return status.st_mode & mask if HAS_OWNERS else 0


def seal(descriptor: int, path: str) -> None:
    """Make an open file one that nobody writes to; Windows has ``fchmod`` since Python 3.13."""
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o444)
    else:
        os.chmod(path, 0o444)


def is_sealed(status: os.stat_result) -> bool:
    """Whether a regular file is as :func:`seal` leaves it."""
    return stat.S_ISREG(status.st_mode) and not status.st_mode & _WRITABLE


def remove(path: str) -> None:
    """Remove a file, sealed or not.

    Raises:
        OSError: It is not there, or cannot be removed.
    """
    _unseal(path)
    os.unlink(path)


def replace(source: str, target: str) -> None:
    """Move a file to a place where another may be, sealed or not.

    Raises:
        OSError: It cannot be moved.
    """
    _unseal(target)
    os.replace(source, target)


def _unseal(path: str) -> None:
    if IS_WINDOWS:
        # Not contextlib.suppress, whose import every cold start would pay for.
        try:  # noqa: SIM105
            os.chmod(path, stat.S_IWRITE)
        except OSError:
            pass


def remove_tree(directory: str | os.PathLike[str]) -> None:
    """Remove a folder and all that is in it, as far as that is possible."""
    import shutil

    if IS_WINDOWS:
        for folder, _, files in os.walk(directory):
            for file in files:
                _unseal(os.path.join(folder, file))
    shutil.rmtree(directory, ignore_errors=True)


def synchronize_folder(path: str | os.PathLike[str]) -> None:
    """Bring the names in a folder to the disk.

    Raises:
        OSError: The disk fails.
    """
    if IS_WINDOWS:
        return  # it keeps names by itself, and opens no folder
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def find_free_space(folder: str) -> int | None:
    """Return the free bytes of the file system of a folder; None where they are not known."""
    if not hasattr(os, "statvfs"):
        return None
    try:
        status = os.statvfs(folder)
    except OSError:
        return None
    return status.f_bavail * status.f_frsize


def has_temporary_folder() -> bool:
    """Whether there is a folder for the temporary files of SQLite, other than the current one."""
    if IS_WINDOWS:
        return True
    # Any will do, and each connection asks: those come first for which one look is enough.
    for folder in _TEMPORARY:
        if os.access(folder, _USABLE):
            return True
    named = os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR")
    return any(folder and os.access(folder, _USABLE) for folder in named)


_USABLE = os.W_OK | os.X_OK
_TEMPORARY = ("/var/tmp", "/usr/tmp", "/tmp")  # noqa: S108  # where SQLite looks


def count_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def can_fork() -> bool:
    """Whether a forked child can go on working.

    A lock that another thread holds at the fork is held for ever in the child; libraries of macOS
    hold locks of threads of their own.
    """
    return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1


def can_start_processes() -> bool:
    """Whether other processes can be started at all."""
    return sys.platform not in ("emscripten", "wasi")


def register_at_fork(**functions: Callable[[], object]) -> None:
    """Register what runs at each fork, as :func:`os.register_at_fork`, where there are forks."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(**functions)


def open_pool(workers: int, name: str = "") -> Executor:
    """Return a pool of threads; what no thread can be started for is done by whoever submits it.

    WebAssembly has no threads, and a container may limit them.

    Args:
        workers: The most threads.
        name: What their names begin with.
    """
    from concurrent.futures import Executor, Future, ThreadPoolExecutor

    class Pool(Executor):
        def __init__(self) -> None:
            self._threads = ThreadPoolExecutor(workers, name)

        def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            call = _Once(lambda: function(*args, **kwargs))
            try:
                return self._threads.submit(call)
            except RuntimeError:
                # The pool has queued the call: a thread that runs already may take it.
                done: Future[Any] = Future()
                try:
                    done.set_result(call())
                except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
                    done.set_exception(error)
                return done

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            self._threads.shutdown(wait, cancel_futures=cancel_futures)

    return Pool()


def follow_parent() -> None:
    """End this process when its parent ends, by whatever: then its standard input ends."""
    import os

    while os.read(0, 1024):
        pass
    os._exit(1)


class _Once:
    """A call that is made by one of two callers; the other waits for its result."""

    def __init__(self, function: Callable[[], Any]) -> None:
        from threading import Lock

        self._function: Callable[[], Any] | None = function
        self._lock = Lock()
        self._result: Any = None
        self._error: BaseException | None = None

    def __call__(self) -> Any:
        with self._lock:
            function, self._function = self._function, None
            if function is not None:
                try:
                    self._result = function()
                except BaseException as error:  # noqa: BLE001  # raised where the result is asked for
                    self._error = error
            if self._error is not None:
                raise self._error
            return self._result
