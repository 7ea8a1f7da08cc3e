"""Compare two versions of a dataset: the schema, the rows, and what to call the next version."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from microcosm_sqlite.authoring.comparing.content_changes import (
    is_numbered,
    open_comparer,
    tell_renamed,
)
from microcosm_sqlite.authoring.comparing.row_changes import RowChange, why_incomparable
from microcosm_sqlite.authoring.comparing.schema_changes import (
    SchemaChange,
    compare_external_keys,
    compare_schemas,
)
from microcosm_sqlite.authoring.comparing.schemas import read_schema
from microcosm_sqlite.authoring.comparing.shapes import Schema
from microcosm_sqlite.catalog.connection import SQLITE_ERRORS, translate
from microcosm_sqlite.catalog.verifying.digest import content_digest
from microcosm_sqlite.catalog.verifying.external_keys import list_external_keys
from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from microcosm_sqlite.catalog.installed import InstalledDataset


FEW = 10
"""Of fewer rows, half may well go without harm."""


@dataclass(frozen=True)
class TableComparison:
    """How the rows of one table differ.

    Attributes:
        table: Its name.
        old_rows: How many there were; None where there was no such table.
        new_rows: How many there are; None where there is no such table.
        inserted: Rows with a new key; None where rows were not compared one by one.
        deleted: Rows whose key is gone; likewise.
        updated: Rows that say something else under the same key; likewise.
        reason: Why rows were not compared one by one, but all at once, by the digest of the
            columns that both sides have; empty where they were.
        is_same: Whether the rows do not differ.
        by_content: Whether rows were compared by their content, since the key only numbers them
            and would tell of more changes.
    """

    table: str
    old_rows: int | None
    new_rows: int | None
    inserted: int | None = None
    deleted: int | None = None
    updated: int | None = None
    reason: str = ""
    is_same: bool = False
    by_content: bool = False

    @property
    def is_shrunk(self) -> bool:
        """Whether all rows are gone, or half of more than a few."""
        if not self.old_rows or self.new_rows is None:
            return False
        return not self.new_rows or (self.old_rows >= FEW and 2 * self.new_rows <= self.old_rows)


@dataclass(frozen=True)
class Comparison:
    """What changed from one version of a dataset to another.

    Attributes:
        old_version: Version of the older side; empty where nothing says it.
        new_version: Version of the newer side; likewise.
        schema: What changed in the schema.
        tables: Every table of either side, by name.
        changes: The rows that changed, as many of each table as were asked for.
    """

    old_version: str
    new_version: str
    schema: list[SchemaChange]
    tables: list[TableComparison]
    changes: list[RowChange] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether neither schema nor rows differ."""
        return not self.schema and all(table.is_same for table in self.tables)

    @property
    def level(self) -> Level:
        """Which part of the version should grow.

        The major one where the schema breaks readers or a table lost most of its rows, the minor
        one where the schema changes otherwise, the patch where only rows change.
        """
        is_shrunk = any(table.is_shrunk for table in self.tables)
        if is_shrunk or any(change.breaks for change in self.schema):
            return "major"
        if self.schema:
            return "minor"
        return "" if self.is_same else "patch"

    @property
    def next_version(self) -> str:
        """The version to follow the old one; empty where nothing changed, or it has none."""
        return grow_version(self.old_version, self.level)


def compare_datasets(
    old: InstalledDataset,
    new: InstalledDataset,
    *,
    limit: int | None = 0,
    tell: Callable[[RowChange], None] | None = None,
) -> Comparison:
    """Compare two datasets, without running the code of either.

    Args:
        old: The older one.
        new: The newer one.
        limit: How many changed rows of each table to keep; None for all. All are counted.
        tell: Told of each of them as it is found, in place of keeping it, so that memory does not
            grow with their number.

    Raises:
        DatasetError: One of them cannot be opened or read.
    """
    with closing(old.connect()) as before, closing(new.connect()) as after:
        try:
            schemas = read_schema(before), read_schema(after)
            tables = _compare_tables((before, after), schemas)
            referred = {
                key.target
                for schema in schemas
                for shape in schema.tables.values()
                for key in shape.foreign_keys
            }
            numbered = {
                table.table
                for table in tables
                if table.table not in referred and _is_numbered(table, schemas, (before, after))
            }
        except SQLITE_ERRORS as error:
            raise translate(error, f"{old.path} or {new.path}") from error
    schema = compare_schemas(*schemas)
    changes: list[RowChange] = []
    keep = tell or changes.append
    unknown = [place for place, table in enumerate(tables) if not (table.is_same or table.reason)]
    if unknown:
        with open_comparer(old.location, new.location) as comparer:
            for place in unknown:
                table, name = tables[place], tables[place].table
                shapes = schemas[0].tables[name], schemas[1].tables[name]
                by_content = name in numbered and comparer.is_nearer_by_content(name, *shapes)
                compare = comparer.compare_content if by_content else comparer.compare
                counted = _count(table, compare(name, *shapes), limit, keep)
                tables[place] = replace(counted, by_content=by_content)
                schema = tell_renamed(schema, name, comparer.find_renamed(name, *shapes))
    schema += _compare_external_keys(old, new, schemas)
    return Comparison(old.version, new.version, schema, tables, changes)


