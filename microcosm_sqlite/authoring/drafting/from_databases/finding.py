"""The databases that a project is drafted from: in a folder, in archives in it, or named itself."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

from microcosm_sqlite.authoring.drafting.source_files import is_folder_of_files
from microcosm_sqlite.authoring.sources.archives import unpack
from microcosm_sqlite.authoring.sources.databases import (
    DATABASE_SUFFIXES,
    find_owner,
    is_database,
    refuse_impostor,
)
from microcosm_sqlite.authoring.sources.formats import DATABASE, FORMATS, split_name
from microcosm_sqlite.errors import SourceError


def find_databases(folder: Path, scratch: Path) -> list[Path]:
    """The databases in a folder, by their first bytes, or the one that is named itself.

    Those in archives are found by their names, and unpacked.

    Args:
        folder: The folder or the database.
        scratch: Where archives are unpacked.

    Raises:
        SourceError: It is named itself, and none.
    """
    if folder.is_file():
        if not is_database(folder):
            _refuse_file(folder)
        return [folder]
    if not folder.is_dir():
        raise SourceError(f"{folder} does not exist.", file=str(folder))
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if is_folder_of_files(path) and not path.name.startswith("."):
            found += _unpack_databases(path, scratch)
        elif path.is_file() and is_database(path):
            found.append(path)
    return found


def _unpack_databases(path: Path, scratch: Path) -> list[Path]:
    """The databases in an archive, unpacked with their logs; none of one that cannot be read."""
    place = Path(mkdtemp(dir=scratch)) / path.name
    with suppress(SourceError):  # which is told where the files of the archive are listed
        unpack(
            path,
            place,
            lambda member: (
                (find_owner(Path(member)) or Path(member)).suffix.lower() in DATABASE_SUFFIXES
            ),
        )
    return [file for file in sorted(place.rglob("*")) if file.is_file() and is_database(file)]


def _refuse_file(path: Path) -> None:
    if split_name(path)[1] in {*FORMATS} - {DATABASE}:
        raise SourceError(
            f"{path.name} is not a database.",
            file=path.name,
            hint=f"Name the folder that holds it: --from {path.parent}",
        )
    refuse_impostor(path, path.name)


def _is_called_database(file: Path) -> bool:
    """Whether a file is called as a database or a log of one."""
    return (find_owner(file) or file).suffix.lower() in DATABASE_SUFFIXES
