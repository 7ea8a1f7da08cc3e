"""New editions of the sources of a project, matched by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.archives import is_archive
from microcosm_sqlite.authoring.sources.databases import is_database
from microcosm_sqlite.authoring.sources.formats import DATABASE, Source, name_table, split_name
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SettingsError


def match_editions(
    files: Iterable[Path],
    sources: Mapping[str, Sequence[Source]],
    upstream: Mapping[str, str],
    addresses: Mapping[Path, str] | None = None,
) -> Iterator[tuple[Path, list[str], SourceFile | None]]:
    """Match new editions to the sources of a project, by the names of source, table or upstream.

    Args:
        files: The new editions.
        sources: Table to its sources.
        upstream: Table to what its file is called where it comes from, or to its address.
        addresses: The addresses of those that were fetched.

    Yields:
        Each file with the tables whose rows it has, and the source that it is an edition of; none
        where no table is called so.

    Raises:
        SettingsError: Two are editions of one source.
    """
    seen: dict[Path, Path] = {}
    for file in files:
        name = (addresses or {}).get(file, file.name)
        found = {
            table: source
            for table, listed in sources.items()
            for source in listed
            if isinstance(source, SourceFile)
            and (
                upstream.get(table) == name
                or _is_edition(file, source, table if len(listed) == 1 else "", upstream.get(table))
            )
        }
        source = next(iter(found.values()), None)
        if source:  # of which others may be made, too
            found |= dict(_find_others(source, sources))
        if source and source.path in seen:
            raise SettingsError(
                f"{seen[source.path].name} and {file.name} are both for {source.path.name}; "
                "nothing was changed.",
                hint="Name one of them.",
            )
        if source:
            seen[source.path] = file
        yield file, [*found], source


def find_archives(settings: ProjectSettings) -> set[str]:
    """The names of archives that are sources, so that new editions of them stand for themselves."""
    if isinstance(settings.sources, Mapping):
        named = chain.from_iterable(settings.sources.values())
        paths = [Path(name.rpartition("#")[0]) for name in named]
    else:
        folder = settings.root / settings.sources
        paths = [*folder.iterdir()] if folder.is_dir() else []
    found = {path.name for path in paths if is_archive(path) and not split_name(path)[1]}
    named_upstream = {Path(name).name for name in settings.upstream.values()}
    return found | {name for name in named_upstream if found and is_archive(Path(name))}


def find_parts(
    folder: Path, sources: Mapping[str, Sequence[Source]], upstream: Mapping[str, str]
) -> str:
    """The table that a folder has parts of, by the name of table or upstream; empty for none."""
    return next(
        (
            table
            for table, listed in sources.items()
            if {folder.name, name_table(folder)} & {table, upstream.get(table)}
            and all(
                isinstance(each, SourceFile) and each.path.parent.name == table for each in listed
            )
        ),
        "",
    )


def _is_edition(file: Path, source: SourceFile, table: str, upstream: str | None) -> bool:
    if source.format == DATABASE or is_database(file):
        is_same = split_name(file)[0].lower() == split_name(source.path)[0].lower()
        return source.format == DATABASE and is_database(file) and is_same
    is_called = split_name(file)[1] != "" and name_table(file).lower() == table.lower()
    return file.name == upstream or file.name.lower() == source.path.name.lower() or is_called


def _find_others(
    source: SourceFile, sources: Mapping[str, Sequence[Source]]
) -> Iterator[tuple[str, SourceFile]]:
    """The tables that are made of the same file."""
    for table, listed in sources.items():
        for each in listed:
            if isinstance(each, SourceFile) and each.path == source.path:
                yield table, each
