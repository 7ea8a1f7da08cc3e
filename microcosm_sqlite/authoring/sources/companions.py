"""Files that belong to a source beside them: the parts of a shapefile, and codebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from microcosm_sqlite.errors import SourceError

INCOMPLETE = "Fetch it again, with all files that belong to it."
"""The advice on a source of several files of which one is missing or cut off."""

CODEBOOK = ".codebook.csv"
"""The end of the name of a file's codebook, instead of its own suffix."""

_OF_TABLES = (".cpg", ".dbt", ".fpt")
"""What belongs to a table of dBase, which may itself belong to a shapefile."""

_COMPANIONS = {
    ".shp": (
        *(".dbf", ".shx", ".prj", ".sbn", ".sbx", ".qix", ".qmd", ".shp.xml"),
        *_OF_TABLES,
    ),
    ".dbf": _OF_TABLES,
    ".fwf": (CODEBOOK,),
}
"""The suffix of a source, and what the names of files that belong to it end in instead."""


def find_companion(path: Path, end: str) -> Path | None:
    """The file beside a source whose name ends otherwise, in any case; None where there is none."""
    wanted = f"{path.stem}{end}".lower()
    return next((each for each in path.parent.iterdir() if each.name.lower() == wanted), None)


def refuse_cut(path: Path, name: str, expected: int) -> None:
    """Refuse a file that is shorter than it says.

    Args:
        path: The file.
        name: The source that it is, or belongs to, as the error calls it.
        expected: How many bytes it should have at least.

    Raises:
        SourceError: It has less.
    """
    size = path.stat().st_size
    if size < expected:
        raise SourceError(
            f"{name} is cut off: {path.name} has {size:,} bytes of {expected:,}.",
            file=name,
            hint=INCOMPLETE,
        )


def list_companions(path: Path) -> Iterator[tuple[str, Path]]:
    """The files that belong to a source, each with what its name ends in."""
    for end in _COMPANIONS.get(path.suffix.lower(), ()):
        if (found := find_companion(path, end)) and found.is_file():
            yield end, found


def is_companion(path: Path) -> bool:
    """Whether a file belongs to a source beside it, and is none by itself.

    What is called so without a source is one by itself, such as a table of dBase.
    """
    return is_companion_among(path.name, (each.name for each in path.parent.iterdir()))


def is_companion_among(name: str, beside: Iterable[str]) -> bool:
    """Whether a file belongs to a source whose name is among those of the files beside it.

    >>> is_companion_among("towns.DBF", ["towns.shp"]), is_companion_among("towns.dbf", [])
    (True, False)
    """
    owners = {
        f"{name[: -len(end)]}{suffix}".lower()
        for suffix, ends in _COMPANIONS.items()
        for end in ends
        if name.lower().endswith(end)
    }
    return bool(owners) and any(each.lower() in owners for each in beside)


def lead_to(file: Path, place: Path) -> None:
    """Lead to a source, and to what belongs to it, from another place, by links."""
    place.symlink_to(file.resolve())
    for end, part in list_companions(file):
        place.with_name(f"{place.stem}{end}").symlink_to(part.resolve())
