"""What a column would be, but for something that only its author knows."""

from __future__ import annotations

import shlex
import sqlite3

from microcosm_sqlite.authoring.inferring.guessing import INFINITIES, NULL_WORDS, TEXT, Guess
from microcosm_sqlite.authoring.inferring.inferred import InferredColumn, InferredTable
from microcosm_sqlite.catalog.connection import quote_identifier


def find_hint(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn, guess: Guess
) -> str:
    """A sentence on what stands in the way of a narrower kind, and on what to do; or nothing."""
    if column.kind != TEXT or not guess.narrow:
        return ""
    if guess.styles and not guess.words:
        return (
            f"dates, but nothing tells whether in {' or '.join(sorted(guess.styles))}; "
            "set `formats`, and Date in the model"
        )
    narrow = Guess(narrow=guess.narrow, styles=guess.styles).kind
    if narrow == TEXT:
        return ""
    infinite = sorted(word for word in guess.words if word.lower() in INFINITIES)
    nulls = sorted(guess.words & NULL_WORDS)
    counts = ", ".join(
        f"{word} ({_count(connection, table, column, word):,} rows)" for word in nulls + infinite
    )
    options = " ".join(f"--null {shlex.quote(word)}" for word in nulls)
    cures = [f"draft it with {options}"] if nulls else []
    cures += ["set `infinity = true`, and Double in the model"] if infinite else []
    return f"{narrow} but for {counts}; if you mean that, {', and '.join(cures)}"


def _count(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn, word: str
) -> int:
    name, source = quote_identifier(column.name), quote_identifier(table.name)
    query = f"SELECT count(*) FROM {source} WHERE {name} = ?"
    (count,) = connection.execute(query, (word,)).fetchone()
    return int(count)
