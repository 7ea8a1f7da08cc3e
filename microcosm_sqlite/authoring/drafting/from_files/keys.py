"""Keys and references among loaded tables, asked for in SQL of every row."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from inflection import singularize, underscore

from microcosm_sqlite.authoring.drafting.from_files.column_kind import NULL_WORDS
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, MOMENT, TEXT
from microcosm_sqlite.common.sql import quote_identifier, write_orphans
from microcosm_sqlite.common.wording import spell_count

KEY_NAMES = ("id", "key", "code")
OWN_NAMES = frozenset(
    {
        "ancestor", "boss", "father", "manager", "mother", "next", "parent", "predecessor",
        "previous", "reply_to", "reports_to", "root", "successor", "supervisor",
    }
)  # fmt: skip
"""What columns are called that refer to other rows of their own table."""
ENOUGH_FOR_PAIRS = 100
ENOUGH_FOR_REFERENCE = 3
ENOUGH_FOR_SAMPLE = 10_000
MOST_STRAYS = 0.1
"""Of the values of a column that seems to refer to a key; it is told that it does not, then."""
_BY_NAME = "by its name and all of its values"
_BY_VALUES = "by all of its values, not by its name"


def find_key(connection: sqlite3.Connection, table: InferredTable) -> tuple[str, ...]:
    """The columns that tell the rows of a table apart, none where no few do.

    That is the first column, or one that is named as keys are; else, where there are rows enough
    to believe it, the first column and another one.
    """
    if not table.row_count:
        return ()
    candidates = [column.name for column in table.columns.values() if column.may_be_key]
    first = next(iter(table.columns))
    named = [name for name in candidates if underscore(name).split("_")[-1] in KEY_NAMES]
    singles = [name for name in (first, *named) if name in candidates]
    for name in sorted(singles, key=_rank_key):
        if is_unique(connection, table.name, name):
            return (name,)
    if first in candidates and table.row_count >= ENOUGH_FOR_PAIRS:
        for name in candidates:
            if name != first and is_unique(connection, table.name, first, name):
                return (first, name)
    return ()


def _rank_key(name: str) -> int:
    return KEY_NAMES.index(name.lower()) if name.lower() in KEY_NAMES else len(KEY_NAMES)


def is_unique(connection: sqlite3.Connection, table: str, *columns: str) -> bool:
    """Whether no two rows have the same in these columns."""
    listed = ", ".join(map(quote_identifier, columns))
    source = quote_identifier(table)
    # Most columns that repeat themselves do so soon.
    for rows in (f"(SELECT {listed} FROM {source} LIMIT 1000)", source):
        repeated = f"SELECT 1 FROM {rows} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
        if connection.execute(repeated).fetchone():
            return False
    return True


def index_key(connection: sqlite3.Connection, table: InferredTable) -> None:
    """Let the values of other columns be looked up quickly among a table's keys."""
    if len(table.primary_key) == 1:
        name = quote_identifier(f"key of {table.name}")
        source, key = quote_identifier(table.name), quote_identifier(*table.primary_key)
        connection.execute(f"CREATE UNIQUE INDEX {name} ON {source} ({key})")


def infer_references(
    connection: sqlite3.Connection, table: InferredTable, tables: dict[str, InferredTable]
) -> None:
    """Find the columns of a table whose every value is a key of a table, itself included.

    Empty texts are no keys, and the loaded rows do not tell them from no value.
    """
    for column in table.columns.values():
        if column.has_empty:
            continue
        for parent in tables.values():
            if len(parent.primary_key) != 1:
                continue
            key = parent.columns[parent.primary_key[0]]
            is_whole_key = table.primary_key == (column.name,)
            if is_whole_key and table.row_count >= parent.row_count:
                continue  # of two tables with one key, the smaller one refers to the larger
            evidence = _find_evidence(column, parent.name, key, is_own=parent is table)
            if not evidence or (column.reference and evidence != _BY_NAME):
                continue
            place = _Place(table.name, column.name, parent.name, key.name)
            if place.is_sampled(connection, evidence) and place.is_worth_it(connection):
                _note(connection, column, place, evidence)


def _note(
    connection: sqlite3.Connection, column: InferredColumn, place: _Place, evidence: str
) -> None:
    count, rows, first = place.count_strays(connection)
    if not count:
        column.reference, column.evidence = (place.parent, place.key), evidence
        column.near_reference = ""
    elif not column.reference:
        column.near_reference = (
            f"no reference to {place.parent}.{place.key}, as {count:,} of its values are not "
            f"there (in {spell_count(rows, 'row')}, the first is {first!r})"
        )


