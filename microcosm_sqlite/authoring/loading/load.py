"""Load the sources of one table, fast, with every type enforced.

The rows go from the reader to `executemany` with as little Python between them as their types
allow. What SQLite converted by itself is asked about afterwards, in one scan; only a source that
something is wrong with is read a second time, to say what and where.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from microcosm_sqlite.authoring.loading.bulk import Writer
from microcosm_sqlite.authoring.loading.diagnose import explain_rejected_rows
from microcosm_sqlite.authoring.loading.judge import Findings, judge_records
from microcosm_sqlite.authoring.sources.records import Converter, Opener, Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.layout import (
    TableRules,
    fill_values,
    lay_out,
    refuse_missing,
)
from microcosm_sqlite.authoring.values.rules import ColumnRule, suspect_any
from microcosm_sqlite.catalog.connection import quote_identifier

# What a row that does not fit makes of the fast path; the judge then says what it is.
_REJECTIONS = (
    ValueError,  # a text that a converter refuses
    IndexError,  # a row too short for a converter
    sqlite3.ProgrammingError,  # a row of another width than the statement
    sqlite3.IntegrityError,  # a constraint
    sqlite3.DataError,  # a value too long for SQLite
)


@dataclass(frozen=True)
class TableLoad:
    """One table and where its rows come from.

    Attributes:
        rules: What its columns take.
        openers: Its sources, in order.
        skip_unknown: Whether fields that the table has no column for are left out.
        error_limit: How many offences are told of.
        advance: Told of the bytes read.
        defaults: Values, by column name, for columns that a source leaves out.
        is_partial: Whether a source may leave out columns that need a value.
        into: The name of the table to fill, where it is not the table's own.
    """

    rules: TableRules
    openers: Sequence[Opener]
    skip_unknown: bool = False
    error_limit: int = 20
    advance: Advance = field(default=ignore_advance)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    is_partial: bool = False
    into: str = ""

    @property
    def quoted(self) -> str:
        """The table's name in SQL."""
        return quote_identifier(self.into or self.rules.table.name)

    def lay_out(self, records: Records) -> list[ColumnRule | None]:
        """The rule of each field of one source."""
        layout = lay_out(self.rules, records.header, records.name, skip_unknown=self.skip_unknown)
        if not (self.is_partial or records.is_empty):
            refuse_missing(self.rules, layout, records.name)
        return layout


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
            rows += _insert_records(connection, load, records, frozenset())
    _resolve_suspects(connection, load)
    return rows


def _resolve_suspects(connection: Writer, load: TableLoad) -> None:
    """Judge the values that are in doubt, and load anew where column affinity took them wrong."""
    suspects = _find_suspects(connection, load)
    if not suspects:
        return
    _judge(load, only=suspects)
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
                total += _insert_records(connection, load, records, converted)
        except _REJECTIONS as error:
            _judge(load)
            explain_rejected_rows(load, error)
            raise
    return total


def _insert_records(
    connection: Writer, load: TableLoad, records: Records, converted: frozenset[str]
) -> int:
    layout = load.lay_out(records)
    constants = fill_values(load.rules, layout, load.defaults)
    used = [rule for rule in layout if rule is not None]
    plain = [
        rule.is_plain and rule.name not in converted and not records.has_types for rule in used
    ]
    names = [rule.name for rule in used] + list(constants)
    values = [
        rule.placeholder if is_plain else "?" for rule, is_plain in zip(used, plain, strict=True)
    ]
    values += [_literal(connection, value) for value in constants.values()]
    statement = f"INSERT INTO {load.quoted} {_write_values(load, names, values)}"
    rows: Iterable[Any] = records
    if len(used) < len(layout):
        rows = _pick(rows, [i for i, rule in enumerate(layout) if rule is not None], len(layout))
    if records.has_types:
        converters = records.choose_converters(layout)
        rows = _convert_values(
            rows, [c for c, rule in zip(converters, layout, strict=True) if rule is not None]
        )
    elif not all(plain):
        rows = _convert(
            rows, [(i, rule.make_cache()) for i, rule in enumerate(used) if not plain[i]]
        )
    return int(connection.executemany(statement, rows).rowcount)


def _write_values(load: TableLoad, names: Sequence[str], values: Sequence[str]) -> str:
    """The columns and what goes into them, in few letters, as some look at them for each row."""
    if not names:
        return "DEFAULT VALUES"
    is_whole = list(names) == [column.name for column in load.rules.table.columns]
    listed = "" if is_whole else f"({', '.join(map(quote_identifier, names))}) "
    return f"{listed}VALUES ({','.join(values)})"


def _pick(rows: Iterable[list[Any]], indexes: list[int], width: int) -> Iterator[list[Any]]:
    for row in rows:
        if len(row) != width:
            raise ValueError("a row of another width")
        yield [row[index] for index in indexes]


def _convert(
    rows: Iterable[list[Any]], caches: Sequence[tuple[int, dict[Any, Any]]]
) -> Iterator[list[Any]]:
    if len(caches) == 1:
        ((index, cache),) = caches
        for row in rows:
            row[index] = cache[row[index]]
            yield row
        return
    for row in rows:
        for index, cache in caches:
            row[index] = cache[row[index]]
        yield row


def _convert_values(
    rows: Iterable[Sequence[Any]], converters: Sequence[Converter | None]
) -> Iterable[Sequence[Any]]:
    busy = [(index, convert) for index, convert in enumerate(converters) if convert]
    return _convert_typed(rows, busy) if busy else rows


def _convert_typed(
    rows: Iterable[Sequence[Any]], converters: Sequence[tuple[int, Converter]]
) -> Iterator[list[Any]]:
    for row in rows:
        values = list(row)
        for index, convert in converters:
            values[index] = convert(values[index])
        yield values


def _literal(connection: Writer, value: object) -> str:
    (literal,) = connection.execute("SELECT quote(?)", (value,)).fetchone()
    return str(literal)


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


def _judge(load: TableLoad, only: frozenset[str] | None = None) -> None:
    findings = Findings(load.error_limit)
    for opener in load.openers:
        with opener(ignore_advance) as records:
            judge_records(records, load.lay_out(records), findings, only)
    findings.raise_any()
