"""The sources of a project: which are earlier states of given files, or the same.

And where new ones are put, and named in settings that name a file for each table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path, PurePosixPath
from shutil import copyfile

from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft, read_databases
from microcosm_sqlite.authoring.drafting.from_databases.merging import take_tables
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from microcosm_sqlite.authoring.drafting.given_files import refuse_taken
from microcosm_sqlite.authoring.drafting.project_context import name_source
from microcosm_sqlite.authoring.drafting.source_files import are_same
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.contents import list_contents
from microcosm_sqlite.authoring.sources.databases import is_database, list_tables
from microcosm_sqlite.authoring.sources.formats import DATABASE, WORKBOOK, name_table, split_name
from microcosm_sqlite.common.project_revision import Revision
from microcosm_sqlite.errors import SettingsError


def find_folder(settings: ProjectSettings) -> str:
    """The folder that new sources are put into: the one of all sources, or of those named."""
    if isinstance(settings.sources, str):
        return settings.sources
    folders = [PurePosixPath(name.partition("#")[0]).parent for name in _list_named(settings)]
    inside = [each for each in folders if not each.is_absolute() and ".." not in each.parts]
    there = [each for each in inside if each.parts and (settings.root / each).is_dir()]
    return min(there, key=lambda each: len(each.parts)).as_posix() if there else "sources"


def _list_named(settings: ProjectSettings) -> list[str]:
    named = settings.sources
    return [] if isinstance(named, str) else [*chain.from_iterable(named.values())]


def name_files(
    settings: ProjectSettings,
    tables: Mapping[str, InferredTable],
    databases: Iterable[DatabaseDraft],
    there: Iterable[Path],
) -> dict[str, str | list[str]]:
    """The files of new tables, for settings that name a file for each table; else none.

    Args:
        settings: The settings.
        tables: The tables of files.
        databases: The databases.
        there: The sources that databases are joined to.
    """
    if isinstance(settings.sources, str):
        return {}
    folder, named = find_folder(settings), dict[str, str | list[str]]()
    for name, table in tables.items():
        if table.file.nested:
            continue
        file = f"{folder}/{name_source(table)}"
        sheet = f"#{table.file.sheet}" if table.file.sheet else ""
        named[name] = [f"{file}/{part.name}" for part in table.file.parts] or f"{file}{sheet}"
    kept = {path.stem.lower(): path.name for path in there}
    for database in databases:
        file = kept.get(database.snapshot.stem.lower(), database.snapshot.name)
        named |= {table: f"{folder}/{file}#{table}" for table in database.found.row_counts}
    return named


def list_kept(sources: Path, files: Iterable[Path]) -> dict[Path, list[str]]:
    """The sources that are earlier states of databases among the files, each with its tables."""
    stems = {path.stem.lower() for path in files if is_database(path)}
    return {
        path: list_tables(path, path.name)
        for path in sorted(_iterate(sources))
        if path.is_file() and split_name(path)[1] == DATABASE and path.stem.lower() in stems
    }


def read_new_databases(
    scratch: Path,
    gathered: Mapping[str, Path],
    taken: Collection[str],
    exclude: Collection[str],
    there: Mapping[Path, Collection[str]],
) -> list[DatabaseDraft]:
    """Copy and read the databases among the files, without the tables that there are of them.

    Raises:
        SourceError: One cannot be read.
        SettingsError: A table of one is there, of another source; or there are all of them.
    """
    kept = {path.stem.lower(): tables for path, tables in there.items()}
    (scratch / "databases").mkdir()
    names = {name.lower(): "the project" for name in taken}
    found, refused = read_databases(scratch / "files", scratch / "databases", exclude, names, kept)
    if refused:
        if Path(refused[0].file or "").stem.lower() in kept:
            raise SettingsError(
                f"{refused[0].file} adds nothing to the tables that the project has: {refused[0]}",
                hint="New editions of them are taken by `microcosm-sqlite refresh`.",
            ) from refused[0]
        raise refused[0]
    for database in found:
        database.path = gathered.get(database.path.name, database.path)
        for name in database.found.row_counts:
            refuse_taken(database.path.name, name, taken)
    return found


def is_there(path: Path, file: Path) -> bool:
    """Whether a workbook is a source already, of which more sheets become tables."""
    return split_name(path)[1] == WORKBOOK and are_same(path, file)


def list_sheets(
    settings: ProjectSettings, files: Iterable[Path], tables: Collection[str]
) -> set[str]:
    """The tables that workbooks would make of sheets of which the project has tables already.

    Args:
        settings: The settings.
        files: The workbooks.
        tables: The tables that there are.
    """
    folder, named = find_folder(settings), {*_list_named(settings)}
    found = set()
    for file in files:
        for place in _iterate(settings.root / folder):
            if is_there(file, place):
                name = f"{folder}/{place.name}"
                for table, sheet in list_contents(file, file.name, name_table(file)):
                    is_named = not named.isdisjoint({name, f"{name}#{sheet}"})
                    found |= {table} if is_named or (not named and table in tables) else set()
    return found


def _iterate(folder: Path) -> Iterable[Path]:
    return folder.iterdir() if folder.is_dir() else ()


def join_tables(revision: Revision, snapshot: Path, there: Iterable[Path]) -> bool:
    """Take the tables of a copy into a source that is an earlier state of it; whether one is."""
    for file in there:
        if file.stem.lower() == snapshot.stem.lower():
            joined = snapshot.with_suffix(".joined")
            copyfile(file, joined)
            take_tables(snapshot, joined)
            revision.take(joined, file)
            return True
    return False
