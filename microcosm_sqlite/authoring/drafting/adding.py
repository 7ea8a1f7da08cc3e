"""More tables for a project that is there: the function behind ``microcosm-sqlite add``.

What its author wrote stays as it is: classes are appended, imports and settings are inserted. The
work is done in a copy of the project, which takes the changes once they were tried.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path

from microcosm_sqlite.authoring.build import try_build
from microcosm_sqlite.authoring.drafting.added_models import (
    append_models,
    list_made,
    report_references,
)
from microcosm_sqlite.authoring.drafting.downloads import Download, Downloads
from microcosm_sqlite.authoring.drafting.draft import keep_report, refuse_unknown
from microcosm_sqlite.authoring.drafting.draft_check import check_draft
from microcosm_sqlite.authoring.drafting.from_databases.declared_keys import keep_foreign_keys
from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft
from microcosm_sqlite.authoring.drafting.from_files.descriptions import describe_tables
from microcosm_sqlite.authoring.drafting.from_files.inference import Known, infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredTable,
    describe_table,
)
from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept, accept_none
from microcosm_sqlite.authoring.drafting.given_files import (
    GivenFiles,
    gather,
    refuse_taken,
    take_files,
)
from microcosm_sqlite.authoring.drafting.known_sources import (
    find_folder,
    is_there,
    join_tables,
    list_kept,
    list_sheets,
    name_files,
    read_new_databases,
)
from microcosm_sqlite.authoring.drafting.project_context import (
    add_to_card,
    list_extras,
    list_settings,
    list_source_files,
    name_source,
)
from microcosm_sqlite.authoring.drafting.report import (
    Draft,
    list_decisions,
    report_databases,
    report_files,
)
from microcosm_sqlite.authoring.finishing.finalise import open_as_reader
from microcosm_sqlite.authoring.project.models import import_models
from microcosm_sqlite.authoring.project.pyproject import (
    extend_hook_table,
    name_sources,
    require_extras,
    write_toml,
    write_toml_key,
)
from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE, write_repairs
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.formats import name_table
from microcosm_sqlite.common.project_revision import Revision, revise_project
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.workspace import open_scratch
from microcosm_sqlite.errors import SettingsError, SourceError


def add_tables(
    directory: str | os.PathLike[str],
    files: Sequence[str | os.PathLike[str]],
    *,
    null_values: Collection[str] = (),
    accept: Accept = accept_none,
    exclude: Collection[str] = (),
    codebook: str | os.PathLike[str] | None = None,
    downloads: Downloads | None = None,
) -> Draft:
    """Draft more tables into a project, with references from and to those that are there.

    Args:
        directory: The project, which can be built.
        files: Files of one table each, databases, folders or archives of them, or addresses,
            which are fetched.
        null_values: Texts that mean that there is no value, besides those of the settings.
        accept: Asked for each file of text which of the repairs proposed are to be made.
        exclude: Tables to leave out.
        codebook: What columns mean: a file as `read_codebook` takes it.
        downloads: What was fetched already of these addresses; None for nothing.

    Raises:
        SourceError: A file cannot be read; nothing was changed.
        SettingsError: A table of that name is there, or the project is not as it has to be;
            nothing was changed.
        BuildError: The project cannot be built as it is; nothing was changed.
    """
    root = Path(directory).resolve()
    ProjectSettings.from_pyproject(root)  # whose faults are told of the project, not of a copy
    with revise_project(root) as revision, open_scratch() as scratch:
        (scratch / "fetched").mkdir()
        given = take_files(files, codebook, downloads, scratch / "fetched")
        return add_to_copy(revision, root, given, scratch, null_values, accept, exclude)


def add_to_copy(
    revision: Revision,
    root: Path,
    given: GivenFiles,
    scratch: Path,
    null_values: Collection[str] = (),
    accept: Accept = accept_none,
    exclude: Collection[str] = (),
) -> Draft:
    """Draft more tables into the copy of a project, as `add_tables` does.

    Args:
        revision: The copy.
        root: The project, which the report tells of.
        given: The files.
        scratch: A folder for what is unpacked and copied.
        null_values: Texts that mean that there is no value, besides those of the settings.
        accept: Asked for each file of text which of the repairs proposed are to be made.
        exclude: Tables to leave out.

    Raises:
        SourceError: A file cannot be read.
        SettingsError: A table of that name is there, or the project is not as it has to be.
        BuildError: The project cannot be built as it is.
    """
    settings = ProjectSettings.from_pyproject(revision.path)
    built = try_build(settings)
    with import_models(settings) as models:
        mapped = {name: cls.__name__ for name, cls in models.classes.items()}
        parents = {name: models.metadata.tables[name] for name in mapped}
    known = {name: describe_table(table) for name, table in parents.items()}
    taken = _list_names(built)
    gathered = gather(given.files, scratch / "files", taken, exclude)
    there = list_kept(revision.path / find_folder(settings), gathered.values())
    databases = read_new_databases(scratch, gathered, taken, exclude, there)
    loaded = [(built, known), *((each.snapshot, each.describe()) for each in databases)]
    nulls = [*settings.reading.null_values, *null_values]
    names = [*taken, *chain.from_iterable(each.names for each in databases)]
    inference = _infer(
        scratch,
        nulls,
        names,
        accept,
        exclude,
        partial(_load_known, loaded),
        databases,
        list_sheets(settings, gathered.values(), mapped),
    )
    for database, (_, described) in zip(databases, loaded[1:], strict=True):
        keep_foreign_keys(database.snapshot, database.found, described, built, parents)
    if inference.refused:
        raise inference.refused[0]
    for table in inference.tables.values():
        if table.file.origin:  # in a folder
            refuse_taken(table.file.path.name, name_table(table.file.path), taken)
        else:
            table.file = replace(table.file, path=gathered[table.file.path.name])
    refuse_unknown(exclude, inference, databases)
    new = {name: table for each in databases for name, table in each.found.metadata.tables.items()}
    unknown = [*describe_tables(inference.tables, given.codebook, [*new.values()], known)]
    referring = dict(chain.from_iterable(tables.items() for _, tables in loaded))
    classes, notes = append_models(
        revision, settings, mapped, inference, databases, referring, {**parents, **new}
    )
    _copy_sources(revision, settings, inference, databases, there)
    added = _list_settings(settings, inference, databases, null_values, given.downloads)
    named = name_files(settings, inference.tables, databases, there)
    notes += _write_settings(revision, settings, added, named, inference, databases)
    for database in databases:
        made = {*list_made(referring)}
        database.found.told |= made
        left_out = database.found.left_out
        database.found.left_out = {what: why for what, why in left_out.items() if what not in made}
    check_draft(revision.path, databases)
    decisions = [*list_decisions(inference, databases, referring), *notes, *unknown]
    report = [*report_databases(databases), *report_files(inference, classes)]
    report += report_references(referring)
    return keep_report(revision, root, decisions, report)


def _infer(
    scratch: Path,
    null_values: Collection[str],
    taken: Collection[str],
    accept: Accept,
    exclude: Collection[str],
    load_known: Known,
    databases: Collection[DatabaseDraft],
    there: Collection[str],
) -> Inference:
    folder = scratch / "files"
    try:
        return infer_folder(
            folder,
            null_values,
            taken=taken,
            accept=accept,
            load_known=load_known,
            exclude=exclude,
            scratch=scratch / "folders",
            may_be_none=bool(databases),
            there=there,
        )
    except SourceError as error:
        error.args = (error.message.replace(str(folder), "What was given"),)
        raise


def _list_names(database: Path) -> list[str]:
    """The tables, views and indexes that there are, those of full-text search included."""
    with open_as_reader(database) as connection:
        query = "SELECT name FROM sqlite_schema ORDER BY 1"
        return [name for (name,) in connection.execute(query)]


def _load_known(
    databases: Sequence[tuple[Path, dict[str, InferredTable]]], connection: sqlite3.Connection
) -> list[dict[str, InferredTable]]:
    """Load what references can be found in; the tables of each database come together."""
    for database, tables in databases:
        _load(connection, database, tables)
    return [tables for _, tables in databases]


def _load(
    connection: sqlite3.Connection, database: Path, known: Mapping[str, InferredTable]
) -> None:
    """Load tables of a database as texts, as inference loads files."""
    with open_as_reader(database) as source:
        for name, each in known.items():
            columns = [*map(quote_identifier, each.columns)]
            table, marks = quote_identifier(name), ", ".join("?" * len(columns))
            connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            texts = ", ".join(f"CAST({column} AS TEXT)" for column in columns)
            rows = source.execute(f"SELECT {texts} FROM {table}")
            connection.execute("BEGIN")
            cursor = connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            each.row_count = max(cursor.rowcount, 0)
            connection.execute("COMMIT")


def _copy_sources(
    revision: Revision,
    settings: ProjectSettings,
    inference: Inference,
    databases: Iterable[DatabaseDraft],
    there: Mapping[Path, Collection[str]],
) -> None:
    folder = revision.path / find_folder(settings)
    files = {
        folder / name: path
        for table in inference.tables.values()
        for name, path in list_source_files(table)
    }
    files |= {
        folder / each.snapshot.name: each.snapshot
        for each in databases
        if not join_tables(revision, each.snapshot, there)
    }
    for file, path in files.items():
        if file.exists() and is_there(path, file):
            continue
        if file.exists():
            raise SettingsError(
                f"{file.relative_to(revision.path)} is there already; nothing was changed.",
                hint="Remove it, if no table is made of it.",
            )
        revision.take(path, file)


def _list_settings(
    settings: ProjectSettings,
    inference: Inference,
    databases: Iterable[DatabaseDraft],
    null_values: Collection[str],
    downloads: Mapping[Path, Download],
) -> dict[str, list[str]]:
    """The lines of each table of settings that say how the files are read, and where they are."""
    reading = settings.reading
    infinite = {name for each in databases for name in each.found.infinite if not reading.infinity}
    added = list_settings(inference.tables, infinite, reading, null_values, downloads)
    for database in databases:
        if found := downloads.get(database.path.resolve()):
            key = write_toml_key(next(iter(database.found.row_counts)))
            for name, value in (("upstream", found.url), ("fetched", found.facts)):
                added.setdefault(name, []).append(f"{key} = {write_toml(value)}")
    return added


def _write_settings(
    revision: Revision,
    settings: ProjectSettings,
    added: Mapping[str, Sequence[str]],
    named: Mapping[str, str | list[str]],
    inference: Inference,
    databases: Iterable[DatabaseDraft],
) -> list[str]:
    """Write how the files are read, and add them to the card; tells what was not done."""
    file = revision.path / "pyproject.toml"
    text = file.read_bytes().decode()
    extended = name_sources(extend_hook_table(text, added), named)
    extended = require_extras(extended, list_extras(inference.tables))
    repairs = {
        f"{find_folder(settings)}/{name_source(table)}": table.file.repairs
        for table in inference.tables.values()
        if table.file.repairs
    }
    if repairs:
        listed = revision.path / REPAIRS_FILE
        before = f"{listed.read_bytes().decode().rstrip()}\n\n" if listed.exists() else ""
        revision.rewrite(listed, before + write_repairs(repairs))
        key, keys = '    {{ file = "{}" }},\n'.format, ("pyproject.toml", REPAIRS_FILE)
        if key(REPAIRS_FILE) not in extended:
            extended = extended.replace(key(keys[0]), "".join(map(key, keys)), 1)
    if extended != text:
        revision.rewrite(file, extended)
    card = revision.path / "README.md"
    if not card.exists():
        return []
    text, missing = add_to_card(card.read_bytes().decode(), inference, databases)
    revision.rewrite(card, text)
    return missing
