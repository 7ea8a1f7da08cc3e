"""What a fault case is, and how one is run and counted."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).parents[2]
NOBODY = 65534
DEADLINE = 60.0
"""Seconds after which a process counts as hanging."""


class MissingMeans(Exception):
    """A tool or a right that a case needs is not there; its text says which."""


@dataclass
class Trial:
    """The room in which one case runs, and what it counts.

    Attributes:
        folder: An empty directory of the case's own.
        is_full: Whether to try everything, rather than what fits into a minute with all others.
        tries: How often the fault was provoked.
        wrong: What came out wrong.
        leftovers: What was left lying about.
    """

    folder: Path
    is_full: bool = False
    tries: int = 0
    wrong: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)

    def times(self, short: int, full: int) -> range:
        """How often to do something."""
        return range(full if self.is_full else short)

    def choose(self, points: Iterable[Any], short: int) -> list[Any]:
        """All of these, or as many as the short form tries, spread evenly."""
        found = list(points)
        step = 1 if self.is_full else max(1, math.ceil(len(found) / short))
        return found[::step]

    def expect(self, is_right: object, otherwise: str) -> None:
        """Count one try, and what is wrong with it."""
        self.tries += 1
        if not is_right:
            self.wrong.append(otherwise)

    def expect_error(
        self, kinds: type | tuple[type, ...], action: Callable[[], Any], what: str
    ) -> str:
        """Count one try that must raise; gives the text."""
        try:
            found = action()
        except kinds as error:
            self.tries += 1
            return str(error)
        except Exception as error:  # noqa: BLE001  # any other error is the finding
            self.expect(False, f"{what}: {type(error).__name__}: {error}")
        else:
            self.expect(False, f"{what}: no error but {found!r}")
        return ""

    def expect_unchanged(self, folder: Path, before: Mapping[str, bytes]) -> None:
        """Nothing was created, removed or altered below a folder."""
        after = snapshot(folder)
        self.leftovers += [f"created {name}" for name in after.keys() - before.keys()]
        self.wrong += [f"removed {name}" for name in before.keys() - after.keys()]
        self.wrong += [
            f"altered {name}"
            for name in before.keys() & after.keys()
            if before[name] != after[name]
        ]


Case = Callable[[Trial], None]
CASES: dict[str, tuple[str, Case]] = {}
"""Name to the numbers of the cases in the reference that it covers, and the function."""


def proves(*numbers: int) -> Callable[[Case], Case]:
    """Register a case; its name is what it proves."""

    def register(case: Case) -> Case:
        CASES[case.__name__] = (", ".join(map(str, numbers)), case)
        return case

    return register


def snapshot(folder: Path) -> dict[str, bytes]:
    """Relative path to content of everything below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"/"
        for path in sorted(folder.rglob("*"))
    }


def need_tool(name: str) -> str:
    """Where a program is."""
    path = shutil.which(name)
    if path is None:
        raise MissingMeans(f"{name} is not installed")
    return path


def need_root() -> None:
    """Only root can become somebody else, and mount."""
    if os.getuid() != 0:
        raise MissingMeans("root is needed")


def need_mounts() -> list[str]:
    """The command that gives a process mounts of its own."""
    need_root()
    unshare = need_tool("unshare")
    if subprocess.run([unshare, "-m", "true"], check=False, capture_output=True).returncode:
        raise MissingMeans("mounts of one's own are not allowed here")
    return [unshare, "-m", "--propagation", "private"]


@dataclass
class Ended:
    """How a process ended."""

    code: int
    output: str
    errors: str

    @property
    def was_killed(self) -> bool:
        return self.code in (-9, 137)

    @property
    def crashed(self) -> bool:
        """A signal other than the one that we sent, or a hang."""
        return self.code < 0 and self.code != -9


def run(
    command: list[str] | str,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Ended:
    """Run a program, or Python source, to its end or the deadline."""
    if isinstance(command, str):
        command = [sys.executable, "-c", command]
    try:
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})},
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired:
        return Ended(-1000, "", f"no end within {DEADLINE} seconds")
    return Ended(done.returncode, done.stdout, done.stderr)


def attempt(case: Case, *, is_full: bool) -> tuple[Trial, str, float]:
    """Run one case; gives its counts, why it was skipped or an empty text, and its seconds."""
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        mock.patch.dict(os.environ),  # some cases move the cache
    ):
        Path(folder).chmod(0o755)  # other users take part in some cases
        trial, skipped = Trial(Path(folder).resolve(), is_full), ""
        try:
            case(trial)
        except MissingMeans as reason:
            skipped = str(reason)
        except Exception:  # noqa: BLE001  # whatever a case raises is its finding
            trial.wrong.append(traceback.format_exc())
        make_removable(trial.folder)
    return trial, skipped, time.monotonic() - started


def make_removable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