def _is_numbered(
    table: TableComparison,
    schemas: tuple[Schema, Schema],
    connections: tuple[sqlite3.Connection, sqlite3.Connection],
) -> bool:
    """Whether the key of a table, to which no other refers, numbers its rows."""
    name = table.table
    if table.is_same or table.reason:
        return False
    return is_numbered(name, schemas[0].tables[name], schemas[1].tables[name], connections)


def _compare_external_keys(
    old: InstalledDataset, new: InstalledDataset, schemas: tuple[Schema, Schema]
) -> list[SchemaChange]:
    """Changes of the foreign keys into other datasets, where both sides have a manifest."""
    if not (old.manifest and new.manifest):
        return []
    shared = schemas[0].tables.keys() & schemas[1].tables.keys()
    listed = (
        [key for key in list_external_keys(manifest.tables.values()) if key.table in shared]
        for manifest in (old.manifest, new.manifest)
    )
    return list(compare_external_keys(*listed))


def _compare_tables(
    connections: tuple[sqlite3.Connection, sqlite3.Connection], schemas: tuple[Schema, Schema]
) -> list[TableComparison]:
    """Compare tables as far as possible without reading single rows."""
    old, new = (schema.tables for schema in schemas)
    found = []
    for table in sorted(old.keys() | new.keys()):
        compared = TableComparison(
            table,
            _count_rows(connections[0], table) if table in old else None,
            _count_rows(connections[1], table) if table in new else None,
        )
        if table not in old or table not in new:
            reason = "it is removed" if table in old else "it is new"
            compared = replace(compared, reason=reason)
        elif reason := why_incomparable(table, old[table], new[table], connections):
            shared = [name for name in old[table].columns if name in new[table].columns]
            digests = {content_digest(each, table, shared or None) for each in connections}
            is_same = bool(shared) and len(digests) == 1
            compared = replace(compared, reason=reason, is_same=is_same)
        found.append(compared)
    return found


def _count_rows(connection: sqlite3.Connection, table: str) -> int:
    ((rows,),) = connection.execute(f"SELECT count(*) FROM {quote_identifier(table)}")
    return int(rows)


def _count(
    table: TableComparison,
    found: Iterable[RowChange],
    limit: int | None,
    keep: Callable[[RowChange], None],
) -> TableComparison:
    """Count the changes of a table, and keep the first of them."""
    counts = {"insert": 0, "delete": 0, "update": 0}
    for number, change in enumerate(found):
        counts[change.change] += 1
        if limit is None or number < limit:
            keep(change)
    return replace(
        table,
        inserted=counts["insert"],
        deleted=counts["delete"],
        updated=counts["update"],
        is_same=not any(counts.values()),
    )


Level = Literal["", "patch", "minor", "major"]
"""Which part of a version grows; none where nothing changed."""

_PLACES = {"major": 0, "minor": 1, "patch": 2}


def name_version(old: str, new: str, next_: str) -> str:
    """The version of the newer side: its own, or the next one where it was not raised."""
    return new if new not in ("", old) else next_


def grow_version(version: str, level: Level) -> str:
    """The next final version; empty where nothing changed, or the version is no version.

    >>> grow_version("1.0", "minor"), grow_version("2013.1", "patch"), grow_version("0.3", "major")
    ('1.1', '2013.1.1', '1.0')
    """
    matched = re.match(r"v?(\d+!)?(\d+(?:\.\d+)*)", version)
    if not (matched and level):
        return ""
    epoch, release = matched.groups(default="")
    numbers = [int(number) for number in release.split(".")][:3]
    place = _PLACES[level]
    numbers += [0] * (place + 1 - len(numbers))
    numbers[place] += 1
    numbers[place + 1 :] = [0] * len(numbers[place + 1 :])
    return epoch + ".".join(map(str, numbers))
