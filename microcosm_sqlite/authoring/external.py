"""Foreign keys of the models into other datasets, which must be installed where this one is built.

SQLite cannot keep such a key, so the table does not have it. It is checked here against the other
dataset, and the manifest tells of it, with the version that it was checked against.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.orphans import describe_orphans, read_primary_key
from microcosm_sqlite.catalog.connection import (
    attach_database,
    checked_uri,
    quote_identifier,
)
from microcosm_sqlite.catalog.external_keys import (
    ExternalKey,
    count_orphans,
    find_fault,
    list_orphans,
)
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.registry import find
from microcosm_sqlite.errors import BuildError, ForeignKeyError, SettingsError
from microcosm_sqlite.referring import external_keys, find_dataset_name

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.load import TableLoad

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


def check_external_keys(
    connection: sqlite3.Connection,
    metadata: sa.MetaData,
    others: Others,
    loads: Mapping[str, TableLoad],
    limit: int,
) -> None:
    """Check every foreign key that leads into another dataset.

    Args:
        connection: The loaded database.
        metadata: The tables.
        others: The datasets that they refer to.
        loads: How each table was loaded.
        limit: How many rows to tell of.

    Raises:
        ForeignKeyError: Rows refer to rows that are not there; tells table, line and key of the
            first ones, and how many there are.
        BuildError: A foreign key refers to what is no key of the other dataset.
    """
    messages: list[str] = []
    count = 0
    for key in list_keys(metadata):
        with _attached(connection, others[key.dataset]):
            fault = find_fault(connection, key)
            if fault:
                raise BuildError(f"Table `{key.table}`, {', '.join(key.columns)}: {fault}.")
            orphans = count_orphans(connection, key)
            count += orphans
            if orphans and len(messages) < limit:
                identity = read_primary_key(connection, key.table)
                rows = list_orphans(connection, key, limit - len(messages), identity)
                messages += describe_orphans(
                    key.table, key.columns, key.goal, identity, rows, loads
                )
    if not count:
        return
    if count > len(messages):
        messages.append(f"... and {count - len(messages):,} more.")
    versions = ", ".join(f"{name} {other.version}" for name, other in sorted(others.items()))
    raise ForeignKeyError(
        "\n".join(messages),
        hint=f"They were looked for in {versions}. Add the missing rows there, leave the key out "
        "of the model, or make the field empty.",
    )


@contextmanager
def _attached(connection: sqlite3.Connection, other: InstalledDataset) -> Iterator[None]:
    location = other.location
    attach_database(connection, other.name, checked_uri(location), location.path)
    try:
        yield
    finally:
        connection.execute(f"DETACH DATABASE {quote_identifier(other.name)}")


def describe_requirements(others: Others, accepted: Mapping[str, str]) -> dict[str, Any]:
    """What the manifest says of the other datasets.

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
    """What is accepted where no dependency says it: later ones with the same first number."""
    from packaging.version import InvalidVersion, Version

    try:
        parsed = Version(version)
    except InvalidVersion:
        return ""
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    return f">={parsed.public},=={epoch}{parsed.major}.*"


def identify(others: Others) -> dict[str, list[str]]:
    """What tells one state of the other datasets from any other: version and hash of each."""
    return {
        name: [other.version, other.manifest.sha256 if other.manifest else ""]
        for name, other in others.items()
    }
