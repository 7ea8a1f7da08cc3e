"""SQLite files as they are found: told from other files, opened where safe, listed, read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.sources.impostors import advise_impostor
from microcosm_sqlite.authoring.sources.records import Converter, Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.catalog.connection import database_uri, harden
from microcosm_sqlite.catalog.preflight import (
    MAGIC,
    check_header,
    check_sidecars,
    refuse_special_sidecars,
)
from microcosm_sqlite.catalog.structure import table_names
from microcosm_sqlite.common.sql import name_rowid, quote_identifier
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import (
    DatasetFileError,
    DatasetNotPackagedError,
    SourceError,
    SourceValueError,
)

DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3")
SIDECARS = ("-wal", "-shm", "-journal")
"""Ends of the names of files that SQLite keeps beside a database."""

_SNAPSHOT = "Take a copy that has everything: sqlite3 {} \"VACUUM INTO 'copy.db'\""
_NEEDS_APPLICATION = ("no query solution", "collation sequence", "unknown function")
_DAMAGED = "Fetch or copy the whole file again"
_SAVE = 'save what can be saved: sqlite3 {} ".clone saved.db"'


def find_owner(path: Path) -> Path | None:
    """The database that a file is a log of, by its name; None for other files."""
    ends = (end for end in SIDECARS if path.name.endswith(end))
    return next((path.with_name(path.name.removesuffix(end)) for end in ends), None)


def is_database(path: Path) -> bool:
    """Whether a file begins as SQLite's do, whatever it is called."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


@contextmanager
def open_database(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    """Open a database that nobody writes to, to read it as a whole; no file appears beside it.

    Args:
        path: Where it is.
        name: What errors call it.

    Raises:
        SourceError: It is missing, no database, or lacks what another file has.
    """
    refuse_unusable(path, name)
    with closing(_connect(path)) as connection:
        with explained(name):
            harden(connection)
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        yield connection


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(database_uri(str(path), immutable=True), uri=True)


def refuse_unusable(path: Path, name: str) -> None:
    """Refuse what is no complete database in itself.

    Raises:
        SourceError: It is not; the text says what it is, or lacks.
    """
    try:
        check_sidecars(str(path))
    except DatasetFileError as error:
        raise _translate(error, path, name, _SNAPSHOT.format(path.name)) from error
    refuse_impostor(path, name)


def refuse_impostor(path: Path, name: str) -> None:
    """Refuse what is missing, or no database, or not all of one.

    Raises:
        SourceError: It is not; the text says what it is.
    """
    try:
        refuse_special_sidecars(str(path))
        check_header(str(path))
    except DatasetNotPackagedError:
        return  # in write-ahead mode, which is as good as any where there is no log
    except DatasetFileError as error:
        raise _translate(error, path, name, _advise(path, error.message)) from error


def _advise(path: Path, reason: str) -> str:
    if "is not a SQLite database" in reason:
        return advise_impostor(path)
    # What has the wrong size still has the pages that it has.
    return f"{_DAMAGED}; or {advise_saving(path.name)}" if "bytes" in reason else f"{_DAMAGED}."


def advise_saving(name: str) -> str:
    """How to save what is readable of a damaged database, as a command that leaves it as it is."""
    return _SAVE.format(name)


def _translate(error: DatasetFileError, path: Path, name: str, hint: str) -> SourceError:
    return SourceError(error.message.replace(str(path), name), file=name, hint=hint)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Translate what SQLite says of a database that cannot be read."""
    try:
        yield
    except sqlite3.Error as error:
        hint = f'See what is wrong with it: sqlite3 {name} "PRAGMA integrity_check"'
        if any(words in str(error) for words in _NEEDS_APPLICATION):
            hint = "Let the application that made it write a copy without what only it has."
        raise SourceError(f"{name} cannot be read: {error}.", file=name, hint=hint) from error


def list_tables(path: Path, name: str) -> list[str]:
    """The ordinary tables of a database, sorted.

    Full-text and other virtual tables, and what they keep their content in, are none.

    Raises:
        SourceError: It cannot be opened.
    """
    with open_database(path, name) as connection, explained(name):
        return table_names(connection)


def find_columns(connection: sqlite3.Connection, table: str, name: str) -> list[str]:
    """The columns of a table or view that hold something: those that are not generated.

    Raises:
        SourceError: There is no such table.
    """
    described = connection.execute(
        "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid", (table,)
    ).fetchall()
    if not described:
        known = table_names(connection)
        raise SourceError(
            f"{name} has no table `{table}`; it has {', '.join(known) or 'none'}.",
            file=name,
            hint=suggest(table, known, spell="`{}`".format),
        )
    return [column for (column,) in described]


def refuse_nameless_columns(connection: sqlite3.Connection, table: str, name: str) -> None:
    """Refuse a table with a column whose name is blank, which no model can have.

    Raises:
        SourceError: There is one.
    """
    for place, column in enumerate(find_columns(connection, table, name), start=1):
        if not column.strip():
            old, new = quote_identifier(column), f"column_{place}"
            raise SourceError(
                f"{name}, table `{table}`: column {place} has no name.",
                file=name,
                hint="Give it one: "
                f"ALTER TABLE {quote_identifier(table)} RENAME COLUMN {old} TO {new}",
            )


def split_table(
    name: str, root: Path, suffixes: tuple[str, ...] = DATABASE_SUFFIXES
) -> tuple[str, str]:
    """Take ``file.db#table`` apart; a file whose own name holds a ``#`` stays whole."""
    file, mark, table = name.rpartition("#")
    is_marked = mark and not (root / name).exists() and file.lower().endswith(suffixes)
    return (file, table) if is_marked else (name, "")


BATCH_ROWS = 1000


@dataclass(frozen=True)
class TableOpener:
    """Opens one table of a database; the rows come in the order of their rowids, or keys."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: It is not a database that can be read, or has no such table.
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
        (encoding,) = self._connection.execute("PRAGMA encoding").fetchone()
        codec = encoding.replace("16", "16-")
        for column, quoted in zip(self.header, self._columns, strict=True):
            texts = self._connection.execute(
                f"SELECT {number}, CAST({quoted} AS BLOB) {source} WHERE typeof({quoted}) = 'text'"
            )
            for rowid, text in texts:
                try:
                    text.decode(codec)
                except UnicodeDecodeError as error:
                    raise SourceValueError(
                        f"{self.name}, {self.unit} {rowid}, column `{column}`: "
                        f"{text[:80]!r} is not {encoding[:6].rstrip('l')}.",
                        file=self.name,
                        line=rowid,
                        column=column,
                        value=repr(text),
                        hint="Write it again as UTF-8, or the whole column as blobs: "
                        f"UPDATE {quote_identifier(self._source.table)} "
                        f"SET {quoted} = CAST({quoted} AS BLOB)",
                    ) from error


def _find_order(connection: sqlite3.Connection, table: str) -> tuple[str, str]:
    """The SQL name of the rowid if there is one, and the terms that the rows are ordered by."""
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
