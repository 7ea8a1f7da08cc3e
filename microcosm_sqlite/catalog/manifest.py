"""The manifest: what a data wheel says of its dataset, readable without importing or opening it.

A manifest is a `Data Package v2 <https://datapackage.org>`_ descriptor with one resource for each
table. What Data Package has no word for (row counts, the package that holds the file, hashes)
stands under keys of our own, which the standard allows.
"""

from __future__ import annotations

import json

from microcosm_sqlite.errors import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = 1
"""The manifest format that this version writes, and the latest that it reads."""

FILE_NAME = "datapackage.json"
"""The manifest's name in ``*.dist-info/extra_metadata/`` and beside a file built in place."""

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
EXTENSION = "microcosm-sqlite"


class Field:
    """One column of a table, in the words of Table Schema v2."""

    __slots__ = ("constraints", "description", "format", "name", "type")

    def __init__(self, raw: dict[str, Any]) -> None:
        self.name: str = raw["name"]
        self.type: str = raw.get("type", "any")
        self.format: str = raw.get("format", "default")
        self.description: str = raw.get("description", "")
        self.constraints: dict[str, Any] = raw.get("constraints", {})

    def __repr__(self) -> str:
        return f"<Field {self.name}: {self.type}>"

    @property
    def required(self) -> bool:
        """Whether the column is NOT NULL."""
        return bool(self.constraints.get("required", False))


class Table:
    """One table of a dataset.

    Attributes:
        row_count: Number of rows when it was built.
        rowid_range: Lowest and highest rowid, or None for an empty table or one without rowids.
    """

    __slots__ = (
        "description",
        "fields",
        "foreign_keys",
        "indexes",
        "name",
        "primary_key",
        "row_count",
        "rowid_range",
        "unique_keys",
    )

    def __init__(self, raw: dict[str, Any]) -> None:
        schema = raw.get("schema", {})
        self.name: str = raw.get("dialect", {}).get("table", raw["name"])
        self.description: str = raw.get("description", "")
        self.fields: list[Field] = [Field(field) for field in schema.get("fields", ())]
        self.primary_key: list[str] = schema.get("primaryKey", [])
        self.foreign_keys: list[dict[str, Any]] = schema.get("foreignKeys", [])
        self.unique_keys: list[list[str]] = schema.get("uniqueKeys", [])
        self.indexes: list[dict[str, Any]] = raw.get("indexes", [])
        self.row_count: int = raw.get("rowCount", 0)
        self.rowid_range: tuple[int, int] | None = (
            tuple(raw["rowidRange"]) if raw.get("rowidRange") else None
        )

    def __repr__(self) -> str:
        return f"<Table {self.name}: {self.row_count:,} rows, {len(self.fields)} columns>"


class Manifest:
    """A typed view on one ``datapackage.json``.

    Attributes:
        raw: The descriptor itself.
        package: Dotted name of the import package that holds the file.
        resource: The file's name in that package.
        compression: ``"none"`` or the codec of the file, such as ``"zstd"``.
        bytes: Size of the uncompressed database.
        sha256: Hex digest of the uncompressed database.
        fingerprint: Hash of the schema; see :func:`microcosm_sqlite.catalog.structure.fingerprint`.
        models: Name of the module that declares the models, or an empty string.

    Raises:
        ManifestError: A required key is missing or of the wrong type, or the format is later than
            this version reads.
    """

    def __init__(self, raw: dict[str, Any], origin: str = "manifest") -> None:
        self.raw = raw
        self.origin = origin
        try:
            self._read(raw, raw[EXTENSION])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ManifestError(
                f"{origin} is not a dataset manifest: {_reason(error)}.",
                hint="Build the data wheel again, or reinstall it.",
            ) from error

    def _read(self, raw: dict[str, Any], extension: dict[str, Any]) -> None:
        self.format = int(extension["format"])
        if self.format > FORMAT:
            raise ManifestError(
                f"{self.origin} has manifest format {self.format}; "
                f"this version reads up to {FORMAT}.",
                hint="Run: pip install --upgrade microcosm-sqlite",
            )
        self.name = _text(raw, "name")
        self.title = _text(raw, "title", "")
        self.description = _text(raw, "description", "")
        self.version = _text(raw, "version", "")
        self.licenses: list[dict[str, Any]] = list(raw.get("licenses", ()))
        self.sources: list[dict[str, Any]] = list(raw.get("sources", ()))
        self.contributors: list[dict[str, Any]] = list(raw.get("contributors", ()))
        self.package = _text(extension, "package", "")
        self.resource = _text(extension, "resource")
        self.compression = _text(extension, "compression", "none")
        self.bytes = int(extension["bytes"])
        self.sha256 = _text(extension, "hash").removeprefix("sha256:")
        self.fingerprint = _text(extension, "fingerprint", "")
        self.sqlite_version = _text(extension, "sqliteVersion", "")
        self.builder_version = _text(extension, "builderVersion", "")
        self.models = _text(extension, "models", "")
        tables = [Table(resource) for resource in raw["resources"]]
        self.tables: dict[str, Table] = {table.name: table for table in tables}

    def __repr__(self) -> str:
        return f"<Manifest {self.name} {self.version}: {len(self.tables)} tables>"

    @classmethod
    def loads(cls, text: str | bytes, origin: str = "manifest") -> Manifest:
        """Parse JSON text; ``origin`` names it in errors.

        Raises:
            ManifestError: It is not JSON, or not a manifest.
        """
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ManifestError(
                f"{origin} is not JSON: {error}.",
                hint="Build the data wheel again, or reinstall it.",
            ) from error
        return cls(raw, origin)

    def dumps(self) -> str:
        """The descriptor as JSON: the same text for the same content, with a final newline."""
        return json.dumps(self.raw, indent=1, ensure_ascii=False) + "\n"


def _text(raw: dict[str, Any], key: str, default: str | None = None) -> str:
    value = raw[key] if default is None else raw.get(key, default)
    if not isinstance(value, str):
        raise TypeError(f"{key!r} is {value!r}, not text")
    return value


def _reason(error: Exception) -> str:
    return f"key {error} is missing" if isinstance(error, KeyError) else str(error)
