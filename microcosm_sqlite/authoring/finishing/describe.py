"""The manifest of a built database, and the hash of everything that the build read.

The manifest is a Data Package v2, one resource for each table. It keeps the hash, so that a build
of unchanged inputs ends at once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types

from microcosm_sqlite.authoring.loading.connections import open_scanner
from microcosm_sqlite.authoring.project.models import (
    Models,
    Others,
    describe_key,
    describe_requirements,
    identify,
)
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.finding import Source
from microcosm_sqlite.authoring.sources.python_source import SourceFunction
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.kind_values import find_type_kind, undecorate
from microcosm_sqlite.authoring.values.parsing import find_own_form
from microcosm_sqlite.catalog.manifest import EXTENSION, FORMAT, PROFILE, Field, Manifest
from microcosm_sqlite.catalog.structure import describe_structure, fingerprint
from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from microcosm_sqlite.common.sql import name_rowid, quote_identifier
from microcosm_sqlite.errors import ManifestError
from microcosm_sqlite.orm.external_keys import external_keys
from microcosm_sqlite.orm.types import EnumType


def digest_inputs(
    settings: ProjectSettings,
    sources: Mapping[str, tuple[Source, ...]],
    imported: Iterable[Path] = (),
    others: Others | None = None,
) -> str:
    """The hex sha256 of all that decides: sources, code, settings, other datasets, builders.

    Code of the project that stands elsewhere counts where the models `imported` it.

    No path of this machine goes into it: a checkout elsewhere has the same digest. It is empty
    where a source is a function, since nobody knows what that reads.
    """
    if any(isinstance(source, SourceFunction) for files in sources.values() for source in files):
        return ""
    import sqlalchemy

    known = cache(digest)  # many tables may come from one database
    left_out = {"root", "sources", "upstream"} | (set() if settings.repairs else {"repairs"})
    described = {
        "settings": {k: v for k, v in asdict(settings).items() if k not in left_out},
        "sources": {
            table: [[s.name, known(s.path)] for s in files if isinstance(s, SourceFile)]
            for table, files in sources.items()
        },
        "code": {
            path.relative_to(settings.root).as_posix(): digest(path)
            for path in {*settings.package_directory.rglob("*.py"), *imported}
        },
        "others": identify(others or {}),
        "versions": [find_builder_version(), sqlite3.sqlite_version, sqlalchemy.__version__],
    }
    return sha256(json.dumps(described, sort_keys=True, default=str).encode()).hexdigest()


def find_current(settings: ProjectSettings, inputs: str) -> Manifest | None:
    """The manifest that is published, if it and its database are what these inputs give."""
    if not inputs:
        return None
    try:
        manifest = Manifest.loads(settings.manifest_path.read_bytes())
        raw = manifest.raw[EXTENSION]
        if raw.get("inputs") != f"sha256:{inputs}":
            return None
        expected = raw.get("fileHash", raw["hash"])
        if f"sha256:{digest(settings.database_path)}" != expected:
            return None
    except (OSError, ManifestError):
        return None
    return manifest


def digest(path: Path) -> str:
    """The hex sha256 of a file."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@cache
def find_builder_version() -> str:
    """The installed version of microcosm-sqlite."""
    return version("microcosm-sqlite")


MEDIA_TYPE = "application/vnd.sqlite3"


def describe_dataset(
    settings: ProjectSettings,
    models: Models,
    connection: sqlite3.Connection,
    *,
    size: int,
    sha256: str,
    contents: Mapping[str, str],
    ranges: Mapping[str, Sequence[Mapping[str, Any]]],
    repairs: Mapping[str, Mapping[str, int]],
    inputs: str,
) -> Manifest:
    """Describe a built database from its models and its rows.

    Args:
        settings: The project.
        models: Its models.
        connection: The finished database.
        size: Its bytes.
        sha256: Their hex digest.
        contents: The digest of each table's rows.
        ranges: What each table's columns hold, in their order.
        repairs: How many repairs of each kind the sources of a table have.
        inputs: The digest of everything that it was built from.
    """
    about = {
        "$schema": PROFILE,
        "name": settings.dataset,
        "title": settings.title or settings.description,
        "description": settings.description,
        "version": settings.version,
        "licenses": [{"name": settings.license}] if settings.license else [],
        "sources": [_describe_origin(origin) for origin in settings.origins],
        "contributors": [{"title": name} for name in settings.contributors],
    }
    requires = describe_requirements(models.others, settings.dependencies)
    return Manifest(
        {key: value for key, value in about.items() if value}
        | {
            "resources": [
                _describe_table(
                    settings, models, connection, table, contents[table.name], ranges[table.name]
                )
                | ({"repairs": repairs[table.name]} if repairs.get(table.name) else {})
                for _, table in sorted(models.metadata.tables.items())
            ],
            EXTENSION: {
                "format": FORMAT,
                "package": settings.package,
                "resource": settings.resource,
                "compression": settings.compression,
                "bytes": size,
                "hash": f"sha256:{sha256}",
                "fingerprint": fingerprint(describe_structure(connection)),
                **({"inputs": f"sha256:{inputs}"} if inputs else {}),
                **({"requires": requires} if requires else {}),
                "sqliteVersion": sqlite3.sqlite_version,
                "builderVersion": find_builder_version(),
                "models": settings.models,
            },
        },
        "the manifest of this build",
    )


