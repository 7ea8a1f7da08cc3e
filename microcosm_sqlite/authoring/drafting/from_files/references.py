"""References between loaded tables, asked for in SQL of every row, and how sure they are.

That all values of a column are keys of a table proves little where they are few: grades from A to
E are among the letters from A to J. So a reference is only made of what its name says as well, or
of values that chance would not have found there; of others it is said that they may be one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    InferredColumn,
    InferredTable,
    JointReference,
)
from microcosm_sqlite.authoring.drafting.from_files.key_search import (
    SAMPLE,
    estimate_room,
    index_key,
    read_first,
)
from microcosm_sqlite.authoring.drafting.from_files.keys import KEY_NAMES, is_called_key, list_keys
from microcosm_sqlite.authoring.drafting.model_names import make_singular, spell_words
from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, MOMENT, TEXT
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count

OWN_NAMES = frozenset(
    {
        "ancestor", "boss", "father", "manager", "mother", "next", "parent", "predecessor",
        "previous", "reply_to", "reports_to", "root", "successor", "supervisor",
    }
)  # fmt: skip
"""Names of columns that refer to other rows of their own table."""
_NEIGHBOURS = frozenset({"next", "predecessor", "previous", "successor"})
_ENOUGH_VALUES = 3
_ENOUGH_IF_NAMED = 4
"""Rows that have a value, before a column that is called after what it refers to is believed."""
_ENOUGH_ROWS = 20
"""The same of a column that is called something else, and of several columns."""
_CHANCE = 1e-3
"""How likely it may be by chance that all of its values are there."""
_COVERAGE = 0.5
"""Of the keys, how many numbers have to be there that only the table's name speaks for."""
_MOST_STRAYS = 0.1
"""Of the values of a column that seems to refer to a key; it is told that it does not, then."""
_BY_NAME = "by its name and all of its values"
_BY_VALUES = "by all of its values, not by its name"


@dataclass(frozen=True)
class _Find:
    """A column and a key that all of its values are found in.

    Attributes:
        table: The table.
        column: Its column.
        parent: The table that it refers to.
        key: The column there.
        evidence: Why this is believed, or may be.
        is_sure: Whether it is.
    """

    table: InferredTable
    column: InferredColumn
    parent: InferredTable
    key: InferredColumn
    evidence: str
    is_sure: bool

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """The larger, the better."""
        return self.is_sure, self.evidence == _BY_NAME, self.parent.row_count


def infer_references(
    connection: sqlite3.Connection,
    tables: Mapping[str, InferredTable],
    known: Iterable[Collection[str]] = (),
) -> None:
    """Find the columns of all tables whose every value is a key of one of them.

    What may be a key becomes the key where a reference is sure by its name.

    Args:
        connection: Where the tables are loaded.
        tables: The tables.
        known: Groups of those of which it is known already how they refer to each other.
    """
    groups = [{*group} for group in known]
    parents = {
        name: {
            parent: tables[parent]
            for parent in tables
            if not any({name, parent} <= group for group in groups)
        }
        for name in tables
    }
    found = [
        best
        for table in tables.values()
        for column in table.columns.values()
        if column.reference is None
        if (best := _find_best(connection, table, column, parents[table.name]))
    ]
    for each in found:
        if each.is_sure and each.evidence == _BY_NAME and each.key.name == each.parent.likely_key:
            each.parent.primary_key = (each.key.name,)
    for each in found:
        is_key = each.key.is_unique or each.parent.primary_key == (each.key.name,)
        target = f"{each.parent.name}.{each.key.name}"
        if each.is_sure and is_key:
            each.column.reference = (each.parent.name, each.key.name)
            each.column.evidence = each.evidence
        else:
            each.column.suggestions.append(
                f"all of its values are in {target}; if it refers to it, say ForeignKey"
                if is_key
                else f"all of its values are in {target}, which may be a key"
            )
    for table in tables.values():
        for parent in parents[table.name].values():
            _add_joint(connection, table, parent)


def _find_best(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    tables: Mapping[str, InferredTable],
) -> _Find | None:
    """The best reference of a column; where some values are missing, that is noted instead.

    Empty texts are no keys, and the loaded rows do not tell them from no value.
    """
    if column.has_empty:
        return None
    found = []
    for parent in tables.values():
        for key in list_keys(parent):
            evidence = _find_evidence(column, parent, key, is_own=parent is table)
            if not evidence or _is_other_end(table, column, parent):
                continue
            each = _judge(connection, table, column, parent, key, evidence)
            found += [each] if each else []
    if found:
        column.near_reference = ""
    return max(found, key=lambda each: each.rank, default=None)


def _is_other_end(table: InferredTable, column: InferredColumn, parent: InferredTable) -> bool:
    """Whether a key may be what is referred to: of two tables, the smaller one refers."""
    is_key = column.name in (*table.primary_key[: len(table.primary_key) < 2], table.likely_key)
    is_key = is_key or column.is_unique
    return is_key and table.row_count >= parent.row_count


