"""Other processes that do a part of the work, and leave it in a file."""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import TypeVar

from microcosm_sqlite.common.platforms import can_fork, count_processors
from microcosm_sqlite.common.workspace import open_scratch

T = TypeVar("T")

SMALLEST_SHARED = 4 << 20
"""Bytes of a file that is worth another process."""


def may_share(size: int) -> bool:
    """Whether another process may do a part of the work on a file of so many bytes."""
    return size >= SMALLEST_SHARED and can_fork() and count_processors() > 1


@contextmanager
def doing_beside(work: Callable[[], T]) -> Iterator[Callable[[], T]]:
    """Let a forked process do some work; the function given waits for what that returns.

    Where the process fails, as for want of memory, the work is done here.
    """
    with open_scratch() as folder:
        file = folder / "done"
        child = ForkedChild(file, lambda: _keep(work(), file))

        def finish() -> T:
            try:
                child.wait()
            except PartFailedError:
                return work()
            done: T = pickle.loads(file.read_bytes())  # noqa: S301  # by `_keep`
            return done

        try:
            yield finish
        finally:
            child.end()


def _keep(done: object, file: Path) -> None:
    file.write_bytes(pickle.dumps(done))


class PartFailedError(Exception):
    """A child did not do its part."""


class ForkedChild:
    """A forked process that does a part of the work.

    Attributes:
        file: What it makes.
    """

    def __init__(self, file: Path, work: Callable[[], None]) -> None:
        self.file = file
        parent = os.getpid()
        self._process = os.fork()
        if self._process == 0:
            code = 1
            try:
                _end_with(parent)
                work()
                code = 0
            finally:
                os._exit(code)  # nothing that is open here is the child's to close

    def wait(self) -> None:
        """Wait until its part is there.

        Raises:
            PartFailedError: It is not.
        """
        process, self._process = self._process, 0
        _, status = os.waitpid(process, 0)
        if status != 0:
            raise PartFailedError

    def end(self) -> None:
        """End it where it still runs, and remove what it made."""
        if self._process:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        self.file.unlink(missing_ok=True)


class StartedChild:
    """A process that was spawned, and does a part of the work.

    Attributes:
        file: What it makes.
    """

    def __init__(self, file: Path, process: Popen[bytes]) -> None:
        self.file = file
        self._process = process

    def wait(self) -> None:
        """Wait until its part is there.

        Raises:
            PartFailedError: It is not.
        """
        if self._process.wait() != 0:
            raise PartFailedError

    def end(self) -> None:
        """End it where it still runs, and remove what it made."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self.file.unlink(missing_ok=True)


def _end_with(parent: int) -> None:
    """Let the kernel end this child as soon as its parent ends, however that does."""
    set_signal_at_parents_death = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(set_signal_at_parents_death, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
