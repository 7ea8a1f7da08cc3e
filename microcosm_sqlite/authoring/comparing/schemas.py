"""Read what a database declares: tables with their keys and indexes, views, triggers."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from microcosm_sqlite.authoring.comparing.shapes import (
    BINARY,
    LEXEME,
    Column,
    Definition,
    ForeignKey,
    Index,
    Key,
    Schema,
    Shape,
    Term,
    even_out,
    find_collation,
    find_condition,
    find_expression,
    find_expressions,
    find_tail,
    has_words,
    name_column,
    split_definitions,
)
from microcosm_sqlite.catalog.structure import table_names
from microcosm_sqlite.common.sql import fold_names, quote_identifier

_GENERATED = re.compile(r"\bgenerated\s+always\b", re.IGNORECASE)
_BUILT_IN = (BINARY, "NOCASE", "RTRIM")
"""Collations, of which SQLite tells as they are spelled."""
_ROWID, _EXPRESSION = -1, -2
_STORED = 3
"""The mark of a stored generated column in `PRAGMA table_xinfo`."""


class _Texts(NamedTuple):
    """The schema rows of a database, read at once because it may have 10,000 tables.

    Attributes:
        tables: The names of tables, in small letters, to what they are.
        made: Tables and indexes, in that order, by name, to the texts that created them.
    """

    tables: dict[str, str]
    made: tuple[dict[str, str], dict[str, str]]


def read_schema(connection: sqlite3.Connection) -> Schema:
    """The schema of an open database."""
    tables = table_names(connection)
    texts = _Texts(
        fold_names(tables),
        (_read_texts(connection, "table"), _read_texts(connection, "index")),
    )
    return Schema(
        {table: _read_shape(connection, table, texts) for table in tables},
        {
            ("virtual table" if kind == "virtual" else "view", name): even_out(sql)
            for kind, name, sql in connection.execute(
                "SELECT list.type, list.name, sql FROM pragma_table_list AS list "
                "JOIN sqlite_schema AS made ON made.name = list.name "
                "WHERE list.schema = 'main' AND list.type IN ('view', 'virtual') "
                "AND made.type IN ('view', 'table') ORDER BY list.name"
            )
        },
        _read_triggers(connection),
    )


def _read_texts(connection: sqlite3.Connection, kind: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, sql in connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = ?", (kind,)
    ):
        # One row, but for a schema that is damaged.
        found[name] = " ".join(filter(None, (found.get(name), sql)))
    return found


def _read_triggers(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for table, name, sql in connection.execute(
        # A trigger may spell its table's name in other letters.
        "SELECT list.name, made.name, made.sql FROM pragma_table_list AS list "
        "JOIN sqlite_schema AS made ON made.tbl_name = list.name COLLATE NOCASE "
        "WHERE list.schema = 'main' AND made.type = 'trigger' ORDER BY made.name"
    ):
        found.setdefault(table, {})[name] = sql
    return found


def _read_shape(connection: sqlite3.Connection, table: str, texts: _Texts) -> Shape:
    """The declaration of one table of an open database."""
    quoted = quote_identifier(table)
    created, indexed = texts.made
    sql = created.get(table, "")
    definitions = split_definitions(sql)
    listed = connection.execute(f"PRAGMA index_list({quoted})").fetchall()
    keys = {
        origin: [
            _read_index(connection, name, indexed.get(name, ""))
            for _, name, _, each, _ in listed
            if each == origin
        ]
        for origin in ("pk", "u")
    }
    key = _read_key(connection, table)
    primary = [*map(str, keys["pk"][0].terms)] if keys["pk"] else [*key]
    return Shape(
        columns=_read_columns(connection, quoted, definitions),
        key=key,
        primary=", ".join(primary),
        key_collations=frozenset(term.collation for each in keys["pk"] for term in each.terms),
        foreign_keys=_read_foreign_keys(connection, table, texts.tables),
        unique_keys=keys["u"][::-1],
        indexes={
            name: _read_index(connection, name, indexed.get(name, ""))
            for name in sorted(name for _, name, _, origin, _ in listed if origin == "c")
        },
        checks={
            even_out(check): name
            for part in definitions
            for name, check in find_expressions(part, "CHECK")
        },
        options=frozenset(_read_options(find_tail(sql), definitions)),
        sql=even_out(sql),
    )


def _read_key(connection: sqlite3.Connection, table: str) -> Key:
    """The columns of a table's primary key, in its order."""
    places = connection.execute(
        "SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk", (table,)
    )
    return tuple(name for (name,) in places)


