"""The check of a draft: its models are used, and compared with the databases that they describe."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange, compare_schemas
from microcosm_sqlite.authoring.comparing.schemas import read_schema
from microcosm_sqlite.authoring.comparing.shapes import Schema, list_names
from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft
from microcosm_sqlite.authoring.drafting.from_databases.reflection import Reflection
from microcosm_sqlite.authoring.loading.connections import (
    create_full_text,
    create_indexes,
    create_tables,
    open_engine,
)
from microcosm_sqlite.authoring.project.models import Models, import_models
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.databases import explained, open_database
from microcosm_sqlite.catalog.connection import harden
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import SettingsError

_TOLD = ("definition", "virtual table")
"""Names of constraints, which models give again, and full-text tables, of which notes tell."""


def check_draft(project: Path, databases: Collection[DatabaseDraft]) -> None:
    """Import the models, configure their mappers, and make their tables, indexes and views.

    Args:
        project: The drafted project.
        databases: The databases that it was drafted from; what is not as it was is noted there.

    Raises:
        SettingsError: The models cannot be used.
    """
    settings = ProjectSettings.from_pyproject(project)
    with import_models(settings) as models, closing(sqlite3.connect(":memory:")) as connection:
        _make_tables(connection, models)
        drafted = read_schema(connection)
        for database in databases:
            with (
                open_database(database.snapshot, database.path.name) as source,
                explained(database.path.name),
            ):
                database.differences = [
                    *_list_differences(read_schema(source), drafted, database.found),
                    *_compare_views(source, connection, database),
                ]


def _make_tables(connection: sqlite3.Connection, models: Models) -> None:
    with open_engine(connection) as engine:
        create_tables(engine, models.metadata)
        for table in models.metadata.tables.values():
            create_indexes(engine, table)
    for cls in models.classes.values():
        create_full_text(connection, cls)
    harden(connection)


def _list_differences(source: Schema, drafted: Schema, found: Reflection) -> Iterator[str]:
    """Each difference that no other line of the report tells of."""
    ours = Schema(
        {name: shape for name, shape in drafted.tables.items() if name in source.tables},
        {key: sql for key, sql in drafted.others.items() if key in source.others},
        {},
    )
    for change in compare_schemas(source, ours):
        words = " ".join(filter(None, [change.thing, change.name, "of" * bool(change.name)]))
        words = f"{words} {change.table}"
        before, after = _leave_out_types(change, source, ours)
        is_told = words in found.left_out or words in found.told or _is_told(change, found)
        if before != after and not is_told:
            yield f"{words}, {before or 'none'} in the source, {after or 'none'} here"


def _leave_out_types(change: SchemaChange, source: Schema, drafted: Schema) -> tuple[str, str]:
    """A thing before and after, columns without their types and whether they may be empty."""
    if change.thing == "column" and change.change == "changed":
        before = source.tables[change.table].columns[change.name]
        after = drafted.tables[change.table].columns[change.name]
        return str(replace(before, type=after.type, is_required=after.is_required)), str(after)
    return change.before, change.after


def _is_told(change: SchemaChange, found: Reflection) -> bool:
    """Whether the report tells of it anyway."""
    number = found.row_numbers.get(change.table)
    is_number = change.thing == "column" and change.name == number
    is_key = change.thing == "primary key" and number is not None
    return change.thing in _TOLD or is_number or is_key


def _compare_views(
    source: sqlite3.Connection, drafted: sqlite3.Connection, database: DatabaseDraft
) -> Iterator[str]:
    """Each view whose columns are others than in the source."""
    for view in database.found.views:
        before = _list_columns(source, view)
        try:
            after = _list_columns(drafted, view)
        except sqlite3.Error as error:
            raise SettingsError(
                f"{database.path.name}, view `{view}` cannot be made of the drafted tables: "
                f"{error}.",
                hint=f"Drop it in a copy of the database: DROP VIEW {quote_identifier(view)}",
            ) from error
        if before != after:
            yield f"view {view}, {list_names(before)} in the source, {list_names(after)} here"


def _list_columns(connection: sqlite3.Connection, view: str) -> list[str]:
    answer = connection.execute(f"SELECT * FROM {quote_identifier(view)} LIMIT 0")
    return [name for name, *_ in answer.description]
