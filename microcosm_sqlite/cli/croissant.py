"""Describe exported CSV files in `Croissant 1.0 <https://docs.mlcommons.org/croissant/>`_."""

from __future__ import annotations

from microcosm_sqlite.catalog.citation import write_bibtex
from microcosm_sqlite.catalog.record import hash_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Manifest, Table

# The context that the standard prescribes, whether or not a term occurs below.
_TERMS = """
citeAs column equivalentProperty extract field fileObject fileProperty fileSet format includes
isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace
samplingRate separator source subField transform
"""
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS.split()},
}
_TYPES = {
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "integer": "cr:Int64",
    "number": "cr:Float64",
    "time": "sc:Time",
}


def describe_croissant(
    found: InstalledDataset, tables: Sequence[Table], folder: Path
) -> dict[str, Any]:
    """The JSON-LD description of a folder with a CSV file for each table."""
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": found.name,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "version": found.version,
        "citeAs": write_bibtex(found),
        **(_describe_origin(found.manifest) if found.manifest else {}),
        "distribution": [_describe_file(table, folder) for table in tables],
        "recordSet": list(_describe_tables(tables)),
    }
    return {key: value for key, value in described.items() if value}


def _describe_origin(manifest: Manifest) -> dict[str, Any]:
    creators = (each.get("title", "") for each in manifest.contributors)
    return {
        "description": manifest.description or manifest.title,
        "url": manifest.raw.get("homepage", ""),
        "datePublished": manifest.raw.get("created", ""),
        "license": [_locate_license(each) for each in manifest.licenses],
        "creator": [{"@type": "sc:Organization", "name": name} for name in creators if name],
    }


def _locate_license(licence: dict[str, Any]) -> str:
    name = str(licence.get("name", ""))
    is_listed = name and not name.startswith("LicenseRef-")
    return str(licence.get("path") or (f"https://spdx.org/licenses/{name}" if is_listed else name))


def _describe_file(table: Table, folder: Path) -> dict[str, str]:
    name = _file(table)
    digest, size = hash_file(str(folder / name))
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{size} B",
        "encodingFormat": "text/csv",
        "sha256": digest.hex(),
    }


def _describe_tables(tables: Sequence[Table]) -> Iterator[dict[str, Any]]:
    names = {table.name for table in tables}
    for table in tables:
        described = {
            "@type": "cr:RecordSet",
            "@id": table.name,
            "name": table.name,
            "description": table.description,
            "key": [{"@id": f"{table.name}/{column}"} for column in table.primary_key],
            "field": [_describe_field(field, table, names) for field in table.fields],
        }
        yield {key: value for key, value in described.items() if value}


def _describe_field(field: Field, table: Table, names: set[str]) -> dict[str, Any]:
    described = {
        "@type": "cr:Field",
        "@id": f"{table.name}/{field.name}",
        "name": field.name,
        "description": field.description,
        "dataType": _TYPES.get(field.type, "sc:Text"),
        "references": _find_reference(field, table, names),
        "source": {"fileObject": {"@id": _file(table)}, "extract": {"column": field.name}},
    }
    return {key: value for key, value in described.items() if value}


def _find_reference(field: Field, table: Table, names: set[str]) -> dict[str, Any]:
    """What the column refers to; the format has no word for keys of several columns."""
    for key in table.foreign_keys:
        target = key["reference"].get("resource") or table.name
        if key["fields"] == [field.name] and target in names:
            return {"field": {"@id": f"{target}/{key['reference']['fields'][0]}"}}
    return {}


def _file(table: Table) -> str:
    return f"{table.name}.csv"
