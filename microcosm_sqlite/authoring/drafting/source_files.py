"""Source files with what belongs to them: in folders and archives, and in the place of others."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from filecmp import cmp
from pathlib import Path
from tempfile import mkdtemp

from microcosm_sqlite.authoring.sources.archives import is_archive, unpack
from microcosm_sqlite.authoring.sources.companions import (
    is_companion,
    lead_to,
    list_companions,
)
from microcosm_sqlite.authoring.sources.formats import split_name
from microcosm_sqlite.common.project_revision import Revision


def is_readable(path: Path) -> bool:
    """Whether a file is called as a source, or as an archive, which may hold some."""
    return split_name(path)[1] != "" or is_archive(path)


def is_folder_of_files(path: Path) -> bool:
    """Whether a file is an archive, and not a source that is packed in one."""
    return path.is_file() and is_archive(path) and not split_name(path)[1]


def open_folder(path: Path, scratch: Path) -> Path:
    """A folder as it is; of an archive, the folder into which it is unpacked.

    Raises:
        SourceError: The archive cannot be read.
    """
    return _unpack(path, scratch) if is_folder_of_files(path) else path


def _unpack(path: Path, scratch: Path) -> Path:
    """Unpack an archive into a folder of its own, as several may be called alike."""
    scratch.mkdir(exist_ok=True)
    folder = Path(mkdtemp(dir=scratch)) / path.name
    unpack(path, folder)
    return folder


def list_files(
    files: Iterable[str | os.PathLike[str]], scratch: Path, whole: Collection[str] = ()
) -> Iterator[Path]:
    """The files, and those in folders and archives, but for hidden ones and companions.

    A folder within a folder stands for itself.

    Args:
        files: What is named.
        scratch: Where archives are unpacked.
        whole: Names of archives that stand for themselves.

    Raises:
        SourceError: An archive cannot be read.
    """
    for path in (Path(file).resolve() for file in files):
        if path.name in whole:
            yield path
        elif is_folder_of_files(path):
            yield from list_files([_unpack(path, scratch)], scratch)
        elif path.is_dir():
            inner = (each for each in sorted(path.iterdir()) if not each.name.startswith("."))
            yield from (
                each
                for each in inner
                if each.is_dir() or (each.is_file() and not is_companion(each))
            )
        elif not is_companion(path):
            yield path


def flatten(folder: Path, scratch: Path) -> Iterator[Path]:
    """Lead to all files of a folder from one place, each with the names of its folders in front.

    Args:
        folder: The folder, whose own name counts.
        scratch: Where links are made, and archives are unpacked.

    Raises:
        SourceError: An archive cannot be read.
    """
    scratch.mkdir(exist_ok=True)
    place = Path(mkdtemp(dir=scratch))
    for file in list_files([folder], scratch):
        for each in flatten(file, scratch) if file.is_dir() else [file]:
            link = place / f"{folder.name}_{each.name}"
            lead_to(each, link)
            yield link


def are_same(file: Path, other: Path) -> bool:
    """Whether two sources are alike, with all that belongs to them."""
    files, others = ({"": each, **dict(list_companions(each))} for each in (file, other))
    return files.keys() == others.keys() and all(
        cmp(part, others[end], shallow=False) for end, part in files.items()
    )


def replace_source(revision: Revision, before: Path, file: Path, place: Path) -> None:
    """Put a file, and what belongs to it, into the copy of a project in place of another."""
    for old in (before, *(part for _, part in list_companions(before))):
        revision.remove(old)
    revision.take(file, place)
    for end, part in list_companions(file):
        revision.take(part, place.with_name(f"{place.stem}{end}"))