class _Place(NamedTuple):
    """A column and a key that it may refer to."""

    table: str
    column: str
    parent: str
    key: str

    def is_sampled(self, connection: sqlite3.Connection, evidence: str) -> bool:
        """Whether the first values are there: all but a few of them."""
        if evidence == _BY_NAME:
            return True
        distinct, stray = self._count_distinct(connection, ENOUGH_FOR_SAMPLE)
        return stray <= distinct * MOST_STRAYS

    def is_worth_it(self, connection: sqlite3.Connection) -> bool:
        """Whether it has values enough, which are not just the key of their own rows again."""
        distinct, stray = self._count_distinct(connection, ENOUGH_FOR_SAMPLE)
        if distinct < ENOUGH_FOR_REFERENCE or stray > distinct / 2:
            return False
        if self.table != self.parent:
            return True
        source, child, _, key = map(quote_identifier, self)
        other = f"SELECT 1 FROM {source} WHERE {child} <> {key} LIMIT 1"
        return connection.execute(other).fetchone() is not None

    def count_strays(self, connection: sqlite3.Connection) -> tuple[int, int, str]:
        """How many values are not there, in how many rows, and the first of them."""
        source, child, parent, _ = map(quote_identifier, self)
        strays = write_orphans(source, [self.column], parent, [self.key])
        found: tuple[int, int, str] = connection.execute(
            f"SELECT count(DISTINCT child.{child}), count(*), min(child.{child}) {strays}"
        ).fetchone()
        return found

    def _count_distinct(self, connection: sqlite3.Connection, limit: int) -> tuple[int, int]:
        """Of the first rows: how many different values, and how many of these are not there."""
        source, child, parent, key = map(quote_identifier, self)
        found: tuple[int, int] = connection.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {child} NOT IN (SELECT {key} FROM {parent})) "
            f"FROM (SELECT DISTINCT {child} FROM (SELECT {child} FROM {source} "
            f"WHERE {child} NOTNULL LIMIT {limit}))"
        ).fetchone()
        return found


def _find_evidence(
    column: InferredColumn, parent: str, key: InferredColumn, *, is_own: bool
) -> str:
    """Why a column might refer to a key, before its values are looked at; empty for no reason."""
    if (
        column.kind != key.kind
        or not key.name.isidentifier()
        or key.kind not in (TEXT, INTEGER, DATE, DATETIME, MOMENT)
    ):
        return ""
    name, key_name = underscore(column.name), underscore(key.name)
    stem = underscore(singularize(parent))
    targets = [stem, f"{stem}_{key_name}"]
    if key_name not in KEY_NAMES and (key.kind == TEXT or _is_called_key(key_name)):
        targets.append(key_name)
    if any(name == target or name.endswith(f"_{target}") for target in targets):
        return _BY_NAME
    if is_own and name.removesuffix(f"_{key_name}") in OWN_NAMES:
        return _BY_NAME
    return _BY_VALUES if column.kind == TEXT else ""


def _is_called_key(name: str) -> bool:
    """Whether a number is called as keys are, which years and counts are not."""
    return name.endswith(tuple(f"_{word}" for word in (*KEY_NAMES, "no", "num", "number")))


MOST_LABELS = 16
LONGEST_LABEL = 40
ROWS_PER_LABEL = 20
"""So many rows for each label, on average, make it believed that there are no others."""


def infer_enumerations(connection: sqlite3.Connection, table: InferredTable) -> None:
    """Find the labels of the columns that have few: each is there twice at least.

    A column with empty texts stays text: that they are a label is nothing to be sure of.
    """
    for column in table.columns.values():
        is_free = not (column.reference or column.is_unique or column.name in table.primary_key)
        is_free = is_free and not column.has_empty
        if column.kind == TEXT and is_free and 0 < column.length <= LONGEST_LABEL:
            column.labels = _find_labels(connection, table, column)


def _find_labels(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> tuple[str, ...]:
    name, source = quote_identifier(column.name), quote_identifier(table.name)
    # Most columns of many texts show it soon.
    for rows in (f"(SELECT {name} FROM {source} LIMIT 1000)", source):
        counts = connection.execute(
            f"SELECT {name}, count(*) FROM {rows} WHERE {name} NOTNULL GROUP BY 1 LIMIT ?",
            (MOST_LABELS + 1,),
        ).fetchall()
        if len(counts) > MOST_LABELS:
            return ()
    labels = tuple(sorted(label for label, _ in counts))
    is_believed = (
        len(labels) > 1
        and min(count for _, count in counts) > 1
        and sum(count for _, count in counts) >= ROWS_PER_LABEL * len(labels)
        and NULL_WORDS.isdisjoint(labels)
        and all(label.isprintable() and label == label.strip() for label in labels)
    )
    return labels if is_believed else ()
