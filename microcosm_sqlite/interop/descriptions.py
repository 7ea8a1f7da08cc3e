"""Datasets, tables and columns as plain data: what ``info --json`` prints and agents are told."""

from __future__ import annotations

from microcosm_sqlite.catalog.cache.twins import describe_twins
from microcosm_sqlite.catalog.manifest import EXTENSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest
    from microcosm_sqlite.catalog.manifest_tables import Field, Table


def describe(dataset: InstalledDataset) -> dict[str, Any]:
    """Describe a dataset: the stable form of ``info --json``.

    A dataset without a manifest is opened to read its tables.
    """
    described: dict[str, Any] = {
        "name": dataset.name,
        "version": dataset.version,
        "package": dataset.distribution,
        "package_version": dataset.distribution_version,
    }
    if dataset.manifest:
        described |= _describe_manifest(dataset.manifest)
        described["columnar"] = describe_twins(dataset)
    described["tables"] = [describe_table(table) for table in dataset.tables.values()]
    return described


def name_licenses(manifest: Manifest) -> str:
    """The data's licences in one line."""
    names = (
        licence.get("name") or licence.get("title") or licence.get("path")
        for licence in manifest.licenses
    )
    return " AND ".join(filter(None, names))


def _describe_manifest(manifest: Manifest) -> dict[str, Any]:
    return {
        "title": manifest.title,
        "description": manifest.description,
        "license": name_licenses(manifest),
        "licenses": manifest.licenses,
        "sources": manifest.sources,
        "contributors": manifest.contributors,
        "models": manifest.models,
        "size": manifest.bytes,
        "sha256": manifest.sha256,
        "compression": manifest.compression,
        "changes": manifest.changes,
        "shards": [
            {
                "distribution": shard.distribution,
                "version": shard.version,
                "bytes": shard.bytes,
                "file_bytes": shard.file_bytes,
            }
            for shard in manifest.shards
        ],
        "edition": manifest.raw[EXTENSION].get("edition"),
    }


def describe_table(table: Table) -> dict[str, Any]:
    """Describe a table."""
    return {
        "name": table.name,
        "description": table.description,
        "deprecated": table.deprecated,
        "rows": table.row_count,
        "columns": [describe_column(field, table) for field in table.fields],
        "primary_key": table.primary_key,
        "unique_keys": table.unique_keys,
        "foreign_keys": table.foreign_keys,
        "external_keys": table.external_keys,
        "indexes": table.indexes,
    }


def describe_column(field: Field, table: Table) -> dict[str, Any]:
    """Describe a column; None for what its manifest does not state."""
    minimum, maximum = field.value_range or (None, None)
    shortest, longest = field.length_range or (None, None)
    return {
        "name": field.name,
        "type": field.type,
        "format": field.format,
        "required": field.required or field.name in table.primary_key,
        "description": field.description,
        "unit": field.unit,
        "labels": field.labels,
        "deprecated": field.deprecated,
        "constraints": field.constraints,
        "references": find_references(table, field.name),
        "null_count": field.null_count,
        "minimum": minimum,
        "maximum": maximum,
        "min_length": shortest,
        "max_length": longest,
    }


def find_references(table: Table, column: str) -> list[str]:
    """The columns that a column refers to, such as ``airlines.carrier``.

    One in another dataset begins with the name of that dataset.
    """
    found = []
    for key in (*table.foreign_keys, *table.external_keys):
        pairs = zip(key["fields"], key["reference"]["fields"], strict=False)
        target = table.target_of(key)
        found += [f"{target}.{referred}" for own, referred in pairs if own == column]
    return found
