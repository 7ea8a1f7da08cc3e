"""Other processes that do a part of the work, and leave it in a file."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen


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
