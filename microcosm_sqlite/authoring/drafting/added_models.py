"""Models and stores that are appended to those of a project, with references between both."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from microcosm_sqlite.authoring.comparing.shapes import ForeignKey
from microcosm_sqlite.authoring.drafting.code_layout import Call, Imports, lay_out, quote
from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft, draft_databases
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredTable,
    declare_models,
)
from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.drafting.module_text import ModuleText
from microcosm_sqlite.authoring.drafting.project_context import write_store
from microcosm_sqlite.authoring.project.models import find_models_file
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.common.project_revision import Revision
from microcosm_sqlite.errors import SettingsError


def append_models(
    revision: Revision,
    settings: ProjectSettings,
    mapped: Mapping[str, str],
    inference: Inference,
    databases: Sequence[DatabaseDraft],
    referring: Mapping[str, InferredTable],
    declared: Mapping[str, sa.Table],
) -> tuple[dict[str, str], list[str]]:
    """Append models and stores to those of a project.

    Args:
        revision: The copy of the project.
        settings: Its settings.
        mapped: Table to class, of the tables that it has.
        inference: The tables of files.
        databases: The databases; their models are filled in.
        referring: The tables of the project and of databases, which may refer to others.
        declared: The same tables, with their indexes.

    Returns:
        Table to class, of those that were added; and what was not done, as sentences.

    Raises:
        SettingsError: A module is not as it has to be.
    """
    file = find_models_file(settings)
    stores_file = settings.package_directory / "stores.py"
    module = ModuleText(file.read_bytes().decode())
    stores = ModuleText(stores_file.read_bytes().decode()) if stores_file.exists() else None
    base = _find_base(module, settings)
    names = {*module.names, *mapped.values()}
    names |= {name.removesuffix("Store") for name in (stores.names if stores else ())}
    classes = name_classes(inference.tables, base, names)
    draft_databases(databases, base, classes, names)
    writer = ModelWriter(base, {*names, *classes.values()})
    writer.write(declare_models(inference.tables, {**mapped, **classes}))
    for database in databases:
        writer.write(database.models, database.found.views.values())
    imports, lines = writer.write_addition()
    lines += _write_references(imports, base, referring, declared)
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
            hint="Use another name there.",
        )
    module.append(lines)
    revision.rewrite(file, module.render())


def _find_base(module: ModuleText, settings: ProjectSettings) -> str:
    """The declarative base that the classes of the module derive from."""
    models = module.find_models().values()
    bases = [ast.unparse(node.bases[0]) for node in models if node.bases]
    own = {node.name for node in models}
    base = next((name for name in bases if name not in own and name.isidentifier()), "")
    future = module.names.get("annotations", ("", ""))[0]
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
    tables: Mapping[str, InferredTable],
) -> Iterator[tuple[str, tuple[str, ...], str, tuple[str, ...]]]:
    """Table, columns, other table and columns there, of references that were found now."""
    for name, each in tables.items():
        for column in each.columns.values():
            if column.reference and column.evidence:
                parent, key = column.reference
                yield name, (column.name,), parent, (key,)
        for columns, parent, keys in each.references:
            yield name, columns, parent, keys


def _write_references(
    imports: Imports,
    base: str,
    tables: Mapping[str, InferredTable],
    declared: Mapping[str, sa.Table],
) -> Iterator[str]:
    """References from tables whose classes stay as they are."""
    found = [*_list_new_references(tables)]
    if found:
        yield from (
            "",
            "",
            "# References from tables above that were found when others were added.",
        )
    indexed: set[tuple[str, tuple[str, ...]]] = set()
    for name, columns, parent, keys in found:
        table = f"{base}.metadata.tables[{quote(name)}]"
        imports.use("sqlalchemy", "ForeignKeyConstraint")
        parts = [
            Call("[", [*map(quote, columns)], "]"),
            Call("[", [quote(f"{parent}.{key}") for key in keys], "]"),
        ]
        call = Call("ForeignKeyConstraint(", parts)
        yield from lay_out(Call(f"{table}.append_constraint(", [call]))
        is_new = (name, columns) not in indexed and not _has_index(declared[name], columns[0])
        if len(columns) == 1 and is_new:
            indexed.add((name, columns))
            imports.use("sqlalchemy", "Index")
            index = [quote(_name_index(name, columns[0])), f"{table}.c[{quote(columns[0])}]"]
            yield from lay_out(Call("Index(", index))


def _has_index(table: sa.Table, column: str) -> bool:
    """Whether an index begins with a column, or has the name of the one that would."""
    indexes = [each for each in table.indexes if not each.dialect_options["sqlite"].get("where")]
    keys = [each for each in table.constraints if isinstance(each, _KEYS)]
    first: list[object] = [next(iter(each.expressions)) for each in indexes]
    first += [next(iter(each.columns), None) for each in keys]
    return _name_index(table.name, column) in [each.name for each in table.indexes] or any(
        isinstance(each, sa.Column) and each.name == column for each in first
    )


_KEYS = (sa.PrimaryKeyConstraint, sa.UniqueConstraint)


def _name_index(table: str, column: str) -> str:
    return f"ix_{table}_{column}"


def list_made(tables: Mapping[str, InferredTable]) -> Iterator[str]:
    """The references that were written so, and their indexes, as comparisons of schemas say."""
    for name, columns, parent, keys in _list_new_references(tables):
        yield f"foreign key {ForeignKey(columns, parent, keys)} of {name}"
        yield f"index {_name_index(name, columns[0])} of {name}"


def report_references(tables: Mapping[str, InferredTable]) -> Iterator[str]:
    """Tell of the references that were written so."""
    for name, columns, parent, keys in _list_new_references(tables):
        yield f"{name}: {', '.join(columns)} refers to {parent} ({', '.join(keys)}) from now on"
