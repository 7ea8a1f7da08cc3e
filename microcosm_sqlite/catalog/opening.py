"""Open what somebody wants to compare: an installed dataset, a database file or a data wheel."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from microcosm_sqlite.catalog.codecs import SUFFIXES, open_decompressed, stream_errors
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.catalog.preflight import explain
from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.catalog.wheel_file import datasets_in
from microcosm_sqlite.errors import (
    AmbiguousDatasetError,
    DatasetCorruptError,
    DatasetNotFoundError,
)

FILE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
_COMPRESSIONS = {
    f"{end}{suffix}": name for name, suffix in SUFFIXES.items() for end in FILE_SUFFIXES if suffix
}


def open_side(side: str, folder: str) -> InstalledDataset:
    """The dataset that a name or path stands for; its code is not run.

    Args:
        side: A wheel's path ends with ``.whl``; a database's has one of :data:`FILE_SUFFIXES`,
            and one of a compression behind it where it is compressed; anything else is a
            dataset's name.
        folder: An existing folder, where a wheel's or a compressed database will be extracted.

    Raises:
        DatasetError: There is no such dataset or file, or it cannot be used.
        AmbiguousDatasetError: The wheel carries several datasets.
    """
    if side.endswith(".whl"):
        found = list(datasets_in(side, folder))
        if len(found) > 1:
            raise AmbiguousDatasetError(
                f"{side} carries several datasets: {', '.join(each.name for each in found)}.",
                hint="Install it, and name one of them.",
            )
        return found[0]
    if side.endswith(FILE_SUFFIXES):
        return InstalledDataset(side, location=Location(side, immutable=False))
    for suffix, compression in _COMPRESSIONS.items():
        if side.endswith(suffix):
            path = _extract(side, compression, folder)
            return InstalledDataset(side, location=Location(path, immutable=False))
    try:
        return dataset(side)
    except DatasetNotFoundError as error:
        if not os.path.lexists(side):
            raise
        raise DatasetNotFoundError(
            f"{side} is neither a dataset's name nor a file that can be compared.",
            hint=f"A wheel ends with .whl, a database with {', '.join(FILE_SUFFIXES)}.",
        ) from error


def _extract(side: str, compression: str, folder: str) -> str:
    target = Path(folder, Path(side).stem)
    with suppress(FileNotFoundError):  # what describes the file goes along
        shutil.copy(Path(side).with_name(FILE_NAME), folder)
    try:
        with (
            Path(side).open("rb") as packed,
            open_decompressed(packed, compression) as stream,
            target.open("wb") as database,
        ):
            shutil.copyfileobj(stream, database, 1 << 20)
    except stream_errors() as error:
        raise DatasetCorruptError(
            f"{side} is damaged or cut short: {error}.", hint="Build or copy it again."
        ) from error
    except OSError as error:
        raise explain(error, side) from error
    return str(target)