def _read_columns(
    connection: sqlite3.Connection, quoted: str, definitions: list[Definition]
) -> dict[str, Column]:
    defined = {name_column(each): each for each in reversed(definitions)}
    columns = {}
    for _, name, type_, required, default, place, hidden in connection.execute(
        f"PRAGMA table_xinfo({quoted})"
    ):
        definition = defined.get(name, [])
        collation = find_collation(definition) if definition else ""
        columns[name] = Column(
            _GENERATED.sub("", type_).strip().upper(),
            bool(required or place),
            default or "",
            "".join(even_out(sql) for _, sql in find_expressions(definition, "AS")),
            hidden == _STORED,
            collation if collation != BINARY else "",
        )
    return columns


def _read_options(tail: Definition, definitions: list[Definition]) -> Iterator[str]:
    words = [word.upper() for word in tail]
    if "STRICT" in words:
        yield "STRICT"
    if "ROWID" in words:
        yield "WITHOUT ROWID"
    if any("AUTOINCREMENT" in map(str.upper, each) for each in definitions):
        yield "AUTOINCREMENT"
    if any(has_words(each, "INITIALLY", "DEFERRED") for each in definitions):
        yield "INITIALLY DEFERRED"


def _read_index(connection: sqlite3.Connection, name: str, sql: str) -> Index:
    """An index of an open database, that of a key included."""
    definitions = split_definitions(sql)
    return Index(
        tuple(
            Term(
                "rowid" if number == _ROWID else column or "",
                find_expression(definitions[rank]) if number == _EXPRESSION else "",
                collation.upper() if collation.upper() in _BUILT_IN else collation,
                bool(is_descending),
            )
            for rank, number, column, is_descending, collation, is_key in connection.execute(
                f"PRAGMA index_xinfo({quote_identifier(name)})"
            )
            if is_key
        ),
        sql.upper().startswith("CREATE UNIQUE"),
        find_condition(sql),
    )


def _read_foreign_keys(
    connection: sqlite3.Connection, table: str, tables: dict[str, str]
) -> list[ForeignKey]:
    """The foreign keys of a table, in their order; names as those that they mean are spelled."""
    keys: dict[int, list[tuple[Any, ...]]] = {}
    for number, _, *key, _ in connection.execute(
        f"PRAGMA foreign_key_list({quote_identifier(table)})"
    ):
        keys.setdefault(number, []).append(tuple(key))
    found = []
    for parts in reversed(keys.values()):
        targets, columns, referred, on_update, on_delete = zip(*parts, strict=True)
        target = tables.get(targets[0].lower(), targets[0])
        named = tuple(filter(None, referred)) or _read_key(connection, target)
        found.append(
            ForeignKey(
                _spell(connection, table, columns),
                target,
                _spell(connection, target, named),
                *(action.replace("NO ACTION", "") for action in (on_update[0], on_delete[0])),
            )
        )
    return found


def _spell(connection: sqlite3.Connection, table: str, columns: Key) -> Key:
    """The columns of a table as it spells them."""
    described = connection.execute("SELECT name FROM pragma_table_xinfo(?)", (table,))
    known = fold_names(name for (name,) in described)
    return tuple(known.get(column.lower(), column) for column in columns)


def list_guarantees(shape: Shape) -> list[Index]:
    """The sets of columns that are unique in a table: its keys and unique indexes."""
    unique = [index for index in shape.indexes.values() if index.is_unique]
    is_plain = shape.key_collations <= {BINARY}
    primary = [Index(tuple(map(Term, shape.key)))] if shape.key and is_plain else []
    return [*shape.unique_keys, *unique, *primary]


def is_implied(index: Index, others: Iterable[Index]) -> bool:
    """Whether rows that differ by one of some unique indexes differ by this one, too.

    What is equal byte by byte is equal by any collation.
    """
    return any(
        other.condition in ("", index.condition)
        and all(
            any(
                (term.column, term.expression) == (own.column, own.expression)
                and own.collation in (BINARY, term.collation)
                for own in index.terms
            )
            for term in other.terms
        )
        for other in others
    )


def means_same(sql: str, other: str) -> bool:
    """Whether two statements differ in blanks, comments, capitals, and quotes of names alone.

    >>> means_same('CREATE TABLE "t" (a INT)', "create table t(a int) -- as ever")
    True
    """
    return [*_list_words(sql)] == [*_list_words(other)]


def _list_words(sql: str) -> Iterator[str]:
    for lexeme in LEXEME.findall(sql):
        if even_out(lexeme):
            is_quoted = lexeme[0] in '"`['
            yield (
                name_column([lexeme]).lower()
                if is_quoted
                else (lexeme if lexeme[0] == "'" else lexeme.lower())
            )
