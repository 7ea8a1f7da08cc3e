"""Count the rows of other datasets that a dataset refers to, and look for them where they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest import Requirement
from microcosm_sqlite.catalog.registry import (
    explain_edition,
    find_misfit,
    find_required,
    list_required,
    suggest_install,
)
from microcosm_sqlite.catalog.verifying.external_keys import (
    ExternalKey,
    find_fault,
    list_external_keys,
    select_orphans,
)
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import DatasetError


@dataclass(frozen=True)
class OutsideRows:
    """The rows of another dataset that a foreign key leads to.

    Attributes:
        table: The table that refers.
        columns: Its columns.
        goal: Dataset and table that they refer to, with a dot between.
        rows: How many different rows they name.
        fault: Why some or all of them are not known to be there; empty if they are.
        hint: What to do about it.
    """

    table: str
    columns: tuple[str, ...]
    goal: str
    rows: int
    fault: str = ""
    hint: str = ""

    def __str__(self) -> str:
        rows = spell_count(self.rows, "row")
        named = f"{self.table} ({', '.join(self.columns)}) refers to {rows} of {self.goal}"
        return f"{named}: {self.fault}" if self.fault else named


def list_outside_rows(dataset: InstalledDataset) -> Iterator[OutsideRows]:
    """The rows that keys into other datasets lead to, key by key, looked for in what is installed.

    Raises:
        DatasetError: The dataset itself cannot be opened.
    """
    manifest = dataset.manifest
    if manifest is None:
        return
    for key in list_external_keys(manifest.tables.values()):
        with closing(dataset.connect()) as connection:
            rows = _count_named(connection, key)
        (requirement,) = list_required(manifest, [key.dataset])
        fault, hint = _look_for(dataset, requirement, key) if rows else ("", "")
        yield OutsideRows(key.table, key.columns, key.goal, rows, fault, hint)


def _look_for(
    dataset: InstalledDataset, requirement: Requirement, key: ExternalKey
) -> tuple[str, str]:
    """Say why rows are not known to be there, and what to do about it."""
    try:
        other = find_required(dataset, requirement)
        if misfit := find_misfit(requirement, other):
            return misfit, suggest_install(requirement)
        with closing(dataset.connect(attach=[key.dataset])) as connection:
            if fault := find_fault(connection, key):
                return fault, ""
            missing = _count_different(connection, key, select_orphans(key))
    except DatasetError as error:
        return error.message.rstrip("."), error.hint
    if not missing:
        return "", ""
    version = other.distribution_version or other.version
    return f"{missing:,} of them not in {other.name} {version}".rstrip(), explain_edition(other)


def _count_named(connection: sqlite3.Connection, key: ExternalKey) -> int:
    present = " AND ".join(f"child.{quote_identifier(name)} IS NOT NULL" for name in key.columns)
    rows = f"FROM main.{quote_identifier(key.table)} AS child WHERE {present}"
    return _count_different(connection, key, rows)


def _count_different(connection: sqlite3.Connection, key: ExternalKey, rows: str) -> int:
    columns = ", ".join(f"child.{quote_identifier(name)}" for name in key.columns)
    found = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {columns} {rows})")
    count: int = found.fetchone()[0]
    return count
