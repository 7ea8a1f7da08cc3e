"""The tables of an existing database as SQLAlchemy describes tables, fit for read-only data.

What a data wheel has no use for, or could not keep, is left out, each with its reason: keys that
rows do not obey, checks that call functions of some application, triggers, virtual tables.
"""

from __future__ import annotations

import re
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from microcosm_sqlite.authoring.drafting.drafted_model import number_rows
from microcosm_sqlite.authoring.drafting.from_databases.create_table import (
    add_foreign_keys,
    find_collation,
    find_expressions,
    name_column,
    split_definitions,
)
from microcosm_sqlite.authoring.drafting.model_names import name_row_number
from microcosm_sqlite.authoring.loading.schema import open_engine
from microcosm_sqlite.catalog.structure import table_names
from microcosm_sqlite.common.sql import quote_identifier

_BUILT_IN = ("NOCASE", "RTRIM")
_GENERATED = re.compile(r"\b(generated|always)\b", re.IGNORECASE)


@dataclass
class Reflection:
    """What a database declares, as far as it is kept.

    Attributes:
        metadata: Its tables.
        row_counts: Table to the number of its rows.
        row_numbers: Table to the column that numbers its rows, where it has no key of its own.
        full_text: Table to the columns that are searched.
        views: View to the statement that made it.
        collations: Table and column to a collation of SQLite that is not the usual one.
        remarks: Table to what was changed in it, as sentences.
        left_out: What is not kept, to the reason.
        infinite: Tables with infinite numbers.
    """

    metadata: sa.MetaData = field(default_factory=sa.MetaData)
    row_counts: dict[str, int] = field(default_factory=dict)
    row_numbers: dict[str, str] = field(default_factory=dict)
    full_text: dict[str, tuple[str, ...]] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    collations: dict[tuple[str, str], str] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    infinite: set[str] = field(default_factory=set)

    def list_key(self, table: sa.Table) -> list[str]:
        """The columns of a table's own key; none where its rows are numbered."""
        if table.name in self.row_numbers:
            return []
        return [column.name for column in table.primary_key]


def reflect_tables(connection: sqlite3.Connection) -> Reflection:
    """Read the tables of an open database, and ask their rows whether they obey."""
    found = Reflection()
    with open_engine(connection) as engine, warnings.catch_warnings():
        warnings.simplefilter("ignore", sa.exc.SAWarning)  # each of them is told as a remark
        inspector = sa.inspect(engine)
        for name in table_names(connection):
            found.remarks[name] = []
            _TableReader(connection, inspector, name, found).read()
        for name in found.metadata.tables:
            found.left_out |= add_foreign_keys(connection, inspector, found.metadata, name)
    return found


