"""Make what the catalogue reads: databases, manifests, distributions, wheels."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import sqlite3
import zipfile
from pathlib import Path
from typing import Any

from microcosm_sqlite.catalog.codecs import SUFFIXES, _zstd
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from microcosm_sqlite.catalog.structure import describe_structure, fingerprint

SCHEMA = """
CREATE TABLE colour (id INTEGER PRIMARY KEY, name TEXT NOT NULL, warmth REAL);
CREATE TABLE shade (code TEXT PRIMARY KEY, colour_id INTEGER NOT NULL REFERENCES colour (id));
CREATE INDEX shade_colour ON shade (colour_id);
"""
COLOURS = [(1, "red", 0.9), (2, "blue", 0.1), (3, "grün", None)]
SHADES = [("crimson", 1), ("navy", 2), ("azure", 2)]


def make_database(path: Path, *, rows: int = 0, schema: str = SCHEMA, extra: str = "") -> Path:
    """A small database in rollback mode; ``rows`` adds as many shades."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(schema)
    if schema is SCHEMA:
        connection.executemany("INSERT INTO colour VALUES (?, ?, ?)", COLOURS)
        connection.executemany("INSERT INTO shade VALUES (?, ?)", SHADES)
        connection.executemany(
            "INSERT INTO shade VALUES (?, ?)", ((f"shade {n:06}", n % 3 + 1) for n in range(rows))
        )
    connection.executescript(extra)
    connection.commit()
    connection.close()
    return path


def compress(content: bytes, compression: str) -> bytes:
    if compression == "gzip":
        import gzip

        return gzip.compress(content, mtime=0)
    if compression == "xz":
        import lzma

        return lzma.compress(content)
    if compression == "zstd":
        return bytes(_zstd().compress(content))
    return content


def describe(
    database: Path,
    *,
    name: str = "colours",
    package: str = "colours_data",
    resource: str = "colours.db",
    compression: str = "none",
    **extension: Any,
) -> dict[str, Any]:
    """The raw manifest of a database, as the authoring room writes one."""
    from microcosm_sqlite.catalog.verifying.digest import content_digest

    content = database.read_bytes()
    connection = sqlite3.connect(database)
    structure = describe_structure(connection)
    resources = [
        {
            "name": table,
            "path": resource,
            "dialect": {"table": table},
            "schema": {
                "fields": [{"name": column, "type": "any"} for column, *_ in columns],
            },
            "rowCount": connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0],
            "digest": content_digest(connection, table),
        }
        for table, columns in structure.items()
    ]
    connection.close()
    return {
        "name": name,
        "title": "Colours",
        "version": "2026.1",
        "resources": resources,
        EXTENSION: {
            "format": 1,
            "package": package,
            "resource": resource,
            "compression": compression,
            "bytes": len(content),
            "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "fingerprint": fingerprint(structure),
            **extension,
        },
    }


BROKEN_INIT = "raise RuntimeError('a data wheel was imported')\n"


class Wheel:
    """The files of one distribution, to be written as a folder, a wheel or a zip archive."""

    def __init__(self, name: str = "colours-data", version: str = "2026.1") -> None:
        self.name = name
        self.version = version
        self.files: dict[str, bytes] = {}
        stem = name.replace("-", "_")
        self.info = f"{stem}-{version}.dist-info"
        self.put(
            f"{self.info}/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
        )
        self.put(f"{self.info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")

    def put(self, path: str, content: str | bytes) -> Wheel:
        self.files[path] = content.encode() if isinstance(content, str) else content
        return self

    def enter(self, *lines: str) -> Wheel:
        """Claim datasets in ``entry_points.txt``."""
        text = "\n".join(["[microcosm.sqlite]", *lines, ""])
        return self.put(f"{self.info}/entry_points.txt", text)

    def carry(
        self,
        database: Path,
        *,
        name: str = "colours",
        package: str = "colours_data",
        compression: str = "none",
        init: str = BROKEN_INIT,
        **extension: Any,
    ) -> Wheel:
        """Carry a database with its manifest."""
        resource = database.name + SUFFIXES[compression]
        raw = describe(
            database,
            name=name,
            package=package,
            resource=resource,
            compression=compression,
            **extension,
        )
        folder = package.replace(".", "/")
        self.put(f"{folder}/__init__.py", init)
        self.put(f"{folder}/{resource}", compress(database.read_bytes(), compression))
        self.put(f"{self.info}/extra_metadata/{FILE_NAME}", json.dumps(raw))
        return self.enter(f"{name} = {package}:path")

    @property
    def record(self) -> str:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        for path, content in self.files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            lines.writerow([path, f"sha256={digest.decode()}", len(content)])
        lines.writerow([f"{self.info}/RECORD", "", ""])
        return text.getvalue()

    def install(self, site: Path) -> Path:
        """Unpack into a directory; gives the directory."""
        for path, content in {**self.files, f"{self.info}/RECORD": self.record.encode()}.items():
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        # Two changes within one tick of the clock would look like one to the memory of scans.
        status = site.stat()
        os.utime(site, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
        return site

    def pack(self, folder: Path) -> Path:
        """Zip into a wheel file; gives the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in self.files.items():
                archive.writestr(file, content)
            archive.writestr(f"{self.info}/RECORD", self.record)
        return path
