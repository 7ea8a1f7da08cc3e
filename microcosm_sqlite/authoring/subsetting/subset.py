"""Write a smaller dataset that is whole, and say in its manifest where it came from."""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.finishing.describe import (
    digest,
    find_builder_version,
    place_file,
)
from microcosm_sqlite.authoring.finishing.finalise import (
    digest_tables,
    open_as_reader,
    prepare,
    publish_both,
    verify_database,
    write_copy,
)
from microcosm_sqlite.authoring.loading.connections import LOADING
from microcosm_sqlite.authoring.project.recipe import Recipe, check_edition
from microcosm_sqlite.authoring.subsetting.outside import OutsideRows, list_outside_rows
from microcosm_sqlite.authoring.subsetting.selection import Selection, match_chosen
from microcosm_sqlite.authoring.subsetting.tables import (
    SOURCE,
    Declaration,
    SourceTable,
    read_declarations,
    read_references,
    read_tables,
)
from microcosm_sqlite.catalog.connection import SQLITE_ERRORS, attach_database, checked_uri
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME, Manifest
from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.catalog.structure import describe_structure, find_rowid_range, fingerprint
from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from microcosm_sqlite.common.sql import name_rowid, quote_identifier
from microcosm_sqlite.common.workspace import (
    making_folder,
    naming_full_disk,
    open_workspace,
    writing_database,
)
from microcosm_sqlite.errors import DatasetCorruptError, DatasetError

_SAMPLE = 200


@dataclass(frozen=True)
class Size:
    """How much of a table a subset holds.

    Attributes:
        table: The table.
        rows: Its rows in the subset.
        all_rows: Its rows in the source.
        bytes: About how many bytes the rows take.
    """

    table: str
    rows: int
    all_rows: int
    bytes: int


@dataclass(frozen=True)
class Subset:
    """A dataset that was written.

    Attributes:
        path: The database.
        manifest: What is said of it.
        sizes: How much of each table it holds.
    """

    path: Path
    manifest: Manifest
    sizes: tuple[Size, ...]

    def list_outside_rows(self) -> list[OutsideRows]:
        """The rows of other datasets that it refers to, looked for in those that are installed.

        They are not part of it: whoever joins it with another dataset needs them there.
        """
        location = Location(str(self.path), immutable=False)
        written = InstalledDataset(self.manifest.name, location=location, manifest=self.manifest)
        return list(list_outside_rows(written))


def write_subset(
    dataset: InstalledDataset,
    folder: Path,
    recipe: Recipe,
    *,
    edition: str = "lite",
    tell: Callable[[tuple[Size, ...]], object] = lambda _: None,
) -> Subset:
    """Write a subset of a dataset that refers to no row that it leaves out.

    The same recipe gives the same bytes. Rows are drawn by a hash of their keys, not the first
    ones. References into other datasets stay as they are: see :meth:`Subset.list_outside_rows`.

    >>> subset = write_subset(nyc, Path("lite"), Recipe(rows=1000))     # doctest: +SKIP

    Args:
        dataset: The source, which has a manifest.
        folder: Where the database and its manifest go; it is made if need be.
        recipe: Which rows.
        edition: What the subset is called beside the full dataset.
        tell: Called with the sizes before anything is written.

    Raises:
        DatasetError: The source or the recipe cannot be used, or a row of the source refers to
            one that does not exist.
        FileExistsError: The folder has a database or a manifest of this name.
        OSError: The folder cannot be written to.
    """
    manifest = dataset.manifest
    if manifest is None:
        raise DatasetError(
            f"Dataset {dataset.name!r} has no manifest, which a subset of it would need.",
            hint="Build it with microcosm-sqlite 3.",
        )
    check_edition(edition)
    name = f"{manifest.name}.db"
    prefix = f".{name}.subset-"
    with (
        making_folder(folder),
        naming_full_disk(folder / name),
        open_workspace(folder, prefix) as workspace,
    ):
        finished = workspace / "finished.db"
        sizes = _write(dataset, workspace / "loading.db", finished, recipe, tell)
        raw = describe_subset(manifest, finished, recipe, edition)
        if dataset.distribution and not manifest.edition:
            raw[EXTENSION]["edition"]["distribution"] = dataset.distribution
        place_file(raw, package="", resource=name)
        described = workspace / FILE_NAME
        described.write_text(Manifest(raw).dumps(), "utf-8", newline="\n")
        publish_both(finished, folder / name, described, folder / FILE_NAME)
    return Subset(folder / name, Manifest(raw), sizes)


