"""One table, or view, of another SQLite file as a source."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from microcosm_sqlite.authoring.sources.databases import explained, find_columns, open_database
from microcosm_sqlite.authoring.sources.records import Converter, Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.sql import name_rowid, quote_identifier
from microcosm_sqlite.errors import SourceValueError

BATCH_ROWS = 1000


@dataclass(frozen=True)
class TableOpener:
    """Opens one table of a database; the rows come in the order of their rowids, or keys."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: It is no database that can be read, or has no such table.
        """
        with open_database(self.source.path, self.source.name) as connection:
            yield _TableRecords(self.source, connection, advance)


class _TableRecords(Records):
    has_types = True

    def __init__(
        self, source: SourceFile, connection: sqlite3.Connection, advance: Advance
    ) -> None:
        super().__init__(source.name, find_columns(connection, source.table, source.name))
        self._source = source
        self._connection = connection
        self._advance = advance
        self._columns = [quote_identifier(name) for name in self.header]
        self._rowid, order = _find_order(connection, source.table)
        self._from = f"FROM {quote_identifier(source.table)}"
        self._ordered = f"{self._from} ORDER BY {order}" if order else self._from
        self.unit = "rowid" if self._rowid else "row"

    def __iter__(self) -> Iterator[tuple[Any, ...]]:  # type: ignore[override]
        return chain.from_iterable(self._iterate_batches(self._columns))

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """The rows, each with its rowid, or numbered from one where there are no rowids."""
        if not self._rowid:
            yield from enumerate(self, start=1)
            return
        for number, *row in chain.from_iterable(
            self._iterate_batches([self._rowid, *self._columns])
        ):
            yield number, row

    def choose_converters(self, layout: Sequence[ColumnRule | None]) -> list[Converter | None]:
        """None for each field whose values all are what its column stores; asked in one scan."""
        conditions = [
            rule.suspect_values(quoted) if rule else "0"
            for rule, quoted in zip(layout, self._columns, strict=True)
        ]
        asked = ", ".join(f"max({condition})" for condition in conditions)
        with explained(self.name):
            (suspects,) = self._connection.execute(f"SELECT {asked} {self._from}")
        return [
            rule.make_stored_converter() if rule and is_suspect else None
            for rule, is_suspect in zip(layout, suspects, strict=True)
        ]

    def _iterate_batches(self, columns: Sequence[str]) -> Iterator[list[tuple[Any, ...]]]:
        with explained(self.name):
            (total,) = self._connection.execute(f"SELECT count(*) {self._from}").fetchone()
            step = self._source.size * BATCH_ROWS // max(total, BATCH_ROWS)
            rows = self._connection.execute(f"SELECT {', '.join(columns)} {self._ordered}")
            try:
                while batch := rows.fetchmany(BATCH_ROWS):
                    yield batch
                    self._advance(step)
            except sqlite3.OperationalError:
                self._refuse_undecodable()
                raise

    def _refuse_undecodable(self) -> None:
        """Raise the error that tells of a text which is not text, if that is what is wrong."""
        number, source = self._rowid or "0", self._from
        for column, quoted in zip(self.header, self._columns, strict=True):
            texts = self._connection.execute(
                f"SELECT {number}, CAST({quoted} AS BLOB) {source} WHERE typeof({quoted}) = 'text'"
            )
            for rowid, text in texts:
                try:
                    text.decode()
                except UnicodeDecodeError as error:
                    raise SourceValueError(
                        f"{self.name}, {self.unit} {rowid}, column `{column}`: "
                        f"{text[:80]!r} is not UTF-8.",
                        file=self.name,
                        line=rowid,
                        column=column,
                        value=repr(text),
                        hint="Write it again as UTF-8, or as a BLOB.",
                    ) from error


def _find_order(connection: sqlite3.Connection, table: str) -> tuple[str, str]:
    """What names the rowid in SQL, where there is one, and what the rows are ordered by."""
    kind, is_without_rowid = connection.execute(
        "SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
        (table,),
    ).fetchone()
    columns = connection.execute("SELECT name, pk FROM pragma_table_xinfo(?)", (table,)).fetchall()
    if is_without_rowid:
        keys = sorted((place, name) for name, place in columns if place)
        return "", ", ".join(quote_identifier(name) for _, name in keys)
    rowid = name_rowid(name for name, _ in columns)
    return (rowid, rowid) if kind == "table" else ("", "")
