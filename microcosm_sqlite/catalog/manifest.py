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
    from typing import Any, TypeGuard

FORMAT = 1
"""The manifest format that this version writes, and the latest that it reads."""

FILE_NAME = "datapackage.json"
"""The manifest's name in ``*.dist-info/extra_metadata/`` and beside a file built in place."""

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
EXTENSION = "microcosm-sqlite"


class Field:
    """One column of a table, in the words of Table Schema v2, and what its rows hold.

    Attributes:
        name: The column's name.
        type: Its type, such as ``integer`` or ``datetime``.
        format: The format of that type; ``default`` if nothing else is said.
        description: What it means, with the unit where there is one; may be empty.
        constraints: Its constraints, such as ``{"required": True, "maxLength": 3}``.
        null_count: How many rows have no value; None where the manifest does not say.
        value_range: The least and the greatest value as SQLite stores them, or None.
        length_range: The least and the greatest length of a text or of bytes, or None.
    """

    __slots__ = (
        "constraints",
        "description",
        "format",
        "length_range",
        "name",
        "null_count",
        "type",
        "value_range",
    )

    def __init__(self, raw: dict[str, Any]) -> None:
        self.name: str = read_text(raw, "name")
        self.type: str = read_text(raw, "type", "any")
        self.format: str = read_text(raw, "format", "default")
        self.description: str = read_text(raw, "description", "")
        self.constraints: dict[str, Any] = read_object(raw, "constraints")
        self.null_count: int | None = read_count(raw, "nullCount") if "nullCount" in raw else None
        self.value_range: tuple[Any, Any] | None = read_value_range(raw, "valueRange")
        self.length_range: tuple[int, int] | None = read_range(raw, "lengthRange")

    def __repr__(self) -> str:
        return f"<Field {self.name}: {self.type}>"

    @property
    def required(self) -> bool:
        """Whether the column is NOT NULL."""
        return bool(self.constraints.get("required", False))


