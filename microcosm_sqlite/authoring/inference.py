"""Tables, types and keys of a folder of files, inferred from every row of them.

The rows go through a scratch database on disk, so that keys and references are asked for in SQL,
exactly, and memory does not grow with the files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from microcosm_sqlite.authoring.guessing import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TEXT,
    TIME,
    Guess,
)
from microcosm_sqlite.authoring.sniffing import RawFile, TypedFile, sniff
from microcosm_sqlite.authoring.sources import split_name
from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.errors import SourceError

KEY_NAMES = ("id", "key", "code")
KEY_LENGTH = 64
ENOUGH_FOR_PAIRS = 100
ENOUGH_FOR_UNIQUE = 20
ENOUGH_FOR_REFERENCE = 3
_CHUNK = 1000
_NO_KEYS = {NUMBER, BOOLEAN, TIME, DURATION, BINARY, JSON}


@dataclass
class InferredColumn:
    """One column.

    Attributes:
        name: Its name in the database.
        header: Its name in the source.
        kind: One of the kinds of `guessing`.
        is_nullable: Whether a row has nothing in it.
        length: Characters of its longest text.
        is_long: Whether a whole number of it is beyond 32 bits.
        is_unique: Whether no two rows have the same, and the column is not the key.
        reference: The table and column that all its values are found in, if any.
        evidence: Why the reference is believed.
    """

    name: str
    header: str
    kind: str
    is_nullable: bool
    length: int
    is_long: bool
    is_unique: bool = False
    reference: tuple[str, str] | None = None
    evidence: str = ""

    @property
    def may_be_key(self) -> bool:
        """Whether its values are of a kind that rows are told apart by."""
        return not self.is_nullable and self.kind not in _NO_KEYS and self.length <= KEY_LENGTH


@dataclass
class InferredTable:
    """One table.

    Attributes:
        name: Its name.
        file: The source that it is read from.
        columns: By name, in the order of the source.
        row_count: How many rows there are.
        primary_key: Names of the key's columns; none where no columns tell the rows apart.
    """

    name: str
    file: RawFile | TypedFile
    columns: dict[str, InferredColumn]
    row_count: int
    primary_key: tuple[str, ...] = ()


@dataclass
class Inference:
    """What a folder holds.

    Attributes:
        tables: By name, sorted.
        left_out: File name to the reason why no table is made of it.
    """

    tables: dict[str, InferredTable] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def infer_folder(folder: Path, null_values: Collection[str] = ()) -> Inference:
    """Infer a table from each CSV, TSV, JSON Lines or Parquet file of a folder.

    Args:
        folder: The folder.
        null_values: Texts of CSV that mean that there is no value, besides the empty field.

    Raises:
        SourceError: A file cannot be read, two make one table, or there is none.
    """
    found = Inference()
    files = _find_files(folder, found)
    with _open_scratch() as connection:
        for raw in files:
            found.tables[raw.table] = _infer_table(connection, raw, null_values)
        for table in found.tables.values():
            _infer_references(connection, table, found.tables)
    return found


def _find_files(folder: Path, found: Inference) -> list[RawFile | TypedFile]:
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder.", file=str(folder))
    files: list[RawFile | TypedFile] = []
    for path in sorted(folder.iterdir()):
        if not path.is_file() or not split_name(path)[1]:
            found.left_out[path.name] = "of no format that is read"
        elif raw := sniff(path):
            files.append(raw)
        else:
            found.left_out[path.name] = "empty"
    if not files:
        raise SourceError(
            f"{folder} holds no file that tables can be made of.",
            file=str(folder),
            hint="One file makes one table: <table>.csv, .tsv, .jsonl or .parquet.",
        )
    _refuse_namesakes(files)
    return files


def _refuse_namesakes(files: list[RawFile | TypedFile]) -> None:
    seen: dict[str, RawFile | TypedFile] = {}
    for raw in files:
        other = seen.setdefault(raw.table.lower(), raw)
        if other is not raw:
            raise SourceError(
                f"{other.path.name} and {raw.path.name} both make table `{raw.table}`.",
                file=raw.path.name,
                hint="Rename one, or put the rows into one file.",
            )


@contextmanager
def _open_scratch() -> Iterator[sqlite3.Connection]:
    with (
        TemporaryDirectory(prefix="microcosm-sqlite-") as folder,
        closing(sqlite3.connect(Path(folder, "scratch.db"), isolation_level=None)) as connection,
    ):
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        yield connection


def _infer_table(
    connection: sqlite3.Connection, raw: RawFile | TypedFile, null_values: Collection[str]
) -> InferredTable:
    guesses = [Guess() for _ in raw.names]
    row_count = _load(connection, raw, guesses, dict.fromkeys(null_values, ""))
    columns = {
        name: InferredColumn(
            name,
            header,
            guess.kind or TEXT,
            guess.is_nullable or not row_count,
            guess.length,
            guess.is_long,
        )
        for name, header, guess in zip(raw.names, raw.header, guesses, strict=True)
    }
    table = InferredTable(raw.table, raw, columns, row_count)
    table.primary_key = _find_key(connection, table)
    if row_count >= ENOUGH_FOR_UNIQUE:
        for column in columns.values():
            is_candidate = column.kind == TEXT and column.may_be_key
            if is_candidate and (column.name,) != table.primary_key:
                column.is_unique = _is_unique(connection, table.name, column.name)
    return table


def _load(
    connection: sqlite3.Connection,
    raw: RawFile | TypedFile,
    guesses: list[Guess],
    nulls: dict[str, str],
) -> int:
    columns = ", ".join(map(quote_identifier, raw.names))
    marks = ", ".join("nullif(?, '')" for _ in raw.names)
    connection.execute(f"CREATE TABLE {quote_identifier(raw.table)} ({columns})")
    insert = f"INSERT INTO {quote_identifier(raw.table)} VALUES ({marks})"
    row_count = 0
    connection.execute("BEGIN")
    with raw.open_rows() as rows:
        while chunk := list(islice(rows, _CHUNK)):
            texts = _learn(chunk, guesses, nulls, has_types=raw.has_types)
            connection.executemany(insert, texts)
            row_count += len(chunk)
    connection.execute("COMMIT")
    return row_count


def _learn(
    rows: list[Sequence[Any]], guesses: list[Guess], nulls: dict[str, str], *, has_types: bool
) -> list[Sequence[str]]:
    """Tell each column's guess of its fields; the rows come back as texts."""
    if has_types:
        return [
            [guess.add_value(value) for guess, value in zip(guesses, row, strict=True)]
            for row in rows
        ]
    if nulls:
        rows = [[nulls.get(text, text) for text in row] for row in rows]
    for guess, texts in zip(guesses, zip(*rows, strict=True), strict=True):
        for text in texts:
            guess.add(text)
    return rows


