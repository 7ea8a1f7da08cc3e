"""Members of archives as sources: found by their names, and unpacked before they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from microcosm_sqlite.authoring.sources.archives import list_members, unpack
from microcosm_sqlite.authoring.sources.companions import is_companion_among
from microcosm_sqlite.authoring.sources.formats import (
    DATABASE,
    WORKBOOK,
    Source,
    name_table,
    split_name,
    unpack_name,
)
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import SourceError


def list_member_sources(
    path: Path, name: str, tables: Collection[str]
) -> Iterator[tuple[str, tuple[SourceFile, ...]]]:
    """The tables that the members of an archive have rows of, each with its parts.

    The members in a folder that is called as a table are parts of it. Each other one stands for a
    table by itself, which is called as `new` calls it: with its folders in front.

    Args:
        path: The archive.
        name: As errors call it.
        tables: The tables that there are.

    Raises:
        SourceError: The archive cannot be read, or has a member that is not read in it.
    """
    members = [PurePosixPath(member) for member in list_members(path)]
    found: dict[str, list[SourceFile]] = {}
    for member in members:
        beside = [each.name for each in members if each.parent == member.parent]
        is_read = split_name(Path(member.name))[1] or unpack_name(Path(member.name))
        if is_read and not is_companion_among(member.name, beside):
            folder = "_".join(member.parts[:-1])
            table = folder if folder in tables else name_table(Path("_".join(member.parts)))
            found.setdefault(table, []).append(_describe(path, name, member))
    for table, parts in found.items():
        yield table, tuple(parts)


def find_member(path: Path, name: str, member: str) -> SourceFile:
    """One member of an archive as a source.

    Raises:
        SourceError: The archive cannot be read, or has no such member that is read.
    """
    members = list_members(path)
    if member not in members:
        raise SourceError(
            f"{name} has no member {member}.",
            file=name,
            hint=suggest(member, members, "It has", spell="{}".format),
        )
    return _describe(path, name, PurePosixPath(member))


def _describe(path: Path, name: str, member: PurePosixPath) -> SourceFile:
    source_format = split_name(Path(member.name))[1]
    if source_format in ("", DATABASE, WORKBOOK):
        what = {DATABASE: "a database", WORKBOOK: "a workbook"}.get(source_format, "a file")
        raise SourceError(
            f"{name} holds {member}, {what} that is not read in an archive.",
            file=name,
            hint="Unpack it, and put that file beside the archive.",
        )
    return SourceFile(path, f"{name}#{member}", source_format, member=member.as_posix())


def unpack_sources(
    sources: Mapping[str, tuple[Source, ...]], folder: Path
) -> dict[str, tuple[Source, ...]]:
    """The sources with members of archives unpacked; each archive is unpacked once.

    Args:
        sources: The sources of each table.
        folder: Where to unpack.

    Raises:
        SourceError: As for `unpack`.
    """
    places: dict[Path, Path] = {}

    def find_place(source: Source) -> Source:
        if not isinstance(source, SourceFile) or not source.member:
            return source
        if source.path not in places:
            places[source.path] = folder / f"archive{len(places)}"
            unpack(source.path, places[source.path])
        return replace(source, path=places[source.path] / source.member, member="")

    return {table: tuple(map(find_place, listed)) for table, listed in sources.items()}
