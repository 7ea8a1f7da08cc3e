"""The settings of a dataset project: what to build, from what, and where to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from microcosm_sqlite.authoring.project.changelog import Change, read_changes
from microcosm_sqlite.authoring.project.pyproject import find_hook_table, read_facts, read_pyproject
from microcosm_sqlite.authoring.project.recipe import Recipe, check_edition
from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE, Repairs, read_repairs
from microcosm_sqlite.authoring.project.source_options import (
    CsvOptions,
    Options,
    TableOptions,
    read_csv_options,
    read_table_options,
)
from microcosm_sqlite.common.project_revision import recover_project
from microcosm_sqlite.errors import DatasetError, SettingsError

MANIFEST_FILE = "datapackage.json"
KNOWN_OPTIONS = frozenset(
    {
        "authors",
        "card",
        "columnar",
        "columns",
        "compression",
        "compression-level",
        "csv",
        "dataset",
        "editions",
        "error-limit",
        "fetched",
        "infinity",
        "license",
        "license-confirmed",
        "models",
        "null-values",
        "origins",
        "package",
        "shards",
        "sources",
        "tables",
        "tables-without-source",
        "title",
        "unknown-columns",
        "unknown-sources",
        "upstream",
    }
)
DEFAULT_LEVEL = 9
"""Of zstd: compressing takes less time than building what is compressed."""
HIGHEST_LEVEL = 19
"""As small as zstd gets before it asks more memory of readers."""


@dataclass(frozen=True)
class Origin:
    """Where the data came from, for the manifest."""

    title: str
    url: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class ProjectSettings:
    """Everything that decides the bytes of one dataset.

    Attributes:
        root: The project's directory.
        license_confirmed: Whether somebody has chosen the licence; false as `new` writes it where
            it was not asked for one.
        dataset: The dataset's name, which is its entry point's name.
        models: The dotted module that declares the tables.
        sources: A folder under `root`, or a mapping from table to file or files under `root`.
        package: The import package that carries the database.
        version: The version of the distribution.
        reading: How the sources of a table are read, where its name is not in `tables`.
        tables: Table to how its sources are read.
        compression: `none` or `zstd`.
        compression_level: How hard zstd tries.
        error_limit: How many wrong values one failed build tells of.
        dependencies: Normalized names of distributions that the project depends on, to the
            versions that it takes.
        repairs: Source to its repairs, as `repairs.toml` has them.
        upstream: Table to what its file is called where it comes from, or to its address.
        fetched: Table to what is known of its file, where that was fetched: `sha256`, and `etag`
            or `modified`, as the server tells them.
        editions: Small editions whose wheels are written beside the full one, and their rows.
        shards: Bytes above which a wheel is written in shards, none of which is larger; 0 for
            one wheel of any size.
        columnar: The tables whose columnar twins are written as a wheel, or True for all of them.
        changes: What the changelog says of the last versions.
    """

    root: Path
    dataset: str
    models: str
    sources: str | Mapping[str, tuple[str, ...]] = "sources"
    package: str = ""
    version: str = "0"
    title: str = ""
    description: str = ""
    license: str = ""
    license_confirmed: bool = True
    contributors: tuple[str, ...] = ()
    origins: tuple[Origin, ...] = ()
    reading: TableOptions = field(default_factory=TableOptions)
    tables: Mapping[str, TableOptions] = field(default_factory=dict)
    compression: str = "none"
    compression_level: int = DEFAULT_LEVEL
    tables_without_source: str = "error"
    unknown_sources: str = "error"
    unknown_columns: str = "error"
    error_limit: int = 20
    dependencies: Mapping[str, str] = field(default_factory=dict)
    repairs: Repairs = field(default_factory=dict)
    upstream: Mapping[str, str] = field(default_factory=dict)
    fetched: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    editions: Mapping[str, Recipe] = field(default_factory=dict)
    shards: int = 0
    columnar: bool | tuple[str, ...] = False
    changes: tuple[Change, ...] = ()

    @classmethod
    def from_pyproject(cls, directory: Path | str) -> ProjectSettings:
        """Read the settings of the project in `directory`.

        Raises:
            SettingsError: There is no `pyproject.toml`, no table for the build hook in it, or an
                option of it is wrong.
        """
        root = Path(directory).resolve()
        recover_project(root)
        document = read_pyproject(root)
        return _read_settings(root, find_hook_table(document, root), read_facts(document, root))

    @classmethod
    def from_hook(cls, root: str, config: Mapping[str, Any], metadata: Any) -> ProjectSettings:
        """Read the settings as hatchling hands them to a build hook."""
        recover_project(Path(root))
        core = metadata.core
        facts = {
            "version": metadata.version,
            "description": core.description,
            "license": core.license_expression or core.license,
            "authors": core.authors,
            "dependencies": core.dependencies,
        }
        return _read_settings(Path(root), config, facts)

    def read_options(self, table: str) -> TableOptions:
        """How the sources of a table are read."""
        return self.tables.get(table, self.reading)

    @property
    def package_directory(self) -> Path:
        """The folder of the import package, in a `src` layout or a flat one.

        Raises:
            SettingsError: It is in neither place.
        """
        parts = self.package.split(".")
        for base in (self.root / "src", self.root):
            if base.joinpath(*parts).is_dir():
                return base.joinpath(*parts)
        raise SettingsError(
            f"The package `{self.package}` is neither in {self.root / 'src'} nor in {self.root}.",
            hint="Option `package` names it where `models` lives in another one.",
        )

    @property
    def import_directory(self) -> Path:
        """The directory that has to be on `sys.path` for the models."""
        directory = self.package_directory
        return directory.parents[self.package.count(".")]

    @property
    def resource(self) -> str:
        """The database's file name inside the package."""
        return f"{self.dataset}.db" + (".zst" if self.compression == "zstd" else "")

    @property
    def database_path(self) -> Path:
        """Where the built database goes."""
        return self.package_directory / self.resource

    @property
    def manifest_path(self) -> Path:
        """Where the built manifest goes."""
        return self.package_directory / MANIFEST_FILE


