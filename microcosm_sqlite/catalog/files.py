"""The methods by which a dataset is written to files of other kinds, or to one that may change."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    from microcosm_sqlite.catalog.installed import InstalledDataset


class Files:
    """The methods for files of :class:`~microcosm_sqlite.InstalledDataset`."""

    __slots__ = ()

    def columnar(self, tables: Iterable[str] | None = None) -> dict[str, Path]:
        """Make columnar twins: Parquet files in the cache, which frames read instead of SQLite.

        Values and types are the same. ``where`` is still answered by SQLite.

        >>> nyc.columnar(["flights"])["flights"].suffix         # doctest: +SKIP
        '.parquet'

        Args:
            tables: Names of the tables; all by default.

        Raises:
            DatasetError: The dataset's file may change, or the cache cannot be written.
        """
        from microcosm_sqlite.interop.reader import make_twins

        return make_twins(_own(self), tables)

    def copy(self, path: str | os.PathLike[str], *, wal: bool = False) -> Path:
        """Write a copy that can be changed, for an application that edits the data.

        It is a database like any other: name it to an object graph under ``sqlite.paths``, or
        open it as you like. The memory that this takes does not depend on the size of the data.

        >>> nyc.copy("flights.db", wal=True)                    # doctest: +SKIP
        PosixPath('flights.db')

        Args:
            path: Where to; it appears there complete.
            wal: Use SQLite's write-ahead log, by which others read while one writes.

        Raises:
            FileExistsError: Something is there.
            DatasetError: The dataset cannot be read.
        """
        from microcosm_sqlite.catalog.copying import write_copy

        return write_copy(_own(self), path, wal=wal)


def _own(files: Files) -> InstalledDataset:
    """The dataset that the methods belong to, for the type checker."""
    return files  # type: ignore[return-value]
