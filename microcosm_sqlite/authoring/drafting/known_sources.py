"""The sources of a project that are earlier states of files that are given, or the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from shutil import copyfile

from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft, read_databases
from microcosm_sqlite.authoring.drafting.from_databases.merging import take_tables
from microcosm_sqlite.authoring.drafting.given_files import refuse_taken
from microcosm_sqlite.authoring.drafting.source_files import are_same
from microcosm_sqlite.authoring.sources.contents import list_contents
from microcosm_sqlite.authoring.sources.databases import is_database, list_tables
from microcosm_sqlite.authoring.sources.formats import DATABASE, WORKBOOK, name_table, split_name
from microcosm_sqlite.common.project_revision import Revision
from microcosm_sqlite.errors import SettingsError


def list_kept(sources: Path, files: Iterable[Path]) -> dict[Path, list[str]]:
    """The sources that are earlier states of databases among the files, each with its tables."""
    stems = {path.stem.lower() for path in files if is_database(path)}
    return {
        path: list_tables(path, path.name)
        for path in sorted(sources.iterdir())
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


def list_sheets(sources: Path, files: Iterable[Path]) -> set[str]:
    """The tables of workbooks that are sources already."""
    found = {file for file in files for place in sources.iterdir() if is_there(file, place)}
    return {
        table for file in found for table, _ in list_contents(file, file.name, name_table(file))
    }


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
