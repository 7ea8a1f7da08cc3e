"""Check the foreign keys that lead into other datasets, which SQLite cannot keep."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from microcosm_sqlite.authoring.loading.orphans import describe_orphans, read_primary_key
from microcosm_sqlite.authoring.project.others import Others, list_keys
from microcosm_sqlite.catalog.connection import (
    attach_database,
    checked_uri,
    quote_identifier,
)
from microcosm_sqlite.catalog.external_keys import (
    count_orphans,
    find_fault,
    list_orphans,
)
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.errors import BuildError, ForeignKeyError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.loading.table_load import TableLoad


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