class _TableReader:
    """Reads one table but for its foreign keys, which need all tables."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        inspector: sa.Inspector,
        name: str,
        found: Reflection,
    ) -> None:
        self._connection = connection
        self._inspector = inspector
        self._name = name
        self._quoted = quote_identifier(name)
        self._found = found
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (name,)
        ).fetchone()
        self._definitions = split_definitions(sql)

    def read(self) -> None:
        name, found = self._name, self._found
        is_without_rowid, is_strict = self._connection.execute(
            "SELECT wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?", (name,)
        ).fetchone()
        if is_strict:
            self._remark("declared STRICT; here the build checks the types")
        columns = self._make_columns()
        uniques = self._list_unique()
        key = self._find_key(columns, uniques)
        for column in columns:
            column.primary_key = column.name in key
            column.nullable = column.nullable and not column.primary_key
        if not key:
            found.row_numbers[name] = name_row_number(column.name for column in columns)
            columns.insert(0, number_rows(found.row_numbers[name]))
        keys = [sa.PrimaryKeyConstraint(*key)] if key else []
        sa.Table(
            name,
            found.metadata,
            *columns,
            *keys,
            *(sa.UniqueConstraint(*unique) for unique in uniques if list(unique) != key),
            *self._list_checks(),
            sqlite_with_rowid=not is_without_rowid,
        )
        self._add_indexes(found.metadata.tables[name])
        (found.row_counts[name],) = self._connection.execute(
            f"SELECT count(*) FROM {self._quoted}"
        ).fetchone()

    def _make_columns(self) -> list[sa.Column[Any]]:
        formulas = {
            name_column(each): sql
            for each in self._definitions
            for _, sql in find_expressions(each, "AS")
        }
        collations = {name_column(each): find_collation(each) for each in self._definitions}
        described = self._connection.execute(
            'SELECT name, type, "notnull", hidden FROM pragma_table_xinfo(?) WHERE hidden <> 1',
            (self._name,),
        )
        columns = []
        for name, declared, is_required, hidden in described:
            sql = formulas.get(name)
            extra = (
                [sa.Computed(escape_colons(sql), persisted=hidden == 3)] if hidden and sql else []
            )
            type_ = self._find_type(declared)
            self._note_collation(name, collations.get(name, ""))
            columns.append(sa.Column(name, type_, *extra, nullable=not is_required))
        return columns

    def _note_collation(self, column: str, collation: str) -> None:
        if collation in _BUILT_IN:
            self._found.collations[self._name, column] = collation
        elif collation not in ("", "BINARY"):
            self._leave_out(f"collation {collation} of {column}", "only its application has it")

    def _find_type(self, declared: str) -> sa.types.TypeEngine[Any]:
        declared = _GENERATED.sub("", declared).strip().upper()
        if declared == "ANY":
            return sa.types.NullType()
        # As SQLAlchemy reflects it, which has no public name for this step.
        dialect: Any = self._inspector.dialect
        type_: sa.types.TypeEngine[Any] = dialect._resolve_type_affinity(declared)
        return type_

    def _list_unique(self) -> list[tuple[str, ...]]:
        # SQLAlchemy finds those in the text of the table, and overlooks some.
        indexes = self._connection.execute(
            "SELECT name FROM pragma_index_list(?) WHERE origin = 'u' ORDER BY seq DESC",
            (self._name,),
        ).fetchall()
        return [
            tuple(
                column
                for (column,) in self._connection.execute(
                    "SELECT name FROM pragma_index_info(?) ORDER BY seqno", index
                )
            )
            for index in indexes
        ]

    def _find_key(
        self, columns: Sequence[sa.Column[Any]], uniques: Sequence[tuple[str, ...]]
    ) -> list[str]:
        """The columns of the primary key, or else of a unique key that never is NULL."""
        declared = self._inspector.get_pk_constraint(self._name)["constrained_columns"]
        required = {column.name for column in columns if not column.nullable}
        for key in (
            [*declared],
            *(list(unique) for unique in uniques if required.issuperset(unique)),
        ):
            empty = " OR ".join(f"{quote_identifier(name)} IS NULL" for name in key)
            if key and not self._holds(empty):
                return key
            if key:
                self._remark(f"its key, {', '.join(key)}, is NULL in some rows")
        return []

    def _list_checks(self) -> Iterator[sa.CheckConstraint]:
        checks = (each for part in self._definitions for each in find_expressions(part, "CHECK"))
        for name, text in checks:
            try:
                is_broken = self._holds(f"NOT ({text})")
            except sqlite3.Error as error:
                self._leave_out(f"check {text}", f"it cannot be asked for: {error}")
                continue
            if is_broken:
                self._leave_out(f"check {text}", "some rows do not pass it")
            else:
                yield sa.CheckConstraint(escape_colons(text), name=name or None)

    def _add_indexes(self, table: sa.Table) -> None:
        known = {}
        for index in self._inspector.get_indexes(self._name):
            names = index["column_names"]
            if index["name"] and names and None not in names:
                known[index["name"]] = index
        made = self._connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? "
            "AND sql IS NOT NULL ORDER BY name",
            (self._name,),
        ).fetchall()
        for (name,) in made:
            if name not in known:
                self._leave_out(f"index {name}", "it is of an expression")
                continue
            where = known[name].get("dialect_options", {}).get("sqlite_where")
            condition = None if where is None else sa.text(escape_colons(str(where)))
            columns = [table.columns[str(column)] for column in known[name]["column_names"]]
            sa.Index(name, *columns, unique=bool(known[name]["unique"]), sqlite_where=condition)

    def _holds(self, condition: str) -> bool:
        search = f"SELECT 1 FROM {self._quoted} WHERE {condition} LIMIT 1"
        return self._connection.execute(search).fetchone() is not None

    def _remark(self, remark: str) -> None:
        self._found.remarks[self._name].append(remark)

    def _leave_out(self, what: str, reason: str) -> None:
        self._found.left_out[f"{what} of {self._name}"] = reason


def escape_colons(sql: str) -> str:
    """SQL for `sqlalchemy.text`, which takes a word behind a colon for a parameter."""
    return re.sub(r"(?=:\w)", r"\\", sql)


_FULL_TEXT = re.compile(r"\busing\s+fts[45]\b", re.IGNORECASE)
_CONTENT = re.compile(r"""\bcontent\s*=\s*["'\[`]?([^"'\]`,)]+)""", re.IGNORECASE)


def reflect_extras(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep what a data wheel can keep of them, and note the others as left out."""
    _find_full_text(connection, found)
    _find_views(connection, found)
    for name, table in connection.execute(
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    ):
        found.left_out[f"trigger {name}"] = f"nobody writes to {table} any more"


def _find_full_text(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep full-text search over a table; other virtual tables hold nothing that is kept."""
    for name, sql in connection.execute(
        "SELECT list.name, sql FROM pragma_table_list AS list JOIN sqlite_schema AS made "
        "ON made.name = list.name WHERE list.type = 'virtual' AND schema = 'main' ORDER BY 1"
    ).fetchall():
        content = _CONTENT.search(sql)
        table = content.group(1).strip() if content else ""
        if not _FULL_TEXT.search(sql):
            found.left_out[f"virtual table {name}"] = "its module may not be there where it is read"
        elif table not in found.metadata.tables or table in found.full_text:
            reason = "its text is in no other table; to keep it, copy it into one"
            found.left_out[f"full-text table {name}"] = reason
        elif not found.metadata.tables[table].dialect_options["sqlite"].get("with_rowid", True):
            found.left_out[f"full-text table {name}"] = f"{table} has no rowids"
        else:
            columns = connection.execute("SELECT name FROM pragma_table_info(?)", (name,))
            known = found.metadata.tables[table].columns
            found.full_text[table] = tuple(column for (column,) in columns if column in known)


def _find_views(connection: sqlite3.Connection, found: Reflection) -> None:
    for name, sql in connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY name"
    ).fetchall():
        try:
            connection.execute(f"SELECT * FROM {quote_identifier(name)} LIMIT 0")
        except sqlite3.Error as error:
            found.left_out[f"view {name}"] = f"readers could not ask it: {error}"
        else:
            found.views[name] = sql
