"""The tables of an existing database as SQLAlchemy describes tables, fit for read-only data.

What a data wheel has no use for, or could not keep, is left out, each with its reason: keys that
rows do not obey, checks that call functions of some application, triggers, virtual tables.
"""

from __future__ import annotations

import re
import sqlite3
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.pysqlite import dialect as sqlite_dialect

from microcosm_sqlite.authoring.comparing.schemas import read_schema
from microcosm_sqlite.authoring.comparing.shapes import (
    BINARY,
    Column,
    ForeignKey,
    Index,
    Shape,
    Term,
    list_names,
)
from microcosm_sqlite.authoring.drafting.drafted_model import FullText, escape_colons, number_rows
from microcosm_sqlite.authoring.drafting.model_names import name_row_number
from microcosm_sqlite.authoring.drafting.model_parts import find_importable
from microcosm_sqlite.authoring.sources.databases import explained, refuse_nameless_columns
from microcosm_sqlite.common.sql import find_words, mentions, quote_identifier
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.errors import SourceError

_BUILT_IN = ("NOCASE", "RTRIM")
_SIZED = (sa.types.String, sa.types.Numeric, sa.types.LargeBinary)
_LITERAL = re.compile(r"""[+-]?[\w.]+|'(?:[^']|'')*'|"(?:[^"]|"")*"|[xX]'[0-9a-fA-F]*'""")
_OF_GONE = "a column of it is left out"
_USELESS = {
    "STRICT": "here the build checks the types",
    "AUTOINCREMENT": "nobody adds rows any more",
    "INITIALLY DEFERRED": "nobody changes rows any more",
}
"""Options that mean nothing for data that are only read."""


@dataclass
class Reflection:
    """The declarations of a database, as far as they are kept.

    Attributes:
        metadata: Its tables.
        row_counts: Table to the number of its rows.
        row_numbers: Table to the column that numbers its rows, where it has no key of its own.
        foreign_keys: Table to the foreign keys that it declares.
        full_text: Table to what of it is searched.
        searches: Table to the full-text table of it in the database.
        views: View to the statement that made it.
        view_remarks: View to what readers have to know of it, as a sentence.
        collations: Table and column to a collation of SQLite that is not the usual one.
        remarks: Table to what was changed in it, as sentences.
        left_out: What is not kept, to the reason.
        infinite: Tables with infinite numbers.
        declared: Table to the declared types of its columns.
        respelled: Tables and columns with values that are respelled.
        retyped: Tables and columns whose values are compared otherwise than as they are declared.
        suggestions: Table, then column, to what it may be, as sentences.
        view_words: The words of all views, which might be taken for the number of a row.
        told: What is kept in another form, as a remark says.
        refused: Tables that cannot be drafted, to the reason.
    """

    metadata: sa.MetaData = field(default_factory=sa.MetaData)
    row_counts: dict[str, int] = field(default_factory=dict)
    row_numbers: dict[str, str] = field(default_factory=dict)
    foreign_keys: dict[str, Sequence[ForeignKey]] = field(default_factory=dict)
    full_text: dict[str, FullText] = field(default_factory=dict)
    searches: dict[str, str] = field(default_factory=dict)
    views: dict[str, str] = field(default_factory=dict)
    view_remarks: dict[str, str] = field(default_factory=dict)
    collations: dict[tuple[str, str], str] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    infinite: set[str] = field(default_factory=set)
    declared: dict[str, dict[str, str]] = field(default_factory=dict)
    respelled: set[tuple[str, str]] = field(default_factory=set)
    retyped: set[tuple[str, str]] = field(default_factory=set)
    suggestions: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    view_words: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    refused: dict[str, SourceError] = field(default_factory=dict)

    @contextmanager
    def refusing(self, table: str, file: str) -> Iterator[None]:
        """Note what is wrong with a table, and do without it.

        Args:
            table: The table.
            file: What errors call the database.
        """
        try:
            with explained(f"{file}, table `{table}`"):
                yield
        except SourceError as error:
            self.refused[table] = error
            if table in self.metadata.tables:
                self.metadata.remove(self.metadata.tables[table])

    def list_key(self, table: sa.Table) -> list[str]:
        """The columns of a table's own key; none where its rows are numbered."""
        if table.name in self.row_numbers:
            return []
        return [column.name for column in table.primary_key]


