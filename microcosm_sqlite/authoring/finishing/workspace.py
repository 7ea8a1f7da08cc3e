"""A directory beside the target to build in, gone afterwards whatever happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock, Timeout

LOCK = "lock"


@contextmanager
def open_workspace(target: Path) -> Iterator[Path]:
    """Make a directory on the file system of `target`, so that publishing is a rename.

    What builds that were killed left behind is removed first: a lock, which the operating system
    lets go of when its process ends, tells them from builds under way.
    """
    prefix = f".{target.name}.build-"
    _sweep(target.parent, prefix)
    directory = Path(mkdtemp(prefix=prefix, dir=target.parent))
    lock = FileLock(directory / LOCK)
    try:
        with lock:
            yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _sweep(folder: Path, prefix: str) -> None:
    for directory in folder.glob(f"{prefix}*"):
        try:
            with FileLock(directory / LOCK, timeout=0):
                pass
        except (Timeout, OSError):
            continue  # in use, or not ours to touch
        shutil.rmtree(directory, ignore_errors=True)