def _find_key(connection: sqlite3.Connection, table: InferredTable) -> tuple[str, ...]:
    if not table.row_count:
        return ()
    candidates = [column.name for column in table.columns.values() if column.may_be_key]
    first = next(iter(table.columns))
    named = [name for name in candidates if name.lower().split("_")[-1] in KEY_NAMES]
    singles = [name for name in (first, *named) if name in candidates]
    for name in sorted(singles, key=_rank_key):
        if _is_unique(connection, table.name, name):
            return (name,)
    if first in candidates and table.row_count >= ENOUGH_FOR_PAIRS:
        for name in candidates:
            if name != first and _is_unique(connection, table.name, first, name):
                return (first, name)
    return ()


def _rank_key(name: str) -> int:
    return KEY_NAMES.index(name.lower()) if name.lower() in KEY_NAMES else len(KEY_NAMES)


def _is_unique(connection: sqlite3.Connection, table: str, *columns: str) -> bool:
    listed = ", ".join(map(quote_identifier, columns))
    source = quote_identifier(table)
    # Most columns that repeat themselves do so soon.
    for rows in (f"(SELECT {listed} FROM {source} LIMIT 1000)", source):
        repeated = f"SELECT 1 FROM {rows} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1"
        if connection.execute(repeated).fetchone():
            return False
    return True


def _infer_references(
    connection: sqlite3.Connection, table: InferredTable, tables: dict[str, InferredTable]
) -> None:
    for column in table.columns.values():
        for parent in tables.values():
            if parent is table or len(parent.primary_key) != 1:
                continue
            key = parent.columns[parent.primary_key[0]]
            evidence = _find_evidence(column, parent.name, key)
            if not evidence or (column.reference and evidence != _BY_NAME):
                continue
            if _is_included(connection, (table.name, column.name), (parent.name, key.name)):
                column.reference, column.evidence = (parent.name, key.name), evidence


_BY_NAME = "by its name and all of its values"
_BY_VALUES = "by all of its values, not by its name"


def _find_evidence(column: InferredColumn, parent: str, key: InferredColumn) -> str:
    """Why a column might refer to a key, before its values are looked at; empty for no reason."""
    if (
        column.kind != key.kind
        or not key.name.isidentifier()
        or key.kind not in (TEXT, INTEGER, DATE, DATETIME, MOMENT)
    ):
        return ""
    name, stem = column.name.lower(), parent.lower().removesuffix("s")
    specific = key.name.lower() not in KEY_NAMES and name == key.name.lower()
    if specific or name in (stem, f"{stem}_{key.name.lower()}"):
        return _BY_NAME
    return _BY_VALUES if column.kind == TEXT else ""


def _is_included(
    connection: sqlite3.Connection, column: tuple[str, str], key: tuple[str, str]
) -> bool:
    source, child = map(quote_identifier, column)
    parent, parent_key = map(quote_identifier, key)
    known = f"SELECT {parent_key} FROM {parent}"
    stray = f"SELECT 1 FROM {source} WHERE {child} NOTNULL AND {child} NOT IN ({known}) LIMIT 1"
    if connection.execute(stray).fetchone():
        return False
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {child} FROM {source} LIMIT 10)"
    (values,) = connection.execute(distinct).fetchone()
    return bool(values >= ENOUGH_FOR_REFERENCE)
