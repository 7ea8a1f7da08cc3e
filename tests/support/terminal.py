"""A terminal with the program in it, and a query that never ends."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import termios
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path

from tests.support.program import Program

COUNT_FOREVER = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {} FROM n"


class Terminal:
    """A terminal with the program in it."""

    def __init__(self, program: Program, arguments: Sequence[str | Path], lines: int = 24) -> None:
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))
        self.process = subprocess.Popen(
            program.command(*arguments),
            env={"TERM": "xterm", **program.environment},
            cwd=program.home,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # Ctrl-C comes through the terminal that controls the process.
            preexec_fn=lambda: ioctl(slave, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # no threads
        )
        os.close(slave)
        self.text = ""

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self, code: int = 0) -> str:
        """All that is shown until the program ends."""
        while self._read():
            pass
        os.close(self.master)
        assert self.process.wait(timeout=20) == code, self.text
        return self.text

    def _read(self) -> bool:
        try:
            found = os.read(self.master, 65536)
        except OSError:  # how Linux tells that nobody is left at the other end
            return False
        self.text += found.decode().replace("\r\n", "\n")
        return bool(found)


def look(program: Program, *arguments: str | Path, code: int = 0, lines: int = 24) -> str:
    return Terminal(program, arguments, lines).read(code)
