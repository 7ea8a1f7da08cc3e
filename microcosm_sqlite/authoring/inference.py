"""Tables, types and keys of a folder of files, inferred from every row of them.

The rows go through a scratch database on disk, so that keys and references are asked for in SQL,
exactly, and memory does not grow with the files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from microcosm_sqlite.authoring.guessing import TEXT, Guess
from microcosm_sqlite.authoring.inferred import Inference, InferredColumn, InferredTable
from microcosm_sqlite.authoring.keys import find_key, infer_references, is_unique
from microcosm_sqlite.authoring.sniffing import RawFile, TypedFile, sniff
from microcosm_sqlite.authoring.sources import split_name
from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.errors import SourceError

ENOUGH_FOR_UNIQUE = 20
_CHUNK = 1000


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
            infer_references(connection, table, found.tables)
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
    table.primary_key = find_key(connection, table)
    if row_count >= ENOUGH_FOR_UNIQUE:
        for column in columns.values():
            is_candidate = column.kind == TEXT and column.may_be_key
            if is_candidate and (column.name,) != table.primary_key:
                column.is_unique = is_unique(connection, table.name, column.name)
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
