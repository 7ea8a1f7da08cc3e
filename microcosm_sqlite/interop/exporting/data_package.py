"""Describe exported CSV files as a `Data Package v2 <https://datapackage.org>`_."""

from __future__ import annotations

import re
import unicodedata

from microcosm_sqlite.catalog.citation import find_web_url, without_script
from microcosm_sqlite.catalog.manifest import EXTENSION, PROFILE
from microcosm_sqlite.catalog.verifying.record import hash_file
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.interop.exporting.answers import answering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Table


def describe_package(dataset: InstalledDataset, exported: Mapping[str, Path]) -> dict[str, Any]:
    """The descriptor of exported tables.

    Args:
        dataset: The dataset.
        exported: For each table that was exported its CSV file; the descriptor is meant to stand
            in the same folder.
    """
    raw: dict[str, Any] = {"$schema": PROFILE, "name": dataset.name}
    if dataset.manifest:
        raw = dataset.manifest.raw
    about = {key: value for key, value in raw.items() if key not in ("resources", EXTENSION)}
    if "licenses" in about:
        about["licenses"] = [each for each in map(_describe_license, raw["licenses"]) if each]
    if "sources" in about:
        about["sources"] = [without_script(source) for source in raw["sources"]]
    if not find_web_url({"path": about.get("homepage")}):
        about.pop("homepage", None)
    names = {table: _spell(path.stem).lower() for table, path in exported.items()}
    resources = [
        _describe_resource(dataset, dataset.tables[table], names, path)
        for table, path in exported.items()
    ]
    return about | {"resources": resources}


def _describe_license(found: dict[str, Any]) -> dict[str, Any]:
    """A licence as the standard defines it: its name has no blanks."""
    title = str(found.get("title") or found.get("name") or "")
    name = _spell(str(found.get("name") or title))
    described = {"name": name, "title": title if title != name else ""}
    described["path"] = without_script(found).get("path", "")
    return {key: value for key, value in described.items() if value}


def _spell(name: str) -> str:
    """A name of the letters that the standard allows in one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^-A-Za-z0-9._]+", "-", plain).strip("-") or _number(name)


def _number(name: str) -> str:
    return f"x{name.encode().hex()[:16]}" if name else ""


def _describe_resource(
    dataset: InstalledDataset, table: Table, names: Mapping[str, str], path: Path
) -> dict[str, Any]:
    digest, size = hash_file(str(path))
    name = names[table.name]
    described = {
        "name": name,
        "title": table.name if name != table.name else "",
        "type": "table",
        "description": table.description,
        "path": path.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest.hex()}",
        "rowCount": table.row_count,
        "schema": _describe_schema(dataset, table, names),
    }
    return {key: value for key, value in described.items() if value != ""}


def _describe_schema(
    dataset: InstalledDataset, table: Table, names: Mapping[str, str]
) -> dict[str, Any]:
    schema = {
        "fields": [
            _describe_field(field, _choose_type(dataset, table, field)) for field in table.fields
        ],
        "primaryKey": table.primary_key,
        "uniqueKeys": table.unique_keys,
        "foreignKeys": [*_describe_foreign_keys(table, names)],
    }
    return {key: value for key, value in schema.items() if value}


def _describe_foreign_keys(table: Table, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Those that lead to a table that was exported as well."""
    for key in table.foreign_keys:
        target = key["reference"].get("resource", "")
        if not target or target in names:
            resource = names[target] if target else ""
            yield {**key, "reference": {**key["reference"], "resource": resource}}


def _choose_type(dataset: InstalledDataset, table: Table, field: Field) -> str:
    if field.type != "object":
        return field.type
    # A column of JSON may hold lists and numbers as well, which are no objects to the standard.
    column, quoted = quote_identifier(field.name), quote_identifier(table.name)
    sql = f"SELECT DISTINCT json_type({column}) FROM {quoted} WHERE {column} IS NOT NULL LIMIT 2"
    with answering(dataset, sql) as answer:
        kinds = {kind for (kind,) in answer.rows}
    return "object" if kinds <= {"object"} else "array" if kinds == {"array"} else "any"


def _describe_field(field: Field, kind: str) -> dict[str, Any]:
    described = {
        "name": field.name,
        "type": kind,
        "format": field.format,
        "description": field.description,
        "constraints": field.constraints,
    }
    found = {key: value for key, value in described.items() if value not in ("", "default", {})}
    if field.required and field.type == "string":
        found["missingValues"] = []  # an empty field is an empty text here, for it cannot be NULL
    return found
