"""Members of archives as sources: found by their names, and unpacked before they are read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from microcosm_sqlite.authoring.sources.archives import is_archive, list_members, unpack
from microcosm_sqlite.authoring.sources.companions import is_companion_among
from microcosm_sqlite.authoring.sources.contents import list_member_contents
from microcosm_sqlite.authoring.sources.formats import (
    DATABASE,
    SUFFIXES,
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

    The members in a folder that is called as a table are parts of it, but for workbooks, which
    stand for their sheets, and databases, which stand for their tables. Each other member stands
    for a table by itself, which is called as `new` calls it: with its folders in front.

    Args:
        path: The archive.
        name: As errors call it.
        tables: The tables that there are.

    Raises:
        SourceError: The archive cannot be read, or has a member that cannot be.
        MissingDependencyError: What reads a member is not installed.
    """
    members = [PurePosixPath(member) for member in list_members(path)]
    parts: dict[str, list[SourceFile]] = {}
    for member in members:
        beside = [each.name for each in members if each.parent == member.parent]
        is_read = split_name(Path(member.name))[1] or unpack_name(Path(member.name))
        if not is_read or is_companion_among(member.name, beside):
            continue
        folder = "_".join(member.parts[:-1])
        whole = _describe(path, name, member)
        if folder in tables and whole.format not in (DATABASE, WORKBOOK):
            parts.setdefault(folder, []).append(whole)
            continue
        stem = name_table(Path("_".join(member.parts)))
        for table, part in list_member_contents(path, name, member.as_posix(), stem):
            yield table, (_describe(path, name, member, part),)
    for table, listed in parts.items():
        yield table, tuple(listed)


def split_member(name: str, root: Path) -> tuple[str, str]:
    """Take ``all.zip#2020/birds.csv`` apart, where that is an archive; else two empty strings."""
    for at, letter in enumerate(name):
        file = root / name[:at]
        if letter == "#" and is_archive(file) and file.is_file() and not (root / name).exists():
            return name[:at], name[at + 1 :]
    return "", ""


def advise_member(path: Path, name: str) -> str:
    """What to name of an archive that the settings name as if it were one source."""
    members = [each for each in list_members(path) if split_name(Path(each))[1]]
    return f'Name one of its members, such as "{name}#{members[0]}".' if members else ""


def find_member(path: Path, name: str, member: str, table: str) -> SourceFile:
    """One member of an archive as a source, or a table or sheet in it, behind another `#`.

    Args:
        path: The archive.
        name: As errors call it.
        member: The member that the settings name.
        table: The table that it has rows of.

    Raises:
        SourceError: The archive cannot be read, or has no such member that is read.
    """
    members = list_members(path)
    file, _, part = (member, "", "") if member in members else member.rpartition("#")
    if file not in members:
        raise SourceError(
            f"{name} has no member {member}.",
            file=name,
            hint=suggest(member, members, "It has", spell="{}".format),
        )
    return _describe(path, name, PurePosixPath(file), part, table)


def _describe(
    path: Path, name: str, member: PurePosixPath, part: str = "", table: str = ""
) -> SourceFile:
    source_format = split_name(Path(member.name))[1]
    if unpacked := unpack_name(Path(member.name)):
        raise SourceError(
            f"{name} holds {member}, which is compressed, and only text may be.",
            file=name,
            hint=f"Write the archive again with {unpacked} in its place, which is packed in it.",
        )
    if not source_format:
        raise SourceError(
            f"{name} holds {member}, which is of no known format.",
            file=name,
            hint=f"Known: {', '.join(SUFFIXES)}.",
        )
    part = part or (table if source_format == DATABASE else "")
    place = f"{name}#{member}#{part}" if part else f"{name}#{member}"
    return SourceFile(path, place, source_format, part, member.as_posix())


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