def _read_settings(
    root: Path, config: Mapping[str, Any], facts: Mapping[str, Any]
) -> ProjectSettings:
    options = Options(config)
    options.only(KNOWN_OPTIONS)
    options.flag("card")  # for the build hook alone, but a wrong one is told by every command
    models = options.text("models")
    names = (author.get("name", "") for author in facts["authors"] or ())
    reading = TableOptions(
        csv=read_csv_options(options.table("csv"), CsvOptions()),
        null_values=options.texts("null-values"),
        infinity=options.flag("infinity"),
    )
    return ProjectSettings(
        root=root,
        dataset=_read_dataset_name(options),
        models=models,
        package=options.text("package", models.rpartition(".")[0] or models),
        sources=_read_sources(options),
        version=str(facts["version"] or "0"),
        title=options.text("title", ""),
        description=facts["description"] or "",
        license=options.text("license", facts["license"] or ""),
        license_confirmed=options.flag("license-confirmed", default=True),
        contributors=options.texts("authors") or tuple(name for name in names if name),
        origins=tuple(_read_origin(table) for table in options.tables("origins")),
        reading=reading,
        tables=_read_tables(options, reading),
        compression=options.choice("compression", ("none", "zstd")),
        compression_level=options.number("compression-level", DEFAULT_LEVEL, most=HIGHEST_LEVEL),
        tables_without_source=options.choice("tables-without-source", ("error", "empty")),
        unknown_sources=options.choice("unknown-sources", ("error", "ignore")),
        unknown_columns=options.choice("unknown-columns", ("error", "ignore")),
        error_limit=options.number("error-limit", 20),
        dependencies=_read_dependencies(facts["dependencies"]),
        repairs=read_repairs(root / REPAIRS_FILE),
        upstream=options.mapping("upstream"),
        fetched=_read_fetched(options.table("fetched")),
        editions=_read_editions(options.table("editions")),
        shards=_read_shards(options),
        columnar=_read_columnar(options),
        changes=read_changes(root),
    )


def _read_fetched(options: Options) -> dict[str, dict[str, str]]:
    found = {table: options.mapping(table) for table in options.values}
    for table, facts in found.items():
        Options(facts, f"fetched.{table}.").only({"sha256", "etag", "modified", "member"})
    return found


def _read_dependencies(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in sorted(texts):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # told by whatever builds or checks the wheel
        found[canonicalize_name(requirement.name)] = str(requirement.specifier)
    return found


def _read_dataset_name(options: Options) -> str:
    name = options.text("dataset")
    if name.startswith((".", "-")) or not name.replace("-", "").replace(".", "").isidentifier():
        raise options.error("dataset", f'must be letters, digits, "_", "-" and ".", not "{name}"')
    return name


def _read_sources(options: Options) -> str | dict[str, tuple[str, ...]]:
    value = options.values.get("sources", "sources")
    if isinstance(value, str) and value:
        return value
    if not isinstance(value, Mapping):
        raise options.error("sources", "must be a folder's name or a table of files by table")
    return {
        table: (file,) if isinstance(file, str) else Options(value, "sources.").texts(table)
        for table, file in value.items()
    }


def _read_tables(options: Options, reading: TableOptions) -> dict[str, TableOptions]:
    columns, tables = options.table("columns"), options.table("tables")
    return {
        table: read_table_options(
            tables.table(table), replace(reading, columns=columns.mapping(table))
        )
        for table in {**columns.values, **tables.values}
    }


def _read_editions(options: Options) -> dict[str, Recipe]:
    try:
        return {check_edition(name): Recipe.read(options.table(name)) for name in options.values}
    except SettingsError:
        raise
    except DatasetError as error:
        raise SettingsError(error.message, hint=error.hint) from error


def _read_shards(options: Options) -> int:
    size = options.size("shards")
    if size and options.choice("compression", ("none", "zstd")) == "none":
        raise options.error("shards", "needs compressed data", 'Set compression = "zstd".')
    return size


def _read_columnar(options: Options) -> bool | tuple[str, ...]:
    is_list = isinstance(options.values.get("columnar"), list)
    return options.texts("columnar") if is_list else options.flag("columnar")


def _read_origin(options: Options) -> Origin:
    options.only({"title", "url", "sha256"})
    return Origin(
        title=options.text("title"),
        url=options.text("url", ""),
        sha256=options.text("sha256", "").removeprefix("sha256:"),
    )
