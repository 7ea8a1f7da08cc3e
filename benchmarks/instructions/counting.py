"""Count the instructions of a Python program with callgrind."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

CALLGRIND = ("valgrind", "--tool=callgrind", "--dump-before=getppid")
SUMMARY = re.compile(r"^summary: (\d+)$", re.MULTILINE)


class Counted(NamedTuple):
    """What a program printed, and the instructions between its marks."""

    output: str
    parts: list[int]

    @property
    def total(self) -> int:
        return sum(self.parts)


def count(command: Sequence[str | Path], folder: Path, **variables: str) -> Counted:
    """Run a Python program under callgrind, in ``folder``.

    ``parts`` are the instructions up to the program's first call of ``os.getppid``, from there to
    the next one, and so on; the last is from the last call to the end. Hashes are fixed, as the
    order of sets and the collisions of dictionaries change what is executed.

    Raises:
        subprocess.CalledProcessError: The program failed.
    """
    environment = os.environ | {"PYTHONHASHSEED": "0"} | variables
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as counts:
        target = Path(counts) / "counts"
        done = subprocess.run(
            [*CALLGRIND, f"--callgrind-out-file={target}", *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return Counted(done.stdout, _read_parts(target))


def _read_parts(target: Path) -> list[int]:
    """The counts of each dump: ``counts.1``, ``counts.2`` ..., and of the end in ``counts``."""
    numbered = sorted(target.parent.glob("counts.*"), key=lambda path: int(path.suffix[1:]))
    return [_read_summary(path) for path in (*numbered, target)]


def _read_summary(path: Path) -> int:
    summary = SUMMARY.search(path.read_text())
    return int(summary[1]) if summary else 0
