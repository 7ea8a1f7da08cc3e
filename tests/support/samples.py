"""Small datasets of known content, written and laid out without building a wheel."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.values.own_forms import find_own_form
from microcosm_sqlite.common.kinds import KINDS
from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    from pathlib import Path

    Rows = dict[str, list[dict[str, Any]]]


def write_dataset(
    folder: Path,
    metadata: sa.MetaData,
    rows: Rows | None = None,
    name: str = "sample",
    **facts: Any,
) -> Path:
    """Write tables and rows, and the manifest beside them; returns the database."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.db"
    path.unlink(missing_ok=True)
    engine = sa.create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        for table, content in (rows or {}).items():
            if content:
                names = dict.fromkeys(name for row in content for name in row)
                values = [dict.fromkeys(names) | row for row in content]
                connection.execute(metadata.tables[table].insert(), values)
        resources = [describe(connection, table) for table in metadata.sorted_tables]
    engine.dispose()
    extension = {
        "format": 1,
        "package": f"{name}_data",
        "resource": path.name,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256(path.read_bytes()).hexdigest()}",
    }
    descriptor = {"name": name, "version": "1.0", "resources": resources, **facts}
    manifest = folder / "datapackage.json"
    manifest.write_text(json.dumps({**descriptor, "microcosm-sqlite": extension}))
    return path


def install_dataset(path: Path, site: Path) -> None:
    """Lay a written dataset out as pip would, in a folder for the import path."""
    name = path.stem
    package, metadata = site / f"{name}_data", site / f"{name}_data-1.0.dist-info"
    (metadata / "extra_metadata").mkdir(parents=True)
    package.mkdir()
    manifest = (path.parent / "datapackage.json").read_text()
    (metadata / "extra_metadata/datapackage.json").write_text(manifest)
    (metadata / "METADATA").write_text(f"Name: {name}-data\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        f"[microcosm.sqlite]\n{name} = {package.name}:path\n"
    )
    (package / path.name).write_bytes(path.read_bytes())


def describe(connection: sa.Connection, table: sa.Table) -> dict[str, Any]:
    """A table as the builder writes it into the manifest."""
    quoted = quote_identifier(table.name)
    (count,) = connection.exec_driver_sql(f"SELECT count(*) FROM {quoted}").one()
    keys = [
        {
            "fields": [column.name for column in key.columns],
            "reference": {
                "resource": key.referred_table.name,
                "fields": [element.column.name for element in key.elements],
            },
        }
        for key in table.foreign_key_constraints
    ]
    return {
        "name": table.name,
        "description": table.comment or "",
        "rowCount": count,
        "schema": {
            "fields": [
                {
                    "name": column.name,
                    "description": column.comment or "",
                    "constraints": {"required": not column.nullable},
                }
                | field_type(column.type)
                for column in table.columns
            ],
            "primaryKey": [column.name for column in table.primary_key],
            "foreignKeys": keys,
        },
    }


def field_type(type_: sa.types.TypeEngine[Any]) -> dict[str, Any]:
    """A type as the builder writes it into the manifest."""
    match type_:
        case sa.Enum():
            return {"type": "string", "constraints": {"enum": type_.enums}}
        case sa.Uuid():
            return {"type": "string", "format": "uuid"}
        case sa.LargeBinary():
            return {"type": "string", "format": "binary"}
        case sa.DateTime():
            form = find_own_form(type_, KINDS["datetime"])
            return {"type": "datetime", "format": form or "%Y-%m-%d %H:%M:%S.%f"}
        case sa.Interval():
            return {"type": "duration"}
        case sa.JSON():
            return {"type": "object"}
    words = {"Integer": "integer", "Boolean": "boolean", "Float": "number", "Numeric": "number"}
    words |= {"Date": "date", "Time": "time", "String": "string"}
    return {
        "type": next(words[kind.__name__] for kind in type(type_).mro() if kind.__name__ in words)
    }
