"""The manifest: what a data wheel says of its dataset, readable without importing or opening it.

A manifest is a `Data Package v2 <https://datapackage.org>`_ descriptor with one resource for each
table. What Data Package has no word for (row counts, the package that holds the file, hashes)
stands under keys of our own, which the standard allows.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.manifest_tables import Table, Tables
from microcosm_sqlite.catalog.strict_json import (
    parse,
    read_count,
    read_inner_path,
    read_object,
    read_objects,
    read_requirement,
    read_sha256,
    read_text,
)
from microcosm_sqlite.errors import ManifestError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from microcosm_sqlite.catalog.columnar import ShippedTwin
    from microcosm_sqlite.catalog.edition import Edition
    from microcosm_sqlite.catalog.shards import Shard

FORMAT = 1
"""The manifest format of a database in one file."""

SHARDED_FORMAT = 2
"""The format of one in shards, which readers refuse that know nothing of them: the latest."""

FULL = "full"
"""The edition name of the dataset itself, of which others are editions."""

FILE_NAME = "datapackage.json"
"""The manifest's name in ``*.dist-info/extra_metadata/`` and beside a file built in place."""

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
EXTENSION = "microcosm-sqlite"


REWRITE = "Build the data wheel again, or reinstall it."
"""What to do about a manifest that cannot be used."""


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
        self.distribution = read_requirement(raw, "distribution")
        self.version = read_requirement(raw, "version")
        self.accepts = read_requirement(raw, "accepts")

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
        changes: Of the last versions, ``version`` and ``text`` of the changelog, in Markdown.
        requires: The datasets that foreign keys lead into, by name.
        shards: The shards that the database is cut into; none where it is one file.
        twins: The columnar twins that a distribution of their own carries, by table.
        edition: Which part of the dataset it is, or None for the full one.

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
                hint=REWRITE,
            ) from error

    def _read(self, raw: dict[str, Any], extension: dict[str, Any]) -> None:
        self.format = read_count(extension, "format")
        if self.format > SHARDED_FORMAT:
            raise ManifestError(
                f"{self.origin} has manifest format {self.format}; "
                f"this version reads up to {SHARDED_FORMAT}.",
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
        self._read_parts(extension)
        self.fingerprint = read_text(extension, "fingerprint", "")
        self.sqlite_version = read_text(extension, "sqliteVersion", "")
        self.builder_version = read_text(extension, "builderVersion", "")
        self.models = read_inner_path(extension, "models", ".", "")
        self.changes = read_objects(extension, "changes", ("version", "text"))
        requires = read_object(extension, "requires")
        self.requires = {name: Requirement(name, read_object(requires, name)) for name in requires}
        self.tables = Tables(self.name, map(Table, read_objects(raw, "resources")))

    def _read_parts(self, extension: dict[str, Any]) -> None:
        self.shards: tuple[Shard, ...] = ()
        self.twins: dict[str, ShippedTwin] = {}
        self.edition: Edition | None = None
        # Few datasets have any, and each cold start of the others would pay for the imports.
        if edition := read_object(extension, "edition"):
            from microcosm_sqlite.catalog.edition import Edition

            self.edition = Edition(self.name, edition)
            if self.edition.name in ("", FULL):
                raise ValueError(f"an edition cannot be called {self.edition.name!r}")
        if "shards" in extension:
            from microcosm_sqlite.catalog.shards import read_shards

            self.shards = read_shards(extension, self.bytes)
        if "columnar" in extension:
            from microcosm_sqlite.catalog.columnar import read_twins

            self.twins = read_twins(extension)

    def explain_edition(self) -> str:
        """Describe what an edition lacks, and how to get it; empty for the full dataset."""
        rows = sum(table.row_count for table in self.tables.values())
        return self.edition.explain(rows) if self.edition else ""

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
                hint=REWRITE,
            ) from error
        return cls(raw, origin)

    def dumps(self) -> str:
        """The descriptor as JSON: the same text for the same content, with a final newline."""
        import json

        return json.dumps(self.raw, indent=1, ensure_ascii=False) + "\n"


def _reason(error: Exception) -> str:
    return f"key {error} is missing" if isinstance(error, KeyError) else str(error)
