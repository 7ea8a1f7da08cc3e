"""A Croissant description of exported tables, for catalogues of machine-learning data.

Croissant knows CSV and Parquet and not SQLite, so it describes files that were exported, not the
database: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.0.html
"""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from microcosm_sqlite.catalog.citation import cite, find_license_url, find_web_url, without_script
from microcosm_sqlite.common import kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest
    from microcosm_sqlite.catalog.manifest_tables import Field, Table

FILE_NAME = "croissant.json"
"""The usual name of the description, beside the files that it describes."""

VERSION = "http://mlcommons.org/croissant/1.0"

_TERMS = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty"),
    *(
        "fileSet",
        "format",
        "samplingRate",
        "includes",
        "isLiveDataset",
        "jsonPath",
        "key",
        "md5",
        "parentField",
        "path",
        "recordSet",
    ),
    *("references", "regex", "repeated", "replace", "separator", "source", "subField", "transform"),
)

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
} | {term: f"cr:{term}" for term in _TERMS}

_MEDIA_TYPES = {".csv": "text/csv", ".parquet": "application/x-parquet"}

_DATA_TYPES = {
    kinds.INTEGER: "sc:Integer",
    kinds.NUMBER: "sc:Float",
    kinds.BOOLEAN: "sc:Boolean",
    kinds.DATE: "sc:Date",
    kinds.DATETIME: "sc:DateTime",
}


def describe_croissant(dataset: InstalledDataset, exported: Mapping[str, Path]) -> dict[str, Any]:
    """The JSON-LD description of exported tables.

    Args:
        dataset: The dataset.
        exported: For each table that was exported its file, CSV or Parquet; the description is
            meant to stand in the same folder.
    """
    tables = [dataset.tables[name] for name in exported]
    leaves = {table.name for table in tables if not _targets(table) & exported.keys()}
    manifest = dataset.manifest
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": dataset.name,
        "conformsTo": VERSION,
        "version": dataset.version,
        "citeAs": cite(dataset),
        **(_describe_dataset(manifest) if manifest else {}),
        "distribution": [_describe_file(exported[table.name]) for table in tables],
        "recordSet": [_describe_table(table, exported[table.name], leaves) for table in tables],
    }
    return {key: value for key, value in described.items() if value}


def _describe_dataset(manifest: Manifest) -> dict[str, Any]:
    return {
        "alternateName": manifest.title,
        "description": manifest.description or manifest.title,
        "license": [term for term in map(_name_license, manifest.licenses) if term],
        "creator": [
            {"@type": "sc:Person", "name": found["title"]}
            for found in manifest.contributors
            if found.get("title")
        ],
        "url": find_web_url({"path": manifest.homepage}),
        "isBasedOn": [path for path in map(_find_address, manifest.sources) if path],
    }


def _find_address(source: dict[str, Any]) -> str:
    return str(without_script(source).get("path") or "")


def _name_license(found: dict[str, Any]) -> str:
    """The address of the terms, or else their title or name."""
    return find_license_url(found) or str(found.get("title") or found.get("name") or "")


def _describe_file(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
        size = stream.tell()
    return {
        "@type": "cr:FileObject",
        "@id": _identify(path.name),
        "name": path.name,
        "contentUrl": path.name,
        "contentSize": f"{size} B",
        "encodingFormat": _MEDIA_TYPES[path.suffix],
        "sha256": digest,
    }


def _describe_table(table: Table, file: Path, leaves: set[str]) -> dict[str, Any]:
    described = {
        "@type": "cr:RecordSet",
        "@id": _identify(table.name),
        "name": table.name,
        "description": table.about,
        "key": [{"@id": _identify(table.name, column)} for column in table.primary_key],
        "field": [_describe_field(table, field, file, leaves) for field in table.fields],
    }
    return {key: value for key, value in described.items() if value}


def _describe_field(table: Table, field: Field, file: Path, leaves: set[str]) -> dict[str, Any]:
    kind = kinds.find_kind(field.type)
    described = {
        "@type": "cr:Field",
        "@id": _identify(table.name, field.name),
        "name": field.name,
        "description": field.about,
        "dataType": _DATA_TYPES.get(kind.name if kind else "", "sc:Text"),
        "source": {
            "fileObject": {"@id": _identify(file.name)},
            "extract": {"column": field.name},
        },
        "references": _find_reference(table, field, leaves),
    }
    return {key: value for key, value in described.items() if value}


def _targets(table: Table) -> set[str]:
    """The other tables that a table refers to."""
    return {table.target_of(key) for key in table.foreign_keys} - {table.name}


def _find_reference(table: Table, field: Field, leaves: set[str]) -> dict[str, Any] | None:
    """The column that a column refers to, where the table of that one refers to no other.

    To mlcroissant a reference is a join: it loads nothing at all where references form a cycle, as
    one into the same table does, and reads wrong records from a table in the middle of a chain.
    """
    for key in table.foreign_keys:
        target = table.target_of(key)
        if target != table.name and target in leaves and field.name in key["fields"]:
            referred = key["reference"]["fields"][key["fields"].index(field.name)]
            return {"field": {"@id": _identify(target, referred)}}
    return None


def _identify(*names: str) -> str:
    """The identifier of an object; names are quoted, so that a slash only separates them."""
    return "/".join(quote(name, safe="") for name in names)
