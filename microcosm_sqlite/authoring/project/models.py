"""Import a project's models, and find the tables that they declare and those that they refer to."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.registry import find
from microcosm_sqlite.catalog.verifying.external_keys import ExternalKey
from microcosm_sqlite.common.docstrings import find_docstring
from microcosm_sqlite.errors import SettingsError
from microcosm_sqlite.orm.external_keys import external_keys, find_dataset_name

Others = Mapping[str, InstalledDataset]


def find_others(metadata: sa.MetaData) -> dict[str, InstalledDataset]:
    """The datasets that foreign keys lead into, by name.

    Raises:
        SettingsError: One is not installed in this environment.
        DatasetError: One cannot be used.
    """
    others: dict[str, InstalledDataset] = {}
    for key in list_keys(metadata):
        other = find(key.dataset)
        if other is None:
            raise SettingsError(
                f"Table `{key.table}` refers to dataset `{key.dataset}`, which is not installed "
                "where this one is built.",
                hint="Name its distribution in `requires` of [build-system] and in "
                "`dependencies` of [project].",
            )
        others[key.dataset] = other
    return others


def list_keys(metadata: sa.MetaData) -> Iterator[ExternalKey]:
    """The foreign keys that lead into other datasets, by table."""
    for _, table in sorted(metadata.tables.items()):
        for key in external_keys(table):
            yield describe_key(key)


def describe_key(key: sa.ForeignKeyConstraint) -> ExternalKey:
    """A foreign key of the models, for one who knows no models."""
    return ExternalKey(
        key.table.name,
        [column.name for column in key.columns],
        find_dataset_name(key.referred_table.metadata),
        key.referred_table.name,
        [element.column.name for element in key.elements],
    )


def describe_requirements(others: Others, accepted: Mapping[str, str]) -> dict[str, Any]:
    """The entries of the manifest about the other datasets.

    Args:
        others: The datasets, by name.
        accepted: The project's dependencies: normalized name to the versions that it takes.
    """
    return {name: _describe_requirement(other, accepted) for name, other in sorted(others.items())}


def _describe_requirement(other: InstalledDataset, accepted: Mapping[str, str]) -> dict[str, str]:
    from packaging.utils import canonicalize_name

    version = other.distribution_version or other.version
    accepts = accepted.get(canonicalize_name(other.distribution))
    described = {
        "distribution": other.distribution,
        "version": version,
        "accepts": _accept_like(version) if accepts is None else accepts,
    }
    return {key: value for key, value in described.items() if value}


def _accept_like(version: str) -> str:
    """The versions accepted if no dependency says so: later ones with the same first number."""
    from packaging.version import InvalidVersion, Version

    try:
        parsed = Version(version)
    except InvalidVersion:
        return ""
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    return f">={parsed.public},=={epoch}{parsed.major}.*"


def identify(others: Others) -> dict[str, list[str]]:
    """A mark of the state of the other datasets: version and hash of each."""
    return {
        name: [other.version, other.manifest.sha256 if other.manifest else ""]
        for name, other in others.items()
    }


@dataclass(frozen=True)
class Models:
    """The declarations of a models module.

    Attributes:
        metadata: The tables.
        classes: Table name to the class that is mapped to it; none for plain tables.
        files: Files of the project that were imported for it.
        others: The datasets that foreign keys lead into, by name.
    """

    metadata: sa.MetaData
    classes: Mapping[str, type[Any]]
    others: Others
    files: tuple[Path, ...] = ()

    def aliases(self, table: str) -> dict[str, str]:
        """Attribute name to column name, where they differ."""
        cls = self.classes.get(table)
        if cls is None:
            return {}
        columns = sa.inspect(cls).columns
        return {key: column.name for key, column in columns.items() if key != column.name}

    def find_attribute(self, table: str, column: str) -> str:
        """The attribute name of a column in its class."""
        return next((key for key, name in self.aliases(table).items() if name == column), column)

    def describe(self, table: sa.Table) -> str:
        """The description of the table: its comment, or the docstring of its class."""
        if table.comment:
            return table.comment
        cls = self.classes.get(table.name)
        return find_docstring(cls) if cls else ""


@contextmanager
def import_models(settings: ProjectSettings) -> Iterator[Models]:
    """Import the models from the project's tree, and forget the modules afterwards.

    Whatever an installed copy of the package has put into `sys.modules` is put back.

    Raises:
        SettingsError: The module cannot be imported, or declares no tables of this dataset.
    """
    root = settings.models.partition(".")[0]
    before = _take_modules(root)
    others = set(sys.modules)
    directory = str(settings.import_directory)
    writes_bytecode = not sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # the tree that is being packed stays as it is
    sys.path[:0] = [directory, str(settings.root)]
    importlib.invalidate_caches()
    try:
        found = find_models(_import(settings), settings.dataset)
        imported = _find_modules(set(sys.modules) - others, settings.root)
        yield replace(found, files=tuple(imported.values()))
    finally:
        for entry in (directory, str(settings.root)):
            sys.path.remove(entry)
        sys.dont_write_bytecode = not writes_bytecode
        _take_modules(root)
        for name in _find_modules(set(sys.modules) - others, settings.root):
            del sys.modules[name]
        sys.modules.update(before)


def _take_modules(root: str) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == root or name.startswith(f"{root}.")]
    return {name: sys.modules.pop(name) for name in names}


def _find_modules(names: set[str], directory: Path) -> dict[str, Path]:
    """The modules that came from a project's tree, but not from an environment inside it."""
    found = {name: Path(getattr(sys.modules[name], "__file__", None) or "") for name in names}
    return {name: file for name, file in found.items() if _is_inside(file, directory)}


