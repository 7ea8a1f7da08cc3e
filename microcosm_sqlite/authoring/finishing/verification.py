"""Look at a finished file through the eyes of its readers, before it is published."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from microcosm_sqlite.authoring.loading.connections import open_scanner
from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.structure import find_damages
from microcosm_sqlite.catalog.verifying.digest import RowTexts, Span, digest_span, join_digests
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.threads import open_pool
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import DatasetError, VerificationError

MOST_THREADS = 4


def open_as_reader(path: Path) -> closing[sqlite3.Connection]:
    """Open a finished file with the reader's own hardened opener.

    Raises:
        VerificationError: Readers could not open it.
    """
    try:
        return closing(connect(Location(str(path), immutable=True)))
    except DatasetError as error:
        raise VerificationError(f"Readers cannot open the built file: {error}") from error


def digest_tables(path: Path, tables: Iterable[str]) -> dict[str, str]:
    """The hash of each table's rows, whichever version of SQLite wrote them; by several threads."""
    with open_pool(min(MOST_THREADS, os.cpu_count() or 1)) as pool:
        with open_scanner(path) as connection:
            texts = {table: RowTexts(connection, table) for table in tables}
            parts = {
                table: [pool.submit(_digest_span, path, table, span) for span in each.find_spans()]
                for table, each in texts.items()
            }
        return {
            table: join_digests(each.columns, (part.result() for part in parts[table]))
            for table, each in texts.items()
        }


def _digest_span(path: Path, table: str, span: Span) -> bytes:
    with open_scanner(path) as connection:
        return digest_span(RowTexts(connection, table), span)


def verify_database(connection: sqlite3.Connection, row_counts: Mapping[str, int]) -> None:
    """Check integrity, row counts and that every view answers.

    Raises:
        VerificationError: One of them is not as it should be.
    """
    try:
        _check_integrity(connection)
        _check_row_counts(connection, row_counts)
        _check_views(connection)
    except sqlite3.Error as error:
        raise VerificationError(f"The built file cannot be read: {error}.") from error


def _check_integrity(connection: sqlite3.Connection) -> None:
    if problems := find_damages(connection, "integrity_check"):
        raise VerificationError(f"The built file is damaged: {'; '.join(problems)}.")


def _check_row_counts(connection: sqlite3.Connection, row_counts: Mapping[str, int]) -> None:
    for table, expected in row_counts.items():
        quoted = quote_identifier(table)
        (found,) = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
        if found != expected:
            raise VerificationError(
                f"Table `{table}` has {spell_count(found, 'row')} where {expected:,} were loaded."
            )


def _check_views(connection: sqlite3.Connection) -> None:
    views = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall()
    for (view,) in views:
        try:
            connection.execute(f"SELECT * FROM {quote_identifier(view)} LIMIT 0")
        except sqlite3.Error as error:
            raise VerificationError(
                f"View `{view}` does not answer under the reader's opener: {error}.",
                hint="Views may use SQLite's own harmless functions only.",
            ) from error
