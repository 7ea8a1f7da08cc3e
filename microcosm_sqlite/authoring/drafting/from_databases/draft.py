"""What a draft makes of an existing database: a snapshot and models."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel
from microcosm_sqlite.authoring.drafting.from_databases.extras import reflect_extras
from microcosm_sqlite.authoring.drafting.from_databases.foreign_keys import add_foreign_keys
from microcosm_sqlite.authoring.drafting.from_databases.models import (
    draft_models,
    fit_tables,
)
from microcosm_sqlite.authoring.drafting.from_databases.reflection import (
    Reflection,
    reflect_tables,
)
from microcosm_sqlite.authoring.drafting.from_databases.undeclared import suggest_undeclared
from microcosm_sqlite.authoring.sources.database_source import TableOpener
from microcosm_sqlite.authoring.sources.databases import (
    drop_unusable_indexes,
    explained,
    is_database,
    open_database,
    refuse_impostor,
    refuse_nameless_columns,
    take_snapshot,
)
from microcosm_sqlite.authoring.sources.finding import DATABASE, FORMATS, split_name
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.common.names import find_free_name
from microcosm_sqlite.errors import SourceError

MOST_COLUMNS = 1999
"""SQLite takes 2000 where its limit was not raised; digests of rows want one more."""


@dataclass
class DatabaseDraft:
    """One database, copied and read.

    Attributes:
        path: Where it was found.
        snapshot: The copy.
        found: What is kept of it.
        models: Its models, once they are drafted.
        differences: What is not as it was, as sentences, once the models were tried.
    """

    path: Path
    snapshot: Path
    found: Reflection
    models: list[DraftedModel] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        """The rows of all of its tables."""
        return sum(self.found.row_counts.values())


def find_databases(folder: Path) -> list[Path]:
    """The databases in a folder, by their first bytes, or the one that is named itself.

    Raises:
        SourceError: It is named itself, and none.
    """
    if folder.is_file():
        if not is_database(folder):
            _refuse_file(folder)
        return [folder]
    if not folder.is_dir():
        raise SourceError(f"{folder} does not exist.", file=str(folder))
    return [path for path in sorted(folder.iterdir()) if path.is_file() and is_database(path)]


def _refuse_file(path: Path) -> None:
    if split_name(path)[1] in FORMATS.values():
        raise SourceError(
            f"{path.name} is no database.",
            file=path.name,
            hint=f"Name the folder that holds it: --from {path.parent}",
        )
    refuse_impostor(path, path.name)


def read_databases(found: Path, scratch: Path) -> tuple[list[DatabaseDraft], list[SourceError]]:
    """Copy and read the databases in a folder, or the one that is named itself.

    Returns:
        Those that tables can be made of, and what is wrong with the others.

    Raises:
        SourceError: The one that is named itself is no database, or cannot be read.
        MissingDependencyError: sqlacodegen is not installed.
    """
    drafts: list[DatabaseDraft] = []
    refused: list[SourceError] = []
    for path in find_databases(found):
        try:
            snapshots = {draft.snapshot.stem.lower() for draft in drafts}
            snapshot = scratch / f"{find_free_name(path.stem, snapshots)}.db"
            draft = _read_database(path, snapshot)
            _refuse_namesakes(drafts, draft)
        except SourceError as error:
            if path == found:
                raise
            refused.append(error)
        else:
            drafts.append(draft)
    return drafts, refused


def _read_database(path: Path, snapshot: Path) -> DatabaseDraft:
    take_snapshot(path, snapshot)
    dropped = drop_unusable_indexes(snapshot, path.name)
    with open_database(snapshot, path.name) as connection, explained(path.name):
        refuse_nameless_columns(connection, path.name)
        found = reflect_tables(connection)
        found.left_out |= dropped
        _refuse_too_wide(found, path.name)
        reflect_extras(connection, found)
        _refuse_undecodable(snapshot, path.name, found.row_counts)
        fit_tables(connection, found, path.name)
        add_foreign_keys(connection, found)
        suggest_undeclared(connection, found)
    if not found.metadata.tables:
        raise SourceError(f"{path.name} has no tables.", file=path.name)
    return DatabaseDraft(path, snapshot, found)


def _refuse_too_wide(found: Reflection, name: str) -> None:
    for table in found.metadata.tables.values():
        if len(table.columns) > MOST_COLUMNS:
            raise SourceError(
                f"{name}, table `{table.name}` has {len(table.columns):,} columns, numbers of rows "
                f"included, where there is room for {MOST_COLUMNS:,}.",
                file=name,
                hint="Make rows of them: one for each value, with the column's name as a field.",
            )


def _refuse_undecodable(snapshot: Path, name: str, tables: Iterable[str]) -> None:
    """Read all rows as a build does, which refuses texts that are not UTF-8."""
    for table in tables:
        source = SourceFile(snapshot, f"{name}#{table}", DATABASE, table)
        with TableOpener(source)() as records:
            deque(records, maxlen=0)


def _refuse_namesakes(drafts: Iterable[DatabaseDraft], draft: DatabaseDraft) -> None:
    """Refuse a database with a table that SQLite could not tell from one of another."""
    seen = {name.lower(): other.path.name for other in drafts for name in other.found.row_counts}
    for name in draft.found.row_counts:
        if other := seen.get(name.lower()):
            raise SourceError(
                f"{other} and {draft.path.name} both make table `{name}`.",
                file=draft.path.name,
                hint="Draft a project of each, or rename the table in one of them.",
            )


def draft_databases(databases: Iterable[DatabaseDraft], base: str, classes: dict[str, str]) -> None:
    """Draft the models of databases, no two named alike.

    Args:
        databases: The databases; their models are filled in.
        base: The declarative base.
        classes: Table to class, of the other tables; those of the databases are added.
    """
    for database in databases:
        database.models = draft_models(database.found, base, classes.values())
        classes |= {model.table.name: model.name for model in database.models}
