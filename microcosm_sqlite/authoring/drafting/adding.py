"""More tables for a project that is there: the function behind ``microcosm-sqlite add``.

What its author wrote stays as it is: classes are appended, imports and settings are inserted. The
work is done in a copy of the project, which takes the changes once they were tried.
"""

from __future__ import annotations

import ast
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from microcosm_sqlite.authoring.build import try_build
from microcosm_sqlite.authoring.drafting.code_layout import Call, Imports, lay_out, quote
from microcosm_sqlite.authoring.drafting.downloads import Download, Downloads
from microcosm_sqlite.authoring.drafting.draft import Draft, keep_report
from microcosm_sqlite.authoring.drafting.draft_check import check_draft
from microcosm_sqlite.authoring.drafting.from_files.descriptions import describe_tables
from microcosm_sqlite.authoring.drafting.from_files.inference import Known, infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredTable,
    declare_models,
    describe_table,
)
from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept, accept_none
from microcosm_sqlite.authoring.drafting.given_files import gather, refuse_taken, take_files
from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.drafting.module_text import ModuleText
from microcosm_sqlite.authoring.drafting.project_context import (
    add_to_card,
    list_extras,
    list_settings,
    list_source_files,
    name_source,
    write_store,
)
from microcosm_sqlite.authoring.drafting.report import list_decisions, report_files
from microcosm_sqlite.authoring.finishing.finalise import open_as_reader
from microcosm_sqlite.authoring.project.models import find_models_file, import_models
from microcosm_sqlite.authoring.project.pyproject import extend_hook_table, require_extras
from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE, write_repairs
from microcosm_sqlite.authoring.project.settings import ProjectSettings
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
    codebook: str | os.PathLike[str] | None = None,
    downloads: Downloads | None = None,
) -> Draft:
    """Draft more tables into a project, with references from and to those that are there.

    Args:
        directory: The project, which can be built.
        files: Files of one table each, folders or archives of them, or addresses, which are
            fetched.
        null_values: Texts that mean that there is no value, besides those of the settings.
        accept: Asked for each file of text which of the repairs proposed are to be made.
        codebook: What columns mean: a file as `read_codebook` takes it.
        downloads: What was fetched already of these addresses; None for nothing.

    Raises:
        SourceError: A file cannot be read; nothing was changed.
        SettingsError: A table of that name is there, or the project is not as it has to be;
            nothing was changed.
        BuildError: The project cannot be built as it is; nothing was changed.
    """
    root = Path(directory).resolve()
    _find_folder(ProjectSettings.from_pyproject(root))
    with revise_project(root) as revision, open_scratch() as scratch:
        (scratch / "fetched").mkdir()
        given = take_files(files, codebook, downloads, scratch / "fetched")
        settings = ProjectSettings.from_pyproject(revision.path)
        built = try_build(settings)
        with import_models(settings) as models:
            mapped = {name: cls.__name__ for name, cls in models.classes.items()}
            known = {name: describe_table(models.metadata.tables[name]) for name in mapped}
        taken = _list_names(built)
        gathered = gather(given.files, scratch / "files", taken)
        nulls = [*settings.reading.null_values, *null_values]
        load_known = partial(_load_known, built, known)
        inference = _infer(scratch, nulls, taken, accept, load_known)
        if inference.refused:
            raise inference.refused[0]
        for table in inference.tables.values():
            if table.file.origin:  # in a folder
                refuse_taken(table.file.path, taken)
            else:
                table.file = replace(table.file, path=gathered[table.file.path.name])
        unknown = [*describe_tables(inference.tables, given.codebook)]
        classes, notes = _write_code(revision, settings, known, mapped, inference)
        _copy_sources(revision, settings, inference)
        notes += _write_settings(revision, settings, inference, null_values, given.downloads)
        check_draft(revision.path, [])
        decisions = [*list_decisions(inference, known=known), *notes, *unknown]
        report = [*report_files(inference, classes), *_report_references(known)]
        return keep_report(revision, root, decisions, report)


def _infer(
    scratch: Path,
    null_values: Collection[str],
    taken: Collection[str],
    accept: Accept,
    load_known: Known,
) -> Inference:
    folder = scratch / "files"
    try:
        return infer_folder(
            folder,
            null_values,
            taken=taken,
            accept=accept,
            load_known=load_known,
            scratch=scratch / "folders",
        )
    except SourceError as error:
        error.args = (error.message.replace(str(folder), "What was given"),)
        raise


def _find_folder(settings: ProjectSettings) -> str:
    """The folder of sources."""
    if isinstance(settings.sources, str):
        return settings.sources
    raise SettingsError(
        "Option `sources` names a file for each table, so there is no folder to add files to.",
        hint='Put the files into one folder, and name it: `sources = "sources"`.',
    )


def _list_names(database: Path) -> list[str]:
    """The tables and views that there are, those of full-text search included."""
    with open_as_reader(database) as connection:
        query = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY 1"
        return [name for (name,) in connection.execute(query)]


def _load_known(
    database: Path, known: Mapping[str, InferredTable], connection: sqlite3.Connection
) -> dict[str, InferredTable]:
    """Load what references can be found in, as texts, as inference loads files."""
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
    return {**known}


