"""The manifest: what a data wheel says of its dataset, readable without importing or opening it.

A manifest is a `Data Package v2 <https://datapackage.org>`_ descriptor with one resource for each
table. What Data Package has no word for (row counts, the package that holds the file, hashes)
stands under keys of our own, which the standard allows.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.strict_json import (
    check_names,
    parse,
    read_bool,
    read_count,
    read_inner_path,
    read_list,
    read_object,
    read_objects,
    read_range,
    read_scalars,
    read_sha256,
    read_text,
    read_value_range,
)
from microcosm_sqlite.errors import ManifestError, TableNotFoundError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

FORMAT = 1
"""The manifest format that this version writes, and the latest that it reads."""

FILE_NAME = "datapackage.json"
"""The manifest's name in ``*.dist-info/extra_metadata/`` and beside a file built in place."""

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
EXTENSION = "microcosm-sqlite"


_CONSTRAINTS = {"required": read_bool, "enum": read_scalars, "maxLength": read_count}
"""Constraints that are used here, and what reads them."""


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
        for key in self.constraints:
            if key in _CONSTRAINTS:
                _CONSTRAINTS[key](self.constraints, key)
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
        repairs: How many lines of its sources were repaired when it was built, by kind of repair.
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
        "repairs",
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
        keys = [_read_key(key) for key in read_objects(schema, "foreignKeys")]
        self.foreign_keys: list[dict[str, Any]] = [key for key in keys if not _package(key)]
        self.external_keys: list[dict[str, Any]] = [key for key in keys if _package(key)]
        self.unique_keys: list[list[str]] = [
            check_names(key) for key in read_list(schema, "uniqueKeys")
        ]
        self.indexes: list[dict[str, Any]] = read_objects(raw, "indexes")
        self.row_count: int = read_count(raw, "rowCount", 0)
        self.rowid_range: tuple[int, int] | None = read_range(raw, "rowidRange")
        self.digest: str = read_text(raw, "digest", "")
        repairs = read_object(raw, "repairs")
        self.repairs: dict[str, int] = {kind: read_count(repairs, kind) for kind in repairs}
        for index in self.indexes:
            read_text(index, "name", "")
            check_names(index.get("fields", []))
            read_bool(index, "unique")

    def target_of(self, key: dict[str, Any]) -> str:
        """The table that a key of this one leads into, as SQL names it."""
        target: str = key["reference"].get("resource") or self.name
        package = _package(key)
        return f"{package}.{target}" if package else target

    def __repr__(self) -> str:
        return f"<Table {self.name}: {self.row_count:,} rows, {len(self.fields)} columns>"


class Tables(dict[str, Table]):
    """The tables of a dataset by name; an unknown name raises an error that suggests the nearest.

    Args:
        dataset: The dataset's name, for errors.
        tables: The tables.
    """

    def __init__(self, dataset: str, tables: Iterable[Table]) -> None:
        super().__init__((table.name, table) for table in tables)
        self._dataset = dataset

    def __missing__(self, name: str) -> Table:
        raise refuse_name(name, self, f"Dataset {self._dataset!r}", "table")

    def __reduce__(self) -> tuple[object, ...]:
        return Tables, (self._dataset, list(self.values()))


def refuse_name(name: str, known: Iterable[str], owner: str, kind: str) -> TableNotFoundError:
    """The error for the name of a table or column that is not there."""
    from microcosm_sqlite.common.wording import suggest

    return TableNotFoundError(
        f"{owner} has no {kind} {name!r}.", hint=suggest(name, known, f"Its {kind}s")
    )


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
        self.licenses = read_objects(raw, "licenses", ("name", "title", "path"))
        self.sources = read_objects(raw, "sources", ("title", "path", "hash"))
        self.contributors = read_objects(raw, "contributors", ("title",))
        self.homepage = read_text(raw, "homepage", "")
        self.package = read_inner_path(extension, "package", ".", "")
        self.resource = read_inner_path(extension, "resource", "/")
        self.compression = read_text(extension, "compression", "none")
        self.bytes = read_count(extension, "bytes")
        self.sha256 = read_sha256(extension, "hash")
        self.fingerprint = read_text(extension, "fingerprint", "")
        self.sqlite_version = read_text(extension, "sqliteVersion", "")
        self.builder_version = read_text(extension, "builderVersion", "")
        self.models = read_inner_path(extension, "models", ".", "")
        requires = read_object(extension, "requires")
        self.requires = {name: Requirement(name, read_object(requires, name)) for name in requires}
        self.tables = Tables(self.name, map(Table, read_objects(raw, "resources")))

    def __repr__(self) -> str:
        return f"<Manifest {self.name} {self.version}: {len(self.tables)} tables>"

    @classmethod
    def loads(cls, text: str | bytes, origin: str = "manifest") -> Manifest:
        """Parse JSON text; ``origin`` names it in errors.

        Raises:
            ManifestError: It is not JSON, larger than any manifest should be, or not a manifest.
        """
        try:
            raw = parse(text)
        except ValueError as error:
            raise ManifestError(
                f"{origin} {error}.",
                hint="Build the data wheel again, or reinstall it.",
            ) from error
        return cls(raw, origin)

    def dumps(self) -> str:
        """The descriptor as JSON: the same text for the same content, with a final newline."""
        import json

        return json.dumps(self.raw, indent=1, ensure_ascii=False) + "\n"


def _read_key(key: dict[str, Any]) -> dict[str, Any]:
    """A foreign key, with lists of columns where the standard allows a text for one."""
    reference = read_object(key, "reference")
    read_text(reference, "resource", "")
    read_text(reference, "package", "")
    own, referred = check_names(key["fields"]), check_names(reference["fields"])
    return key | {"fields": own, "reference": reference | {"fields": referred}}


def _package(key: dict[str, Any]) -> str:
    package: str = key["reference"].get("package", "")
    return package


def _reason(error: Exception) -> str:
    return f"key {error} is missing" if isinstance(error, KeyError) else str(error)