def _is_inside(file: Path, directory: Path) -> bool:
    return file.is_relative_to(directory) and "site-packages" not in file.parts


def _import(settings: ProjectSettings) -> ModuleType:
    try:
        return importlib.import_module(settings.models)
    except (Exception, SystemExit) as error:
        raise SettingsError(
            f"The models module `{settings.models}` cannot be imported: "
            f"{_find_place(error, settings.root)}{type(error).__name__}: {_tell(error)}.",
            hint="It may only need what [build-system] requires.",
        ) from error


def _find_place(error: BaseException, root: Path) -> str:
    """The last line of the project's own code that an error came by."""
    places = [(frame.filename, frame.lineno) for frame in extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    for name, line in reversed(places):
        if _is_inside(Path(name), root):
            return f"{Path(name).relative_to(root).as_posix()}, line {line}: "
    return ""


def _tell(error: BaseException) -> str:
    return (error.msg if isinstance(error, SyntaxError) else str(error)).rstrip(".")


def find_models_file(settings: ProjectSettings) -> Path:
    """Where the module of the models stands."""
    path = settings.import_directory.joinpath(*settings.models.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def find_models(module: ModuleType, dataset: str) -> Models:
    """The tables that a module declares for a dataset.

    A declarative base that is named after the dataset, as `DataSet.create` makes it, comes first;
    else the module must have declared tables in one `MetaData` only, which is no other dataset's.

    Raises:
        SettingsError: There are none, or no telling which, or they refer to a dataset that is not
            installed.
    """
    found = [value for value in vars(module).values() if _metadata_of(value) is not None]
    named = [base for base in found if _dataset_of(base) == dataset]
    declared = {id(_metadata_of(value)): _metadata_of(value) for value in named or found}
    filled = [metadata for metadata in declared.values() if metadata and metadata.tables]
    others = {find_dataset_name(metadata) for metadata in filled} - {"", dataset}
    if len(filled) != 1 or others:
        count = "tables in several MetaData" if len(filled) > 1 else "no tables"
        instead = f", but of {', '.join(sorted(others))}" if others else ""
        raise SettingsError(
            f"The models module `{module.__name__}` declares {count} of dataset "
            f"`{dataset}`{instead}.",
            hint=f'Make the base with DataSet.create("{dataset}") and derive the models from it.',
        )
    classes = _map_classes(found, filled[0])
    try:
        for registry in {cls.registry for cls in classes.values()}:
            registry.configure(cascade=True)  # models of other datasets included
        for key in (key for table in filled[0].tables.values() for key in table.foreign_keys):
            key.column  # noqa: B018  # says what is wrong where it refers to nothing
    except sa.exc.SQLAlchemyError as error:
        raise SettingsError(
            f"The models of `{module.__name__}` do not fit together: {str(error).rstrip('.')}."
        ) from error
    return Models(filled[0], classes, find_others(filled[0]))


def _dataset_of(base: object) -> object:
    return getattr(base, "dataset_name", None) or getattr(base, "__name__", None)


def _metadata_of(value: object) -> sa.MetaData | None:
    metadata = value if isinstance(value, sa.MetaData) else getattr(value, "metadata", None)
    return metadata if isinstance(metadata, sa.MetaData) else None


def _map_classes(found: list[Any], metadata: sa.MetaData) -> dict[str, type[Any]]:
    registries = {id(r): r for r in (getattr(value, "registry", None) for value in found) if r}
    classes: dict[str, type[Any]] = {}
    for registry in registries.values():
        for mapper in sorted(registry.mappers, key=lambda mapper: mapper.class_.__name__):
            table = mapper.local_table
            if isinstance(table, sa.Table) and table.metadata is metadata:
                classes.setdefault(table.name, mapper.class_)
    return classes
