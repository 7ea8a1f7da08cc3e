"""Find how the schemas of two databases differ, and whether that breaks their readers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from microcosm_sqlite.catalog.structure import table_names
from microcosm_sqlite.catalog.verifying.external_keys import ExternalKey
from microcosm_sqlite.common.sql import quote_identifier

Key = tuple[str, ...]


@dataclass(frozen=True)
class SchemaChange:
    """One thing that was added to a schema, removed from it, renamed or changed.

    Attributes:
        change: What became of it.
        thing: Its kind, such as ``column`` or ``foreign key``.
        table: The table, view or virtual table that it is, or belongs to.
        name: What it is called there; empty for a table as a whole and for a primary key.
        before: What was declared; empty where it was added; its name where it was renamed.
        after: What is declared; empty where it was removed; its new name where it was renamed.
        breaks: Whether programs that read the old data may fail on the new.
    """

    change: Literal["added", "removed", "renamed", "changed"]
    thing: str
    table: str
    name: str
    before: str
    after: str
    breaks: bool

    def __str__(self) -> str:
        words = f"{self.thing} {self.name}".rstrip()
        if self.change == "renamed":
            return f"{words} renamed to {self.after}"
        if self.change == "changed":
            return f"{words} changed from {self.before or 'none'} to {self.after or 'none'}"
        return f"{words} {self.change}"


@dataclass(frozen=True)
class Column:
    """A column as it is declared.

    Attributes:
        is_generated: Whether it is computed of others.
    """

    type: str
    is_required: bool
    default: str
    is_generated: bool

    def __str__(self) -> str:
        parts = [self.type or "any type", "NOT NULL" if self.is_required else ""]
        parts += [f"DEFAULT {self.default}" if self.default else ""]
        return " ".join(filter(None, parts))

    @property
    def base_type(self) -> str:
        """The type without its length, which SQLite does not enforce."""
        return self.type.partition("(")[0].strip()

    def breaks_as(self, after: Column) -> bool:
        """Whether readers of this column may fail on another in its place."""
        is_looser = self.is_required and not after.is_required
        return self.base_type != after.base_type or is_looser


@dataclass(frozen=True)
class Shape:
    """What a table declares.

    Attributes:
        columns: By name, in their order.
        key: Columns of the primary key, in its order.
        key_collations: How they are compared.
        foreign_keys: Each in words.
        unique_keys: Each in words.
        indexes: Name to the text that created it.
        sql: The text that created the table, blanks evened out.
    """

    columns: Mapping[str, Column]
    key: Key
    key_collations: frozenset[str]
    foreign_keys: frozenset[str]
    unique_keys: frozenset[str]
    indexes: Mapping[str, str]
    sql: str


@dataclass(frozen=True)
class Schema:
    """What a database declares.

    Attributes:
        tables: Ordinary tables by name.
        others: Views and virtual tables: kind and name to the text that created them.
        triggers: Table or view to the texts of its triggers, by name.
    """

    tables: Mapping[str, Shape]
    others: Mapping[tuple[str, str], str]
    triggers: Mapping[str, Mapping[str, str]]

    @property
    def names(self) -> set[str]:
        """Every table and view."""
        return {*self.tables, *(name for _, name in self.others)}


def read_schema(connection: sqlite3.Connection) -> Schema:
    """The schema of an open database."""
    return Schema(
        {table: _read_shape(connection, table) for table in table_names(connection)},
        {
            ("virtual table" if kind == "virtual" else "view", name): _even_out(sql)
            for kind, name, sql in connection.execute(
                "SELECT list.type, list.name, sql FROM pragma_table_list AS list "
                "JOIN sqlite_schema AS made ON made.name = list.name "
                "WHERE list.schema = 'main' AND list.type IN ('view', 'virtual') "
                "AND made.type IN ('view', 'table') ORDER BY list.name"
            )
        },
        _read_triggers(connection),
    )


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


def compare_schemas(old: Schema, new: Schema) -> list[SchemaChange]:
    """What changed from one schema to another, table by table."""
    changes: list[SchemaChange] = []
    for table in sorted(old.tables.keys() | new.tables.keys()):
        before, after = old.tables.get(table), new.tables.get(table)
        if before and after:
            changes += _compare_shapes(table, before, after)
        elif before:
            changes.append(SchemaChange("removed", "table", table, "", before.sql, "", True))
        elif after:
            changes.append(SchemaChange("added", "table", table, "", "", after.sql, False))
    for kind, name in sorted(old.others.keys() | new.others.keys()):
        before_sql, after_sql = (each.others.get((kind, name), "") for each in (old, new))
        changes += _compare(kind, name, "", before_sql, after_sql, changing_breaks=True)
    for name in sorted(old.names & new.names):
        changes += _compare_triggers(name, old.triggers.get(name, {}), new.triggers.get(name, {}))
    return changes


def compare_external_keys(
    old: Iterable[ExternalKey], new: Iterable[ExternalKey]
) -> Iterator[SchemaChange]:
    """What changed in the foreign keys into other datasets, which only manifests declare."""
    before, after = (
        {(key.table, f"{_list(key.columns)} to {key.goal} {_list(key.referred)}") for key in keys}
        for keys in (old, new)
    )
    for table, key in sorted(before ^ after):
        gone, come = (key if (table, key) in side else "" for side in (before, after))
        yield from _compare("foreign key", table, key, gone, come)


def _compare_triggers(
    table: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[SchemaChange]:
    for name in sorted(old.keys() | new.keys()):
        before, after = (_even_out(side.get(name, "")) for side in (old, new))
        # They fire for writers only.
        yield from _compare("trigger", table, name, before, after, removing_breaks=False)


def _compare_shapes(table: str, old: Shape, new: Shape) -> list[SchemaChange]:
    found = [
        *_compare_columns(table, old.columns, new.columns),
        *_compare_keys("foreign key", table, old.foreign_keys, new.foreign_keys),
        *_compare_keys("unique key", table, old.unique_keys, new.unique_keys),
    ]
    if old.key != new.key:
        before, after = ", ".join(old.key), ", ".join(new.key)
        found.append(
            SchemaChange("changed", "primary key", table, "", before, after, bool(old.key))
        )
    for index in sorted(old.indexes.keys() | new.indexes.keys()):
        before, after = old.indexes.get(index, ""), new.indexes.get(index, "")
        is_unique = before.upper().startswith("CREATE UNIQUE")
        found += _compare(
            "index", table, index, before, after, removing_breaks=is_unique and before != after
        )
    if not found and old.sql != new.sql:
        # A check, a collation, the order of columns: whatever has no name of its own.
        found.append(SchemaChange("changed", "definition", table, "", old.sql, new.sql, False))
    return found


def _compare_columns(
    table: str, old: Mapping[str, Column], new: Mapping[str, Column]
) -> Iterator[SchemaChange]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        yield from _compare(
            "column",
            table,
            name,
            str(before) if before else "",
            str(after) if after else "",
            changing_breaks=bool(before and after and before.breaks_as(after)),
        )


def _compare_keys(
    thing: str, table: str, old: frozenset[str], new: frozenset[str]
) -> Iterator[SchemaChange]:
    for key in sorted(old ^ new):
        yield from _compare(thing, table, key, key if key in old else "", key if key in new else "")


def _compare(
    thing: str,
    table: str,
    name: str,
    before: str,
    after: str,
    *,
    changing_breaks: bool = False,
    removing_breaks: bool = True,
) -> Iterator[SchemaChange]:
    """The change of one thing; an empty text stands for a thing that does not exist."""
    if not before:
        yield SchemaChange("added", thing, table, name, "", after, False)
    elif not after:
        yield SchemaChange("removed", thing, table, name, before, "", removing_breaks)
    elif before != after:
        yield SchemaChange("changed", thing, table, name, before, after, changing_breaks)


def _read_shape(connection: sqlite3.Connection, table: str) -> Shape:
    quoted = quote_identifier(table)
    described = connection.execute(f"PRAGMA table_xinfo({quoted})").fetchall()
    places = sorted((place, name) for _, name, *_, place, _ in described if place)
    indexes = connection.execute(f"PRAGMA index_list({quoted})").fetchall()
    # One row, but for a schema that is damaged.
    texts = connection.execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    ).fetchall()
    return Shape(
        columns={
            name: Column(type_.upper(), bool(required or place), default or "", hidden in (2, 3))
            for _, name, type_, required, default, place, hidden in described
        },
        key=tuple(name for _, name in places),
        key_collations=frozenset(
            collation
            for _, index, _, origin, _ in indexes
            if origin == "pk"
            for *_, collation, is_key in _index_columns(connection, index)
            if is_key
        ),
        foreign_keys=frozenset(_read_foreign_keys(connection, quoted)),
        unique_keys=frozenset(
            _list(column[2] for column in _index_columns(connection, index) if column[-1])
            for _, index, _, origin, _ in indexes
            if origin == "u"
        ),
        indexes={
            name: _even_out(text)
            for name, text in connection.execute(
                "SELECT name, sql FROM sqlite_schema "
                "WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
                (table,),
            )
        },
        sql=_even_out(" ".join(text or "" for (text,) in texts)),
    )


def _index_columns(connection: sqlite3.Connection, index: str) -> list[tuple[Any, ...]]:
    """Rank, number, name, descending, collation, and whether it is of the key itself."""
    return connection.execute(f"PRAGMA index_xinfo({quote_identifier(index)})").fetchall()


def _read_foreign_keys(connection: sqlite3.Connection, quoted: str) -> Iterator[str]:
    keys: dict[int, list[tuple[str, str, str]]] = {}
    for number, _, target, column, referred, *_ in connection.execute(
        f"PRAGMA foreign_key_list({quoted})"
    ):
        keys.setdefault(number, []).append((target, column, referred or "its key"))
    for parts in keys.values():
        targets, columns, referred = zip(*parts, strict=True)
        yield f"{_list(columns)} to {targets[0]} {_list(referred)}"


def _list(names: Any) -> str:
    return f"({', '.join(names)})"


def _even_out(sql: str) -> str:
    return " ".join(sql.split())
