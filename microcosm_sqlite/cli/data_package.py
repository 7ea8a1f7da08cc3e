"""Describe exported CSV files as a `Data Package v2 <https://datapackage.org>`_."""

from __future__ import annotations

from microcosm_sqlite.catalog.manifest import EXTENSION, PROFILE
from microcosm_sqlite.catalog.record import hash_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Table


def describe_package(found: InstalledDataset, exported: Mapping[str, Path]) -> dict[str, Any]:
    """The descriptor of exported tables.

    Args:
        found: The dataset.
        exported: For each table that was exported its CSV file; the descriptor is meant to stand
            in the same folder.
    """
    raw = found.manifest.raw if found.manifest else {"$schema": PROFILE, "name": found.name}
    about = {key: value for key, value in raw.items() if key not in ("resources", EXTENSION)}
    names = set(exported)
    resources = [
        _describe_resource(found.tables[name], names, path) for name, path in exported.items()
    ]
    return about | {"resources": resources}


def _describe_resource(table: Table, names: set[str], path: Path) -> dict[str, Any]:
    digest, size = hash_file(str(path))
    described = {
        "name": table.name,
        "type": "table",
        "description": table.description,
        "path": path.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest.hex()}",
        "rowCount": table.row_count,
        "schema": _describe_schema(table, names),
    }
    return {key: value for key, value in described.items() if value != ""}


def _describe_schema(table: Table, names: set[str]) -> dict[str, Any]:
    foreign_keys = [
        key for key in table.foreign_keys if key["reference"].get("resource", "") in names | {""}
    ]
    schema = {
        "fields": [_describe_field(field) for field in table.fields],
        "primaryKey": table.primary_key,
        "uniqueKeys": table.unique_keys,
        "foreignKeys": foreign_keys,
    }
    return {key: value for key, value in schema.items() if value}


def _describe_field(field: Field) -> dict[str, Any]:
    described = {
        "name": field.name,
        # SQLAlchemy stores an interval as a moment after 1970, which no reader takes for one.
        "type": "any" if field.type == "duration" else field.type,
        "format": field.format,
        "description": field.description,
        "constraints": field.constraints,
    }
    found = {key: value for key, value in described.items() if value not in ("", "default", {})}
    if field.required and field.type == "string":
        found["missingValues"] = []  # an empty field is an empty text here, for it cannot be NULL
    return found
