"""Tables, types and keys of a folder of files, inferred from every row of them.

The rows go through a scratch database on disk, so that keys and references are asked for in SQL,
exactly, and memory does not grow with the files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from microcosm_sqlite.authoring.drafting.from_files.column_kind import (
    Guess,
    classify,
    classify_value,
)
from microcosm_sqlite.authoring.drafting.from_files.file_kind import (
    list_files,
    refuse_memory,
    refuse_name,
)
from microcosm_sqlite.authoring.drafting.from_files.hints import (
    find_compact_dates,
    find_hint,
    find_joints,
    find_odd_rows,
    find_sentinels,
)
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredColumn,
    InferredTable,
    find_changes,
)
from microcosm_sqlite.authoring.drafting.from_files.keys import (
    doubt_boolean,
    find_keys,
    index_keys,
    infer_labels,
    suggest_key,
)
from microcosm_sqlite.authoring.drafting.from_files.number_styles import (
    Texts,
    choose_number_style,
    find_number_styles,
    judge_spelled,
    keep_codes,
    spell,
)
from microcosm_sqlite.authoring.drafting.from_files.references import infer_references
from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept, accept_none
from microcosm_sqlite.authoring.drafting.from_files.sniffing import (
    RawFile,
    TypedFile,
    sniff_tables,
)
from microcosm_sqlite.authoring.loading.value_errors import find_misfit
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.finding import choose_opener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.streams import ignore_advance
from microcosm_sqlite.authoring.values.date_formats import compile_format
from microcosm_sqlite.authoring.values.parsing import SQLITE_SPACE, is_word, parse_datetime
from microcosm_sqlite.authoring.values.rules import bind_document
from microcosm_sqlite.common.kinds import (
    BOOLEAN,
    DATE,
    DATETIME,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    TEXT,
)
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.common.workspace import open_scratch, writing_database
from microcosm_sqlite.errors import SourceError

_CHUNK = 1000
Known = Callable[[sqlite3.Connection], Mapping[str, InferredTable]]


def infer_folder(
    folder: Path,
    null_values: Collection[str] = (),
    *,
    taken: Collection[str] = (),
    refused: Collection[SourceError] = (),
    accept: Accept = accept_none,
    load_known: Known | None = None,
    exclude: Collection[str] = (),
) -> Inference:
    """Infer a table from each CSV, TSV, JSON Lines or Parquet file of a folder, or sheet.

    Databases are left to `database_draft`.

    Args:
        folder: The folder.
        null_values: Texts of CSV that mean that there is no value, besides the empty field.
        taken: The tables that there are already, of databases.
        refused: What is wrong with the other databases of the folder.
        accept: Asked for each file which of the repairs proposed are to be made.
        load_known: Loads tables that are known already, for references from and to them.
        exclude: Tables to leave out, by the names that their files give them.

    Raises:
        SourceError: There is no file that a table can be made of, and no other table.
    """
    found = Inference(refused=[*refused])
    names = {name.lower() for name in taken}
    with _open_scratch() as connection:
        for path in list_files(folder, found.left_out, found.refused, exclude):
            try:
                for wanted, raw in sniff_tables(path, accept, found.left_out):
                    name = find_free_name(wanted, names)
                    if name != wanted and raw.is_shared:
                        raise refuse_name(raw.source.name, path, wanted)
                    found.tables[name] = _infer_table(connection, name, raw, null_values)
                    names.add(name.lower())
            except SourceError as error:
                found.refused.append(error)
                _forget(found, path)
            except MemoryError:
                found.refused.append(refuse_memory(path))
        if not (names if load_known is None else found.tables):
            _refuse_nothing(folder, found)
        known = load_known(connection) if load_known else {}
        for table in (*found.tables.values(), *known.values()):
            index_keys(connection, table)
        infer_references(connection, {**found.tables, **known}, known)
        for table in found.tables.values():
            suggest_key(table)
            infer_labels(connection, table)
    return found


def _forget(found: Inference, path: Path) -> None:
    """Leave out the other sheets of a workbook: a build wants a table for each, or none."""
    for name in [name for name, table in found.tables.items() if table.file.path == path]:
        del found.tables[name]


def _refuse_nothing(folder: Path, found: Inference) -> NoReturn:
    if len(found.refused) == 1 and not found.left_out:
        raise found.refused[0]
    reasons = [f"{name}: {reason}" for name, reason in found.left_out.items()]
    reasons += map(str, found.refused)
    raise SourceError(
        "\n".join([f"{folder} holds no file that tables can be made of.", *reasons]),
        file=str(folder),
        hint="" if reasons else "One file makes one table: <table>.csv, .tsv, .jsonl or .parquet.",
    )


@contextmanager
def _open_scratch() -> Iterator[sqlite3.Connection]:
    with (
        open_scratch() as folder,
        writing_database(folder),
        closing(sqlite3.connect(folder / "scratch.db", isolation_level=None)) as connection,
    ):
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        yield connection


def _infer_table(
    connection: sqlite3.Connection,
    name: str,
    raw: RawFile | TypedFile,
    null_values: Collection[str],
) -> InferredTable:
    if not raw.names:
        return InferredTable(name, raw, {}, 0)
    guesses = [Guess() for _ in raw.names]
    row_count = _load(connection, name, raw, guesses, dict.fromkeys(null_values, ""))
    declared, missing = (raw.kinds, raw.missing) if isinstance(raw, TypedFile) else ((), ())
    columns = {
        column: _describe_column(column, header, guess, kind, is_optional=not row_count)
        for column, header, guess, kind in zip(
            raw.names, raw.header, guesses, declared or [""] * len(guesses), strict=True
        )
    }
    table = InferredTable(name, raw, columns, row_count)
    if not raw.has_types:
        table.remarks = tuple(find_joints(connection, table))
    for column, guess, gaps in zip(
        columns.values(), guesses, missing or [0] * len(guesses), strict=True
    ):
        if column.kind == JSON and guess.is_beyond:
            raise _locate(raw.source, column.header)
        _judge_texts(connection, table, column, guess)
        _normalise(connection, table, column, is_padded=guess.is_padded)
        table.remarks += tuple(find_changes(column, guess, gaps))
    table.remarks += tuple(find_odd_rows(connection, table))
    find_keys(connection, table)
    return table


def _describe_column(
    name: str, header: str, guess: Guess, declared: str, *, is_optional: bool
) -> InferredColumn:
    kind = guess.kind or declared or TEXT
    has_empty = guess.empty_count > 0 and kind in (TEXT, JSON)
    return InferredColumn(
        name,
        header,
        kind,
        # An empty text is no value where a build does not take it for one.
        is_optional or guess.is_nullable or (guess.empty_count > 0) > has_empty,
        guess.length,
        guess.is_long,
        format=guess.date_format,
        has_infinity=guess.has_infinity,
        has_empty=has_empty,
        odd=guess.odd,
    )


def _judge_texts(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn, guess: Guess
) -> None:
    """Find numbers in other styles among texts, and what may not be what it looks like."""
    texts: dict[str, Texts] = {
        name: partial(_read_texts, connection, table.name, name)
        for name, each in table.columns.items()
        if each is column or (each.kind == NUMBER and not each.format)
    }
    has_types = table.file.has_types
    if column.kind == BOOLEAN and not has_types:
        doubt_boolean(connection, table, column)
    elif column.kind == TEXT:
        _look_closer(table, column, guess, texts[column.name])
    if column.kind in (INTEGER, NUMBER) and not has_types:
        keep_codes(connection, table, column, texts)
    if column.kind in (INTEGER, NUMBER) and not column.format:
        sentinels = find_sentinels(connection, table, column)
        dates = "" if has_types else find_compact_dates(column, texts[column.name])
        column.suggestions += filter(None, (sentinels, dates))


def _read_texts(connection: sqlite3.Connection, table: str, column: str) -> Iterator[str]:
    name = quote_identifier(column)
    query = f"SELECT {name} FROM {quote_identifier(table)} NOT INDEXED WHERE {name} NOTNULL"
    return (text for (text,) in connection.execute(query))


def _look_closer(table: InferredTable, column: InferredColumn, guess: Guess, texts: Texts) -> None:
    """Find numbers in other styles among texts, or something to tell the author of them."""
    raw, styles = table.file, list[str]()
    if isinstance(raw, RawFile) and guess.narrow and not (guess.words or guess.styles):
        styles = find_number_styles(texts)
        column.format = choose_number_style(styles, texts, raw.options.delimiter)
    if isinstance(raw, TypedFile) and guess.narrow and not guess.words:
        # What has digits only is text here, as there are numbers for others.
        styles = find_number_styles(texts) if TEXT in map(classify, texts()) else []
    if column.format:
        spelled = judge_spelled(column.format, texts)
        column.kind, column.is_long = spelled.kind, spelled.is_long
    elif raw.has_types:
        column.hint = find_hint(column.name, guess, styles, texts, has_types=True)
    elif not table.remarks:  # of which a narrower kind depends
        column.hint = find_hint(column.name, guess, styles, texts, proposed=raw.proposed)


def _normalise(
    connection: sqlite3.Connection,
    table: InferredTable,
    column: InferredColumn,
    *,
    is_padded: bool,
) -> None:
    """Write each value in one way, so that those which are the same compare so."""
    source, name = quote_identifier(table.name), quote_identifier(column.name)
    if column.kind in (DATETIME, MOMENT) or (column.kind == DATE and column.format):
        parse = compile_format(column.format) if column.format else parse_datetime
        read = lru_cache(1 << 14)(lambda text: text and parse(text).isoformat())
        connection.create_function("normalise", 1, read, deterministic=True)
        connection.execute(f"UPDATE {source} SET {name} = normalise({name})")
    elif column.format:
        read = lru_cache(1 << 14)(lambda text: text and spell(column.format, text))
        connection.create_function("normalise", 1, read, deterministic=True)
        connection.execute(f"UPDATE {source} SET {name} = normalise({name})")
    elif is_padded and column.kind != TEXT:
        connection.execute(f"UPDATE {source} SET {name} = trim({name}, ?)", (SQLITE_SPACE,))


def _load(
    connection: sqlite3.Connection,
    name: str,
    raw: RawFile | TypedFile,
    guesses: list[Guess],
    nulls: dict[str, str],
) -> int:
    columns = ", ".join(map(quote_identifier, raw.names))
    marks = ", ".join("nullif(?, '')" for _ in raw.names)
    connection.execute(f"DROP TABLE IF EXISTS {quote_identifier(name)}")  # of a file refused since
    connection.execute(f"CREATE TABLE {quote_identifier(name)} ({columns})")
    insert = f"INSERT INTO {quote_identifier(name)} VALUES ({marks})"
    row_count = 0
    connection.execute("BEGIN")
    try:
        with raw.open_rows() as rows:
            while chunk := list(islice(rows, _CHUNK)):
                try:
                    texts = _learn(chunk, guesses, nulls, has_types=raw.has_types)
                except ValueError as error:
                    raise _locate(raw.source) from error
                connection.executemany(insert, texts)
                row_count += len(chunk)
    finally:
        if connection.in_transaction:  # not after the disk was full
            connection.execute("COMMIT")
    return row_count


def _locate(source: SourceFile, document: str = "") -> SourceError:
    """The error that tells of the first value of a file which a build would refuse.

    Args:
        source: The file.
        document: The field that holds documents of JSON, where one of these is refused.
    """
    with choose_opener(source, CsvOptions())(ignore_advance) as records:
        return find_misfit(records, bind_document if document else classify_value, document)


def _learn(
    rows: list[Sequence[Any]], guesses: list[Guess], nulls: dict[str, str], *, has_types: bool
) -> list[Sequence[str]]:
    """Tell each column's guess of its fields; the rows come back as texts."""
    if has_types:
        if nulls:
            rows = [[None if is_word(value, nulls) else value for value in row] for row in rows]
        return [
            [guess.add_value(value) for guess, value in zip(guesses, row, strict=True)]
            for row in rows
        ]
    if nulls:
        rows = [[nulls.get(text, text) for text in row] for row in rows]
    for guess, texts in zip(guesses, zip(*rows, strict=True), strict=True):
        for text in dict.fromkeys(texts):
            guess.add(text)
    return rows
