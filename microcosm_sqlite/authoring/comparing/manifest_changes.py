"""What the authors say of tables and columns otherwise than in the previous version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange
from microcosm_sqlite.catalog.manifest_tables import Table


def compare_deprecations(old: Iterable[Table], new: Iterable[Table]) -> Iterator[SchemaChange]:
    """List what was deprecated since the old version, or is no longer, by the manifests."""
    before, after = map(_list_deprecations, (old, new))
    for thing, table, name in sorted(before.keys() & after.keys()):
        said, says = (side[thing, table, name] for side in (before, after))
        if says and says != said:
            yield SchemaChange("deprecated", thing, table, name, said, says, False)
        elif said and not says:
            what = f"deprecation of {thing}"
            yield SchemaChange("removed", what, table, name, said, "", False)


def _list_deprecations(tables: Iterable[Table]) -> dict[tuple[str, str, str], str]:
    """Each table and column, and what is said against using it; empty for nothing."""
    found = {}
    for table in tables:
        found["table", table.name, ""] = table.deprecated
        for each in table.fields:
            found["column", table.name, each.name] = each.deprecated
    return found


def compare_labels(old: Iterable[Table], new: Iterable[Table]) -> Iterator[SchemaChange]:
    """List the labels that differ, by the manifests, in columns that have some in both versions.

    A database keeps no more of them than the length of the longest one.
    """
    before, after = map(_list_labels, (old, new))
    for table, column in sorted(before.keys() & after.keys()):
        gone, come = before[table, column], after[table, column]
        for label in sorted(gone - come):
            yield SchemaChange("removed", "label", table, f"{column}: {label}", label, "", True)
        for label in sorted(come - gone):
            yield SchemaChange("added", "label", table, f"{column}: {label}", "", label, False)


def _list_labels(tables: Iterable[Table]) -> dict[tuple[str, str], set[str]]:
    return {
        (table.name, field.name): set(map(str, field.constraints["enum"]))
        for table in tables
        for field in table.fields
        if "enum" in field.constraints
    }
