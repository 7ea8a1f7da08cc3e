"""The tables that one file has, whatever its format: of databases and workbooks there are many."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath

from microcosm_sqlite.authoring.sources.archives import unpack
from microcosm_sqlite.authoring.sources.databases import SIDECARS, list_tables
from microcosm_sqlite.authoring.sources.formats import DATABASE, WORKBOOK, split_name
from microcosm_sqlite.authoring.sources.workbook_parts import stamp_file
from microcosm_sqlite.authoring.sources.workbooks import survey_workbook
from microcosm_sqlite.common.workspace import open_scratch


def list_contents(path: Path, name: str, stem: str) -> Iterator[tuple[str, str]]:
    """The tables of a file, each with what it is called in the file, if that holds many.

    Args:
        path: The file.
        name: What errors call it.
        stem: The table that the file is named after.

    Raises:
        SourceError: It is a database or a workbook that cannot be read.
        MissingDependencyError: What reads it is not installed.
    """
    source_format = split_name(path)[1]
    if source_format == DATABASE:
        yield from ((table, table) for table in list_tables(path, name))
    elif source_format == WORKBOOK:
        yield from survey_workbook(path, name, stem).tables.items()
    else:
        yield stem, ""


def list_member_contents(path: Path, name: str, member: str, stem: str) -> list[tuple[str, str]]:
    """The same of a member of an archive, which is unpacked only if it may hold many.

    Raises:
        SourceError: The archive or the member cannot be read.
        MissingDependencyError: What reads it is not installed.
    """
    if split_name(Path(member))[1] not in (DATABASE, WORKBOOK):
        return [(stem, "")]
    return [*_unpack_and_list(path, name, member, stem, stamp_file(path, name))]


@lru_cache(maxsize=64)
def _unpack_and_list(
    path: Path, name: str, member: str, stem: str, _: tuple[int, int]
) -> tuple[tuple[str, str], ...]:
    wanted = {member, *(f"{member}{end}" for end in SIDECARS)}
    with open_scratch() as scratch:
        unpack(path, scratch / "members", wanted.__contains__)
        file = scratch / "members" / PurePosixPath(member)
        return tuple(list_contents(file, f"{name}#{member}", stem))
