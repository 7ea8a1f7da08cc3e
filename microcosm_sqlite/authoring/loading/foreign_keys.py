"""Report rows that refer to rows that do not exist, and the lines that they come from."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.loading.table_load import read_lines
from microcosm_sqlite.authoring.loading.value_errors import show_key, tell_count
from microcosm_sqlite.authoring.project.models import Others, list_keys
from microcosm_sqlite.catalog.connection import attach_database, checked_uri
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.verifying.external_keys import (
    count_orphans,
    find_fault,
    select_orphans,
)
from microcosm_sqlite.common.sql import quote_identifier, write_orphans
from microcosm_sqlite.errors import BuildError, ForeignKeyError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.loading.table_load import TableLoad

Values = tuple[Any, ...]


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key of a table.

    Attributes:
        table: The table.
        columns: Its columns that refer.
        parent: The table that is referred to.
        targets: The columns there.
    """

    table: str
    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...]


def find_orphans(
    connection: sqlite3.Connection,
    loads: Mapping[str, TableLoad],
    limit: int,
    refused: Collection[str] = (),
) -> Iterator[tuple[str, BuildError]]:
    """The tables whose rows refer to rows that are not there, each with the error that tells it.

    Args:
        connection: The loaded database.
        loads: How each table was loaded.
        limit: How many values of each table to tell of.
        refused: Tables that only some of their rows are in, so that nobody knows what is not.

    Raises:
        BuildError: A foreign key refers to columns that are no key.
    """
    for table in sorted(loads):
        try:
            counts = connection.execute(
                "SELECT fkid, count(*) FROM pragma_foreign_key_check(?) GROUP BY fkid", (table,)
            ).fetchall()
        except sqlite3.OperationalError as error:
            if refused:  # which have no indexes
                continue
            raise BuildError(
                f"A foreign key cannot be checked: {error}.",
                hint="The columns that it refers to must be the other table's primary or unique "
                "key.",
            ) from error
        keys = [_read_key(connection, table, number) for number, _ in counts]
        messages = _Messages(limit)
        for key, (_, count) in zip(keys, counts, strict=True):
            if key.parent not in refused:
                messages.count += count
                orphans = write_orphans(
                    quote_identifier(table), key.columns, quote_identifier(key.parent), key.targets
                )
                messages.add(connection, key, orphans, loads.get(table))
        if messages.count:
            yield table, ForeignKeyError(messages.join(), hint=_HINT)


_HINT = "Add the missing rows, leave the key out of the model, or make the field empty."


class _Messages:
    """Describe the orphans of one table, value by value.

    Attributes:
        count: How many rows refer to nothing.
    """

    def __init__(self, limit: int) -> None:
        self.count = 0
        self._limit = limit
        self._lines: list[str] = []
        self._told = 0

    def add(
        self, connection: sqlite3.Connection, key: ForeignKey, orphans: str, load: TableLoad | None
    ) -> None:
        """Tell of the orphans of a key.

        Args:
            connection: The loaded database.
            key: The key.
            orphans: What follows `SELECT ...`, where `child` is the table that refers.
            load: How that was loaded.
        """
        names = [f"child.{quote_identifier(name)} COLLATE BINARY" for name in key.columns]
        listed = ", ".join(names)
        groups = connection.execute(
            f"SELECT count(*), {listed} {orphans} GROUP BY {listed} "
            f"ORDER BY 1 DESC, {listed} LIMIT ?",
            (self._limit - len(self._lines),),
        ).fetchall()
        counts = {tuple(values): count for count, *values in groups}
        self._told += sum(counts.values())
        for values, (place, lines) in _find_places(load, key.columns, counts).items():
            where = f", {place}" if place else ""
            what = f"{show_key(key.columns, values)} is not in `{key.parent}`."
            rows = max(counts[values], lines)  # some may be in rows that were refused
            self._lines.append(tell_count(f"Table `{key.table}`{where}: {what}", rows))

    def join(self) -> str:
        """All of it, and how many more there are."""
        left = max(0, self.count - self._told)
        return "\n".join([*self._lines, *([f"... and {left:,} more."] if left else [])])


def _read_key(connection: sqlite3.Connection, table: str, number: int) -> ForeignKey:
    parts = [
        (parent, column, target)
        for found, _, parent, column, target, *_ in connection.execute(
            f"PRAGMA foreign_key_list({quote_identifier(table)})"
        )
        if found == number
    ]
    parent = parts[0][0]
    targets = tuple(target for *_, target in parts)
    if None in targets:  # it refers to the primary key without naming its columns
        targets = read_primary_key(connection, parent)
    return ForeignKey(table, tuple(column for _, column, _ in parts), parent, targets)


def read_primary_key(connection: sqlite3.Connection, table: str) -> tuple[str, ...]:
    """The columns of a table's primary key, in their order there."""
    described = connection.execute(f"PRAGMA table_info({quote_identifier(table)})")
    return tuple(name for place, name in sorted((row[5], row[1]) for row in described) if place)


def _find_places(
    load: TableLoad | None, columns: Sequence[str], wanted: Collection[Values]
) -> dict[Values, tuple[str, int]]:
    """The first line that has each of some values, in their order, and how many have it."""
    places: dict[Values, tuple[str, int]] = {}
    for line in read_lines(load, columns, skips_misfits=True) if load and wanted else ():
        if line.values in wanted:
            place, count = places.get(line.values, (line.place, 0))
            places[line.values] = place, count + 1
    return places | {values: ("", 0) for values in wanted if values not in places}


def find_external_orphans(
    connection: sqlite3.Connection,
    metadata: sa.MetaData,
    others: Others,
    loads: Mapping[str, TableLoad],
    limit: int,
) -> Iterator[tuple[str, BuildError]]:
    """The same for the foreign keys that lead into other datasets.

    Args:
        connection: The loaded database.
        metadata: The tables.
        others: The datasets that they refer to.
        loads: How each table was loaded.
        limit: How many values of each table to tell of.

    Raises:
        BuildError: A foreign key refers to what is no key of the other dataset.
    """
    found: dict[str, _Messages] = {}
    for key in list_keys(metadata):
        with _attached(connection, others[key.dataset]):
            fault = find_fault(connection, key)
            if fault:
                raise BuildError(f"Table `{key.table}`, {', '.join(key.columns)}: {fault}.")
            if count := count_orphans(connection, key):
                messages = found.setdefault(key.table, _Messages(limit))
                messages.count += count
                own = ForeignKey(key.table, key.columns, key.goal, key.referred)
                messages.add(connection, own, select_orphans(key), loads.get(key.table))
    versions = ", ".join(f"{name} {other.version}" for name, other in sorted(others.items()))
    for table, messages in found.items():
        yield (
            table,
            ForeignKeyError(
                messages.join(),
                hint=f"They were looked for in {versions}. Add the missing rows there, leave the "
                "key out of the model, or make the field empty.",
            ),
        )


@contextmanager
def _attached(connection: sqlite3.Connection, other: InstalledDataset) -> Iterator[None]:
    location = other.location
    attach_database(connection, other.name, checked_uri(location), location.path)
    try:
        yield
    finally:
        connection.execute(f"DETACH DATABASE {quote_identifier(other.name)}")
