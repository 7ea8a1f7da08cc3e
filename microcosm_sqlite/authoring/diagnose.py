"""Say which rows broke a constraint, and on which lines they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.judge import Findings, show
from microcosm_sqlite.authoring.rules import ColumnRule
from microcosm_sqlite.authoring.streams import ignore_advance
from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.errors import BuildError, DuplicateKeyError, ForeignKeyError, SourceError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.load import TableLoad

Line = tuple[str, int, tuple[Any, ...]]
"""File, line, and the stored values of some columns."""


def explain_rejected_rows(load: TableLoad, error: Exception) -> None:
    """Raise the error that tells of rows which every column takes, but the table refused."""
    for key in list_unique_keys(load.rules.table):
        explain_duplicates(load, key, error)
    _explain_one_by_one(load, error)


def list_unique_keys(table: sa.Table) -> list[tuple[str, ...]]:
    """The column names of each key that SQLite holds unique, the primary key first."""
    keys = [tuple(column.name for column in table.primary_key.columns)]
    keys += [
        tuple(column.name for column in constraint.columns)
        for constraint in sorted(table.constraints, key=lambda item: str(item.name))
        if isinstance(constraint, sa.UniqueConstraint)
    ]
    keys += [
        tuple(column.name for column in index.columns)
        for index in sorted(table.indexes, key=lambda item: str(item.name))
        if index.unique and _covers_whole_columns(index)
    ]
    return [key for key in keys if key]


def _covers_whole_columns(index: sa.Index) -> bool:
    is_partial = index.dialect_options["sqlite"].get("where") is not None
    return not is_partial and all(isinstance(part, sa.Column) for part in index.expressions)


def explain_duplicates(load: TableLoad, key: Sequence[str], cause: Exception) -> None:
    """Raise `DuplicateKeyError` for the rows of the sources that share values of `key`."""
    scratch = sqlite3.connect("")
    try:
        _copy_keys(scratch, load, key)
        names = ", ".join(f"k{number}" for number in range(len(key)))
        present = " AND ".join(f"k{number} IS NOT NULL" for number in range(len(key)))
        grouped = f"FROM keys WHERE {present} GROUP BY {names} HAVING count(*) > 1"
        (count,) = scratch.execute(f"SELECT count(*) FROM (SELECT 1 {grouped})").fetchone()
        if not count:
            return
        messages = [
            _describe_duplicates(scratch, load.rules.table.name, key, row)
            for row in scratch.execute(
                f"SELECT min(n), {names} {grouped} ORDER BY 1 LIMIT ?", (load.error_limit,)
            )
        ]
    finally:
        scratch.close()
    if count > len(messages):
        messages.append(f"... and {count - len(messages):,} more.")
    raise DuplicateKeyError("\n".join(messages)) from cause


def _copy_keys(scratch: sqlite3.Connection, load: TableLoad, key: Sequence[str]) -> None:
    columns = [load.rules.table.columns[name] for name in key]
    declared = [
        f"k{number} {load.rules.by_name[column.name].expected}{_collation(column)}"
        for number, column in enumerate(columns)
    ]
    scratch.execute(f"CREATE TABLE keys (n INTEGER PRIMARY KEY, file, line, {', '.join(declared)})")
    scratch.executemany(
        f"INSERT INTO keys (file, line, {', '.join(f'k{n}' for n in range(len(key)))}) "
        f"VALUES ({', '.join('?' * (len(key) + 2))})",
        ((file, line, *values) for file, line, values in read_lines(load, key)),
    )


def _collation(column: sa.Column[Any]) -> str:
    collation = getattr(column.type, "collation", None)
    return f" COLLATE {quote_identifier(collation)}" if collation else ""


def _describe_duplicates(
    scratch: sqlite3.Connection, table: str, key: Sequence[str], row: Sequence[Any]
) -> str:
    values = row[1:]
    same = " AND ".join(f"k{number} = ?" for number in range(len(key)))
    places = scratch.execute(
        f"SELECT file, line FROM keys WHERE {same} ORDER BY n LIMIT 3", values
    ).fetchall()
    where = " and ".join(f"{file}, line {line}" for file, line in places[:2])
    also = ", among others" if len(places) > 2 else ""
    return f"Table `{table}`: {_show_key(key, values)} is in {where}{also}."


def read_lines(load: TableLoad, names: Sequence[str]) -> Iterator[Line]:
    """The stored values of some columns, row by row, with file and line."""
    for opener in load.openers:
        with opener(ignore_advance) as records:
            layout = load.lay_out(records)
            readers = [_find_reader(layout, name, has_types=records.has_types) for name in names]
            for line, row in records.numbered():
                yield records.name, line, tuple(read(row) for read in readers)


def _find_reader(layout: Sequence[ColumnRule | None], name: str, *, has_types: bool) -> Any:
    for index, rule in enumerate(layout):
        if rule is not None and rule.name == name:
            convert = rule.convert_value if has_types else rule.make_cache().__getitem__
            return lambda row: convert(row[index])
    return lambda row: None  # noqa: ARG005 - a column that the source leaves out


def _explain_one_by_one(load: TableLoad, cause: Exception) -> None:
    """Insert row by row into a copy of the empty table, and note what SQLite says of each."""
    table = load.rules.table
    scratch = sqlite3.connect("")
    findings = Findings(load.error_limit)
    try:
        scratch.execute(str(sa.schema.CreateTable(table).compile(dialect=_dialect())))
        names = list(load.rules.by_name)
        for file, line, values in read_lines(load, names):
            given = {name: v for name, v in zip(names, values, strict=True) if v is not None}
            try:
                _insert(scratch, table.name, given)
            except sqlite3.Error as error:
                findings.add(SourceError(f"{file}, line {line}: {error}.", file=file, line=line))
    finally:
        scratch.close()
    findings.raise_any()
    raise BuildError(f"Table `{table.name}` refuses its rows: {cause}.") from cause


def _insert(scratch: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    names = ", ".join(map(quote_identifier, values))
    scratch.execute(
        f"INSERT INTO {quote_identifier(table)} ({names}) VALUES ({', '.join('?' * len(values))})",
        tuple(values.values()),
    )


def _dialect() -> sa.Dialect:
    from sqlalchemy.dialects.sqlite.pysqlite import dialect

    return dialect()


def check_foreign_keys(
    connection: sqlite3.Connection, loads: Mapping[str, TableLoad], limit: int
) -> None:
    """Check every foreign key of the database at once.

    Raises:
        ForeignKeyError: Rows refer to rows that are not there; tells table, line and key of the
            first ones, and how many there are.
        BuildError: A foreign key refers to columns that are no key.
    """
    try:
        violations = connection.execute("PRAGMA foreign_key_check").fetchmany(limit)
    except sqlite3.OperationalError as error:
        raise BuildError(
            f"A foreign key cannot be checked: {error}.",
            hint="The columns that it refers to must be the other table's primary or unique key.",
        ) from error
    if not violations:
        return
    (count,) = connection.execute("SELECT count(*) FROM pragma_foreign_key_check").fetchone()
    messages = [_describe_orphan(connection, loads, *violation) for violation in violations]
    if count > len(messages):
        messages.append(f"... and {count - len(messages):,} more.")
    raise ForeignKeyError(
        "\n".join(messages),
        hint="Add the missing rows, leave the key out of the model, or make the field empty.",
    )


def _describe_orphan(
    connection: sqlite3.Connection,
    loads: Mapping[str, TableLoad],
    table: str,
    rowid: int | None,
    parent: str,
    key_number: int,
) -> str:
    pairs = [
        (column, target or column)
        for number, _, _, column, target, *_ in connection.execute(
            f"PRAGMA foreign_key_list({quote_identifier(table)})"
        )
        if number == key_number
    ]
    columns = [column for column, _ in pairs]
    if rowid is None:  # a table without rowids
        return f"Table `{table}`: a {_quote(columns)} is not in `{parent}`."
    values = connection.execute(
        f"SELECT {', '.join(map(quote_identifier, columns))} "
        f"FROM {quote_identifier(table)} WHERE rowid = ?",
        (rowid,),
    ).fetchone()
    place = _find_line(loads.get(table), columns, values)
    return f"Table `{table}`{place}: {_show_key(columns, values)} is not in `{parent}`."


def _find_line(load: TableLoad | None, columns: Sequence[str], values: Sequence[Any]) -> str:
    if load is None:
        return ""
    for file, line, found in read_lines(load, columns):
        if found == tuple(values):
            return f", {file}, line {line}"
    return ""


def _show_key(columns: Sequence[str], values: Sequence[Any]) -> str:
    return ", ".join(
        f"{column}={show(value)}" for column, value in zip(columns, values, strict=True)
    )


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
