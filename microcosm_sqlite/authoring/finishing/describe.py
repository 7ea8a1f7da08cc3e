"""The manifest of a built database, and the hash of everything that the build read.

The manifest is a Data Package v2, one resource for each table. It keeps the hash, so that a build
of unchanged inputs ends at once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from hashlib import file_digest, sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.finishing.fields import (
    describe_field,
    describe_index,
    describe_schema,
    read_info,
)
from microcosm_sqlite.authoring.loading.connections import open_scanner
from microcosm_sqlite.authoring.project.models import (
    Models,
    Others,
    describe_requirements,
    identify,
)
from microcosm_sqlite.authoring.project.settings import Origin, ProjectSettings
from microcosm_sqlite.authoring.sources.formats import Source
from microcosm_sqlite.authoring.sources.python_source import SourceFunction
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.catalog.manifest import (
    EXTENSION,
    FORMAT,
    PROFILE,
    SHARDED_FORMAT,
    Manifest,
)
from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.catalog.structure import describe_structure, fingerprint
from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from microcosm_sqlite.common.sql import name_rowid, quote_identifier
from microcosm_sqlite.errors import ManifestError


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
    left_out = {"columnar", "editions", "shards", "root", "sources", "upstream", "fetched"}
    left_out |= {"license_confirmed"}
    left_out |= set() if settings.repairs else {"repairs"}
    left_out |= {"compression_level"} if settings.compression == "none" else set()
    addresses = [address for address in settings.upstream.values() if "://" in address]
    described = {
        "settings": {k: v for k, v in asdict(settings).items() if k not in left_out},
        "sources": {
            table: [
                [source.name, *map(known, source.files)]
                for source in files
                if isinstance(source, SourceFile)
            ]
            for table, files in sources.items()
        },
        "code": {
            path.relative_to(settings.root).as_posix(): digest(path)
            for path in {*settings.package_directory.rglob("*.py"), *imported}
        },
        "others": identify(others or {}),
        **({"addresses": addresses} if addresses else {}),
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
        "sources": [_describe_origin(origin) for origin in list_origins(settings)],
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
                **(
                    {"changes": [asdict(each) for each in settings.changes]}
                    if settings.changes
                    else {}
                ),
            },
        },
        "the manifest of this build",
    )


def place_file(
    raw: dict[str, Any],
    *,
    package: str,
    resource: str,
    compression: str = "none",
    file_hash: str = "",
    shards: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Say in a manifest where its database is.

    Args:
        raw: The manifest.
        package: The import package that holds the file.
        resource: The file's name.
        compression: How the file is compressed, or the files of the shards.
        file_hash: Hex digest of a compressed file.
        shards: What is to be said of each shard, where there is no such file.
    """
    extension = raw[EXTENSION]
    for key in ("fileHash", "shards"):
        extension.pop(key, None)
    extension |= {
        "format": SHARDED_FORMAT if shards else FORMAT,
        "package": package,
        "resource": resource,
        "compression": compression,
        **({"fileHash": f"sha256:{file_hash}"} if file_hash else {}),
        **({"shards": [*shards]} if shards else {}),
    }
    for table in raw["resources"]:
        table["path"] = resource


def list_origins(settings: ProjectSettings) -> list[Origin]:
    """Where the data came from, the addresses that files are fetched of included.

    An origin that is such an address has the checksum of the file.
    """
    fetched = {
        address: settings.fetched.get(table, {}).get("sha256", "")
        for table, address in settings.upstream.items()
        if "://" in address
    }
    told = [
        replace(origin, sha256=fetched.pop(origin.url)) if fetched.get(origin.url) else origin
        for origin in settings.origins
    ]
    known = {origin.url for origin in told}
    added = {url: digest for url, digest in fetched.items() if url not in known}
    return told + [Origin(url.rpartition("/")[2] or url, url, each) for url, each in added.items()]


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
    resource |= read_info(table.info, {"deprecated": str}, f"table `{table.name}`")
    rowid = name_rowid(table.columns.keys())
    if count and rowid and table.dialect_options["sqlite"].get("with_rowid", True):
        ends = ", ".join(f"(SELECT {end}({rowid}) FROM {quoted})" for end in ("min", "max"))
        span = connection.execute(f"SELECT {ends}").fetchone()  # looks at two rows, not at all
        resource["rowidRange"] = list(span)
    indexes = [describe_index(index) for index in table.indexes]
    if indexes:
        resource["indexes"] = sorted(indexes, key=lambda index: str(index["name"]))
    return resource


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
