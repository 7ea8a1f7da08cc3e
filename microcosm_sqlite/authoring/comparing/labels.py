"""Labels of enumerations that were added or removed since the previous version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange
from microcosm_sqlite.catalog.manifest_tables import Table


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
