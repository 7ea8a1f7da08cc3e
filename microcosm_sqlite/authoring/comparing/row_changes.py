"""Find the rows of a table that were inserted, deleted or updated between two databases.

Three joins along the primary key find them, in SQLite. Of tables whose columns are not the same,
those are compared that both have. Where rows have no key that tells them apart for sure,
:func:`why_incomparable` says so beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from microcosm_sqlite.authoring.comparing.shapes import Column, Shape
from microcosm_sqlite.common.sql import find_affinity, join_evenly, quote_identifier

if TYPE_CHECKING:
    import sqlite3

    Row = Mapping[str, Any]


MOST_COLUMNS = 1_000
"""Of both sides together, SQLite gives twice as many at most."""
TOO_WIDE = f"it has more than {MOST_COLUMNS:,} columns"
OTHER_ENCODING = "the databases store texts in other encodings"
"""For which SQLite does not open the two together."""


@dataclass(frozen=True)
class RowChange:
    """One row that was inserted, deleted or updated.

    Attributes:
        table: Its table.
        change: What became of it.
        key: Its primary key: column to value.
        old: The row as it was; of an update, the columns that changed; empty for an insert.
        new: The row as it is; of an update, the columns that changed; empty for a delete.
    """

    table: str
    change: Literal["insert", "delete", "update"]
    key: Row
    old: Row
    new: Row


def why_incomparable(
    table: str, old: Shape, new: Shape, connections: Sequence[sqlite3.Connection]
) -> str:
    """Why two tables cannot be compared row by row; empty where they can.

    Args:
        table: Their name.
        old: What it was declared as.
        new: What it is declared as.
        connections: To both databases.
    """
    encodings = {connection.execute("PRAGMA encoding").fetchone() for connection in connections}
    reason = OTHER_ENCODING if len(encodings) > 1 else _why_by_declaration(old, new)
    if reason:
        return reason
    untyped = [name for name in old.key if _affinity(old.columns[name]) == "BLOB"]
    unsafe = [f"{quote_identifier(name)} IS NULL" for name in old.key]
    unsafe += [f"typeof({quote_identifier(name)}) = 'real'" for name in untyped]
    search = f"SELECT 1 FROM {quote_identifier(table)} WHERE {' OR '.join(unsafe)} LIMIT 1"
    if any(connection.execute(search).fetchone() for connection in connections):
        return "its primary key is NULL, or an untyped fraction, in some rows"
    return ""


def _why_by_declaration(old: Shape, new: Shape) -> str:
    reasons = {
        TOO_WIDE: len({*old.columns, *new.columns}) > MOST_COLUMNS,
        "it has no primary key": not (old.key and new.key),
        "its primary key is not the same": old.key != new.key,
        "its primary key is not compared byte by byte": bool(
            (old.key_collations | new.key_collations) - {"BINARY"}
        ),
        "its primary key has another type": any(
            _affinity(old.columns[name]) != _affinity(new.columns.get(name, old.columns[name]))
            for name in old.key
        ),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


class TableQueries:
    """The SQL that finds the changes of one table, by three joins along its key."""

    def __init__(self, table: str, before: Shape, shape: Shape) -> None:
        quoted = quote_identifier(table)
        self.shared = [name for name in shape.columns if name in before.columns]
        columns = [quote_identifier(name) for name in self.shared]
        keys = [quote_identifier(name) for name in shape.key]
        same_key = " AND ".join(f"new.{key} = old.{key}" for key in keys)
        # Under a lenient collation, other texts are equal.
        unequal = [f"new.{name} COLLATE BINARY IS NOT old.{name}" for name in columns]
        unequal += [
            f"typeof(new.{quote_identifier(name)}) <> typeof(old.{quote_identifier(name)})"
            for name in self.shared
            if is_lenient((name, name), before, shape)
        ]
        other = join_evenly(unequal, " OR ")
        sides = {"new": f"main.{quoted} AS new", "old": f"old.{quoted} AS old"}
        both = ", ".join(f"{side}.{name}" for side in ("old", "new") for name in columns)
        listed = {
            side: ", ".join(f"{side}.{quote_identifier(name)}" for name in declared.columns)
            for side, declared in (("new", shape), ("old", before))
        }
        order = {side: ", ".join(f"{side}.{key}" for key in keys) for side in sides}
        self.updates = (
            f"SELECT {both} FROM {sides['new']} "
            f"JOIN {sides['old']} ON {same_key} WHERE {other} ORDER BY {order['new']}"
        )
        self.inserts, self.deletes = (
            f"SELECT {listed[here]} FROM {sides[here]} WHERE NOT EXISTS "
            f"(SELECT 1 FROM {sides[there]} WHERE {same_key}) ORDER BY {order[here]}"
            for here, there in (("new", "old"), ("old", "new"))
        )


def is_lenient(names: tuple[str, str], before: Shape, shape: Shape) -> bool:
    """Whether equal values of a column may be of different types, such as 1 and 1.0.

    Args:
        names: What the column was called, and what it is called.
        before: What its table was declared as.
        shape: What it is declared as.
    """
    affinities = {_affinity(before.columns[names[0]]), _affinity(shape.columns[names[1]])}
    return len(affinities) > 1 or "BLOB" in affinities


def describe_update(
    table: str, names: Sequence[str], key: Sequence[str], row: Sequence[Any]
) -> RowChange:
    """The change of a row of :attr:`TableQueries.updates`."""
    old = dict(zip(names, row[: len(names)], strict=True))
    new = dict(zip(names, row[len(names) :], strict=True))
    changed = [
        name for name in names if type(old[name]) is not type(new[name]) or old[name] != new[name]
    ]
    return RowChange(
        table,
        "update",
        {name: old[name] for name in key},
        {name: old[name] for name in changed},
        {name: new[name] for name in changed},
    )


def _affinity(column: Column) -> str:
    """The affinity of a column; in a strict table, ANY keeps values as they are."""
    return "BLOB" if column.type == "ANY" else find_affinity(column.type)
