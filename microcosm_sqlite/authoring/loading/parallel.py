"""Load one large source with several processes, in parts that are joined in order.

The first part goes into the table itself, where that makes no difference. Each other is loaded by
another process into a file of its own, and copied over by SQLite in one statement: by a forked
child where a fork is safe, else by one that is spawned and imports the models. Whatever goes
wrong, wrong values included, ends in None: the caller then loads the whole in one process, and
finds out what it was.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.loading.bulk import has_apsw
from microcosm_sqlite.authoring.loading.children import (
    ForkedChild,
    PartFailedError,
    StartedChild,
)
from microcosm_sqlite.authoring.loading.connections import (
    INSERT,
    Writer,
    open_writer,
    open_writer_beside,
)
from microcosm_sqlite.authoring.loading.load import load_part, load_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.sources import delimited as splitting
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import Opener
from microcosm_sqlite.authoring.sources.streams import ignore_advance
from microcosm_sqlite.authoring.values.layout import TableRules, is_row_number
from microcosm_sqlite.common import platforms
from microcosm_sqlite.common.platforms import can_fork, can_start_processes
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import BuildError

MOST_PARTS = 4
SMALLEST_STARTED_PART = 16 << 20
"""Bytes of a part that is worth a process which has to import the models first."""

STAGE = "part"


def count_processors() -> int:
    """How many processes can be at work at once."""
    return min(MOST_PARTS, platforms.count_processors()) if can_start_processes() else 1


def _count_parts(load: TableLoad, size: int) -> int:
    """How many parts are worth their processes."""
    if can_fork():
        return count_processors()
    return min(count_processors(), size // SMALLEST_STARTED_PART) if load.start else 1


def fill_table(
    connection: sqlite3.Connection, load: TableLoad, folder: Path, filled: Path | None = None
) -> int:
    """Load an empty table, outside of a transaction, with as many processes as are of use.

    Args:
        connection: The database.
        load: The table, and where its rows come from.
        folder: Where other processes may put their files.
        filled: A file that `fill_part` loaded the whole table into; it is removed.

    Returns:
        The number of rows.

    Raises:
        BuildError: As for `load_table`.
    """
    rows = _append_whole(connection, load, filled) if filled else None
    if rows is None and (parts := _divide(load)):
        rows = load_in_parts(connection, load, parts, folder)
    if rows is None:
        with _transaction(connection):
            rows = load_table(connection, load)
    return rows


def _append_whole(connection: sqlite3.Connection, load: TableLoad, file: Path) -> int | None:
    """Copy a whole table, and return how many rows it has; None, and no row, where one is refused.

    Sources of one table may give it different columns: what is not given is in the file too.
    """
    try:
        rows = _append(connection, load, file, renumbers=False)
    except FAILURES:
        return None
    finally:
        file.unlink(missing_ok=True)
    load.count_rows(rows)
    return rows


def _divide(load: TableLoad) -> Sequence[Opener]:
    """The parts to load by themselves, one of which may be all there is; none of short sources."""
    opener = load.openers[0] if len(load.openers) == 1 else None
    if not isinstance(opener, DelimitedOpener):
        return ()
    parts = opener.split(_count_parts(load, opener.source.size))
    if not parts and has_apsw() and opener.source.size >= splitting.SMALLEST_PART:
        return [opener]
    return parts


def load_in_parts(
    connection: sqlite3.Connection, load: TableLoad, parts: Sequence[Opener], folder: Path
) -> int | None:
    """Load the parts of a source into an empty table, outside of a transaction.

    Args:
        connection: The database.
        load: The table, and how its rows are taken.
        parts: Openers of the parts, in order.
        folder: Where the children may put their files.

    Returns:
        The number of rows, or None where they have to be loaded in one piece; the table is empty
        again then.
    """
    children: list[ForkedChild | StartedChild] = []
    try:
        for number, part in enumerate(parts[1:]):
            file = folder / f"{STAGE}{number}.db"
            children.append(_start(file, part, load))
        here = replace(
            load,
            openers=parts[:1],
            advance=lambda n: load.advance(n * len(parts)),
            count_rows=lambda n: load.count_rows(n * len(parts)),
        )
        rows = _load_here(connection, here, folder / f"{STAGE}.db")
        for child in children:
            child.wait()
            rows += _append(connection, load, child.file)
    except FAILURES:
        connection.execute(f"DELETE FROM {load.quoted}")
        return None
    finally:
        for child in children:
            child.end()
    return rows


def _start(file: Path, part: Opener, load: TableLoad) -> ForkedChild | StartedChild:
    if load.start is None or can_fork():
        silent = replace(load, advance=ignore_advance, count_rows=ignore_advance)
        return ForkedChild(file, partial(fill_part, file, replace(silent, openers=[part])))
    try:
        return StartedChild(file, load.start(part, file))
    except OSError as error:
        raise PartFailedError from error


def fill_part(file: Path, load: TableLoad) -> None:
    """Load one part into a file of its own."""
    _fill_stage(file, replace(load, into=STAGE))


def _load_here(connection: sqlite3.Connection, load: TableLoad, file: Path) -> int:
    if has_apsw() and _is_checked(load.rules.table):
        try:
            fill_part(file, load)
            return _append(connection, load, file)
        finally:
            file.unlink(missing_ok=True)
    with open_writer_beside(connection) as writer, _without_collector(), _transaction(writer):
        return load_part(writer, load)


def _is_checked(table: sa.Table) -> bool:
    """Whether SQLite looks into each row, before which some releases change how it is stored.

    That of apsw may be another release than Python's, by which all rows have to be written then.
    """
    return any(isinstance(each, sa.CheckConstraint) for each in table.constraints) or any(
        column.computed is not None for column in table.columns
    )


def _fill_stage(file: Path, load: TableLoad) -> None:
    with open_writer(file) as writer, _without_collector():
        _create_stage(writer, load.rules)
        with _transaction(writer):
            load_part(writer, load)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows of texts make no cycles, but are looked through for them, again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def _transaction(connection: Writer) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # which SQLite has ended itself where a disk is full
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


FAILURES = (
    PartFailedError,
    BuildError,
    sqlite3.Error,
    ValueError,
    IndexError,
    TypeError,
    OverflowError,
)


def _create_stage(connection: Writer, rules: TableRules) -> None:
    """A table that SQLite can copy page by page: the same columns, without keys or checks."""
    columns = ", ".join(_declare(rule.column, rule.expected) for rule in rules.by_name.values())
    connection.execute(f"CREATE TABLE {STAGE} ({columns})")


def _declare(column: sa.Column[Any], declared: str) -> str:
    key = " PRIMARY KEY" if is_row_number(column) else ""
    not_null = "" if column.nullable else " NOT NULL"
    return f"{quote_identifier(column.name)} {declared}{not_null}{key}"


def _append(
    connection: sqlite3.Connection, load: TableLoad, file: Path, *, renumbers: bool = True
) -> int:
    """Copy a part behind the rows that are there; rows that are numbered are numbered on."""
    numbered = _find_numbered(load) if renumbers else ()
    connection.execute("ATTACH DATABASE ? AS part", (str(file),))
    try:
        return connection.execute(
            f"{INSERT} main.{load.quoted} {_name_columns(load, numbered)} FROM part.{STAGE}"
        ).rowcount
    finally:
        connection.execute("DETACH DATABASE part")


def _find_numbered(load: TableLoad) -> Collection[str]:
    """The column that SQLite numbers, as no source gives it."""
    with load.openers[0](ignore_advance) as records:
        given = {rule.name for rule in load.lay_out(records) if rule is not None}
    return {
        rule.name
        for rule in load.rules.by_name.values()
        if is_row_number(rule.column) and rule.name not in given
    }


def _name_columns(load: TableLoad, numbered: Collection[str]) -> str:
    names = [quote_identifier(name) for name in load.rules.by_name if name not in numbered]
    if len(names) == len(load.rules.table.columns):
        return "SELECT *"  # the form that SQLite copies without looking into the rows
    return f"({', '.join(names)}) SELECT {', '.join(names)}"
