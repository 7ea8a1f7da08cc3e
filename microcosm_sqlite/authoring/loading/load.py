"""Load the sources of one table, fast, with every type enforced.

The rows go from the reader to `executemany` with as little Python between them as their types
allow. What SQLite converted by itself is asked about afterwards, in one scan; only a source that
something is wrong with is read a second time, to say what and where.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress

from microcosm_sqlite.authoring.loading.connections import Writer
from microcosm_sqlite.authoring.loading.insertion import insert_records
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.loading.value_errors import Findings, judge_records, raise_together
from microcosm_sqlite.authoring.loading.violations import (
    explain_rejected_rows,
    insert_what_fits,
)
from microcosm_sqlite.authoring.sources.streams import ignore_advance
from microcosm_sqlite.authoring.values.rules import suspect_any
from microcosm_sqlite.errors import SourceError

# What a row that does not fit makes of the fast path; the judge then says what it is.
_REJECTIONS = (
    ValueError,  # a text that a converter refuses
    IndexError,  # a row too short for a converter
    sqlite3.ProgrammingError,  # a row of another width than the statement
    sqlite3.IntegrityError,  # a constraint
    sqlite3.DataError,  # a value too long for SQLite
)


def load_table(connection: Writer, load: TableLoad) -> int:
    """Load all sources of a table into an open transaction.

    Returns:
        The number of rows loaded.

    Raises:
        SourceError: A source cannot be read, or does not fit its table.
        SourceValueError: A value does not fit its column.
        DuplicateKeyError: Two rows share a key.
    """
    rows = _insert_all(connection, load, converted=frozenset())
    _resolve_suspects(connection, load)
    return rows


def load_part(connection: Writer, load: TableLoad) -> int:
    """The same, without a word on what is wrong: the whole is loaded again to find that out.

    Returns:
        The number of rows loaded.

    Raises:
        BuildError, sqlite3.Error, ValueError, IndexError, TypeError, OverflowError: Something is
            wrong.
    """
    rows = 0
    for opener in load.openers:
        with opener(load.advance) as records:
            rows += insert_records(connection, load, records)
    _resolve_suspects(connection, load)
    return rows


def _resolve_suspects(connection: Writer, load: TableLoad) -> None:
    """Judge the values that are in doubt, and load again where column affinity took them wrong."""
    suspects = _find_suspects(connection, load)
    if not suspects:
        return
    findings = _judge(load, only=suspects)
    if findings.count:
        raise_together(explain_rejected_rows(load, findings))
    rules = load.rules.by_name
    misfits = {name: rules[name].misfit for name in suspects if rules[name].misfit}
    converted = _find_columns(connection, load, misfits)
    if converted:
        connection.execute(f"DELETE FROM {load.quoted}")
        _insert_all(connection, load, converted)


def _find_suspects(connection: Writer, load: TableLoad) -> frozenset[str]:
    """The columns with values that the judge might not have stored; one scan if there are none."""
    rules = load.rules.by_name.values()
    anywhere = suspect_any(rules)
    if not anywhere or not _holds(connection, load, anywhere):
        return frozenset()
    doubts = {r.name: f"{r.suspicion} OR {r.misfit or 0}" for r in rules if r.suspicion}
    return _find_columns(connection, load, doubts)


def _insert_all(connection: Writer, load: TableLoad, converted: frozenset[str]) -> int:
    total = 0
    for opener in load.openers:
        try:
            with opener(load.advance) as records:
                total += insert_records(connection, load, records, converted)
        except _REJECTIONS as error:
            raise_together(explain_rejected_rows(load, _judge(load), error))
    return total


def _find_columns(
    connection: Writer, load: TableLoad, conditions: Mapping[str, str]
) -> frozenset[str]:
    """The columns whose condition holds for some row."""
    return frozenset(
        name for name, condition in conditions.items() if _holds(connection, load, condition)
    )


def _holds(connection: Writer, load: TableLoad, condition: str) -> bool:
    query = f"SELECT 1 FROM {load.quoted} WHERE {condition} LIMIT 1"
    return connection.execute(query).fetchone() is not None


def _judge(load: TableLoad, only: frozenset[str] | None = None) -> Findings:
    findings = Findings(load.error_limit)
    for opener in load.openers:
        with opener(ignore_advance) as records:
            judge_records(records, load.lay_out(records), findings, only)
    return findings


def keep_what_fits(connection: Writer, load: TableLoad) -> None:
    """Put the rows of a refused table into it that nothing is wrong with by themselves.

    So what they refer to can be checked as well, for one report of all that is wrong.
    """
    if not load.rules.table.foreign_keys:
        return
    connection.execute("BEGIN")
    with suppress(SourceError):  # what cannot be read has no rows
        insert_what_fits(connection, load)
    connection.execute("COMMIT")
