"""Find how the schemas of two databases differ, and whether that breaks their readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from microcosm_sqlite.authoring.comparing.definitions import even_out
from microcosm_sqlite.authoring.comparing.shapes import Column, Schema, Shape, list_names
from microcosm_sqlite.catalog.verifying.external_keys import ExternalKey


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
        {
            (key.table, f"{list_names(key.columns)} to {key.goal} {list_names(key.referred)}")
            for key in keys
        }
        for keys in (old, new)
    )
    for table, key in sorted(before ^ after):
        gone, come = (key if (table, key) in side else "" for side in (before, after))
        yield from _compare("foreign key", table, key, gone, come)


def _compare_triggers(
    table: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[SchemaChange]:
    for name in sorted(old.keys() | new.keys()):
        before, after = (even_out(side.get(name, "")) for side in (old, new))
        # They fire for writers only.
        yield from _compare("trigger", table, name, before, after, removing_breaks=False)


def _compare_shapes(table: str, old: Shape, new: Shape) -> list[SchemaChange]:
    found = [
        *_compare_columns(table, old.columns, new.columns),
        *_compare_sets("foreign key", table, old.foreign_keys, new.foreign_keys),
        *_compare_sets("unique key", table, old.unique_keys, new.unique_keys),
        *_compare_sets("check", table, old.checks, new.checks, removing_breaks=False),
        *_compare_sets("option", table, old.options, new.options, removing_breaks=False),
    ]
    found += _compare_order(table, [*old.columns], [*new.columns])
    if old.primary != new.primary:
        breaks = bool(old.key) and old.key != new.key
        found.append(
            SchemaChange("changed", "primary key", table, "", old.primary, new.primary, breaks)
        )
    for index in sorted(old.indexes.keys() | new.indexes.keys()):
        before, after = (str(side.indexes.get(index, "")) for side in (old, new))
        found += _compare(
            "index", table, index, before, after, removing_breaks=before.startswith("unique")
        )
    if not found and old.sql != new.sql:
        # The name of a constraint, or what is done with a row that breaks one.
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


def _compare_sets(
    thing: str,
    table: str,
    old: Iterable[object],
    new: Iterable[object],
    *,
    removing_breaks: bool = True,
) -> Iterator[SchemaChange]:
    known = {*map(str, old)}
    for each in sorted(known ^ {*map(str, new)}):
        before, after = (each, "") if each in known else ("", each)
        yield from _compare(thing, table, each, before, after, removing_breaks=removing_breaks)


def _compare_order(table: str, old: list[str], new: list[str]) -> Iterator[SchemaChange]:
    before = ", ".join(name for name in old if name in new)
    after = ", ".join(name for name in new if name in old)
    if before != after:
        yield SchemaChange("changed", "order of columns", table, "", before, after, False)


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
