"""Describe datasets, tables and columns as plain data, for lists and for JSON."""

from __future__ import annotations

from microcosm_sqlite.cli.output import Count, Size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Manifest, Table

COLUMNS = ("name", "version", "tables", "rows", "size", "license", "package")
TABLE_COLUMNS = (
    *("table", "column", "type", "format", "required", "references"),
    *("null_count", "minimum", "maximum", "min_length", "max_length", "description"),
)


def summarize(dataset: InstalledDataset) -> tuple[Any, ...]:
    """A row of the list, from metadata alone; None for what a wheel of 2.0.0 does not state."""
    manifest = dataset.manifest
    if manifest is None:
        return (dataset.name, dataset.version, None, None, None, None, dataset.distribution)
    rows = sum(table.row_count for table in manifest.tables.values())
    return (
        dataset.name,
        dataset.version,
        Count(len(manifest.tables)),
        Count(rows),
        Size(manifest.bytes),
        name_licenses(manifest) or None,
        dataset.distribution,
    )


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
    described["tables"] = [describe_table(table) for table in dataset.tables.values()]
    return described


def list_columns(table: Table) -> Iterator[tuple[Any, ...]]:
    """A row for each column of a table."""
    for field in table.fields:
        column = describe_column(field, table)
        column |= {"table": table.name, "column": field.name}
        column["references"] = " ".join(column["references"])
        column["required"] = int(column["required"])
        yield tuple(column[key] for key in TABLE_COLUMNS)


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
        "size": Size(manifest.bytes),
        "sha256": manifest.sha256,
        "compression": manifest.compression,
    }


def describe_table(table: Table) -> dict[str, Any]:
    """Describe a table."""
    return {
        "name": table.name,
        "description": table.description,
        "rows": Count(table.row_count),
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
