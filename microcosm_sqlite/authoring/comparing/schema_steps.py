"""The steps from the schema of one database to that of another.

Alembic's autogeneration does not see everything that a dataset declares: checks, views, full-text
tables, indexes of expressions, keys without a name. So the steps are planned here: a table that
changed is created again, and its rows are copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange, compare_schemas
from microcosm_sqlite.authoring.comparing.schemas import read_schema
from microcosm_sqlite.authoring.comparing.shapes import Schema, Shape
from microcosm_sqlite.common.sql import fold_names, quote_identifier

ASIDE = "{} as it was"
"""The name of a table until its rows are in the new one."""


@dataclass(frozen=True)
class Step:
    """Statements that belong together.

    Attributes:
        reason: Why, in words.
        statements: SQL.
        unfilled: Columns that need a value, and have none for the old rows.
        lost: Columns whose values go; all of them where a table does.
    """

    reason: str
    statements: tuple[str, ...]
    unfilled: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definitions:
    """The declarations of a database, as they were written.

    Attributes:
        schema: The same, taken apart.
        tables: Table to the text that created it.
        parts: Table or view to the texts of its indexes and triggers.
        others: Kind and name to the text of each view and virtual table.
    """

    schema: Schema
    tables: Mapping[str, str]
    parts: Mapping[str, Mapping[str, str]]
    others: Mapping[tuple[str, str], str]


def read_definitions(connection: sqlite3.Connection) -> Definitions:
    """The declarations of an open database."""
    schema = read_schema(connection)
    tables: dict[str, str] = {}
    parts: dict[str, dict[str, str]] = {name: {} for name in schema.names}
    others: dict[tuple[str, str], str] = {}
    kinds = {name: kind for kind, name in schema.others}
    for kind, name, table, sql in connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    ):
        if name in schema.tables and kind == "table":
            tables[name] = sql
        elif kind == "index" and table in parts:
            parts[table][name] = sql
        elif kind != "trigger" and name in kinds:
            others[kinds[name], name] = sql
    for table, triggers in schema.triggers.items():
        parts[table] |= triggers
    return Definitions(schema, tables, parts, others)


def plan_steps(old: Definitions, new: Definitions) -> list[Step]:
    """The steps from the old schema to the new one; none where they are the same."""
    changes: dict[str, list[SchemaChange]] = {}
    for change in compare_schemas(old.schema, new.schema):
        changes.setdefault(change.table, []).append(change)
    if not changes:
        return []
    kept = fold_names(new.tables)
    return [
        *_drop_others(old, new),
        *(_change_table(name, found, old, new) for name, found in sorted(changes.items())
          if name in new.tables or (name in old.tables and name.lower() not in kept)),
        *_create_others(old, new),
    ]  # fmt: skip


def _drop_others(old: Definitions, new: Definitions) -> Iterator[Step]:
    """Drop views and full-text indexes first, and create them last, since they refer to tables."""
    statements = [
        f"DROP {'VIEW' if kind == 'view' else 'TABLE'} {quote_identifier(name)}"
        for (kind, name), sql in reversed([*old.others.items()])
        if _is_derived(kind, sql) or new.others.get((kind, name)) != sql
    ]
    if statements:
        yield Step("views and virtual tables that are rebuilt, or are gone", tuple(statements))


def _create_others(old: Definitions, new: Definitions) -> Iterator[Step]:
    statements = []
    for (kind, name), sql in new.others.items():
        if _is_derived(kind, sql) or old.others.get((kind, name)) != sql:
            statements.append(sql)
        if kind == "virtual table" and _is_derived(kind, sql):
            quoted = quote_identifier(name)
            statements.append(f"INSERT INTO {quoted} ({quoted}) VALUES ('rebuild')")
        statements += new.parts[name].values()
    if statements:
        yield Step("views and virtual tables", tuple(statements))


def _is_derived(kind: str, sql: str) -> bool:
    """Whether it holds no data of its own."""
    return kind == "view" or (" using fts5" in sql.lower() and "content=" in sql.lower())


def _change_table(
    name: str, changes: Iterable[SchemaChange], old: Definitions, new: Definitions
) -> Step:
    reason = f"{name}: {'; '.join(map(str, changes))}"
    former = fold_names(old.tables).get(name.lower(), "")
    if name not in new.tables:
        lost = tuple(old.schema.tables[name].columns)
        return Step(reason, (f"DROP TABLE {quote_identifier(name)}",), lost=lost)
    if not former:
        return Step(reason, (new.tables[name], *new.parts[name].values()))
    if old.tables[former] == new.tables[name]:
        return Step(reason, tuple(_change_parts(old.parts[former], new.parts[name])))
    return _rebuild(name, reason, old.schema.tables[former], new)


def _change_parts(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for name, sql in old.items():
        if new.get(name) != sql:
            kind = "TRIGGER" if sql.upper().startswith("CREATE TRIGGER") else "INDEX"
            yield f"DROP {kind} {quote_identifier(name)}"
    yield from (sql for name, sql in new.items() if old.get(name) != sql)


def _rebuild(name: str, reason: str, before: Shape, new: Definitions) -> Step:
    after = new.schema.tables[name]
    known, kept = fold_names(before.columns), fold_names(after.columns)
    filled = {
        column: quote_identifier(known[column.lower()])
        for column, declared in after.columns.items()
        if column.lower() in known and not declared.is_generated
    }
    unfilled = [
        column
        for column, declared in after.columns.items()
        if column.lower() not in known
        and declared.is_required
        and not (declared.default or declared.is_generated)
        and after.key != (column,)  # which SQLite may number by itself
    ]
    filled |= dict.fromkeys(unfilled, "NULL")
    quoted, aside = quote_identifier(name), quote_identifier(ASIDE.format(name))
    into = ", ".join(map(quote_identifier, filled))
    copied = f"INSERT INTO {quoted} ({into})\nSELECT {', '.join(filled.values())} FROM {aside}"
    statements = (
        # So that the keys of other tables go on to refer to this name.
        "PRAGMA legacy_alter_table=ON",
        f"ALTER TABLE {quoted} RENAME TO {aside}",
        "PRAGMA legacy_alter_table=OFF",
        new.tables[name],
        *([copied] if filled else ()),
        f"DROP TABLE {aside}",
        *new.parts[name].values(),
    )
    lost = tuple(
        column
        for column, declared in before.columns.items()
        if column.lower() not in kept and not declared.is_generated
    )
    return Step(reason, statements, tuple(unfilled), lost)