def _describe_origin(origin: Any) -> dict[str, str]:
    described = {
        "title": origin.title,
        "path": origin.url,
        "hash": f"sha256:{origin.sha256}" if origin.sha256 else "",
    }
    return {key: value for key, value in described.items() if value}


def _describe_table(
    settings: ProjectSettings,
    models: Models,
    connection: sqlite3.Connection,
    table: sa.Table,
    content: str,
    ranges: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    quoted = quote_identifier(table.name)
    (count,) = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
    resource: dict[str, Any] = {
        "name": table.name,
        "type": "table",
        "path": settings.resource,
        "format": "sqlite",
        "mediatype": MEDIA_TYPE,
        "dialect": {"table": table.name},
        "schema": describe_schema(table),
        "rowCount": count,
        "digest": content,
    }
    for field, measured in zip(resource["schema"]["fields"], ranges, strict=True):
        field.update(measured)
    description = models.describe(table)
    if description:
        resource["description"] = description
    rowid = name_rowid(table.columns.keys())
    if count and rowid and table.dialect_options["sqlite"].get("with_rowid", True):
        ends = ", ".join(f"(SELECT {end}({rowid}) FROM {quoted})" for end in ("min", "max"))
        span = connection.execute(f"SELECT {ends}").fetchone()  # looks at two rows, not at all
        resource["rowidRange"] = list(span)
    indexes = [_describe_index(index) for index in table.indexes]
    if indexes:
        resource["indexes"] = sorted(indexes, key=lambda index: str(index["name"]))
    return resource


def _describe_index(index: sa.Index) -> dict[str, Any]:
    fields = [part.name if isinstance(part, sa.Column) else str(part) for part in index.expressions]
    return {"name": index.name, "fields": fields, "unique": bool(index.unique)}


def describe_schema(table: sa.Table) -> dict[str, Any]:
    """A table in Table Schema v2."""
    schema: dict[str, Any] = {"fields": [describe_field(column) for column in table.columns]}
    primary = [column.name for column in table.primary_key.columns]
    if primary:
        schema["primaryKey"] = primary
    unique = sorted(
        [column.name for column in constraint.columns]
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint)
    )
    if unique:
        schema["uniqueKeys"] = unique
    keys = sorted(map(_describe_foreign_key, table.foreign_key_constraints), key=str)
    if keys:
        schema["foreignKeys"] = keys
    return schema


def _describe_foreign_key(constraint: sa.ForeignKeyConstraint) -> dict[str, Any]:
    if constraint in external_keys(constraint.table):
        key = describe_key(constraint)
        reference = {
            "package": key.dataset,
            "resource": key.target,
            "fields": list(key.referred),
        }
        return {"fields": list(key.columns), "reference": reference}
    target = constraint.referred_table.name
    return {
        "fields": [column.name for column in constraint.columns],
        "reference": {
            "resource": "" if target == constraint.table.name else target,
            "fields": [element.column.name for element in constraint.elements],
        },
    }


def describe_field(column: sa.Column[Any]) -> dict[str, Any]:
    """A column as a field of Table Schema v2."""
    kind = find_type_kind(column.type)
    described: dict[str, Any] = {"name": column.name, "type": kind.field_type if kind else "any"}
    form = kind and (find_own_form(undecorate(column.type), kind) or kind.format)
    if form:
        described["format"] = form
    text = column.comment or column.doc
    if text:
        described["description"] = text
    constraints = _describe_constraints(column)
    if constraints:
        described["constraints"] = constraints
    return described


def _describe_constraints(column: sa.Column[Any]) -> Mapping[str, Any]:
    constraints: dict[str, Any] = {}
    type_ = undecorate(column.type)
    if not column.nullable:
        constraints["required"] = True
    labels = _list_labels(column.type)
    if labels:
        constraints["enum"] = labels
    elif isinstance(type_, types.String) and type_.length is not None:
        constraints["maxLength"] = type_.length
    return constraints


def _list_labels(type_: types.TypeEngine[Any]) -> list[str]:
    """The texts that an enumeration stores; none for another type."""
    if isinstance(type_, EnumType):
        return [member.name for member in type_.enum_class]
    if isinstance(type_, types.TypeDecorator):
        return _list_labels(type_.impl_instance)
    return list(type_.enums) if isinstance(type_, types.Enum) else []


def measure_tables(path: Path, metadata: sa.MetaData) -> dict[str, list[dict[str, Any]]]:
    """For each table what is to be said of its columns, in their order; one scan each.

    It takes the file that was loaded, so as to begin while the finished copy of it is written. No
    more is written to it then.
    """
    with open_scanner(path) as connection:
        return {
            name: measure_columns(
                connection, name, [Field(describe_field(column)) for column in table.columns]
            )
            for name, table in metadata.tables.items()
        }
