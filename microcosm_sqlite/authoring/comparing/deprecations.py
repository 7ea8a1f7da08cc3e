"""Columns and tables that the authors deprecated since the previous version, by both manifests."""

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
