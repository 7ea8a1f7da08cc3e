"""Suggestions for statements that SQLite refuses because they are written for other databases."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache

from microcosm_sqlite.catalog import statement_errors
from microcosm_sqlite.catalog.untrusted import DANGEROUS_FUNCTIONS, LIMITS
from microcosm_sqlite.common.wording import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection


def advise(text: str, connection: Connection, sql: str) -> str:
    """Return a hint for a message of SQLite, or an empty text."""
    for pattern, answer in _ADVICE:
        if matched := re.match(pattern, text, re.DOTALL):
            return answer if isinstance(answer, str) else answer(matched["name"], connection, sql)
    return statement_errors.advise(text, connection, sql)


def _on_function(name: str, _: Connection, __: str) -> str:
    if instead := _ELSEWHERE.get(name.lower()):
        return f"This is SQLite: write {instead}."
    return suggest(name, _list_functions()) or "This is SQLite, with its own functions alone."


@cache
def _list_functions() -> list[str]:
    # A restricted connection may not list them.
    with closing(sqlite3.connect(":memory:")) as connection:
        listed = connection.execute("SELECT DISTINCT name FROM pragma_function_list").fetchall()
    return sorted({name for (name,) in listed} - DANGEROUS_FUNCTIONS)


def _on_table(name: str, connection: Connection, sql: str) -> str:
    schema = name.rpartition(".")[0]
    if schema and schema not in statement_errors.list_schemas(connection):
        return f"If it is a table of another dataset, attach that: attach=[{schema!r}]."
    return statement_errors.advise(f"no such table: {name}", connection, sql)


def _on_syntax(name: str, connection: Connection, sql: str) -> str:
    for message in (f"near {name}: syntax error", f"unrecognized token: {name}"):
        if hint := statement_errors.advise(message, connection, sql):
            return hint
    for pattern, instead in _DIALECTS:
        if re.search(pattern, sql, re.IGNORECASE):
            return f"This is SQLite's SQL: {instead}."
    return f"Look just before {name}: a word may be misspelled, or a comma missing."


_ELSEWHERE = {
    "concat": "a || b",
    "count_if": "count(*) FILTER (WHERE condition)",
    "countif": "count(*) FILTER (WHERE condition)",
    "date_part": "strftime('%Y', column)",
    "date_trunc": "strftime('%Y-%m-01', column)",
    "datediff": "julianday(a) - julianday(b)",
    "extract": "strftime('%Y', column)",
    "greatest": "max(a, b)",
    "least": "min(a, b)",
    "month": "strftime('%m', column)",
    "now": "datetime('now')",
    "regexp": "LIKE or GLOB",
    "string_agg": "group_concat(column, separator)",
    "to_char": "strftime or printf",
    "year": "strftime('%Y', column)",
}
"""Functions of other databases, and what does the same here."""

_LONGEST = LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]
READ = "Only reading is allowed: write one SELECT."
_OUTSIDE = {"fts3_tokenizer", "load_extension"}
"""Functions that do more than read."""
_UNSTOPPABLE = (
    f"Nothing can interrupt it, as any of {', '.join(sorted(DANGEROUS_FUNCTIONS - _OUTSIDE))}, and "
    "trim, ltrim and rtrim of two arguments. LIKE, GLOB and substr are allowed."
)
_NO_PARAMETERS = "Write values in place of parameters."
_DIALECTS = (
    (r"\bselect\s+top\b", "write LIMIT at the end"),
    (r"\bilike\b", "write LIKE, which ignores the case of a to z"),
    (r"::", "write CAST(value AS TEXT)"),
    (r"\bextract\s*\(", "write strftime('%Y', column)"),
    (r"\binterval\b", "write datetime(column, '+1 day')"),
    (r"\bqualify\b", "filter the result of a window function in an outer SELECT"),
    (r"^\s*(show|describe|desc)\b", "tables and columns are in the dataset's description"),
)
"""The syntax of other databases, and its equivalent here."""

_ADVICE: tuple[tuple[str, str | Callable[[str, Connection, str], str]], ...] = (
    (r"no such table: (?P<name>.+)", _on_table),
    (r"no such function: (?P<name>.+)", _on_function),
    (f"not authorized to use function: ({'|'.join(sorted(_OUTSIDE))})", READ),
    (r"not authorized to use function: |user-defined function raised", _UNSTOPPABLE),
    (r"not authorized|authorization denied", READ),
    (r"You did not supply|Incorrect number of bindings|Binding \d+ has no", _NO_PARAMETERS),
    (r'near "[?:@$]', _NO_PARAMETERS),
    (r"near (?P<name>.+): syntax error", _on_syntax),
    (r"unrecognized token: (?P<name>.+)", _on_syntax),
    (
        r"string or blob too big",
        f"A value has at most {_LONGEST:,} bytes.",
    ),
    (r"parser stack overflow", "Nest parentheses, CASE and subqueries less deeply."),
    (r"misuse of aggregate", "Conditions on aggregates are written after HAVING."),
)
