"""The other datasets that the models refer to, which must be installed where this one is built.

SQLite cannot keep a foreign key into another file, so the table does not have it. The manifest
tells of it, with the version that it was checked against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.registry import find
from microcosm_sqlite.catalog.verifying.external_keys import ExternalKey
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