def _copy_sources(revision: Revision, settings: ProjectSettings, inference: Inference) -> None:
    folder = revision.path / _find_folder(settings)
    files = {
        folder / name: path
        for table in inference.tables.values()
        for name, path in list_source_files(table)
    }
    for file, path in files.items():
        if file.exists():
            raise SettingsError(
                f"{file.relative_to(revision.path)} is there already; nothing was changed.",
                hint="Remove it, if no table is made of it.",
            )
        revision.take(path, file)


def _write_settings(
    revision: Revision,
    settings: ProjectSettings,
    inference: Inference,
    null_values: Collection[str],
    downloads: Mapping[Path, Download],
) -> list[str]:
    """Write how the files are read, and add them to the card; tells what was not done."""
    file = revision.path / "pyproject.toml"
    text = file.read_bytes().decode()
    added = list_settings(inference.tables, (), settings.reading, null_values, downloads)
    extended = require_extras(extend_hook_table(text, added), list_extras(inference.tables))
    repairs = {
        f"{settings.sources}/{name_source(table)}": table.file.repairs
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
    text, missing = add_to_card(card.read_bytes().decode(), inference)
    revision.rewrite(card, text)
    return missing


def _write_code(
    revision: Revision,
    settings: ProjectSettings,
    known: Mapping[str, InferredTable],
    mapped: Mapping[str, str],
    inference: Inference,
) -> tuple[dict[str, str], list[str]]:
    """Append models and stores; tells the class of each table, and what was not done."""
    file = find_models_file(settings)
    stores_file = settings.package_directory / "stores.py"
    module = ModuleText(file.read_bytes().decode())
    stores = ModuleText(stores_file.read_bytes().decode()) if stores_file.exists() else None
    base = _find_base(module, settings)
    names = {*module.find_names(), *mapped.values()}
    names |= {name.removesuffix("Store") for name in (stores.find_names() if stores else ())}
    classes = name_classes(inference.tables, base, names)
    writer = ModelWriter(base, {*names, *classes.values()})
    writer.write(declare_models(inference.tables, {**mapped, **classes}))
    imports, lines = writer.write_addition()
    lines += _write_references(imports, base, known)
    _insert(revision, file, module, imports, lines)
    if stores is None:
        return classes, [f"{stores_file.name} is not there, so no stores were written"]
    package = f"{settings.package}.models"
    imports = Imports({package: {*classes.values()}, "microcosm_sqlite": {"Store"}})
    bodies = [line for pair in classes.items() for line in ("", "", *write_store(*pair))]
    _insert(revision, stores_file, stores, imports, bodies)
    return classes, []


def _insert(
    revision: Revision, file: Path, module: ModuleText, imports: Imports, lines: Sequence[str]
) -> None:
    clashes = module.add_imports(imports)
    if clashes:
        raise SettingsError(
            f"{file.name} uses {', '.join(clashes)} for something else than what drafted models "
            "import by that name; nothing was changed.",
            hint="Call it otherwise there.",
        )
    module.append(lines)
    revision.rewrite(file, module.render())


def _find_base(module: ModuleText, settings: ProjectSettings) -> str:
    """The declarative base that the classes of the module derive from."""
    models = module.find_models().values()
    bases = [ast.unparse(node.bases[0]) for node in models if node.bases]
    own = {node.name for node in models}
    base = next((name for name in bases if name not in own and name.isidentifier()), "")
    future = module.find_names().get("annotations", ("", ""))[0]
    if base and future == "__future__":
        return base
    raise SettingsError(
        f"The module `{settings.models}` "
        + ("lacks `from __future__ import annotations`" if base else "has no class of a table")
        + ", so no models can be added to it; nothing was changed.",
        hint="Drafted classes may refer to later ones: put that line at its top."
        if base
        else "Write the first class yourself, derived from the dataset's base.",
    )


def _list_new_references(
    known: Mapping[str, InferredTable],
) -> Iterator[tuple[str, tuple[str, ...], str, tuple[str, ...]]]:
    """Table, columns, other table and columns there, of references to the tables that are new."""
    for name, each in known.items():
        for column in each.columns.values():
            if column.reference and column.evidence:
                parent, key = column.reference
                yield name, (column.name,), parent, (key,)
        for columns, parent, keys in each.references:
            yield name, columns, parent, keys


def _write_references(
    imports: Imports, base: str, known: Mapping[str, InferredTable]
) -> Iterator[str]:
    """References from tables that were there before, whose classes stay as they are."""
    found = [*_list_new_references(known)]
    if found:
        yield from ("", "", "# References from tables above to those that were added.")
    for name, columns, parent, keys in found:
        table = f"{base}.metadata.tables[{quote(name)}]"
        imports.use("sqlalchemy", "ForeignKeyConstraint")
        parts = [
            Call("[", [*map(quote, columns)], "]"),
            Call("[", [quote(f"{parent}.{key}") for key in keys], "]"),
        ]
        call = Call("ForeignKeyConstraint(", parts)
        yield from lay_out(Call(f"{table}.append_constraint(", [call]))
        if len(columns) == 1:
            imports.use("sqlalchemy", "Index")
            index = [quote(f"ix_{name}_{columns[0]}"), f"{table}.c[{quote(columns[0])}]"]
            yield from lay_out(Call("Index(", index))


def _report_references(known: Mapping[str, InferredTable]) -> Iterator[str]:
    for name, columns, parent, keys in _list_new_references(known):
        yield f"{name}: {', '.join(columns)} refers to {parent} ({', '.join(keys)}) from now on"
