"""Load the rows of a file into a scratch database, and learn from them what its columns hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice

from microcosm_sqlite.authoring.drafting.from_files.column_kind import classify_value
from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile, TypedFile, open_typed
from microcosm_sqlite.authoring.loading.children import doing_beside, may_share
from microcosm_sqlite.authoring.loading.connections import INSERT, Writer, open_writer_beside
from microcosm_sqlite.authoring.loading.insertion import open_plain_text
from microcosm_sqlite.authoring.loading.value_errors import find_misfit
from microcosm_sqlite.authoring.sources.records import Block
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock
from microcosm_sqlite.authoring.values.parsing import is_word
from microcosm_sqlite.authoring.values.rules import bind_document
from microcosm_sqlite.common.sql import quote_identifier, quote_text
from microcosm_sqlite.errors import SourceError, SourceValueError

_CHUNK = 1000
_LEARNED_HERE = 4
"""Of so many blocks of a text, one is learned from apart: by the process that loads them all, where
another, which has more time, learns from the others."""


def load_rows(
    connection: sqlite3.Connection,
    name: str,
    raw: RawFile | TypedFile,
    guesses: list[Guess],
    nulls: dict[str, str],
) -> int:
    """Load the rows of a file into a new table, and tell each column's guess of its fields.

    Args:
        connection: Where to.
        name: The table.
        raw: The file.
        guesses: One for each column.
        nulls: Texts that mean that there is no value, to the empty text.

    Returns:
        The number of rows.

    Raises:
        SourceError: The file cannot be read, or has a value that a build would refuse.
    """
    table = quote_identifier(name)
    connection.execute(f"DROP TABLE IF EXISTS {table}")  # of a file refused since
    connection.execute(f"CREATE TABLE {table} ({', '.join(map(quote_identifier, raw.names))})")
    marks = ", ".join("nullif(?, '')" for _ in raw.names)
    with open_writer_beside(connection) as writer, _transaction(writer):
        insert = partial(writer.executemany, f"{INSERT} {table} VALUES ({marks})")
        if raw.has_types:
            return _load_values(insert, raw, guesses, nulls)
        own = [Guess() for _ in guesses]
        with _learning(raw, guesses, nulls) as is_shared:
            if is_shared:
                row_count = _copy_texts(writer, table, insert, raw, own, nulls)
            else:
                row_count = _load_texts(insert, raw, (guesses, own), nulls)
        for guess, other in zip(guesses, own, strict=True):
            guess.merge(other)
        return row_count


@contextmanager
def _transaction(writer: Writer) -> Iterator[None]:
    writer.execute("BEGIN")
    try:
        yield
    finally:
        if writer.in_transaction:  # not after the disk was full
            writer.execute("COMMIT")


@contextmanager
def _learning(
    raw: RawFile | TypedFile, guesses: list[Guess], nulls: dict[str, str]
) -> Iterator[bool]:
    """Whether another process reads a large text as well, and learns for the guesses."""
    if not may_share(raw.size):
        yield False
        return
    with doing_beside(partial(_learn_beside, raw, guesses, nulls)) as finish:
        yield True
        guesses[:] = finish()


def _learn_beside(
    raw: RawFile | TypedFile, guesses: list[Guess], nulls: dict[str, str]
) -> list[Guess]:
    width = len(raw.names)
    with raw.open_rows() as records:
        for number, block in enumerate(records.read_blocks()):
            if not _is_learned_here(number):
                for columns in _split(block, width, nulls):
                    _learn_texts(columns, guesses)
    for guess in guesses:
        guess.texts.forget_some()
    return guesses


def _is_learned_here(number: int) -> bool:
    """Whether the process that loads a block learns from it, where another learns as well."""
    return number % _LEARNED_HERE == _LEARNED_HERE - 1


Insert = Callable[[Iterable[Sequence[str]]], object]
"""Inserts rows of texts."""


def _load_texts(
    insert: Insert,
    raw: RawFile | TypedFile,
    guesses: tuple[list[Guess], list[Guess]],
    nulls: dict[str, str],
) -> int:
    """Load the rows of a text, and learn from them as two processes do, so that it is the same."""
    row_count, width = 0, len(raw.names)
    with raw.open_rows() as records:
        for number, block in enumerate(records.read_blocks()):
            for columns in _split(block, width, nulls):
                _learn_texts(columns, guesses[_is_learned_here(number)])
                insert(zip(*columns, strict=True))
                row_count += len(columns[0])
    return row_count


def _copy_texts(
    writer: Writer,
    table: str,
    insert: Insert,
    raw: RawFile | TypedFile,
    guesses: list[Guess],
    nulls: dict[str, str],
) -> int:
    """Load the rows of a text, and learn from some; SQLite reads it where it can."""
    row_count, width = 0, len(raw.names)
    empty = ", ".join(map(quote_text, ("", *nulls)))
    fields = [f"CASE WHEN c{at} NOT IN ({empty}) THEN c{at} END" for at in range(width)]
    with raw.open_rows() as records, open_plain_text(writer, width) as plain:
        copy = f"{INSERT} {table} SELECT {', '.join(fields)} {plain.source}" if plain else ""
        for number, block in enumerate(records.read_blocks()):
            is_copied = plain is not None and plain.fill(block)
            if plain and is_copied:
                row_count += plain.check(writer.execute(copy).rowcount)
                if not _is_learned_here(number):
                    continue
            for columns in _split(block, width, nulls):
                if _is_learned_here(number):
                    _learn_texts(columns, guesses)
                if not is_copied:
                    insert(zip(*columns, strict=True))
                    row_count += len(columns[0])
    return row_count


def _split(block: Block, width: int, nulls: dict[str, str]) -> Iterator[Sequence[Sequence[str]]]:
    """The fields of some rows of a block at a time, by column."""
    columns = block.split_columns(width) if isinstance(block, PlainBlock) else []
    if columns:
        yield _blank(columns, nulls)
        return
    rows = iter(block)
    while chunk := list(islice(rows, _CHUNK)):
        yield _blank(list(zip(*chunk, strict=True)), nulls)


def _blank(columns: Sequence[Sequence[str]], nulls: dict[str, str]) -> Sequence[Sequence[str]]:
    """The columns with empty texts for those that mean that there is no value."""
    if not nulls:
        return columns
    return [
        texts if nulls.keys().isdisjoint(texts) else [nulls.get(text, text) for text in texts]
        for texts in columns
    ]


def _learn_texts(columns: Sequence[Sequence[str]], guesses: Sequence[Guess]) -> None:
    for guess, texts in zip(guesses, columns, strict=True):
        guess.add_all(texts)


def _load_values(
    insert: Insert, raw: RawFile | TypedFile, guesses: list[Guess], nulls: dict[str, str]
) -> int:
    row_count = 0
    with raw.open_rows() as records:
        rows = iter(records)
        while chunk := list(islice(rows, _CHUNK)):
            if nulls:
                chunk = [
                    [None if is_word(value, nulls) else value for value in row] for row in chunk
                ]
            try:
                texts = [
                    [guess.add_value(value) for guess, value in zip(guesses, row, strict=True)]
                    for row in chunk
                ]
            except ValueError as error:
                raise locate(raw) from error
            insert(texts)
            row_count += len(chunk)
    return row_count


def locate(raw: RawFile | TypedFile, document: str = "") -> SourceError:
    """The error that tells of the first value of a file which a build would refuse.

    Args:
        raw: The file.
        document: The field that holds documents of JSON, where one of these is refused.
    """
    judge = bind_document if document else classify_value
    for source in raw.sources:
        with open_typed(source) as records:
            found = find_misfit(records, judge, document)
        if isinstance(found, SourceValueError):
            break
    return found