class Table:
    """One table of a dataset.

    Attributes:
        name: The table's name, as SQL has it.
        description: What it holds; may be empty.
        fields: Its columns, in order.
        primary_key: Names of the columns of its primary key.
        unique_keys: Names of the columns of each unique key.
        indexes: Its indexes, with their names and columns.
        row_count: Number of rows when it was built.
        rowid_range: Lowest and highest rowid, or None for an empty table or one without rowids.
        digest: Hash of its rows, or an empty string; see
            :func:`microcosm_sqlite.catalog.verifying.digest.content_digest`.
        foreign_keys: The keys into tables of the same dataset, in the words of Table Schema v2.
        external_keys: The keys into other datasets, whose ``reference`` names one as ``package``.
    """

    __slots__ = (
        "description",
        "digest",
        "external_keys",
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
        schema = read_object(raw, "schema")
        self.name: str = read_text(read_object(raw, "dialect"), "table", "") or read_text(
            raw, "name"
        )
        self.description: str = read_text(raw, "description", "")
        self.fields: list[Field] = [Field(field) for field in read_objects(schema, "fields")]
        self.primary_key: list[str] = check_names(schema.get("primaryKey", []))
        keys = read_objects(schema, "foreignKeys")
        self.foreign_keys: list[dict[str, Any]] = [key for key in keys if not _package(key)]
        self.external_keys: list[dict[str, Any]] = [key for key in keys if _package(key)]
        self.unique_keys: list[list[str]] = [
            check_names(key) for key in read_list(schema, "uniqueKeys")
        ]
        self.indexes: list[dict[str, Any]] = read_objects(raw, "indexes")
        self.row_count: int = read_count(raw, "rowCount", 0)
        self.rowid_range: tuple[int, int] | None = read_range(raw, "rowidRange")
        self.digest: str = read_text(raw, "digest", "")
        for key in keys:
            reference = read_object(key, "reference")
            read_text(reference, "resource", "")
            check_names(key["fields"])
            check_names(reference["fields"])

    def target_of(self, key: dict[str, Any]) -> str:
        """The table that a key of this one leads into, as SQL names it."""
        target: str = key["reference"].get("resource") or self.name
        package = _package(key)
        return f"{package}.{target}" if package else target

    def __repr__(self) -> str:
        return f"<Table {self.name}: {self.row_count:,} rows, {len(self.fields)} columns>"


class Requirement:
    """Another dataset that foreign keys of this one lead into.

    Attributes:
        dataset: Its name.
        distribution: The distribution that carried it when this dataset was built.
        version: Version of that distribution, which the keys were checked against.
        accepts: The versions that the keys are meant for, such as ``>=2.1,<3``; empty for any.
    """

    __slots__ = ("accepts", "dataset", "distribution", "version")

    def __init__(self, dataset: str, raw: dict[str, Any]) -> None:
        self.dataset = dataset
        self.distribution: str = read_text(raw, "distribution", "")
        self.version: str = read_text(raw, "version", "")
        self.accepts: str = read_text(raw, "accepts", "")

    def __repr__(self) -> str:
        return f"<Requirement {self.dataset}: {self.distribution}{self.accepts}>"


class Manifest:
    """A typed view on one ``datapackage.json``.

    Attributes:
        raw: The descriptor itself.
        name: The dataset's name.
        title: Its title; may be empty.
        description: Its description; may be empty.
        version: Version of the data; may be empty.
        licenses: Its licences, in the words of Data Package v2.
        sources: Where the data come from, likewise.
        contributors: Who made it, likewise.
        tables: Its tables by name.
        package: Dotted name of the import package that holds the file.
        resource: The file's name in that package.
        compression: ``"none"`` or the codec of the file, such as ``"zstd"``.
        bytes: Size of the uncompressed database.
        sha256: Hex digest of the uncompressed database.
        fingerprint: Hash of the schema; see :func:`microcosm_sqlite.catalog.structure.fingerprint`.
        models: Name of the module that declares the models, or an empty string.
        requires: The datasets that foreign keys lead into, by name.

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
        self.format = read_count(extension, "format")
        if self.format > FORMAT:
            raise ManifestError(
                f"{self.origin} has manifest format {self.format}; "
                f"this version reads up to {FORMAT}.",
                hint="Run: pip install --upgrade microcosm-sqlite",
            )
        self.name = read_text(raw, "name")
        self.title = read_text(raw, "title", "")
        self.description = read_text(raw, "description", "")
        self.version = read_text(raw, "version", "")
        self.licenses = read_objects(raw, "licenses")
        self.sources = read_objects(raw, "sources")
        self.contributors = read_objects(raw, "contributors")
        self.package = read_inner_path(extension, "package", ".", "")
        self.resource = read_inner_path(extension, "resource", "/")
        self.compression = read_text(extension, "compression", "none")
        self.bytes = read_count(extension, "bytes")
        self.sha256 = read_sha256(extension, "hash")
        self.fingerprint = read_text(extension, "fingerprint", "")
        self.sqlite_version = read_text(extension, "sqliteVersion", "")
        self.builder_version = read_text(extension, "builderVersion", "")
        self.models = read_text(extension, "models", "")
        requires = read_object(extension, "requires")
        self.requires = {name: Requirement(name, read_object(requires, name)) for name in requires}
        tables = [Table(resource) for resource in read_objects(raw, "resources")]
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


def _package(key: dict[str, Any]) -> str:
    return read_text(read_object(key, "reference"), "package", "")


def _reason(error: Exception) -> str:
    return f"key {error} is missing" if isinstance(error, KeyError) else str(error)


def read_text(raw: dict[str, Any], key: str, default: str | None = None) -> str:
    """A text that can be written to a file or a terminal."""
    value = raw[key] if default is None else raw.get(key, default)
    if not _is_text(value):
        raise TypeError(f"{key!r} is {value!r}, not text")
    return value


def read_count(raw: dict[str, Any], key: str, default: int | None = None) -> int:
    """A whole number from zero."""
    value = raw[key] if default is None else raw.get(key, default)
    if type(value) is not int or value < 0:
        raise TypeError(f"{key!r} is {value!r}, not a count")
    return value


def read_list(raw: dict[str, Any], key: str) -> list[Any]:
    """A list of anything; empty where the key is missing."""
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise TypeError(f"{key!r} is {value!r}, not a list")
    return value


def read_object(raw: dict[str, Any], key: str) -> dict[str, Any]:
    """A JSON object; empty where the key is missing."""
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise TypeError(f"{key!r} is {value!r}, not an object")
    return value


def read_objects(raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of JSON objects; empty where the key is missing."""
    values = read_list(raw, key)
    if not all(isinstance(value, dict) for value in values):
        raise TypeError(f"{key!r} holds something that is not an object")
    return values


def read_range(raw: dict[str, Any], key: str) -> tuple[int, int] | None:
    """Two whole numbers; None where the key is missing."""
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or [type(end) for end in value] != [int, int]:
        raise TypeError(f"{key!r} is {value!r}, not two whole numbers")
    return value[0], value[1]


def read_value_range(raw: dict[str, Any], key: str) -> tuple[Any, Any] | None:
    """Two numbers or two texts; None where the key is missing."""
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        low, high = value
        if all(map(_is_text, value)) or all(map(_is_number, value)):
            return low, high
    raise TypeError(f"{key!r} is {value!r}, neither two numbers nor two texts")


def read_sha256(raw: dict[str, Any], key: str) -> str:
    """A hex digest, with ``sha256:`` in front or without."""
    text = read_text(raw, key).removeprefix("sha256:")
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise ValueError(f"{key!r} is {text!r}, not a sha256")
    return text


def read_inner_path(
    raw: dict[str, Any], key: str, separator: str, default: str | None = None
) -> str:
    """A name that leads down from where it starts, and never elsewhere."""
    text = read_text(raw, key, default)
    parts = text.split(separator) if text or default is None else []
    for part in parts:
        if part in ("", ".", "..") or set(part) & set("/\\:\0"):
            raise ValueError(f"{key!r} is {text!r}, which leads out of the package")
    return text


def check_names(value: object) -> list[str]:
    """The names of columns: a list of texts, or one text, as the standard allows either."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(map(_is_text, names)):
        raise TypeError(f"{value!r} is not a list of names")
    return names


def _is_text(value: object) -> TypeGuard[str]:
    # JSON can spell half of a character, which no file name and no terminal takes.
    return isinstance(value, str) and (
        value.isascii() or value == value.encode(errors="ignore").decode()
    )


def _is_number(value: object) -> bool:
    return type(value) is int or (type(value) is float and abs(value) < float("inf"))
