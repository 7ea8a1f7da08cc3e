"""SQL that is true of each value of a database that may not be what its column stores.

Each function takes the type of a column, its rule and its quoted name. Such values are judged one
by one; all others are taken as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microcosm_sqlite.common.sql import find_affinity, quote_text

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.values.rules import ColumnRule

ALWAYS = "1"
"""The condition of a column whose every value has to be judged."""


def suspect_all(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Every value."""
    return ALWAYS


def suspect_integer(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Return SQL that finds a value that is not a whole number, or a word that means NULL."""
    if not _has_affinity(rule, "INTEGER"):
        return ALWAYS
    return _unless_stored("integer", quoted) + _or_nothing(rule, f"CAST({quoted} AS TEXT)")


def suspect_text(type_: Any, rule: ColumnRule, quoted: str) -> str:
    """Return SQL that finds a value that is no text, too long, or a word that means NULL."""
    if not _has_affinity(rule, "TEXT"):
        return ALWAYS
    # Functions of SQLite stop at a NUL.
    conditions = [_unless_stored("text", quoted), f"instr({quoted}, char(0)) > 0"]
    conditions += [f"length({quoted}) > {type_.length}"] if type_.length else []
    return " OR ".join(conditions) + _or_nothing(rule, quoted)


def _or_nothing(rule: ColumnRule, text: str) -> str:
    """SQL that adds the words that mean NULL to a condition."""
    nulls = _list_texts(word for word in rule.nulls if word)
    return f" OR {text} COLLATE BINARY IN ({nulls})" if nulls else ""


def suspect_label(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Return SQL that finds a value that is not a text of the enumeration."""
    stored = _unless_stored("text", quoted)
    return f"{stored} OR {quoted} COLLATE BINARY NOT IN ({_list_texts(type_.enums)})"


def suspect_real(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Return SQL that finds a value that is not a finite number, or a word that means NULL."""
    if not _has_affinity(rule, "REAL"):
        return ALWAYS
    is_number = f"typeof({quoted}) NOT IN ('integer', 'real') OR abs({quoted} * 1.0) = 9e999"
    return is_number + _or_nothing(rule, f"CAST({quoted} AS TEXT)")


def suspect_boolean(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Return SQL that finds a value that is neither 0 nor 1."""
    return f"{_unless_stored('integer', quoted)} OR {quoted} NOT IN (0, 1)"


def suspect_date(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Return SQL that finds a value that is not a date in its stored form."""
    return f"date({quoted}, '+0 days') COLLATE BINARY IS NOT {quoted} OR {quoted} < '0001'"


def suspect_moment(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Return SQL that finds a value that is not a datetime in its stored form."""
    second, fraction = f"substr({quoted}, 1, 19)", f"substr({quoted}, 20)"
    return (
        f"datetime({second}, '+0 days') COLLATE BINARY IS NOT {second} OR {quoted} < '0001' "
        f"OR length({quoted}) <> 26 OR {fraction} NOT GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'"
    )


def suspect_bytes(type_: Any, rule: ColumnRule, quoted: str) -> str:  # noqa: ARG001
    """Return SQL that finds a value that is not bytes."""
    return _unless_stored("blob", quoted)


def _unless_stored(kind: str, quoted: str) -> str:
    return f"typeof({quoted}) <> '{kind}'"


def _has_affinity(rule: ColumnRule, affinity: str) -> bool:
    return find_affinity(rule.expected) == affinity


def _list_texts(texts: Any) -> str:
    return ", ".join(quote_text(text) for text in sorted(texts))
