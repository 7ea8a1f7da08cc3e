"""Compare two versions of a dataset: the schema, the rows, and what to call the next version."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from microcosm_sqlite.authoring.comparing.content_changes import (
    RowComparer,
    is_numbered,
    list_shared,
    open_comparer,
    tell_renamed,
)
from microcosm_sqlite.authoring.comparing.manifest_changes import (
    compare_deprecations,
    compare_labels,
)
from microcosm_sqlite.authoring.comparing.renamed_tables import (
    NewName,
    find_renamed_tables,
    tell_renamed_tables,
)
from microcosm_sqlite.authoring.comparing.row_changes import (
    OTHER_ENCODING,
    TOO_WIDE,
    RowChange,
    why_incomparable,
)
from microcosm_sqlite.authoring.comparing.schema_changes import (
    SchemaChange,
    compare_declared,
    compare_schemas,
)
from microcosm_sqlite.authoring.comparing.schemas import read_schema
from microcosm_sqlite.authoring.comparing.shapes import Schema, Shape, list_names
from microcosm_sqlite.authoring.comparing.version_numbers import Level, grow_version
from microcosm_sqlite.catalog.connection import SQLITE_ERRORS
from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.catalog.verifying.digest import content_digest
from microcosm_sqlite.catalog.verifying.external_keys import ExternalKey, list_external_keys
from microcosm_sqlite.common.sql import quote_identifier

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
        reason: Why rows were not compared by their key, but by the columns that both sides have:
            all at once, by a digest, and by their content where that is not the same.
        is_same: Whether the rows do not differ.
        by_content: Whether rows were compared by their content, for that reason, or since the key
            only numbers them and would tell of more changes.
        is_renumbered: Whether the rows are the same, but have other numbers.
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
    is_renumbered: bool = False

    @property
    def is_shrunk(self) -> bool:
        """Whether all rows are gone, or half of more than a few."""
        if not self.old_rows or self.new_rows is None:
            return False
        return not self.new_rows or (self.old_rows >= FEW and 2 * self.new_rows <= self.old_rows)


@dataclass(frozen=True)
class Comparison:
    """The changes from one version of a dataset to another.

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
        """The part of the version number that should grow.

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
            moved = find_renamed_tables((before, after), schemas)
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
    schema = tell_renamed_tables(compare_schemas(*schemas), schemas, moved)
    tables = _join_renamed(tables, moved)
    changes: list[RowChange] = []
    keep = tell or changes.append
    unknown = [place for place, table in enumerate(tables) if _is_unknown(table)]
    if unknown:
        with open_comparer(old.location, new.location) as comparer:
            for place in unknown:
                table, name = tables[place], tables[place].table
                shapes = schemas[0].tables[name], schemas[1].tables[name]
                key = name in numbered and comparer.is_nearer_by_content(name, *shapes)
                number = shapes[1].key[0] if key else ""
                tables[place] = _compare_rows(comparer, table, shapes, number, limit, keep)
                by_content = bool(number or table.reason)
                renamed = comparer.find_renamed(name, *shapes, by_content=by_content, key=number)
                schema = tell_renamed(schema, name, renamed)
    if old.manifest and new.manifest:
        described = old.manifest.tables.values(), new.manifest.tables.values()
        schema += [*compare_deprecations(*described), *compare_labels(*described)]
    schema += _compare_external_keys(old, new, schemas)
    return Comparison(old.version, new.version, schema, tables, changes)


def _join_renamed(
    tables: list[TableComparison], renamed: Mapping[str, NewName]
) -> list[TableComparison]:
    """The tables, where those with another name are one, under the new one."""
    counts = {table.table: table.old_rows for table in tables}
    former = {name.table: (old, name.doubt) for old, name in renamed.items()}
    for place, table in enumerate(tables):
        if table.table in former:
            old, doubt = former[table.table]
            told = f"it was {'probably ' * bool(doubt)}called {old}"
            tables[place] = replace(table, old_rows=counts[old], is_same=not doubt, reason=told)
    return [table for table in tables if table.table not in renamed]


def _is_unknown(table: TableComparison) -> bool:
    """Whether the rows of a table are still to be compared one by one, or its columns are."""
    return table.by_content or not (table.is_same or table.reason)


def _compare_rows(
    comparer: RowComparer,
    table: TableComparison,
    shapes: tuple[Shape, Shape],
    number: str,
    limit: int | None,
    keep: Callable[[RowChange], None],
) -> TableComparison:
    """Compare the rows of a table, by their content where it has no key, or one that numbers.

    Args:
        comparer: Both databases.
        table: What is known of the table.
        shapes: What it was and is declared as.
        number: The column that only numbers its rows; empty for none.
        limit: How many changes to keep; None for all.
        keep: Told of each of them.
    """
    if table.is_same and table.reason:
        return replace(table, by_content=False)  # told by the digest
    if not (number or table.reason):
        return _count(table, comparer.compare(table.table, *shapes), limit, keep)
    found = comparer.compare_content(table.table, *shapes, number)
    counted = replace(_count(table, found, limit, keep), by_content=True)
    is_renumbered = bool(number) and counted.is_same
    return replace(counted, is_same=counted.is_same and not number, is_renumbered=is_renumbered)


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
    return list(_compare_keys(*listed))


def _compare_keys(old: Iterable[ExternalKey], new: Iterable[ExternalKey]) -> Iterator[SchemaChange]:
    """The changes in the foreign keys into other datasets, which only manifests declare."""
    before, after = (
        {
            (key.table, f"{list_names(key.columns)} to {key.goal} {list_names(key.referred)}")
            for key in keys
        }
        for keys in (old, new)
    )
    for table, key in sorted(before ^ after):
        gone, come = (key if (table, key) in side else "" for side in (before, after))
        yield from compare_declared("foreign key", table, key, gone, come)


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
            shared = list_shared(old[table], new[table])
            digests = {content_digest(each, table, shared or None) for each in connections}
            is_same = bool(shared) and len(digests) == 1
            by_content = bool(shared) and reason not in (TOO_WIDE, OTHER_ENCODING)
            compared = replace(compared, reason=reason, is_same=is_same, by_content=by_content)
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
