"""Say which rows share a key that SQLite holds unique, and on which lines they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.loading.table_load import read_lines
from microcosm_sqlite.authoring.loading.value_errors import Findings, show_key
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import BuildError, DuplicateKeyError, SourceError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.loading.connections import Writer
    from microcosm_sqlite.authoring.loading.table_load import TableLoad


@dataclass(frozen=True)
class UniqueKey:
    """A set of columns in which rows of a table must differ.

    Attributes:
        columns: The columns that have to be known to tell; all of them where there are none.
        parts: SQL of each part, a column or an expression.
        names: What errors call each part.
        where: SQL of the rows that it holds for; all of them where it is empty.
    """

    columns: tuple[str, ...]
    parts: tuple[str, ...]
    names: tuple[str, ...]
    where: str = ""


def list_unique_keys(table: sa.Table) -> list[UniqueKey]:
    """The primary key, unique constraints and unique indexes of a table, in this order."""
    keys = [_of_columns(table.primary_key.columns)]
    keys += [
        _of_columns(constraint.columns)
        for constraint in sorted(table.constraints, key=lambda item: str(item.name))
        if isinstance(constraint, sa.UniqueConstraint)
    ]
    keys += [
        _of_index(index)
        for index in sorted(table.indexes, key=lambda item: str(item.name))
        if index.unique
    ]
    return [key for key in keys if key.parts]


def _of_columns(columns: Iterable[sa.Column[Any]]) -> UniqueKey:
    columns = list(columns)
    names = tuple(column.name for column in columns)
    is_given = all(column.computed is None for column in columns)
    return UniqueKey(names if is_given else (), tuple(map(quote_identifier, names)), names)


def _of_index(index: sa.Index) -> UniqueKey:
    condition = index.dialect_options["sqlite"].get("where")
    if condition is None and all(isinstance(part, sa.Column) for part in index.expressions):
        return _of_columns(index.columns)
    parts = tuple(map(_spell, index.expressions))
    return UniqueKey(
        columns=(),
        parts=parts,
        names=tuple(
            part.name if isinstance(part, sa.Column) else sql
            for part, sql in zip(index.expressions, parts, strict=True)
        ),
        where="" if condition is None else _spell(condition),
    )


def _spell(expression: Any) -> str:
    """An expression as the definition of an index spells it."""
    clause = sa.text(expression) if isinstance(expression, str) else expression
    compiler = dialect().statement_compiler(dialect(), None)
    return str(compiler.process(clause, include_table=False, literal_binds=True))


def find_duplicates(load: TableLoad) -> Iterator[DuplicateKeyError]:
    """The errors that tell of the rows of the sources that share a key of their table."""
    for key in list_unique_keys(load.rules.table):
        with closing(sqlite3.connect("")) as scratch:
            try:
                messages = list(_list_duplicates(scratch, load, key))
            except sqlite3.OperationalError:  # an expression of what the sources do not say
                continue
        if messages:
            yield DuplicateKeyError("\n".join(messages))


def _list_duplicates(scratch: sqlite3.Connection, load: TableLoad, key: UniqueKey) -> Iterator[str]:
    _copy_lines(scratch, load, key.columns)
    names = [f"k{number}" for number in range(len(key.parts))]
    parts = ", ".join(f"{part} AS {name}" for part, name in zip(key.parts, names, strict=True))
    where = f" WHERE {key.where}" if key.where else ""
    table = quote_identifier(load.rules.table.name)
    keys = f"(SELECT {_NUMBER}, {_PLACE}, {parts} FROM {table}{where})"
    present = " AND ".join(f"{name} IS NOT NULL" for name in names)
    listed = ", ".join(names)
    grouped = f"FROM {keys} WHERE {present} GROUP BY {listed} HAVING count(*) > 1"
    same = " AND ".join(f"{name} = ?" for name in names)
    (count,) = scratch.execute(f"SELECT count(*) FROM (SELECT 1 {grouped})").fetchone()
    for _, *values in scratch.execute(
        f"SELECT min({_NUMBER}), {listed} {grouped} ORDER BY 1 LIMIT ?", (load.error_limit,)
    ).fetchall():
        places = scratch.execute(
            f"SELECT {_PLACE} FROM {keys} WHERE {same} ORDER BY {_NUMBER} LIMIT 3", values
        ).fetchall()
        where_they_are = " and ".join(place for (place,) in places[:2])
        also = ", among others" if len(places) > 2 else ""
        condition = f" (where {key.where})" if key.where else ""
        yield (
            f"Table `{load.rules.table.name}`: {show_key(key.names, values)}{condition} "
            f"is in {where_they_are}{also}."
        )
    if count > load.error_limit:
        yield f"... and {count - load.error_limit:,} more."


_NUMBER, _PLACE = '"number of the row"', '"place of the row"'
"""Columns of our own, with names that no column of a dataset has."""


def _copy_lines(scratch: sqlite3.Connection, load: TableLoad, columns: Sequence[str]) -> None:
    """A table of the same name with some or all of the columns, and none of the constraints."""
    table = load.rules.table
    computed = {} if columns else {c.name: c.computed for c in table.columns if c.computed}
    columns = columns or list(load.rules.by_name)
    declared = [
        f"{quote_identifier(name)} {load.rules.by_name[name].expected}"
        f"{_collation(table.columns[name])}"
        for name in columns
    ]
    declared += [
        f"{quote_identifier(name)} AS ({_spell(expression.sqltext)})"
        for name, expression in computed.items()
    ]
    quoted = quote_identifier(table.name)
    scratch.execute(
        f"CREATE TABLE {quoted} ({_NUMBER} INTEGER PRIMARY KEY, {_PLACE}, {', '.join(declared)})"
    )
    names = ", ".join((_PLACE, *map(quote_identifier, columns)))
    scratch.executemany(
        f"INSERT INTO {quoted} ({names}) VALUES (?{', ?' * len(columns)})",
        ((line.place, *line.values) for line in read_lines(load, columns, skips_misfits=True)),
    )


def _collation(column: sa.Column[Any]) -> str:
    collation = getattr(column.type, "collation", None)
    return f" COLLATE {quote_identifier(collation)}" if collation else ""


def explain_rejected_rows(
    load: TableLoad, findings: Findings, cause: Exception | None = None
) -> list[BuildError]:
    """The errors that tell of all that is wrong with the rows of a table that was refused.

    Args:
        load: The table.
        findings: The values that do not fit; rows without such are looked at further.
        cause: What SQLite said.
    """
    errors = findings.combine()
    if isinstance(cause, sqlite3.IntegrityError) or _lacks_some(load):
        duplicates = list(find_duplicates(load))
        errors += duplicates
        errors += _explain_one_by_one(load, tells_keys=not duplicates)
    name = load.rules.table.name
    return errors or [BuildError(f"Table `{name}` refuses its rows: {cause}.")]


def _lacks_some(load: TableLoad) -> bool:
    """Whether a row whose values fit is refused by the table."""
    with _copy_table(load) as scratch:
        for index in load.rules.table.indexes:
            if index.unique:
                scratch.execute(str(sa.schema.CreateIndex(index).compile(dialect=dialect())))
        try:
            return insert_what_fits(scratch, load)
        except (sqlite3.Error, ValueError):
            return True


def insert_what_fits(connection: Writer, load: TableLoad) -> bool:
    """Insert the rows whose values fit; whether one of them was refused."""
    names = list(load.rules.by_name)
    rows = 0

    def count_lines() -> Iterator[tuple[Any, ...]]:
        nonlocal rows
        for line in read_lines(load, names, skips_misfits=True):
            rows += 1
            yield line.values

    marks = ", ".join("?" * len(names))
    into = f"{load.quoted} ({', '.join(map(quote_identifier, names))})"
    return bool(
        connection.executemany(
            f"INSERT OR IGNORE INTO {into} VALUES ({marks})", count_lines()
        ).rowcount
        < rows
    )


@contextmanager
def _copy_table(load: TableLoad) -> Iterator[sqlite3.Connection]:
    """An empty table like that of a load, in a database of its own."""
    with closing(sqlite3.connect("")) as scratch:
        scratch.execute(str(sa.schema.CreateTable(load.rules.table).compile(dialect=dialect())))
        yield scratch


def _explain_one_by_one(load: TableLoad, *, tells_keys: bool) -> list[BuildError]:
    """Insert row by row into a copy of the empty table, and note what SQLite says of each."""
    findings = Findings(load.error_limit)
    with _copy_table(load) as scratch:
        names = list(load.rules.by_name)
        for line in read_lines(load, names, skips_misfits=True):
            given = {n: v for n, v in zip(names, line.values, strict=True) if v is not None}
            try:
                _insert(scratch, load.rules.table.name, given)
            except (sqlite3.Error, ValueError) as error:  # or text that UTF-8 does not have
                if tells_keys or getattr(error, "sqlite_errorcode", 0) not in _KEYS:
                    told = SourceError(f"{line.place}: {error}.", file=line.file, line=line.number)
                    findings.add(told, (line.file, str(error)))
    return findings.combine()


_KEYS = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE)


def _insert(scratch: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> None:
    names = ", ".join(map(quote_identifier, values))
    given = f"({names}) VALUES ({', '.join('?' * len(values))})" if values else "DEFAULT VALUES"
    scratch.execute(f"INSERT INTO {quote_identifier(table)} {given}", tuple(values.values()))


class KeyTable:
    """The keys of all rows of an edition of a table, in a database of their own."""

    def __init__(self, connection: sqlite3.Connection, names: Sequence[str]) -> None:
        """Take an empty database, and the columns of the key."""
        self._connection, self._names = connection, names
        self._columns = ", ".join(f"k{number}" for number in range(len(names)))
        self._insert = f"VALUES ({', '.join('?' * len(names))})"
        connection.execute(f"CREATE TABLE keys ({self._columns})")
        connection.execute("BEGIN")

    def add(self, values: Mapping[str, Any]) -> None:
        """Add the key of a row."""
        key = [values[name] for name in self._names]
        self._connection.execute(f"INSERT INTO keys {self._insert}", key)

    def find_shared(self) -> tuple[int, str]:
        """How many keys several rows have, and one of them."""
        return self._show(f"SELECT * FROM keys GROUP BY {self._columns} HAVING count(*) > 1")

    def find_gone(self, known: Iterable[Sequence[Any]]) -> tuple[int, str]:
        """How many of the keys that an edition before had are not there, and one of them."""
        self._connection.execute(f"CREATE TABLE known ({self._columns})")
        self._connection.executemany(f"INSERT INTO known {self._insert}", known)
        return self._show("SELECT * FROM known EXCEPT SELECT * FROM keys")

    def _show(self, query: str) -> tuple[int, str]:
        (count,) = self._connection.execute(f"SELECT count(*) FROM ({query})").fetchone()
        first = self._connection.execute(f"{query} LIMIT 1").fetchone()
        return count, show_key(self._names, first) if first else ""
