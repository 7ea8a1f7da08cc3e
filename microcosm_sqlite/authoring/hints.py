"""What a column would be, but for something that only its author knows."""

from __future__ import annotations

import json
import sqlite3

from microcosm_sqlite.authoring.guessing import INFINITIES, NULL_WORDS, TEXT, Guess
from microcosm_sqlite.authoring.inferred import InferredColumn, InferredTable
from microcosm_sqlite.catalog.connection import quote_identifier


def find_hint(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn, guess: Guess
) -> str:
    """A sentence on what stands in the way of a narrower kind, and on what to do; or nothing."""
    if column.kind != TEXT or not guess.narrow:
        return ""
    if guess.styles and not guess.words:
        return (
            f"dates, but whether in {' or '.join(sorted(guess.styles))} nothing tells; "
            f"set `formats`"
        )
    narrow = Guess(narrow=guess.narrow, styles=guess.styles).kind
    if narrow == TEXT:
        return ""
    infinite = sorted(word for word in guess.words if word.lower() in INFINITIES)
    nulls = sorted(guess.words & NULL_WORDS)
    counts = ", ".join(
        f"{word} ({_count(connection, table, column, word):,} rows)" for word in nulls + infinite
    )
    cures = [f"null-values = {json.dumps(nulls, ensure_ascii=False)}"] if nulls else []
    cures += ["infinity = true"] if infinite else []
    return f"{narrow} but for {counts}; `{'` and `'.join(cures)}` would make it so"


def _count(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn, word: str
) -> int:
    name, source = quote_identifier(column.name), quote_identifier(table.name)
    query = f"SELECT count(*) FROM {source} WHERE {name} = ?"
    (count,) = connection.execute(query, (word,)).fetchone()
    return int(count)