def _write(
    dataset: InstalledDataset,
    loading: Path,
    finished: Path,
    recipe: Recipe,
    tell: Callable[[tuple[Size, ...]], object],
) -> tuple[Size, ...]:
    path = dataset.location.path
    try:
        with writing_database(loading), closing(_open(dataset, loading)) as connection:
            connection.execute("BEGIN")  # so that the source is read as it is now
            tables = read_tables(connection)
            selection = Selection(
                connection, dataset, tables, read_references(connection, tables), recipe.seed
            )
            selection.choose(recipe)
            size = dataset.manifest.bytes if dataset.manifest else 0
            sizes = _measure(connection, selection, tables.values(), size)
            tell(sizes)
            _fill(connection, tables, read_declarations(connection, tables), dataset.name)
            connection.execute("COMMIT")
            connection.execute(f"DETACH {SOURCE}")
            prepare(connection)
            write_copy(connection, finished)
    except SQLITE_ERRORS as error:
        raise translate(error, path) from error
    with open_as_reader(finished) as reader:
        verify_database(reader, {size.table: size.rows for size in sizes})
    return sizes


def _open(dataset: InstalledDataset, loading: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(loading, isolation_level=None, uri=True)
    try:
        connection.executescript(f"{LOADING}PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;")
        location = dataset.location
        attach_database(connection, SOURCE, checked_uri(location), location.path)
    except BaseException:
        connection.close()
        raise
    return connection


def _measure(
    connection: sqlite3.Connection, selection: Selection, tables: Iterable[SourceTable], size: int
) -> tuple[Size, ...]:
    """Count the rows of each table, and judge their bytes by those of some rows.

    Args:
        connection: A connection that has the source attached.
        selection: The rows that are chosen.
        tables: The tables of the source.
        size: Bytes of the source, indexes included.
    """
    counted = [
        (table, selection.count(table), _count_rows(connection, table), _weigh(connection, table))
        for table in tables
    ]
    weight = sum(weight * all_rows for _, _, all_rows, weight in counted)
    scale = size / weight if weight else 0
    return tuple(
        Size(table.name, rows, all_rows, round(rows * each * scale))
        for table, rows, all_rows, each in counted
    )


def _count_rows(connection: sqlite3.Connection, table: SourceTable) -> int:
    found = connection.execute(f"SELECT count(*) FROM {table.quoted}").fetchone()
    count: int = found[0]
    return count


def _weigh(connection: sqlite3.Connection, table: SourceTable) -> float:
    """The bytes of a row, from some that are chosen, or else from the first ones."""
    lengths = " + ".join(
        f"ifnull(length(CAST(s.{quote_identifier(column)} AS BLOB)), 0) + 1"
        for column in table.columns
    )
    for rows in (match_chosen("s", table), f"FROM {table.quoted} AS s"):
        sample = f"SELECT {lengths} AS size {rows} LIMIT {_SAMPLE}"
        (mean,) = connection.execute(f"SELECT avg(size) FROM ({sample})").fetchone()
        if mean is not None:
            return float(mean)
    return 0.0


def _fill(
    connection: sqlite3.Connection,
    tables: Mapping[str, SourceTable],
    declared: list[Declaration],
    dataset: str,
) -> None:
    for declaration in declared:
        if declaration.kind == "virtual":
            _create_full_text(connection, declaration, dataset)
        elif declaration.kind in ("table", "index", "view", "trigger"):
            connection.execute(declaration.sql)
        if declaration.kind == "table":
            _copy_rows(connection, tables[declaration.name])
    orphan = connection.execute("PRAGMA main.foreign_key_check").fetchone()
    if orphan is not None:
        raise DatasetCorruptError(
            f"A row of table {orphan[0]!r} of dataset {dataset!r} refers to a row of {orphan[2]!r} "
            "that does not exist.",
            hint="No subset of it can be whole: tell its publisher.",
        )


def _copy_rows(connection: sqlite3.Connection, table: SourceTable) -> None:
    columns = [*(table.key if table.has_rowid else ()), *table.columns]
    into = ", ".join(map(quote_identifier, columns))
    taken = ", ".join(f"s.{quote_identifier(column)}" for column in columns)
    connection.execute(
        f"INSERT INTO main.{quote_identifier(table.name)} ({into}) "
        f"SELECT {taken} {match_chosen('s', table)}"
    )


def _create_full_text(
    connection: sqlite3.Connection, declaration: Declaration, dataset: str
) -> None:
    text = " ".join(declaration.sql.lower().split())
    if " using fts5" not in text or "content=" not in text.replace(" ", ""):
        raise DatasetError(
            f"Dataset {dataset!r} has a virtual table {declaration.name!r}, of which no subset can "
            "be taken.",
            hint="Full-text search over the rows of a table can.",
        )
    name = quote_identifier(declaration.name)
    connection.execute(declaration.sql)
    for command in ("rebuild", "optimize"):
        connection.execute(f"INSERT INTO {name}({name}) VALUES ('{command}')")


def describe_subset(manifest: Manifest, path: Path, recipe: Recipe, edition: str) -> dict[str, Any]:
    """The manifest of a subset: that of its source, with what its own rows are."""
    raw = copy.deepcopy(manifest.raw)
    resources = {
        resource.get("dialect", {}).get("table") or resource["name"]: resource
        for resource in raw["resources"]
    }
    contents = digest_tables(path, resources)
    with open_as_reader(path) as reader:
        for table, resource in resources.items():
            _describe_rows(reader, table, resource, contents[table])
        schema = fingerprint(describe_structure(reader))
    origin = manifest.raw[EXTENSION]
    raw[EXTENSION] = {key: value for key, value in origin.items() if key not in _OF_THE_FILE} | {
        "bytes": path.stat().st_size,
        "hash": f"sha256:{digest(path)}",
        "fingerprint": schema,
        "sqliteVersion": sqlite3.sqlite_version,
        "builderVersion": find_builder_version(),
        "edition": _describe_edition(manifest, recipe, edition),
    }
    return raw


def _describe_edition(manifest: Manifest, recipe: Recipe, name: str) -> dict[str, Any]:
    """Say which dataset the rows are from: the full one, also where an edition was the source."""
    described = {
        "name": name,
        "dataset": manifest.name,
        "version": manifest.version,
        "hash": manifest.raw[EXTENSION]["hash"],
        "fingerprint": manifest.fingerprint,
        "rowCounts": {table.name: table.row_count for table in manifest.tables.values()},
        "recipe": recipe.describe(),
    }
    if manifest.edition:
        full = manifest.raw[EXTENSION]["edition"]
        described |= {key: value for key, value in full.items() if key not in ("name", "recipe")}
        described["recipe"]["from"] = {key: full[key] for key in ("name", "recipe") if key in full}
    return described


_OF_THE_FILE = {"fileHash", "inputs"}


def _describe_rows(
    reader: sqlite3.Connection, table: str, resource: dict[str, Any], content: str
) -> None:
    quoted = quote_identifier(table)
    (count,) = reader.execute(f"SELECT count(*) FROM {quoted}").fetchone()
    resource |= {"rowCount": count, "digest": content}
    resource.pop("repairs", None)  # of the sources of the full dataset
    fields = resource["schema"]["fields"]
    measured = measure_columns(reader, table, [Field(field) for field in fields])
    for field, told in zip(fields, measured, strict=True):
        for key in ("nullCount", "valueRange", "lengthRange"):
            if key in field:
                del field[key]
        field.update(told)
    if resource.pop("rowidRange", None):
        span = find_rowid_range(reader, table, name_rowid(field["name"] for field in fields))
        if span:
            resource["rowidRange"] = list(span)
