"""Small datasets of known content, made on the spot and registered for one test."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

import microcosm_sqlite
from microcosm_sqlite.catalog.connection import quote_identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Make = Callable[..., microcosm_sqlite.InstalledDataset]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Write tables, rows and (unless told otherwise) a manifest, and register the dataset."""
    names = []

    def make_dataset(
        metadata: sa.MetaData,
        rows: dict[str, list[dict[str, Any]]] | None = None,
        name: str = "sample",
        immutable: bool = True,
        has_manifest: bool = True,
        **facts: Any,
    ) -> microcosm_sqlite.InstalledDataset:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.db"
        path.unlink(missing_ok=True)
        engine = sa.create_engine(f"sqlite:///{path}")
        metadata.create_all(engine)
        with engine.begin() as connection:
            for table, content in (rows or {}).items():
                if content:
                    connection.execute(metadata.tables[table].insert(), content)
            resources = [describe(connection, table) for table in metadata.sorted_tables]
        engine.dispose()
        if has_manifest:
            extension = {
                "format": 1,
                "package": "",
                "resource": path.name,
                "bytes": path.stat().st_size,
                "hash": f"sha256:{sha256(path.read_bytes()).hexdigest()}",
            }
            descriptor = {"name": name, "version": "1.0", "resources": resources, **facts}
            manifest = folder / "datapackage.json"
            manifest.write_text(json.dumps({**descriptor, "microcosm-sqlite": extension}))
        names.append(name)
        return microcosm_sqlite.register(name, path, immutable=immutable)

    yield make_dataset
    for name in names:
        microcosm_sqlite.unregister(name)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Lay a dataset out as pip would, in a folder on the import path, and unregister it."""

    def install_dataset(dataset: microcosm_sqlite.InstalledDataset, folder: str = "site") -> Path:
        name, site = dataset.name, tmp_path / folder
        package, metadata = site / f"{name}_data", site / f"{name}_data-1.0.dist-info"
        (metadata / "extra_metadata").mkdir(parents=True)
        package.mkdir()
        manifest = json.loads((dataset.path.parent / "datapackage.json").read_text())
        manifest["microcosm-sqlite"]["package"] = package.name
        (metadata / "extra_metadata/datapackage.json").write_text(json.dumps(manifest))
        (metadata / "METADATA").write_text(f"Name: {name}-data\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(
            f"[microcosm.sqlite]\n{name} = {package.name}:path\n"
        )
        (package / dataset.path.name).write_bytes(dataset.path.read_bytes())
        microcosm_sqlite.unregister(name)
        monkeypatch.syspath_prepend(site)
        return site

    return install_dataset


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
        case sa.Interval():
            return {"type": "duration"}
        case sa.JSON():
            return {"type": "object"}
    words = {"Integer": "integer", "Boolean": "boolean", "Float": "number", "Numeric": "number"}
    words |= {"Date": "date", "DateTime": "datetime", "Time": "time", "String": "string"}
    return {
        "type": next(words[kind.__name__] for kind in type(type_).mro() if kind.__name__ in words)
    }
