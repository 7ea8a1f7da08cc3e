"""What a draft makes of an existing database: a snapshot, models, and what to tell of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.from_databases.models import (
    DraftedModel,
    draft_models,
    fit_tables,
)
from microcosm_sqlite.authoring.drafting.from_databases.reflection import (
    Reflection,
    reflect_extras,
    reflect_tables,
)
from microcosm_sqlite.authoring.drafting.from_databases.snapshots import take_snapshot
from microcosm_sqlite.authoring.sources.databases import (
    explained,
    is_database,
    open_database,
    refuse_impostor,
    refuse_nameless_columns,
)
from microcosm_sqlite.authoring.sources.finding import FORMATS, split_name
from microcosm_sqlite.common.names import find_free_name
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError


@dataclass(frozen=True)
class DatabaseDraft:
    """One database, copied and read.

    Attributes:
        path: Where it was found.
        snapshot: The copy.
        found: What is kept of it.
    """

    path: Path
    snapshot: Path
    found: Reflection

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
    with open_database(snapshot, path.name) as connection, explained(path.name):
        refuse_nameless_columns(connection, path.name)
        found = reflect_tables(connection)
        reflect_extras(connection, found)
        fit_tables(connection, found, path.name)
    if not found.metadata.tables:
        raise SourceError(f"{path.name} has no tables.", file=path.name)
    return DatabaseDraft(path, snapshot, found)


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


class DatabaseModels:
    """The models of all databases of a draft, no two named alike.

    Attributes:
        base: The declarative base.
        classes: Table to class, of all tables of the draft.
        drafted: Each database with its models.
    """

    def __init__(self, base: str, classes: Mapping[str, str]) -> None:
        self.base = base
        self.classes = dict(classes)
        self.drafted: list[tuple[DatabaseDraft, list[DraftedModel]]] = []

    def add(self, database: DatabaseDraft) -> None:
        """Draft the models of one more database."""
        models = draft_models(database.found, [self.base, *self.classes.values()])
        self.classes |= {model.table.name: model.name for model in models}
        self.drafted.append((database, models))


def report_databases(models: DatabaseModels) -> Iterator[str]:
    """What was taken over of databases, table by table, as lines to show to the author."""
    for database, drafted in models.drafted:
        yield from _report(database, drafted)


def _report(draft: DatabaseDraft, models: list[DraftedModel]) -> Iterator[str]:
    found, name = draft.found, draft.path.name
    tables, rows = spell_count(len(models), "table"), spell_count(draft.row_count, "row")
    yield f"{name}: SQLite, {tables} with {rows}"
    yield f"  sources/{draft.snapshot.name} is a snapshot of it, made by VACUUM INTO"
    for model in models:
        table = model.table
        rows = spell_count(found.row_counts[table.name], "row")
        yield f"{table.name}: {rows} of {name}, model {model.name}"
        yield f"  key: {_describe_key(table, found)}"
        for column in table.columns:
            if column.name != found.row_numbers.get(table.name):
                yield f"  {column.name}: {_describe_column(column)}"
        if model.full_text:
            yield f"  full-text search: {', '.join(model.full_text)}"
        yield from (f"  note: {remark}" for remark in found.remarks[table.name])
    yield from (f"view {view}: kept" for view in found.views)
    yield from (f"left out: {what}, {reason}" for what, reason in found.left_out.items())


def _describe_key(table: sa.Table, found: Reflection) -> str:
    number = found.row_numbers.get(table.name)
    if number:
        return f"none declared, so rows are numbered, as {number}"
    return f"{', '.join(column.name for column in table.primary_key)} (declared)"


def _describe_column(column: sa.Column[object]) -> str:
    if isinstance(column.type, sa.Enum):
        parts = [f"one of {', '.join(column.type.enums)}"]
    else:
        parts = [str(column.type.compile())]
    parts += ["may be empty"] if column.nullable else []
    parts += ["generated"] if column.computed is not None else []
    parts += [f"refers to {key.target_fullname}" for key in column.foreign_keys]
    return ", ".join(parts)
