"""Write a copy of a dataset that an application can change."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.common.workspace import (
    naming_full_disk,
    open_workspace,
    publish_new,
    writing_database,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset


def write_copy(dataset: InstalledDataset, path: str | os.PathLike[str], *, wal: bool) -> Path:
    """Copy page by page, and publish the copy by a rename; see :meth:`InstalledDataset.copy`."""
    target = Path(path)
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    with (
        naming_full_disk(target),
        open_workspace(target.parent, f".{target.name}.copy-") as workspace,
        closing(dataset.connect()) as source,
    ):
        draft = workspace / "copy.db"
        try:
            _copy_pages(source, draft, wal=wal)
        except sqlite3.DatabaseError as error:
            raise translate(error, dataset.location.path) from error
        publish_new(draft, target)
    return target


def _copy_pages(source: sqlite3.Connection, draft: Path, *, wal: bool) -> None:
    with writing_database(draft), closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        copy.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