def reflect_tables(connection: sqlite3.Connection, file: str) -> Reflection:
    """Read the tables of an open database, and ask their rows whether they obey.

    Args:
        connection: The database.
        file: What errors call it.
    """
    found = Reflection()
    schema = read_schema(connection)
    found.view_words = {word for sql in schema.others.values() for word in find_words(sql)}
    for name, shape in schema.tables.items():
        found.remarks[name] = []
        found.declared[name] = {column: each.type for column, each in shape.columns.items()}
        found.foreign_keys[name] = shape.foreign_keys
        with found.refusing(name, file):
            refuse_nameless_columns(connection, name, file)
            _TableReader(connection, name, shape, found).read()
    return found


class _TableReader:
    """Makes one table but for its foreign keys, which need all tables."""

    def __init__(
        self, connection: sqlite3.Connection, name: str, shape: Shape, found: Reflection
    ) -> None:
        self._connection = connection
        self._name = name
        self._quoted = quote_identifier(name)
        self._shape = shape
        self._found = found
        self._gone: set[str] = set()
        self._unique: list[Index] = []
        self._made: list[str] = []

    def read(self) -> None:
        name, found, shape = self._name, self._found, self._shape
        for option in sorted(shape.options & _USELESS.keys()):
            self._leave_out(f"option {option}", _USELESS[option])
        columns = self._make_columns()
        self._gone = {*shape.columns} - {column.name for column in columns}
        uniques = list(self._list_unique())
        key = self._find_key(columns, uniques)
        for column in columns:
            column.primary_key = column.name in key
            column.nullable = column.nullable and not column.primary_key
        if not key:
            taken = [*(column.name for column in columns), *self._found.view_words]
            found.row_numbers[name] = name_row_number(taken)
            columns.insert(0, number_rows(found.row_numbers[name]))
        keys = [sa.PrimaryKeyConstraint(*key)] if key else []
        sa.Table(
            name,
            found.metadata,
            *columns,
            *keys,
            *(sa.UniqueConstraint(*unique) for unique in uniques if unique != key),
            *self._list_checks(),
            *self._list_indexes(),
            *(self._make_unique(index) for index in self._unique),
            sqlite_with_rowid="WITHOUT ROWID" not in shape.options,
        )
        (found.row_counts[name],) = self._connection.execute(
            f"SELECT count(*) FROM {self._quoted}"
        ).fetchone()

    def _make_columns(self) -> list[sa.Column[Any]]:
        made = [self._make_column(*item) for item in self._shape.columns.items()]
        return [column for column in made if column is not None]

    def _make_column(self, name: str, declared: Column) -> sa.Column[Any] | None:
        formula: list[sa.Computed] = []
        if declared.formula:
            if reason := self._doubt(f"{declared.formula}, {quote_identifier(name)}", " LIMIT 1"):
                self._leave_out(f"column {name}", f"it cannot be computed: {reason}")
                return None
            text = escape_colons(declared.formula)
            formula.append(sa.Computed(text, persisted=declared.is_stored))
        if declared.collation in _BUILT_IN:
            self._found.collations[self._name, name] = declared.collation
        default = escape_colons(_bracket(declared.default))
        return sa.Column(
            name,
            self._find_type(declared.type),
            *formula,
            nullable=not declared.is_required or name in self._shape.key,
            server_default=sa.text(default) if default else None,
        )

    def _find_type(self, declared: str) -> sa.types.TypeEngine[Any]:
        if declared == "ANY":
            return sa.types.NullType()
        # As SQLAlchemy reflects it, which has no public name for this step.
        dialect: Any = sqlite_dialect()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sa.exc.SAWarning)  # of sizes, as in INTEGER(11)
            type_: sa.types.TypeEngine[Any] = dialect._resolve_type_affinity(declared)
        if isinstance(type_, _SIZED):
            return type_
        # What stands in brackets is no size to others, such as BOOLEAN(1) and DATETIME(6).
        return find_importable(type_)()

    def _list_unique(self) -> Iterator[list[str]]:
        for index in self._shape.unique_keys:
            columns = [term.column for term in index.terms]
            if not self._gone.isdisjoint(columns):
                self._leave_out(f"unique key {index}", _OF_GONE)
            elif foreign := _find_foreign(index):
                reason = f"only its application has the collation {foreign}"
                self._leave_out(f"unique key {index}", reason)
            elif not all(map(self._is_plain, index.terms)):
                self._unique.append(index)
            else:
                yield columns

    def _make_unique(self, index: Index) -> sa.Index:
        """Make an index of a unique key that constraints of models have no words for."""
        taken = {*self._shape.indexes, *self._made}
        name = find_free_name("_".join([self._name, *(term.column for term in index.terms)]), taken)
        self._made.append(name)
        self._remark(f"unique key {index} is kept as the unique index {name}")
        self._found.told |= {f"unique key {index} of {self._name}", f"index {name} of {self._name}"}
        return sa.Index(name, *map(self._write_term, index.terms), unique=True)

    def _write_term(self, term: Term) -> str | sa.TextClause:
        """A term as an index of SQLAlchemy has it."""
        if self._is_plain(term):
            return term.column
        own = self._found.collations.get((self._name, term.column), BINARY)
        sql = term.sql
        if not term.expression and term.collation == BINARY != own:
            # That of the column counts where none is said.
            order = " DESC" if term.is_descending else ""
            sql = f"{quote_identifier(term.column)} COLLATE {BINARY}{order}"
        return sa.text(escape_colons(sql))

    def _is_plain(self, term: Term) -> bool:
        """Whether a term is a column in its own order."""
        own = self._found.collations.get((self._name, term.column), BINARY)
        is_own = term.collation == own
        return is_own and not term.expression and not term.is_descending

    def _find_key(self, columns: Sequence[sa.Column[Any]], uniques: list[list[str]]) -> list[str]:
        """The columns of the primary key, or else of a unique key that never is NULL.

        A primary key that is NULL in some rows is added to the unique ones.
        """
        required = {
            column.name for column in columns if not column.nullable and column.computed is None
        }
        declared = [*self._shape.key] if self._gone.isdisjoint(self._shape.key) else []
        for key in (
            declared,
            *(unique for unique in uniques if required.issuperset(unique)),
        ):
            empty = " OR ".join(f"{quote_identifier(name)} IS NULL" for name in key)
            if key and not self._holds(empty):
                self._tell_key(key)
                return key
            if key:
                self._remark(f"its key, {', '.join(key)}, is NULL in some rows")
                if key == declared and self._shape.primary == ", ".join(key) and key not in uniques:
                    uniques.append(key)
                    self._found.told.add(f"unique key {list_names(key)} of {self._name}")
        return []

    def _tell_key(self, key: list[str]) -> None:
        """Tell of a unique key that is made the primary one."""
        if key != [*self._shape.key]:
            self._remark(f"its unique key, {', '.join(key)}, is the primary key here")
            name = f" {self._name}"
            self._found.told |= {f"unique key {list_names(key)} of{name}", f"primary key{name}"}

    def _list_checks(self) -> Iterator[sa.CheckConstraint]:
        for text, name in self._shape.checks.items():
            if mentions(text, self._gone):
                self._leave_out(f"check {text}", _OF_GONE)
                continue
            try:
                is_broken = self._holds(f"NOT ({text})")
            except sqlite3.Error as error:
                self._leave_out(f"check {text}", f"it cannot be asked for: {error}")
                continue
            if is_broken:
                self._leave_out(f"check {text}", "some rows do not pass it")
            else:
                yield sa.CheckConstraint(escape_colons(text), name=name or None)

    def _list_indexes(self) -> Iterator[sa.Index]:
        for name, index in self._shape.indexes.items():
            condition = f" WHERE {index.condition}" if index.condition else ""
            order = ", ".join(term.sql for term in index.terms)
            if mentions(f"{order} {condition}", self._gone):
                self._leave_out(f"index {name}", _OF_GONE)
                continue
            if reason := self._doubt("1", f"{condition} ORDER BY {order} LIMIT 0"):
                self._leave_out(f"index {name}", f"it cannot be made: {reason}")
                continue
            yield sa.Index(
                name,
                *map(self._write_term, index.terms),
                unique=index.is_unique,
                sqlite_where=sa.text(escape_colons(index.condition)) if index.condition else None,
            )

    def _doubt(self, selected: str, rest: str) -> str:
        """Why SQLite refuses to read the table in some way; empty where it does not."""
        try:
            self._connection.execute(f"SELECT {selected} FROM {self._quoted}{rest}").fetchone()
        except sqlite3.Error as error:
            return str(error)
        return ""

    def _holds(self, condition: str) -> bool:
        search = f"SELECT 1 FROM {self._quoted} WHERE {condition} LIMIT 1"
        return self._connection.execute(search).fetchone() is not None

    def _remark(self, remark: str) -> None:
        self._found.remarks[self._name].append(remark)

    def _leave_out(self, what: str, reason: str) -> None:
        self._found.left_out[f"{what} of {self._name}"] = reason


def _find_foreign(index: Index) -> str:
    """A collation of an index that SQLite does not have; empty where there is none."""
    known = (BINARY, *_BUILT_IN)
    return next((each.collation for each in index.terms if each.collation not in known), "")


def _bracket(default: str) -> str:
    """A default as it may stand behind DEFAULT: a word, number or literal, or in brackets."""
    return default if not default or _LITERAL.fullmatch(default) else f"({default})"
