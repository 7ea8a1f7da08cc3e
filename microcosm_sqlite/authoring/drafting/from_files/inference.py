"""Tables, types and keys of a folder of files, inferred from every row of them.

The rows go through a scratch database on disk, so that keys and references are asked for in SQL,
exactly, and memory does not grow with the files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

from microcosm_sqlite.authoring.drafting.from_files.descriptions import describe_columns
from microcosm_sqlite.authoring.drafting.from_files.file_kind import (
    refuse_memory,
    refuse_name,
)
from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredColumn,
    InferredTable,
    find_changes,
)
from microcosm_sqlite.authoring.drafting.from_files.judging import judge_columns
from microcosm_sqlite.authoring.drafting.from_files.keys import (
    find_keys,
    infer_labels,
    suggest_key,
)
from microcosm_sqlite.authoring.drafting.from_files.learning import load_rows, locate
from microcosm_sqlite.authoring.drafting.from_files.nesting import refer_to_rows, split_nested
from microcosm_sqlite.authoring.drafting.from_files.odd_rows import (
    find_joints,
    find_odd_rows,
    find_totals,
)
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile, TypedFile
from microcosm_sqlite.authoring.drafting.from_files.references import infer_references
from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept, accept_none
from microcosm_sqlite.authoring.drafting.from_files.same_spelling import spell_alike
from microcosm_sqlite.authoring.drafting.from_files.source_tree import (
    SourceTree,
    refuse_nothing,
)
from microcosm_sqlite.common.kinds import (
    JSON,
    TEXT,
)
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.common.workspace import open_scratch, writing_database
from microcosm_sqlite.errors import SourceError

Known = Callable[[sqlite3.Connection], Sequence[Mapping[str, InferredTable]]]


def infer_folder(
    folder: Path,
    null_values: Collection[str] = (),
    *,
    taken: Collection[str] = (),
    refused: Collection[SourceError] = (),
    accept: Accept = accept_none,
    load_known: Known | None = None,
    exclude: Collection[str] = (),
    scratch: Path | None = None,
    skip: Collection[Path] = (),
    nests: bool = True,
    may_be_none: bool = False,
    there: Collection[str] = (),
) -> Inference:
    """Infer a table from each file of a folder that is read, or sheet, but for databases.

    What folders in it and archives hold is found as `SourceTree` says.

    Databases are left to `database_draft`.

    Args:
        folder: The folder.
        null_values: Texts of CSV that mean that there is no value, besides the empty field.
        taken: The tables that there are already, of databases.
        refused: What is wrong with the other databases of the folder.
        accept: Asked for each file which of the repairs proposed are to be made.
        load_known: Loads tables that are known already, for references from and to them; of those
            that it returns together, it is known as well how they refer to each other.
        exclude: Tables to leave out, by the names that their files give them.
        scratch: Where archives are unpacked, and files of folders are led to; None to leave both
            out.
        skip: Files that are no sources, such as a codebook.
        nests: Whether to make tables of objects within fields.
        there: Tables of sheets that there are already, which are passed over.
        may_be_none: Whether there need be no file, as there are databases.

    Raises:
        SourceError: There is no file that a table can be made of, and no other table.
    """
    found = Inference(refused=[*refused])
    names = {name.lower() for name in taken}
    with _open_scratch() as connection:
        tree = SourceTree(found.left_out, found.refused, exclude, scratch)
        for file in tree.list_files(folder, skip):
            try:
                for wanted, raw in file.sniff(accept, found.left_out):
                    if raw.is_shared and wanted in there:
                        continue
                    name = find_free_name(wanted, names)
                    if name != wanted and raw.is_shared:
                        raise refuse_name(raw.source.name, file.path, wanted)
                    made = {name: _infer_table(connection, name, raw, null_values)}
                    if nests and name == wanted:
                        taken_names = names | {name.lower()}
                        made |= _infer_nested(
                            connection,
                            made[name],
                            null_values,
                            taken_names,
                            exclude,
                            found.left_out,
                        )
                    for table in made.values():
                        _refuse_beyond(table)
                    found.tables |= made
                    names |= {each.lower() for each in made}
            except SourceError as error:
                found.refused.append(error)
                names -= {name.lower() for name in _forget(found, file.path)}
            except MemoryError:
                found.refused.append(refuse_memory(file.path))
        if not (found.tables or may_be_none):
            refuse_nothing(folder, found.left_out, found.refused)
        groups = load_known(connection) if load_known else ()
        known = dict(chain.from_iterable(group.items() for group in groups))
        infer_references(connection, {**found.tables, **known}, groups)
        for table in found.tables.values():
            suggest_key(table)
            infer_labels(connection, table)
    return found


def _forget(found: Inference, path: Path) -> list[str]:
    """Leave out the other sheets of a workbook: a build wants a table for each, or none."""
    names = [name for name, table in found.tables.items() if table.file.path == path]
    for name in names:
        sheet = found.tables.pop(name).file.source.name
        found.left_out[sheet] = "as another sheet is refused; correct that one, or hide it"
    return names


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
    row_count = load_rows(connection, name, raw, guesses, dict.fromkeys(null_values, ""))
    declared, missing = (raw.kinds, raw.missing) if isinstance(raw, TypedFile) else ((), ())
    columns = {
        column: _describe_column(column, header, guess, kind, is_optional=not row_count)
        for column, header, guess, kind in zip(
            raw.names, raw.header, guesses, declared or [""] * len(guesses), strict=True
        )
    }
    table = InferredTable(name, raw, columns, row_count)
    if isinstance(raw, TypedFile):
        describe_columns(table, raw.descriptions)
    if not raw.has_types:
        table.remarks = tuple(find_joints(connection, table))
    judge_columns(connection, table, guesses)
    spelled: dict[str, str] = {}
    for column, guess, gaps in zip(
        columns.values(), guesses, missing or [0] * len(guesses), strict=True
    ):
        column.is_beyond = column.kind == JSON and guess.is_beyond
        spelled |= spell_alike(connection, column, guess, len(spelled))
        column.counts = column.counts if column.kind == TEXT else None  # others are rewritten
        table.remarks += tuple(find_changes(column, guess, gaps))
    if spelled:
        changes = ", ".join(f"{name} = {value}" for name, value in spelled.items())
        connection.execute(f"UPDATE {quote_identifier(name)} SET {changes}")
    table.remarks += tuple(find_odd_rows(connection, table))
    table.remarks += tuple(find_totals(connection, table))
    find_keys(connection, table)
    return table


def _refuse_beyond(table: InferredTable) -> None:
    """Refuse documents with numbers that JSON does not keep, unless tables were made of them.

    Raises:
        SourceError: There are such.
    """
    for column in table.columns.values():
        if column.is_beyond:
            raise locate(table.file, column.header)


def _infer_nested(
    connection: sqlite3.Connection,
    table: InferredTable,
    null_values: Collection[str],
    taken: Collection[str],
    exclude: Collection[str],
    left_out: dict[str, str],
) -> dict[str, InferredTable]:
    """The tables of objects within the fields of a table."""
    found = {}
    for name, raw in split_nested(connection, table, taken, exclude, left_out):
        found[name] = _infer_table(connection, name, raw, null_values)
        refer_to_rows(found[name], table)
    return found


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
        counts=guess.texts.list_all(),
    )