def _judge(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    parent: InferredTable,
    key: InferredColumn,
    evidence: str,
) -> _Find | None:
    source, child = quote_identifier(table.name), quote_identifier(column.name)
    index_key(connection, parent.name, key.name)
    keys = f"({_select(parent.name, [key.name])})"
    values = f"(SELECT {child} FROM {source} NOT INDEXED WHERE {child} NOTNULL LIMIT {SAMPLE})"
    rows, distinct, there = connection.execute(
        f"SELECT sum(n), count(*), count(*) FILTER (WHERE {child} IN {keys}) "
        f"FROM (SELECT {child}, count(*) AS n FROM {values} GROUP BY 1)"
    ).fetchone()
    strays = distinct - there
    most = distinct / 2 if evidence == _BY_NAME else distinct * _MOST_STRAYS
    if distinct < _ENOUGH_VALUES or strays > most:
        return None
    if parent is table and not _is_other(connection, table, column, key):
        return None
    count, lost, first = connection.execute(
        f"SELECT count(DISTINCT {child}), count(*), min({child}) FROM {source} "
        f"WHERE {child} NOTNULL AND {child} NOT IN {keys}"
    ).fetchone()
    if count:
        are = "is" if count == 1 else "are"
        column.near_reference = column.near_reference or (
            f"no reference to {parent.name}.{key.name}, as {count:,} of its values {are} not "
            f"there (in {spell_count(lost, 'row')}, the first is {first!r})"
        )
        return None
    if evidence == _BY_NAME:
        is_told = not _is_bare_number(column, parent, key)
        is_sure = rows >= _ENOUGH_IF_NAMED and (is_told or distinct >= _COVERAGE * parent.row_count)
    else:
        room = estimate_room(read_first(connection, parent.name, key.name))
        chance = min(parent.row_count / room, 1) ** distinct
        is_sure = rows >= _ENOUGH_ROWS and chance <= _CHANCE
    return _Find(table, column, parent, key, evidence, is_sure)


def _select(table: str, columns: Sequence[str]) -> str:
    """SQL of the values of columns, where none is missing; read once, so no index is needed."""
    listed = ", ".join(map(quote_identifier, columns))
    present = " AND ".join(f"{quote_identifier(column)} NOTNULL" for column in columns)
    return f"SELECT {listed} FROM {quote_identifier(table)} WHERE {present}"


def _is_other(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    key: InferredColumn,
) -> bool:
    """Whether a column is not just the key of its own rows again."""
    child, own = quote_identifier(column.name), quote_identifier(key.name)
    query = f"SELECT 1 FROM {quote_identifier(table.name)} WHERE {child} <> {own} LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _find_evidence(
    column: InferredColumn, parent: InferredTable, key: InferredColumn, *, is_own: bool
) -> str:
    """Why a column might refer to a key, before its values are looked at; empty for no reason."""
    if (
        column.kind != key.kind
        or (is_own and column is key)
        or not key.name.isidentifier()
        or key.kind not in (TEXT, INTEGER, DATE, DATETIME, MOMENT)
    ):
        return ""
    name, key_name = spell_words(column.name), spell_words(key.name)
    stem = spell_words(make_singular(parent.name))
    targets = [stem, f"{stem}_{key_name}"]
    if key_name not in KEY_NAMES and (key.kind == TEXT or is_called_key(key.name, parent.name)):
        targets.append(key_name)
    # In its own table, what is called as the table is said of a row: the `rank` of `ranks`.
    if (name in targets and not is_own) or name.endswith(tuple(f"_{each}" for each in targets)):
        return _BY_NAME
    if is_own and name.removesuffix(f"_{key_name}") in OWN_NAMES:
        return _BY_NAME
    return _BY_VALUES if column.kind == TEXT and not column.is_measured else ""


def _is_bare_number(column: InferredColumn, parent: InferredTable, key: InferredColumn) -> bool:
    """Whether a number is called as the table only, as ratings from 1 to 10 may be.

    Or as a neighbour in a chain, which most rows have, but also as what was before is counted.
    """
    name, stem = spell_words(column.name), spell_words(make_singular(parent.name))
    is_bare = name in _NEIGHBOURS or (name.endswith(stem) and not key.name.endswith(stem))
    return column.kind == INTEGER and is_bare


def _add_joint(connection: sqlite3.Connection, table: InferredTable, parent: InferredTable) -> None:
    """Let columns that are called as those of a key refer to it together, if all rows do."""
    keys, by_name = parent.primary_key, {spell_words(name): name for name in table.columns}
    columns = tuple(by_name.get(spell_words(name), "") for name in keys)
    if parent is table or len(keys) < 2 or not all(columns) or table.row_count < _ENOUGH_ROWS:
        return
    if columns == table.primary_key and table.row_count >= parent.row_count:
        return
    for column, key in zip(columns, keys, strict=True):
        if table.columns[column].kind != parent.columns[key].kind:
            return
    strays = f"{_select(table.name, columns)} EXCEPT {_select(parent.name, keys)}"
    (count,) = connection.execute(f"SELECT count(*) FROM ({strays})").fetchone()
    if not count:
        table.references.append(JointReference(columns, parent.name, keys))
    elif count <= _MOST_STRAYS * table.row_count:
        names = ", ".join(columns)
        table.remarks += (
            f"{names}: no reference to {parent.name}, which does not have {count:,} of them",
        )
