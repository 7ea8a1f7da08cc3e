"""Check that the models of a dataset agree with the file that was opened.

A dataset may be upgraded while the models that an application declares stay as they were. Without
a look at both, the first sign is an SQL error about a column, or text where a number should be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.registry import explain_edition
from microcosm_sqlite.catalog.structure import fingerprint
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import SchemaMismatchError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from sqlalchemy import Column, Dialect, Table

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.orm.data_sets import DataSet

_NUMERIC = ("INT", "BOOL", "REAL", "FLOA", "DOUB", "NUM", "DEC")


def check_agreement(data_set: type[DataSet], dataset: InstalledDataset, dialect: Dialect) -> None:
    """Compare models and manifest by fingerprint, and only if these differ, look at the file.

    A file may have more than the models ask for, and declare its types in other words; a table or
    column that is not there, or a number where text is declared, is a mismatch.

    Raises:
        SchemaMismatchError: It names what differs, both versions, and what to do.
    """
    tables = list(data_set.metadata.tables.values())
    manifest = dataset.manifest
    if manifest and manifest.fingerprint == fingerprint(describe_models(tables, dialect)):
        return
    connection = dataset.connect()
    try:
        differences = [text for table in tables for text in _compare(table, connection, dialect)]
    finally:
        connection.close()
    if differences:
        raise _make_error(data_set, dataset, differences)


def describe_models(tables: list[Table], dialect: Dialect) -> dict[str, list[Any]]:
    """The structure of the tables as SQLAlchemy would create them.

    See :func:`microcosm_sqlite.catalog.structure.describe_structure`.
    """
    structure = {}
    for table in sorted(tables, key=lambda table: table.name):
        keys = [column.name for column in table.primary_key.columns]
        structure[table.name] = [
            (
                column.name,
                _declared_type(column, dialect),
                int(not column.nullable or column.primary_key),
                keys.index(column.name) + 1 if column.primary_key else 0,
            )
            for column in table.columns
        ]
    return structure


def _declared_type(column: Column[Any], dialect: Dialect) -> str:
    return dialect.type_compiler_instance.process(column.type, type_expression=column).upper()


def _compare(table: Table, connection: sqlite3.Connection, dialect: Dialect) -> Iterator[str]:
    rows = connection.execute(f"PRAGMA table_xinfo({quote_identifier(table.name)})")
    there = {name.lower(): declared.upper() for _, name, declared, *_ in rows}
    if not there:
        yield f"table {table.name} is not there"
        return
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        declared = there.get(column.name.lower())
        if declared is None:
            yield f"{name} is not there"
            continue
        asked = _declared_type(column, dialect)
        if {_kind(asked), _kind(declared)} == {"number", "text"}:
            yield f"{name} is {declared} in the file and {asked} in the model"


def _kind(declared: str) -> str:
    """Return "number", "text" or "any"; SQLAlchemy writes dates and times as text."""
    if not declared or "BLOB" in declared:
        return "any"
    return "number" if any(part in declared for part in _NUMERIC) else "text"


def _make_error(
    data_set: type[DataSet], dataset: InstalledDataset, differences: list[str]
) -> SchemaMismatchError:
    modules = sorted({mapper.class_.__module__ for mapper in data_set.registry.mappers})
    owner = _distribution_of(modules[0]) if modules else ""
    data = f"{dataset.distribution} {dataset.distribution_version}".strip() or str(dataset.path)
    is_same = owner.split(" ")[0].lower() == dataset.distribution.lower()
    return SchemaMismatchError(
        f"Dataset {dataset.name!r} {dataset.version} ({data}) is not what the models in "
        f"{', '.join(modules)} ({owner or 'not installed'}) describe: {'; '.join(differences)}.",
        hint=explain_edition(dataset) or _suggest(dataset, is_same),
    )


def _suggest(dataset: InstalledDataset, is_same: bool) -> str:
    if dataset.entry is None:
        return "Register a file that fits the models, or change the models."
    if is_same:
        return f"Run: {dataset.entry.distribution.reinstall_command}"
    return (
        f"Run: pip install --upgrade {dataset.distribution}, or install the version of it that the "
        "models were written for."
    )


def _distribution_of(module: str) -> str:
    """Name and version of the distribution that installed a module, or an empty string."""
    from importlib.metadata import packages_distributions, version

    owners = packages_distributions().get(module.partition(".")[0])
    return f"{owners[0]} {version(owners[0])}" if owners else ""
