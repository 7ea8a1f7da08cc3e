"""Tables, types and keys of a folder of files, inferred from every row of them.

The rows go through a scratch database on disk, so that keys and references are asked for in SQL,
exactly, and memory does not grow with the files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from microcosm_sqlite.authoring.drafting.from_files.column_kind import Guess, classify_value
from microcosm_sqlite.authoring.drafting.from_files.hints import (
    choose_number_style,
    describe_twins,
    find_hint,
    find_joints,
    find_number_styles,
    find_odd_rows,
    find_twins,
)
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredColumn,
    InferredTable,
)
from microcosm_sqlite.authoring.drafting.from_files.keys import (
    find_key,
    index_key,
    infer_enumerations,
    infer_references,
    is_unique,
)
from microcosm_sqlite.authoring.drafting.from_files.sniffing import (
    RawFile,
    TypedFile,
    name_table,
    sniff,
)
from microcosm_sqlite.authoring.loading.value_errors import show
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.databases import find_owner, is_database
from microcosm_sqlite.authoring.sources.finding import (
    DATABASE,
    choose_opener,
    refuse_pointer,
    split_name,
)
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.streams import ignore_advance
from microcosm_sqlite.authoring.values.date_formats import compile_format
from microcosm_sqlite.authoring.values.parsing import SQLITE_SPACE, parse_datetime
from microcosm_sqlite.common.kinds import DATE, DATETIME, JSON, MOMENT, NUMBER, TEXT
from microcosm_sqlite.common.names import find_free_name
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import SourceError, SourceValueError

ENOUGH_FOR_UNIQUE = 20
_CHUNK = 1000


def infer_folder(
    folder: Path,
    null_values: Collection[str] = (),
    *,
    taken: Collection[str] = (),
    refused: Collection[SourceError] = (),
) -> Inference:
    """Infer a table from each CSV, TSV, JSON Lines or Parquet file of a folder.

    Databases are left to `database_draft`.

    Args:
        folder: The folder.
        null_values: Texts of CSV that mean that there is no value, besides the empty field.
        taken: The tables that there are already, of databases.
        refused: What is wrong with the other databases of the folder.

    Raises:
        SourceError: There is no file that a table can be made of, and no other table.
    """
    found = Inference(refused=[*refused])
    names = {name.lower() for name in taken}
    with _open_scratch() as connection:
        for path in _list_files(folder, found):
            try:
                raw = sniff(path)
                if raw is None:
                    found.left_out[path.name] = "empty"
                    continue
                name = find_free_name(name_table(path), names)
                found.tables[name] = _infer_table(connection, name, raw, null_values)
                names.add(name.lower())
            except SourceError as error:
                found.refused.append(error)
        if not names:
            _refuse_nothing(folder, found)
        for table in found.tables.values():
            index_key(connection, table)
        for table in found.tables.values():
            infer_references(connection, table, found.tables)
            infer_enumerations(connection, table)
    return found


def _list_files(folder: Path, found: Inference) -> Iterator[Path]:
    if not folder.is_dir():
        raise SourceError(f"{folder} is not a folder.", file=str(folder))
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            found.left_out[path.name] = "hidden"
        elif path.is_dir():
            found.left_out[path.name] = "a folder; move its files up, or draft a project of it"
        elif not path.is_file():
            found.left_out[path.name] = "no file, or a link to none"
        elif is_database(path):
            continue
        elif owner := find_owner(path):
            if not owner.exists():
                found.left_out[path.name] = f"a log of {owner.name}, which is not there"
        elif split_name(path)[1] == DATABASE:
            try:
                refuse_pointer(path, path.name)
                found.left_out[path.name] = "not a SQLite database"
            except SourceError as error:
                found.refused.append(error)
        elif not split_name(path)[1]:
            found.left_out[path.name] = _ADVICE.get(path.suffix.lower(), _UNKNOWN)
        else:
            yield path


_UNKNOWN = "of no format that is read"
_ADVICE = {
    ".xlsx": "an Excel workbook; save each sheet as CSV",
    ".xls": "an Excel workbook; save each sheet as CSV",
    ".ods": "a workbook; save each sheet as CSV",
    ".geojson": "GeoJSON; write one object on each line, and call it .jsonl",
    ".json": "JSON; write one object on each line, as `jq -c '.[]'` does, and call it .jsonl",
    ".zip": "an archive; unpack it, or call it .csv.zip if it holds one file of CSV",
    ".gz": "compressed; say in its name of what kind it is, as in .csv.gz",
    ".txt": f"{_UNKNOWN}; call it .csv or .tsv if it is a table",
    ".dat": f"{_UNKNOWN}; call it .csv or .tsv if it is a table",
}


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
        TemporaryDirectory(prefix="microcosm-sqlite-") as folder,
        closing(sqlite3.connect(Path(folder, "scratch.db"), isolation_level=None)) as connection,
    ):
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
        yield connection


def _infer_table(
    connection: sqlite3.Connection,
    name: str,
    raw: RawFile | TypedFile,
    null_values: Collection[str],
) -> InferredTable:
    guesses = [Guess() for _ in raw.names]
    row_count = _load(connection, name, raw, guesses, dict.fromkeys(null_values, ""))
    declared = raw.kinds if isinstance(raw, TypedFile) else ()
    columns = {
        column: _describe_column(column, header, guess, kind, is_optional=not row_count)
        for column, header, guess, kind in zip(
            raw.names, raw.header, guesses, declared or [""] * len(guesses), strict=True
        )
    }
    table = InferredTable(name, raw, columns, row_count)
    if not raw.has_types:
        table.remarks = tuple(find_joints(connection, table))
    for column, guess in zip(columns.values(), guesses, strict=True):
        if column.kind == TEXT:
            _look_closer(connection, table, column, guess)
        if column.kind == NUMBER and not raw.has_types:
            _keep_twins(connection, table, column)
        _normalise(connection, table, column, is_padded=guess.is_padded)
    table.remarks += tuple(find_odd_rows(connection, table))
    table.primary_key = find_key(connection, table)
    if row_count >= ENOUGH_FOR_UNIQUE:
        for column in columns.values():
            is_candidate = column.kind == TEXT and column.may_be_key
            if is_candidate and (column.name,) != table.primary_key:
                column.is_unique = is_unique(connection, table.name, column.name)
    return table


def _describe_column(
    name: str, header: str, guess: Guess, declared: str, *, is_optional: bool
) -> InferredColumn:
    kind = guess.kind or declared or TEXT
    has_empty = guess.has_empty and kind in (TEXT, JSON)
    return InferredColumn(
        name,
        header,
        kind,
        # An empty text is no value where a build does not take it for one.
        is_optional or guess.is_nullable or guess.has_empty > has_empty,
        guess.length,
        guess.is_long,
        format=guess.date_format,
        has_infinity=guess.has_infinity,
        has_empty=has_empty,
    )


def _look_closer(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn, guess: Guess
) -> None:
    """Find numbers in other styles among texts, or something to tell the author of them."""
    source, name = quote_identifier(table.name), quote_identifier(column.name)

    def list_texts() -> Iterator[str]:
        query = f"SELECT {name} FROM {source} WHERE {name} NOTNULL"
        return (text for (text,) in connection.execute(query))

    raw, styles = table.file, list[str]()
    if isinstance(raw, RawFile) and guess.narrow and not (guess.words or guess.styles):
        styles = find_number_styles(list_texts)
        column.format = choose_number_style(styles, list_texts, raw.options.delimiter)
    if column.format:
        column.kind = NUMBER
    elif not raw.has_types and not table.remarks:  # of which a narrower kind depends
        column.hint = find_hint(guess, styles, list_texts)


def _keep_twins(
    connection: sqlite3.Connection, table: InferredTable, column: InferredColumn
) -> None:
    """Leave a column text where numbers would make one of texts that differ."""
    twins = find_twins(connection, table, column)
    if twins:
        column.hint = describe_twins(twins, column.format)
        column.kind, column.format = TEXT, ""


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
                    raise _locate(raw.path) from error
                connection.executemany(insert, texts)
                row_count += len(chunk)
    finally:
        connection.execute("COMMIT")
    return row_count


def _locate(path: Path) -> SourceError:
    """The error that tells of the first value of a file which a build would refuse."""
    source = SourceFile(path, path.name, split_name(path)[1])
    with choose_opener(source, CsvOptions())(ignore_advance) as records:
        for line, row in records.numbered():
            for column, value in zip(records.header, row, strict=True):
                try:
                    classify_value(value)
                except ValueError as error:
                    return SourceValueError(
                        f"{records.name}, {records.unit} {line}, column `{column}`: "
                        f"{show(value)} is not {error}.",
                        file=records.name,
                        line=line,
                        column=column,
                        value=str(value),
                        hint="Write it as a text, or as null.",
                    )
    return SourceError(f"{path.name} was changed while it was read.", file=path.name)


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
        for text in set(texts):
            guess.add(text)
    return rows
