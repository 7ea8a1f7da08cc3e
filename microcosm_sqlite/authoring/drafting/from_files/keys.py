"""Keys, enumerations and booleans of a loaded table, where there is evidence enough for them.

That no two of the rows at hand are alike proves nothing of those to come. So a key is only made of
what is called a key, or of what chance would have made alike in some rows; of all others it is
said that they may be one.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from functools import cache, partial

from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.from_files.key_search import (
    count_chance_pairs,
    find_joint_key,
    is_numbering,
    is_unique,
    read_first,
)
from microcosm_sqlite.authoring.drafting.model_names import make_singular, spell_words
from microcosm_sqlite.authoring.values.parsing import NULL_WORDS
from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, MOMENT, TEXT
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_count

KEY_NAMES = ("id", "key", "code")
_KEY_WORDS = frozenset({*KEY_NAMES, "guid", "no", "nr", "num", "number", "uuid"})
_ENOUGH_IF_NAMED = 10
"""Rows that differ, before a column that is called a key is believed to be one."""
_ENOUGH_CODES = 100
"""Rows that differ, before what looks like codes is believed to be a key."""
_ENOUGH_TO_TELL = 20
"""Rows that differ, before it is told of a column that is not called a key."""
_ENOUGH_FOR_UNIQUE = 1000
"""Rows that differ, before codes that are no key are believed to be unique."""
_CHANCE_PAIRS = 5
"""Rows that chance would have made alike, before it is no chance that they are not."""
_CODES = re.compile(r"(?=.*[0-9])[^\s,]{1,16}|[A-Z0-9]{1,16}")


def find_keys(connection: sqlite3.Connection, table: InferredTable) -> None:
    """Find the primary key of a table and its unique columns, or what may be such.

    A key is one column, the first or one that is called so; else the fewest columns that tell rows
    apart together.
    """
    candidates = _list_candidates(table)
    is_unique_ = cache(partial(_is_unique, connection, table))
    singles = [
        column
        for column in candidates
        if _may_be_primary(table, column) and is_unique_(column.name)
    ]
    for column in sorted(singles, key=lambda each: _rank_name(each.name)):
        if _is_believed_key(connection, table, column):
            table.primary_key = (column.name,)
            break
    else:
        uniques = [column.name for column in candidates if is_unique_(column.name)]
        table.primary_key = find_joint_key(connection, table, uniques)
        table.likely_key = singles[0].name if singles and not table.primary_key else ""
    others = {column.name for column in candidates} - {*table.primary_key, table.likely_key}
    for column in candidates:
        if column.kind == TEXT and column.name in others and is_unique_(column.name):
            _judge_unique(connection, table, column)


def _is_unique(connection: sqlite3.Connection, table: InferredTable, name: str) -> bool:
    is_whole = table.columns[name].kind == INTEGER
    if is_whole and is_numbering(connection, table, name):
        return True
    return is_unique(connection, table.name, name)


def _list_candidates(table: InferredTable) -> list[InferredColumn]:
    columns = [column for column in table.columns.values() if column.may_be_key]
    return columns if table.row_count else []


def _may_be_primary(table: InferredTable, column: InferredColumn) -> bool:
    """Whether a column stands where keys do, is called so, or has one moment for each row."""
    is_first = column.name == next(iter(table.columns)) and not column.is_measured
    return is_first or is_called_key(column.name, table.name) or column.kind in _MOMENTS


_MOMENTS = (DATE, DATETIME, MOMENT)


def _is_believed_key(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> bool:
    is_called = is_called_key(column.name, table.name)
    if is_id(column.name, table.name) or (is_called and table.row_count >= _ENOUGH_IF_NAMED):
        return True
    texts = read_first(connection, table.name, column.name)
    if column.kind == TEXT and table.row_count >= _ENOUGH_CODES and _are_codes(texts):
        return True
    return count_chance_pairs(column.kind, texts) >= _CHANCE_PAIRS


def _judge_unique(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> None:
    if is_called_key(column.name, table.name):
        column.is_unique = table.row_count >= _ENOUGH_TO_TELL
    elif table.row_count >= _ENOUGH_FOR_UNIQUE and not column.is_measured:
        column.is_unique = _are_codes(read_first(connection, table.name, column.name))
    if not (column.is_unique or column.hint) and table.row_count >= _ENOUGH_TO_TELL:
        rows = spell_count(table.row_count, "row")
        column.suggestions.append(f"unique in all {rows}; if it always is, add `unique=True`")


def suggest_key(table: InferredTable) -> None:
    """Say of the column that tells all rows apart, and was not made the key, that it may be it."""
    if table.likely_key and not table.primary_key and table.row_count > 1:
        table.columns[table.likely_key].suggestions.append(
            f"different in all {table.row_count:,} rows; if it always is, make it the key with "
            "`primary_key=True`, instead of the row numbers"
        )


def _are_codes(texts: Iterable[str]) -> bool:
    """Whether texts are short, without blanks, and of capitals or with digits."""
    return all(map(_CODES.fullmatch, texts))


def is_id(name: str, table: str) -> bool:
    """Whether a column is called as the number of a row is: `id`, or `bird_id` in `birds`."""
    return spell_words(name) in ("id", f"{spell_words(make_singular(table))}_id")


def is_called_key(name: str, table: str) -> bool:
    """Whether a column is called as keys are, or as the table is.

    >>> [is_called_key(name, "birds") for name in ("ring_no", "parkkey", "bird", "year", "month")]
    [True, True, True, False, False]
    """
    spelled = spell_words(name)
    words = spelled.split("_")
    is_table = spelled in (spell_words(table), spell_words(make_singular(table)))
    return is_table or words[-1] in _KEY_WORDS or words[-1].endswith("key")


def _rank_name(name: str) -> int:
    return KEY_NAMES.index(name.lower()) if name.lower() in KEY_NAMES else len(KEY_NAMES)


def list_keys(table: InferredTable) -> Iterator[InferredColumn]:
    """The columns that others may refer to: the key, or what may be it, and unique columns."""
    single = table.primary_key if len(table.primary_key) == 1 else ()
    for column in table.columns.values():
        if column.is_unique or column.name in (*single, table.likely_key):
            yield column


MOST_LABELS = 16
LONGEST_LABEL = 40
ROWS_PER_LABEL = 20
"""So many rows for each label, on average, make it believed that there are no others."""
_FEWEST_ROWS = 5
"""Of each label: where some are rare, others may be missing."""
_ROWS_TO_TELL = 5
"""So many rows for each label, on average, before it is told that they may be all."""
_ENOUGH_FOR_BOOLEAN = 10
_SURE_BOOLEANS = frozenset({"true", "false"})


def infer_labels(connection: sqlite3.Connection, table: InferredTable) -> None:
    """Find the labels of the columns that have few.

    A column with empty texts stays text: that they are a label is nothing to be sure of.
    """
    for column in table.columns.values():
        is_free = not (column.reference or column.is_unique or column.name in table.primary_key)
        is_free = is_free and not column.has_empty
        if column.kind == TEXT and is_free and 0 < column.length <= LONGEST_LABEL:
            _judge_labels(connection, table, column)


def _judge_labels(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> None:
    counts = _count_texts(connection, table, column)
    labels = tuple(sorted(counts))
    rows = sum(counts.values())
    if len(labels) < 2 or min(counts.values()) < 2 or not may_be_labels(labels):
        return
    if rows >= ROWS_PER_LABEL * len(labels) and min(counts.values()) >= _FEWEST_ROWS:
        column.labels = labels
    elif rows >= _ROWS_TO_TELL * len(labels):
        column.suggestions.append(
            f"only {len(labels)} different texts in {spell_count(rows, 'row')}; "
            "if there are no others, list them in a Literal"
        )


def may_be_labels(texts: Collection[str]) -> bool:
    """Whether texts look like labels, and none of them like a word for nothing."""
    are_words = all(text.isprintable() and text == text.strip() for text in texts)
    return are_words and NULL_WORDS.isdisjoint(texts)


def _count_texts(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> dict[str, int]:
    """How often each text is there; none where they are many."""
    if column.counts is not None:
        return dict(column.counts) if len(column.counts) <= MOST_LABELS else {}
    name, source = quote_identifier(column.name), quote_identifier(table.name)
    counts: dict[str, int] = {}
    # Most columns of many texts show it soon.
    for rows in (f"(SELECT {name} FROM {source} LIMIT 1000)", source):
        counts = dict(
            connection.execute(
                f"SELECT {name}, count(*) FROM {rows} WHERE {name} NOTNULL GROUP BY 1 LIMIT ?",
                (MOST_LABELS + 1,),
            ).fetchall()
        )
        if len(counts) > MOST_LABELS:
            return {}
    return counts


def doubt_boolean(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> None:
    """Leave a column text whose few rows do not show that it is true or false in all.

    Rows that all say `no` may mean something else, such as Norway.
    """
    counts = _count_texts(connection, table, column)
    words = {text.strip().lower() for text in counts}
    is_told = len(words) > 1 or words <= _SURE_BOOLEANS
    if is_told and sum(counts.values()) >= _ENOUGH_FOR_BOOLEAN:
        return
    column.kind = TEXT
    rows = spell_count(sum(counts.values()), "row")
    column.suggestions.append(
        f"{' or '.join(sorted(words))} in all {rows}; "
        "if it is always true or false, declare it as `Mapped[bool]`, without a type"
    )
