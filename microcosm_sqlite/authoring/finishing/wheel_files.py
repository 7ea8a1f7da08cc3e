"""Write wheels from what is in another: the same input gives the same bytes."""

from __future__ import annotations

import csv
import io
import shutil
from base64 import urlsafe_b64encode
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from microcosm_sqlite.catalog.opening import open_wheel
from microcosm_sqlite.errors import DatasetError

if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset


def open_single(wheel: Path, folder: Path) -> InstalledDataset:
    """The one dataset of a wheel, which is extracted into a folder when it is located.

    Raises:
        DatasetError: The wheel cannot be read, or does not carry one dataset with a manifest.
    """
    dataset, *others = open_wheel(str(wheel), str(folder))
    if others or dataset.entry is None or dataset.manifest is None:
        raise DatasetError(f"{wheel.name} does not carry one dataset with a manifest.")
    return dataset


def copy_info(info: ZipInfo, name: str) -> ZipInfo:
    """Say of a member what is said of another."""
    copy = ZipInfo(name, info.date_time)
    copy.external_attr = info.external_attr
    copy.create_system = info.create_system
    return copy


class WheelWriter:
    """Writes the members of a wheel, and its RECORD last."""

    def __init__(self, archive: ZipFile, compression: int = ZIP_DEFLATED) -> None:
        self._archive = archive
        self._compression = compression
        self._lines: list[tuple[str, str, str | int]] = []

    def add(self, info: ZipInfo, content: bytes | Path) -> None:
        """Write a member, from a file if it is large."""
        info.compress_type = self._compression
        if isinstance(content, Path):
            with content.open("rb") as source:
                digest = file_digest(source, "sha256").digest()
                info.file_size = source.tell()
                source.seek(0)
                with self._archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        else:
            digest = sha256(content).digest()
            self._archive.writestr(info, content)
        hashed = urlsafe_b64encode(digest).decode().rstrip("=")
        self._lines.append((info.filename, f"sha256={hashed}", info.file_size))

    def add_record(self, info: ZipInfo) -> None:
        """Write RECORD."""
        text = io.StringIO()
        lines = [*self._lines, (info.filename, "", "")]
        csv.writer(text, lineterminator="\n").writerows(lines)
        info.compress_type = self._compression
        self._archive.writestr(info, text.getvalue())
