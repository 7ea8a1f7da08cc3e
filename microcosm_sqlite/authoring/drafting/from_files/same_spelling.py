"""One spelling for each value of a loaded table, so that values which are the same compare so."""

from __future__ import annotations

import sqlite3
from functools import lru_cache

from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn
from microcosm_sqlite.authoring.drafting.from_files.number_styles import spell
from microcosm_sqlite.authoring.values.date_formats import compile_format
from microcosm_sqlite.authoring.values.parsing import SQLITE_SPACE, parse_datetime
from microcosm_sqlite.common.kinds import DATE, DATETIME, MOMENT, TEXT
from microcosm_sqlite.common.sql import quote_identifier, quote_text

_PLAIN_MOMENT = "2013-01-31 10:00:00"


def spell_alike(
    connection: sqlite3.Connection, column: InferredColumn, guess: Guess, number: int
) -> dict[str, str]:
    """SQL that writes each value of a column in one way.

    Args:
        connection: Where the table is loaded.
        column: The column.
        guess: What is known of its texts.
        number: How many others are rewritten.

    Returns:
        The expression by the column; nothing where all values are written so.
    """
    name = quote_identifier(column.name)
    if column.kind in (DATETIME, MOMENT) or (column.kind == DATE and column.format):
        if _are_plain_moments(column, guess):
            return {}
        parse = compile_format(column.format) if column.format else parse_datetime
        read = lru_cache(1 << 14)(lambda text: text and str(parse(text)))
    elif column.format:
        read = lru_cache(1 << 14)(lambda text: text and spell(column.format, text))
    elif guess.is_padded and column.kind != TEXT:
        return {name: f"trim({name}, {quote_text(SQLITE_SPACE)})"}
    else:
        return {}
    connection.create_function(f"spell_{number}", 1, read, deterministic=True)
    return {name: f"spell_{number}({name})"}


def _are_plain_moments(column: InferredColumn, guess: Guess) -> bool:
    """Whether all texts are known to be moments as Python writes those of whole seconds."""
    is_known = column.kind == DATETIME and not (guess.odd or column.format)
    return is_known and guess.length == len(_PLAIN_MOMENT)
