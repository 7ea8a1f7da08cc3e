"""How the schemas of two databases differ, and whether that breaks readers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from microcosm_sqlite.authoring.comparing.schemas import (
    is_implied,
    list_guarantees,
    means_same,
)
from microcosm_sqlite.authoring.comparing.shapes import Column, ForeignKey, Schema, Shape, even_out


@dataclass(frozen=True)
class SchemaChange:
    """One thing that was added to a schema, removed from it, renamed, changed or deprecated.

    Attributes:
        change: What became of it.
        thing: Its kind, such as ``column`` or ``foreign key``.
        table: The table, view or virtual table that it is, or belongs to.
        name: What it is called there; empty for a table as a whole and for a primary key.
        before: What was declared; empty where it was added; its name where it was renamed.
        after: What is declared; empty where it was removed; its new name where it was renamed;
            what to use instead where it was deprecated.
        breaks: Whether programs that read the old data may fail on the new.
        doubt: Why a table was probably renamed, though its rows are not the same; else empty.
    """

    change: Literal["added", "removed", "renamed", "changed", "deprecated"]
    thing: str
    table: str
    name: str
    before: str
    after: str
    breaks: bool
    doubt: str = ""

    def __str__(self) -> str:
        words = f"{self.thing} {self.name}".rstrip()
        if self.change == "renamed":
            told = f"{words} {'probably ' * bool(self.doubt)}renamed to {self.after}"
            return f"{told}: {self.doubt}" if self.doubt else told
        if self.change == "deprecated":
            return f"{words} deprecated: {self.after}"
        if self.change == "changed":
            return f"{words} changed from {self.before or 'none'} to {self.after or 'none'}"
        return f"{words} {self.change}"


def compare_schemas(old: Schema, new: Schema) -> list[SchemaChange]:
    """The changes from one schema to another, table by table."""
    changes: list[SchemaChange] = []
    for table in sorted(old.tables.keys() | new.tables.keys()):
        before, after = old.tables.get(table), new.tables.get(table)
        if before and after:
            changes += compare_shapes(table, before, after)
        elif before:
            changes.append(SchemaChange("removed", "table", table, "", before.sql, "", True))
        elif after:
            changes.append(SchemaChange("added", "table", table, "", "", after.sql, False))
    for kind, name in sorted(old.others.keys() | new.others.keys()):
        before_sql, after_sql = (each.others.get((kind, name), "") for each in (old, new))
        changes += compare_declared(kind, name, "", before_sql, after_sql, changing_breaks=True)
    for name in sorted(old.names & new.names):
        changes += _compare_triggers(name, old.triggers.get(name, {}), new.triggers.get(name, {}))
    return changes


def _compare_triggers(
    table: str, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[SchemaChange]:
    for name in sorted(old.keys() | new.keys()):
        before, after = (even_out(side.get(name, "")) for side in (old, new))
        # They fire for writers only.
        yield from compare_declared("trigger", table, name, before, after, removing_breaks=False)


def compare_shapes(table: str, old: Shape, new: Shape) -> list[SchemaChange]:
    """The changes in the declaration of one table."""
    guaranteed = list_guarantees(new)
    lost = {str(index) for index in list_guarantees(old) if not is_implied(index, guaranteed)}
    found = [
        *_compare_columns(table, old.columns, new.columns),
        *_compare_foreign_keys(table, old.foreign_keys, new.foreign_keys),
        *_compare_sets("unique key", table, old.unique_keys, new.unique_keys, breaking=lost),
        *_compare_sets("check", table, old.checks, new.checks),
        *_compare_sets("option", table, old.options, new.options),
    ]
    found += _compare_order(table, [*old.columns], [*new.columns])
    if old.primary != new.primary:
        breaks = bool(old.key) and old.key != new.key
        found.append(
            SchemaChange("changed", "primary key", table, "", old.primary, new.primary, breaks)
        )
    for index in sorted(old.indexes.keys() | new.indexes.keys()):
        before, after = (str(side.indexes.get(index, "")) for side in (old, new))
        breaks = before in lost
        found += compare_declared(
            "index", table, index, before, after, changing_breaks=breaks, removing_breaks=breaks
        )
    if not (found or means_same(old.sql, new.sql)):
        # The name of a constraint, or what is done with a row that breaks one.
        found.append(SchemaChange("changed", "definition", table, "", old.sql, new.sql, False))
    return found


def _compare_columns(
    table: str, old: Mapping[str, Column], new: Mapping[str, Column]
) -> Iterator[SchemaChange]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        yield from compare_declared(
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
    breaking: Container[str] = (),
) -> Iterator[SchemaChange]:
    known = {*map(str, old)}
    for each in sorted(known ^ {*map(str, new)}):
        before, after = (each, "") if each in known else ("", each)
        breaks = each in breaking
        yield from compare_declared(thing, table, each, before, after, removing_breaks=breaks)


def _compare_foreign_keys(
    table: str, old: Iterable[ForeignKey], new: Iterable[ForeignKey]
) -> Iterator[SchemaChange]:
    """The changes in foreign keys, without their actions, which matter to writers alone."""
    before, after = (
        {str(replace(key, on_update="", on_delete="")): str(key) for key in keys}
        for keys in (old, new)
    )
    for key in sorted(before.keys() | after.keys()):
        gone, come = before.get(key, ""), after.get(key, "")
        name = key if gone and come else gone or come
        yield from compare_declared("foreign key", table, name, gone, come)


def _compare_order(table: str, old: list[str], new: list[str]) -> Iterator[SchemaChange]:
    before = ", ".join(name for name in old if name in new)
    after = ", ".join(name for name in new if name in old)
    if before != after:
        yield SchemaChange("changed", "order of columns", table, "", before, after, False)


def compare_declared(
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
