"""Report rows that refer to rows that do not exist, and the lines that they come from."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.loading.table_load import read_lines
from microcosm_sqlite.authoring.loading.value_errors import show_key
from microcosm_sqlite.authoring.project.models import Others, list_keys
from microcosm_sqlite.catalog.connection import attach_database, checked_uri
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.verifying.external_keys import count_orphans, find_fault, list_orphans
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


def check_foreign_keys(
    connection: sqlite3.Connection, loads: Mapping[str, TableLoad], limit: int
) -> None:
    """Check every foreign key of the database at once.

    Raises:
        ForeignKeyError: Rows refer to rows that are not there; tells table, line and key of the
            first ones, and how many there are.
        BuildError: A foreign key refers to columns that are no key.
    """
    try:
        violations = connection.execute("PRAGMA foreign_key_check").fetchmany(limit)
    except sqlite3.OperationalError as error:
        raise BuildError(
            f"A foreign key cannot be checked: {error}.",
            hint="The columns that it refers to must be the other table's primary or unique key.",
        ) from error
    if not violations:
        return
    (count,) = connection.execute("SELECT count(*) FROM pragma_foreign_key_check").fetchone()
    rowids: dict[tuple[str, int], list[int | None]] = defaultdict(list)
    for table, rowid, _, number in violations:
        rowids[table, number].append(rowid)
    messages = [
        message
        for (table, number), rows in rowids.items()
        for message in _describe(connection, _read_key(connection, table, number), rows, loads)
    ]
    if count > len(messages):
        messages.append(f"... and {count - len(messages):,} more.")
    raise ForeignKeyError(
        "\n".join(messages),
        hint="Add the missing rows, leave the key out of the model, or make the field empty.",
    )


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


def _describe(
    connection: sqlite3.Connection,
    key: ForeignKey,
    rowids: Sequence[int | None],
    loads: Mapping[str, TableLoad],
) -> Iterator[str]:
    identity = read_primary_key(connection, key.table)
    rows = _read_orphans(connection, key, (*key.columns, *identity), rowids)
    return describe_orphans(key.table, key.columns, key.parent, identity, rows, loads)


def describe_orphans(
    table: str,
    columns: Sequence[str],
    parent: str,
    identity: Sequence[str],
    rows: Sequence[Values],
    loads: Mapping[str, TableLoad],
) -> Iterator[str]:
    """Describe each row without a parent: where it comes from, and what it refers to.

    Args:
        table: The table that refers.
        columns: Its columns that do.
        parent: The table that is referred to.
        identity: The columns of the table's primary key.
        rows: The values of both, one after the other.
        loads: How each table was loaded.
    """
    width = len(columns)
    load = loads.get(table)
    places = _find_places(load, columns, identity, rows) if load else [""] * len(rows)
    for place, row in zip(places, rows, strict=True):
        where = f", {place}" if place else ""
        yield f"Table `{table}`{where}: {show_key(columns, row[:width])} is not in `{parent}`."


def _read_orphans(
    connection: sqlite3.Connection,
    key: ForeignKey,
    columns: Sequence[str],
    rowids: Sequence[int | None],
) -> list[Values]:
    selected = f"SELECT {', '.join(f'child.{quote_identifier(name)}' for name in columns)}"
    table = quote_identifier(key.table)
    if None not in rowids:
        query = f"{selected} FROM {table} AS child WHERE rowid = ?"
        return [connection.execute(query, (rowid,)).fetchone() for rowid in rowids]
    # A table without rowids, whose rows the check only counts.
    orphans = write_orphans(table, key.columns, quote_identifier(key.parent), key.targets)
    return connection.execute(f"{selected} {orphans} LIMIT ?", (len(rowids),)).fetchall()


def _find_places(
    load: TableLoad, columns: Sequence[str], identity: Sequence[str], rows: Sequence[Values]
) -> list[str]:
    """Find the line of each row; sources without the primary key have rows in its order."""
    wanted: dict[tuple[Values, Values | None], list[int]] = defaultdict(list)
    width = len(columns)
    for number, row in enumerate(rows):
        wanted[row[:width], row[width:]].append(number)
        wanted[row[:width], None].append(number)
    places = [""] * len(rows)
    left = len(rows)
    for line in read_lines(load, (*columns, *identity)):
        referring, own = line.values[:width], line.values[width:]
        numbers = wanted.get((referring, None if None in own else own))
        if not numbers:
            continue
        places[numbers.pop(0)] = line.place
        left -= 1
        if not left:
            break
    return places


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
