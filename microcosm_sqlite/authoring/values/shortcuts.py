"""SQL for what a column stores of a text, so that Python is asked about uncommon texts only.

Each shortcut is tried on the column's rule before it is taken: formats, dialects and types of
others may store something else.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import types

from microcosm_sqlite.authoring.values.rules import ColumnRule, quote_text

_WORDS = ("True", "False", "true", "false", "TRUE", "FALSE", "1", "0", "t", "f", "T", "F")
"""Booleans; people write more of them, and Python reads those."""

# A text that SQLite gives back as it was is a date of the calendar. Its years begin with 0.
_FORMS = (
    (
        types.DateTime,
        ("2013-01-31 02:03:04", "2013-01-31 02:03:04.000000"),
        "WHEN datetime({0})={0} AND {0}>='0001' THEN {0}||'.000000'",
    ),
    (
        types.Date,
        ("2013-01-31", "2013-01-31"),
        "WHEN date({0})={0} AND {0}>='0001' THEN {0}",
    ),
)


def write_conversion(rule: ColumnRule, text: str, otherwise: str) -> str:
    """SQL for what a column stores of a text.

    Args:
        rule: What the column takes.
        text: SQL for the text.
        otherwise: SQL that asks Python.
    """
    cases = " ".join(_list_cases(rule, text))
    return f"CASE {cases} ELSE {otherwise} END" if cases else otherwise


def _list_cases(rule: ColumnRule, text: str) -> Iterator[str]:
    if isinstance(rule.column.type, types.Boolean):
        for word in _WORDS:
            stored = _convert(rule, word)
            if isinstance(stored, int):
                yield f"WHEN {text}={quote_text(word)} THEN {stored:d}"
    for kind, (sample, expected), form in _FORMS:
        if isinstance(rule.column.type, kind) and _convert(rule, sample) == expected:
            if rule.nulls:
                yield f"WHEN {text} IN ({','.join(map(quote_text, sorted(rule.nulls)))}) THEN NULL"
            yield form.format(text)


def _convert(rule: ColumnRule, text: str) -> object:
    try:
        return rule.convert(text)
    except ValueError:
        return None
