"""What the columns of a loaded table may hold, judged from their texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from microcosm_sqlite.authoring.drafting.from_files.column_kind import classify
from microcosm_sqlite.authoring.drafting.from_files.column_texts import ColumnTexts
from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.drafting.from_files.hints import (
    find_compact_dates,
    find_hint,
    find_shortened_codes,
)
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn, InferredTable
from microcosm_sqlite.authoring.drafting.from_files.keys import doubt_boolean
from microcosm_sqlite.authoring.drafting.from_files.number_styles import (
    choose_number_style,
    find_number_styles,
    judge_spelled,
    keep_codes,
)
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile, TypedFile
from microcosm_sqlite.authoring.drafting.from_files.sentinels import (
    Ends,
    find_sentinels,
    measure_numbers,
)
from microcosm_sqlite.authoring.loading.children import doing_beside, may_share
from microcosm_sqlite.authoring.loading.connections import find_file
from microcosm_sqlite.common.kinds import BOOLEAN, INTEGER, NUMBER, TEXT

Pairs = Sequence[tuple[InferredColumn, Guess]]
"""Columns, each with what was learned of it."""


def judge_columns(
    connection: sqlite3.Connection, table: InferredTable, guesses: Sequence[Guess]
) -> None:
    """Find numbers in other styles among texts, and what may not be what it looks like.

    Of a large file another process judges half of the columns.

    Args:
        connection: Where the table is loaded.
        table: The table.
        guesses: What was learned of each column.
    """
    pairs = [*zip(table.columns.values(), guesses, strict=True)]
    # Whatever one column turns out to be, the others are judged by what all were at first.
    numbers = [column.name for column, _ in pairs if column.kind == NUMBER and not column.format]
    half = len(pairs) // 2
    if not half or not may_share(table.file.size):
        _judge(connection, table, pairs, numbers)
        return
    apart = partial(_judge_apart, find_file(connection), table, pairs[half:], numbers)
    with doing_beside(apart) as finish:
        _judge(connection, table, pairs[:half], numbers)
        table.columns.update((column.name, column) for column in finish())


def _judge_apart(
    database: Path, table: InferredTable, pairs: Pairs, numbers: Collection[str]
) -> list[InferredColumn]:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        _judge(connection, table, pairs, numbers)
    return [column for column, _ in pairs]


def _judge(
    connection: sqlite3.Connection, table: InferredTable, pairs: Pairs, numbers: Collection[str]
) -> None:
    ends = measure_numbers(connection, table, [column for column, _ in pairs])
    texts = {name: _find_texts(connection, table, table.columns[name]) for name in numbers}
    for column, guess in pairs:
        own = _find_texts(connection, table, column)
        _judge_texts(connection, table, column, guess, ends, {**texts, column.name: own})


def _find_texts(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> ColumnTexts:
    return ColumnTexts(connection, table.name, column.name, column.counts)


def _judge_texts(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    guess: Guess,
    ends: Mapping[str, Ends],
    texts: Mapping[str, ColumnTexts],
) -> None:
    has_types = table.file.has_types
    if column.kind == BOOLEAN and not has_types:
        doubt_boolean(connection, table, column)
    elif column.kind == TEXT:
        _look_closer(table, column, guess, texts[column.name])
    if column.kind in (INTEGER, NUMBER) and not has_types:
        keep_codes(connection, table, column, texts)
    if column.kind in (INTEGER, NUMBER) and not column.format:
        sentinels = find_sentinels(connection, table, column, ends)
        column.suggestions += [sentinels] if sentinels else []
        if not has_types:
            looks = (find_compact_dates, find_shortened_codes)
            column.suggestions += filter(None, (look(column, texts[column.name]) for look in looks))


def _look_closer(
    table: InferredTable, column: InferredColumn, guess: Guess, texts: ColumnTexts
) -> None:
    """Find numbers in other styles among texts, or something to tell the author of them."""
    raw, styles = table.file, list[str]()
    if isinstance(raw, RawFile) and guess.narrow and not (guess.words or guess.styles):
        styles = find_number_styles(texts)
        column.format = choose_number_style(styles, texts, raw.options.delimiter)
    if isinstance(raw, TypedFile) and guess.narrow and not guess.words:
        # What has digits only is text here, as there are numbers for others.
        styles = find_number_styles(texts) if TEXT in map(classify, texts()) else []
    if column.format:
        spelled = judge_spelled(column.format, texts)
        column.kind, column.is_long = spelled.kind, spelled.is_long
    elif raw.has_types:
        column.hint = find_hint(column.name, guess, styles, texts, has_types=True)
    elif not table.remarks:  # of which a narrower kind depends
        column.hint = find_hint(column.name, guess, styles, texts, proposed=raw.proposed)
    column.is_measured = bool(column.hint) and not guess.styles  # dates may be keys
