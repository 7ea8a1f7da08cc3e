"""Find tables that have another name: the same columns with the same rows, or with most of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from operator import eq
from typing import TYPE_CHECKING

from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange, compare_shapes
from microcosm_sqlite.catalog.verifying.digest import content_digest
from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from microcosm_sqlite.authoring.comparing.shapes import Schema, Shape

_MOST_PAIRS = 100
"""Of tables that may be one, as the rows of each are read."""

_MOST_ROWS = 500
"""From either end of a table, to see whether most of its rows are in another."""


@dataclass(frozen=True)
class NewName:
    """What a table is called now.

    Attributes:
        table: The new name.
        doubt: Why that is only probable; empty where the rows are the same.
    """

    table: str
    doubt: str = ""


def find_renamed_tables(
    connections: tuple[sqlite3.Connection, sqlite3.Connection], schemas: tuple[Schema, Schema]
) -> dict[str, NewName]:
    """The tables that have another name on the newer side, by the old one.

    Args:
        connections: To both databases, the older one first.
        schemas: What they declare.

    Raises:
        sqlite3.Error: One of them cannot be read.
    """
    old, new = (schema.tables for schema in schemas)
    pairs = [
        (before, after)
        for before, after in sorted(product(old.keys() - new.keys(), new.keys() - old.keys()))
        if _have_same_columns(old[before], new[after])
    ]
    if len(pairs) > _MOST_PAIRS:
        return {}
    same = [pair for pair in pairs if _have_same_rows(connections, pair)]
    found = {before: NewName(after) for before, after in _choose_single(same)}
    taken = {name for pair in same for name in pair}
    rest = [pair for pair in pairs if taken.isdisjoint(pair)]
    doubts = {
        pair: doubt
        for pair in rest
        if (doubt := _describe_likeness(connections, pair, old[pair[0]], new[pair[1]]))
    }
    likely = {pair[0]: NewName(pair[1], doubts[pair]) for pair in _choose_single(list(doubts))}
    return found | likely


def _choose_single(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of which neither table is in another pair."""
    times = Counter([before for before, _ in pairs]), Counter([after for _, after in pairs])
    return [pair for pair in pairs if times[0][pair[0]] == times[1][pair[1]] == 1]


def _have_same_columns(old: Shape, new: Shape) -> bool:
    return old.columns.keys() == new.columns.keys() and all(
        column.is_like(new.columns[name]) for name, column in old.columns.items()
    )


def _have_same_rows(
    connections: tuple[sqlite3.Connection, sqlite3.Connection], pair: tuple[str, str]
) -> bool:
    """Whether both have rows, and the same: empty tables are as good as any other."""
    sides = [*zip(connections, pair, strict=True)]
    counts = {
        connection.execute(f"SELECT count(*) FROM {quote_identifier(table)}").fetchone()[0]
        for connection, table in sides
    }
    if len(counts) > 1 or counts == {0}:
        return False
    return len({content_digest(connection, table) for connection, table in sides}) == 1


def _describe_likeness(
    connections: tuple[sqlite3.Connection, sqlite3.Connection],
    pair: tuple[str, str],
    old: Shape,
    new: Shape,
) -> str:
    """How many rows from both ends of a table are in the other; empty where most are not.

    A key alone does not tell: numbers from 1 are the keys of any two tables.
    """
    if not old.key or old.key != new.key:
        return ""
    others = [name for name in old.columns if name not in old.key]
    names = ", ".join(map(quote_identifier, [*old.key, *others]))
    key = [quote_identifier(name) for name in old.key]
    table = quote_identifier(pair[0])
    rows = {
        row
        for order in ("", " DESC")
        for row in connections[0].execute(
            f"SELECT {names} FROM {table} ORDER BY {', '.join(each + order for each in key)} "
            f"LIMIT {_MOST_ROWS}"
        )
    }
    wanted = " AND ".join(f"{each} IS ?" for each in key)
    search = f"SELECT {names} FROM {quote_identifier(pair[1])} WHERE {wanted} LIMIT 1"
    kept = 0
    for row in rows:
        same = connections[1].execute(search, row[: len(key)]).fetchone()
        if same:
            agreeing = sum(map(eq, same[len(key) :], row[len(key) :]))
            kept += 2 * agreeing >= len(others)
    told = (
        f"{kept:,} of {len(rows):,} rows looked at keep their key and half of their values or more"
    )
    return told if 2 * kept > len(rows) else ""


def tell_renamed_tables(
    changes: Sequence[SchemaChange],
    schemas: tuple[Schema, Schema],
    renamed: Mapping[str, NewName],
) -> list[SchemaChange]:
    """The changes of a schema, where a table that is gone and one that is new are one.

    Args:
        changes: Those found by name.
        schemas: What both sides declare.
        renamed: The tables that have another name, by the old one.
    """
    told: list[SchemaChange] = []
    come = {name.table for name in renamed.values()}
    for change in changes:
        table, name = change.table, renamed.get(change.table)
        if change.thing == "table" and change.change == "removed" and name:
            after = name.table
            told.append(
                SchemaChange("renamed", "table", table, "", table, after, True, doubt=name.doubt)
            )
            told += compare_shapes(after, schemas[0].tables[table], schemas[1].tables[after])
        elif not (change.thing == "table" and change.change == "added" and table in come):
            told.append(change)
    return told
