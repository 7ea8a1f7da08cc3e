"""Change a project as a whole, or not at all, also where the process is killed."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from microcosm_sqlite.common.platforms import synchronize_folder
from microcosm_sqlite.common.workspace import (
    JOURNAL,
    LOCK,
    is_own,
    naming_full_disk,
    open_workspace,
    remove_workspace,
)
from microcosm_sqlite.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Revision:
    """A copy of a project, to be changed.

    Attributes:
        path: Where the copy is.
        changed: The files that are changed, new or removed, relative to the project.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changed: set[Path] = set()
        # A copy keeps the times of its original; hidden files are the copy's own.
        files = (file.relative_to(path) for file in path.rglob("*") if file.is_file())
        self._copied = {
            file: _stamp(path / file)
            for file in files
            if not any(part.startswith(".") for part in file.parts)
        }

    def rewrite(self, file: Path, text: str) -> None:
        """Write a file of the copy, which may be a link to the one of the project until then."""
        self.remove(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())

    def take(self, source: Path, file: Path) -> None:
        """Copy a file from elsewhere to its place in the copy."""
        from shutil import copyfile

        self.remove(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        copyfile(source, file)

    def remove(self, file: Path) -> None:
        """Remove a file of the copy, if it is there."""
        file.unlink(missing_ok=True)
        self.changed.add(file.relative_to(self.path))

    def publish(self, root: Path, backup: Path) -> None:
        """Put what was changed into the project; whatever is raised, it stays as it was.

        Args:
            root: The project.
            backup: A workspace for the old files, from which :func:`recover_project` takes them
                back if this process is killed before all new ones are in place.

        Raises:
            BuildError: Somebody else changed one of the files meanwhile, or changes the project.
        """
        self._refuse_changed(root)
        self._keep(root, backup)
        # Of two that come here at once, each sees the journal of the other, or what it changed.
        _refuse_others(root, backup)
        self._refuse_changed(root)
        try:
            for name in sorted(self.changed):
                _put(self.path / name, root / name)
        except BaseException:
            _undo(root, backup)
            raise
        (backup / JOURNAL).unlink()

    def _refuse_changed(self, root: Path) -> None:
        for name in sorted(self.changed & self._copied.keys()):
            if _stamp(root / name) != self._copied[name]:
                raise BuildError(
                    f"{name} was changed by another program meanwhile, so nothing was written.",
                    hint="Run the command again.",
                )

    def _keep(self, root: Path, backup: Path) -> None:
        from json import dumps

        for name in self.changed:
            (backup / name).parent.mkdir(parents=True, exist_ok=True)
            if (root / name).is_symlink():
                (backup / name).symlink_to((root / name).readlink())
            elif (root / name).exists():
                _copy(str(root / name), str(backup / name))
        stamps = {name.as_posix(): _stamp(self.path / name) for name in self.changed}
        draft = backup / f"{JOURNAL}.new"
        draft.write_text(dumps(stamps), encoding="utf-8", newline="\n")
        draft.rename(backup / JOURNAL)
        synchronize_folder(backup)


def _list_backups(root: Path) -> list[Path]:
    """What changes of a project keep, or kept, that are being made, or were left half done."""
    folder, prefix = _choose_place(root)
    found = []
    for backup in folder.glob(f"{escape(prefix)}old-*"):
        with suppress(OSError):  # as it may be gone by now
            found += [backup] if is_own(backup) and (backup / JOURNAL).exists() else []
    return found


def _refuse_others(root: Path, backup: Path) -> None:
    if any(other != backup for other in _list_backups(root)):
        raise BuildError(
            f"Another program is changing {root.name}, so nothing was written.",
            hint="Run the command again.",
        )


def recover_project(root: Path) -> bool:
    """Undo changes of a project that a killed process left half done.

    A file that was changed since then stays as it is.

    Args:
        root: The project.

    Returns:
        Whether there were any.
    """
    found = False
    for backup in _list_backups(root):
        with suppress(OSError, Timeout):  # in use
            with FileLock(backup / LOCK, timeout=0) as lock:
                _undo(root, backup)
                remove_workspace(backup, lock)
            found = True
    return found


def _undo(root: Path, backup: Path) -> None:
    """Take back the files whose new versions are in place."""
    from json import loads

    try:
        stamps = loads((backup / JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return  # nothing was put into its place yet
    for name, stamp in stamps.items():
        file = root / name
        if not {"..", Path(name).anchor} & set(Path(name).parts) and _stamp(file) == stamp:
            _put(backup / name, file)
    (backup / JOURNAL).unlink()


def _stamp(file: Path) -> list[int] | None:
    """A mark that changes with the content of a file, and not when it is moved; None if missing."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _put(file: Path, target: Path) -> None:
    """Move a file to its place, where another may be; remove that one where there is no file."""
    if os.path.lexists(file):
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    else:
        target.unlink(missing_ok=True)


@contextmanager
def revise_project(root: Path) -> Iterator[Revision]:
    """Make a copy of a project to be changed, and move the changes into it if nothing is raised.

    Hidden files, environments and what was packed stay out of the copy. It stands beside the
    project where that may be, so that relative paths out of it lead to the same files.
    """
    from shutil import copytree

    recover_project(root)
    folder, prefix = _choose_place(root)
    with (
        naming_full_disk(root),
        open_workspace(folder, prefix) as copy,
        open_workspace(folder, f"{prefix}old-") as backup,
    ):
        copytree(
            root,
            copy,
            ignore=_leave_out,
            copy_function=_copy,
            ignore_dangling_symlinks=True,
            dirs_exist_ok=True,
        )
        revision = Revision(copy)
        yield revision
        revision.publish(root, backup)


def _choose_place(root: Path) -> tuple[Path, str]:
    """The folder for copies of a project, and what their names begin with."""
    is_beside = not root.is_mount() and os.access(root.parent, os.W_OK)
    return (root.parent, f".{root.name}.revised-") if is_beside else (root, ".revised-")


_PACKED = {"__pycache__", "build", "dist", "node_modules"}
_LARGE = 1_000_000


def _leave_out(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if name.startswith(".") or name in _PACKED or Path(folder, name, "pyvenv.cfg").exists()
    ]


def _copy(file: str, target: str) -> None:
    """Link a large file, which nobody writes to, or copy it."""
    from shutil import copy2

    if Path(file).stat().st_size >= _LARGE:
        with suppress(OSError):
            os.link(Path(file).resolve(), target)
            return
    copy2(file, target)
