"""The draft of an existing database: a snapshot, models, and the rest that models cannot say."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel
from microcosm_sqlite.authoring.drafting.from_databases.declared_keys import add_foreign_keys
from microcosm_sqlite.authoring.drafting.from_databases.dependents import (
    note_lost_columns,
    reflect_extras,
    suggest_undeclared,
)
from microcosm_sqlite.authoring.drafting.from_databases.finding import find_databases
from microcosm_sqlite.authoring.drafting.from_databases.merging import drop_tables
from microcosm_sqlite.authoring.drafting.from_databases.models import (
    draft_models,
    fit_tables,
)
from microcosm_sqlite.authoring.drafting.from_databases.name_clashes import (
    name_full_text,
    settle_names,
)
from microcosm_sqlite.authoring.drafting.from_databases.reflection import (
    Reflection,
    reflect_tables,
)
from microcosm_sqlite.authoring.drafting.from_databases.snapshots import (
    drop_unusable,
    forget_tables,
    salvage,
    take_snapshot,
    tell_damage,
)
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable, describe_table
from microcosm_sqlite.authoring.drafting.from_files.source_tree import EXCLUDED
from microcosm_sqlite.authoring.finishing.finalise import APPLICATION_ID
from microcosm_sqlite.authoring.project.table_width import ROOM_FOR_MODEL, refuse_width
from microcosm_sqlite.authoring.sources.databases import (
    TableOpener,
    explained,
    open_database,
)
from microcosm_sqlite.authoring.sources.formats import DATABASE
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.errors import SourceError

_NO_NAMES: Mapping[str, str] = {}
_NO_TABLES: Mapping[str, Collection[str]] = {}


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
    def names(self) -> list[str]:
        """The names that must differ: of tables, views, indexes, searches."""
        tables = self.found.metadata.tables.values()
        return [
            *(table.name for table in tables),
            *self.found.views,
            *(str(index.name) for table in tables for index in table.indexes),
            *chain.from_iterable(map(name_full_text, self.found.full_text)),
        ]

    def describe(self) -> dict[str, InferredTable]:
        """Its tables as if they were inferred, but for the numbers of rows, which it has not.

        No references are to be looked for in columns whose values will be spelled otherwise.
        """
        described = {}
        for name, table in self.found.metadata.tables.items():
            made = describe_table(table)
            if number := self.found.row_numbers.get(name):
                del made.columns[number]
                made.primary_key = ()
            for column in made.columns.values():
                if {(name, column.name)} & (self.found.respelled | self.found.retyped):
                    column.kind = ""
            described[name] = made
        return described

    @property
    def row_count(self) -> int:
        """The rows of all of its tables."""
        return sum(self.found.row_counts.values())


def read_databases(
    found: Path,
    scratch: Path,
    exclude: Collection[str] = (),
    taken: Mapping[str, str] = _NO_NAMES,
    there: Mapping[str, Collection[str]] = _NO_TABLES,
) -> tuple[list[DatabaseDraft], list[SourceError]]:
    """Copy and read the databases in a folder, or the one that is named itself.

    Args:
        found: The folder, which may have links to databases, or the database.
        scratch: Where copies go, and databases of archives.
        exclude: Tables to leave out.
        taken: Names that are taken, in small letters, each with what is called so.
        there: Tables to leave out of one database, by its name without a suffix, in small letters.

    Returns:
        Those that tables can be made of, and what is wrong with the others.

    Raises:
        SourceError: The one that is named itself is not a database, or cannot be read.
        MissingDependencyError: sqlacodegen is not installed.
    """
    drafts: list[DatabaseDraft] = []
    refused: list[SourceError] = []
    for path in find_databases(found, scratch):
        try:
            snapshots = {draft.snapshot.stem.lower() for draft in drafts}
            snapshot = scratch / f"{find_free_name(path.stem, snapshots)}.db"
            known = there.get(path.stem.lower(), ())
            draft = _read_database(path, snapshot, {*exclude, *known})
            _refuse_namesakes(drafts, draft)
        except SourceError as error:
            if path == found:
                raise
            refused.append(error)
        else:
            drafts.append(draft)
    settle_names([(draft.path.name, draft.found) for draft in drafts], taken)
    return drafts, refused


def _read_database(path: Path, snapshot: Path, exclude: Collection[str]) -> DatabaseDraft:
    damage = take_snapshot(path, snapshot)
    with explained(path.name):
        left_out = salvage(snapshot, path.name, damage) if damage else {}
        names = drop_tables(snapshot, exclude.__contains__)
        left_out |= {f"table {name}": EXCLUDED for name in names}
        left_out |= drop_unusable(snapshot)
    refused: dict[str, SourceError] = {}
    while (found := _try_tables(snapshot, path.name)).refused:
        refused |= found.refused
        forget_tables(snapshot, found.refused)
    if not found.metadata.tables:
        raise _explain_nothing(snapshot, path.name, damage, refused or left_out)
    for table, error in refused.items():
        left_out[f"table {table}"] = _spell_reason(error, path.name, table)
    found.left_out = left_out | found.left_out
    with open_database(snapshot, path.name) as connection, explained(path.name):
        reflect_extras(connection, found)
        add_foreign_keys(connection, found)
        suggest_undeclared(connection, found)
        found.left_out |= _list_numbers(connection)
    note_lost_columns(found)
    return DatabaseDraft(path, snapshot, found)


def _list_numbers(connection: sqlite3.Connection) -> dict[str, str]:
    """The numbers in the header of a database that belong to its application."""
    found = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("user_version", "application_id")
    }
    return {
        f"{name} {number}": "a number of its application, as a dataset has its own"
        for name, number in found.items()
        if number and found["application_id"] != APPLICATION_ID
    }


def _try_tables(snapshot: Path, name: str) -> Reflection:
    """Read the tables of a copy, and fit their columns to all of their rows."""
    with open_database(snapshot, name) as connection, explained(name):
        found = reflect_tables(connection, name)
        for table in [*found.metadata.tables.values()]:
            with found.refusing(table.name, name):
                place = f"{name}, table `{table.name}`"
                refuse_width(place, len(table.columns), ROOM_FOR_MODEL)
                _refuse_undecodable(snapshot, table.name, name)
        fit_tables(connection, found, name)
    return found


def _explain_nothing(
    snapshot: Path, name: str, damage: str, left_out: Mapping[str, SourceError | str]
) -> SourceError:
    """Why a database has no table that can be drafted."""
    for reason in left_out.values():
        if isinstance(reason, SourceError):
            return reason
    if damage:
        return tell_damage(name, damage)
    reasons = "; ".join(f"{what}, {reason}" for what, reason in left_out.items())
    if reasons:
        return SourceError(f"{name} has no tables that can be read: {reasons}.", file=name)
    with open_database(snapshot, name) as connection:
        others = connection.execute(_OTHERS).fetchall()
        advice = [_advise_copy(name) for name, _ in others if _can_copy(connection, name)]
    listed = ", ".join(
        f"the {'view' if kind == 'view' else 'virtual table'} `{name}`" for name, kind in others
    )
    but = f", only {listed}" if others else ""
    hint = f"Copy what they hold: {'; '.join(advice)}" if advice else ""
    return SourceError(f"{name} has no tables{but}.", file=name, hint=hint)


_OTHERS = (
    "SELECT name, type FROM pragma_table_list"
    " WHERE type IN ('view', 'virtual') AND schema = 'main' ORDER BY name"
)


def _advise_copy(table: str) -> str:
    made = quote_identifier(f"{table} rows")
    return f"CREATE TABLE {made} AS SELECT * FROM {quote_identifier(table)}"


def _can_copy(connection: sqlite3.Connection, table: str) -> bool:
    """Whether a table can be read, and has what it holds: full-text tables need not have texts."""
    try:
        values = chain.from_iterable(connection.execute(f"SELECT * FROM {quote_identifier(table)}"))
        return next(values, "") is not None or any(value is not None for value in values)
    except sqlite3.Error:
        return False


def _spell_reason(error: SourceError, name: str, table: str) -> str:
    """The fault in a table, without its place, which is told already."""
    text = str(error)
    for place in (f"{name}, table `{table}`: ", f"{name}, table `{table}` ", f"{name}#{table}, "):
        text = text.removeprefix(place)
    return text


def _refuse_undecodable(snapshot: Path, table: str, name: str) -> None:
    """Read all rows as a build does, which refuses texts that are not UTF-8."""
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


def draft_databases(
    databases: Iterable[DatabaseDraft],
    base: str,
    classes: dict[str, str],
    taken: Collection[str] = (),
) -> None:
    """Draft the models of databases, no two named alike.

    Args:
        databases: The databases; their models are filled in.
        base: The declarative base.
        classes: Table to class, of the other tables; those of the databases are added.
        taken: Names that other things have.
    """
    for database in databases:
        database.models = draft_models(database.found, base, {*classes.values(), *taken})
        classes |= {model.table.name: model.name for model in database.models}
