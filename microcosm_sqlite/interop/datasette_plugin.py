"""A Datasette plugin: every installed dataset appears in every Datasette.

Titles, descriptions, licences, sources and row counts come from the manifests, so
that nothing is counted or hashed when Datasette starts. Which datasets appear can be chosen in
Datasette's configuration::

    plugins:
      microcosm-sqlite:
        datasets: [nycflights13]

Works with Datasette 0.65 and with the pre-releases of 1.0, which keep metadata in another place.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.citation import find_web_url
from microcosm_sqlite.catalog.connection import connect
from microcosm_sqlite.catalog.criteria import plan_statement
from microcosm_sqlite.catalog.registry import dataset, datasets
from microcosm_sqlite.catalog.verifying.ranges import spell_range
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.common.wording import spell_on_one_line
from microcosm_sqlite.errors import DatasetError

with extra("browse"):
    from datasette import hookimpl
    from datasette.database import Database
    from datasette.views.base import DatasetteError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from datasette.app import Datasette

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field, Table

PLUGIN = "microcosm-sqlite"
"""The name of the plugin, in Datasette's configuration as well."""

LONGEST_VALUE = 100_000_000
"""Bytes of the longest value that a statement may read or make; SQLite allows ten times as many."""

_log = logging.getLogger(__name__)


@hookimpl  # type: ignore[untyped-decorator]
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Add the datasets, once Datasette has started."""

    async def add_datasets() -> None:
        for name in _chosen(datasette):
            if name in datasette.databases:
                continue
            try:
                await _add(datasette, dataset(name))
            except DatasetError as error:
                # One broken dataset must not keep the others from being looked at.
                _log.warning("Dataset %r is not served: %s", name, spell_on_one_line(str(error)))

    return add_datasets


@hookimpl  # type: ignore[untyped-decorator]
def get_metadata(datasette: Datasette) -> dict[str, Any]:
    """Metadata for Datasette 0.65; later versions get it from `startup`."""
    shown = datasets()
    names = [name for name in datasette.databases if name in shown]
    return {"databases": {name: describe_database(shown[name]) for name in names}}


def describe_database(dataset: InstalledDataset) -> dict[str, Any]:
    """A dataset in the words of Datasette's metadata."""
    manifest = dataset.manifest
    described: dict[str, Any] = {}
    rights: dict[str, str] = {}
    if manifest:
        rights = _describe_license(manifest.licenses) | _describe_source(manifest.sources)
        described["title"] = f"{manifest.title or dataset.name}, version {dataset.version}"
        described["description"] = manifest.description
    # A link may lead somebody straight to a table, who would not see them on the dataset's page.
    tables = {name: _describe_table(table) | rights for name, table in dataset.tables.items()}
    return _told(described | rights | {"tables": tables})


def _chosen(datasette: Datasette) -> list[str]:
    names = (datasette.plugin_config(PLUGIN) or {}).get("datasets")
    return list(datasets() if names is None else names)


def check_names(dataset: InstalledDataset) -> None:
    """Refuse a dataset with a table that Datasette does not quote: no page would be shown then.

    Raises:
        DatasetError: There is one, or the dataset cannot be opened.
    """
    with closing(dataset.connect()) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE instr(name, ']')")
        names = [repr(name) for (name,) in found]
    if names:
        raise DatasetError(
            f"Dataset {dataset.name!r} cannot be browsed: Datasette has no way to quote the ] in "
            f"{names[0]}.",
            hint="Read it in another way: `microcosm-sqlite query` and `card` do.",
        )


async def _add(datasette: Datasette, dataset: InstalledDataset) -> None:
    check_names(dataset)
    location = dataset.location
    counts = {name: {"count": table.row_count} for name, table in dataset.tables.items()}
    if location.immutable and dataset.manifest:
        datasette.inspect_data = (datasette.inspect_data or {}) | {
            dataset.name: {
                "file": location.path,
                "hash": dataset.manifest.sha256,
                "size": dataset.manifest.bytes,
                "tables": counts,
            }
        }
    datasette.add_database(_HardenedDatabase(datasette, dataset), name=dataset.name)
    if hasattr(datasette, "set_database_metadata"):
        await _tell(datasette, dataset.name, describe_database(dataset))


class _HardenedDatabase(Database):  # type: ignore[misc]
    """A database that Datasette reads through connections like those of everybody else.

    Its own open a file for writing as well, though they then write nothing.
    """

    def __init__(self, datasette: Datasette, dataset: InstalledDataset) -> None:
        location = dataset.location
        super().__init__(datasette, path=location.path, is_mutable=not location.immutable)
        self._location = location
        self._dataset = dataset

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: ARG002  # Datasette's
        """Open the file read-only."""
        connection = connect(self._location, check_same_thread=False)
        if sys.version_info >= (3, 12):
            # Datasette itself writes `type="table"`; what its users write is checked below.
            connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, True)
        # A page shows only how long a blob is, but takes several times its memory.
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._all_file_connections.append(connection)
        return connection

    async def execute(self, sql: str, params: Any = None, *options: Any, **more: Any) -> Any:
        """Execute a statement, with what it compares with a column spelled as it is stored.

        Raises:
            StatementFailedError: It failed; Datasette shows why.
        """
        is_logged = more.pop("log_sql_errors", True)
        try:
            if "sqlite_master" not in sql:
                plan = await self.execute_fn(
                    lambda connection: plan_statement(connection, {"main": self._dataset}, sql)
                )
                sql, params = plan.sql, plan.bind(params or {})
            return await super().execute(sql, params, *options, log_sql_errors=False, **more)
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            if is_logged:
                # Names in it are those of the file, or of whoever made a link to this page.
                told = spell_on_one_line(str(error))
                _log.warning("Dataset %r: %s", self._dataset.name, told)
            raise StatementFailedError(str(error)) from error


class StatementFailedError(DatasetteError, sqlite3.OperationalError):  # type: ignore[misc]
    """A statement failed: for Datasette an error that it shows, without a traceback."""

    def __init__(self, message: str) -> None:
        DatasetteError.__init__(self, message, title="SQL failed", status=400)

    def __str__(self) -> str:
        """The message."""
        return str(self.message)


async def _tell(datasette: Datasette, name: str, described: dict[str, Any]) -> None:
    """Metadata as Datasette 1.0 keeps it: in a database of its own."""
    for table, about in described.pop("tables").items():
        for column, text in about.pop("columns", {}).items():
            await datasette.set_column_metadata(name, table, column, "description", text)
        for key, value in about.items():
            await datasette.set_resource_metadata(name, table, key, value)
    for key, value in described.items():
        await datasette.set_database_metadata(name, key, value)


def _describe_table(table: Table) -> dict[str, Any]:
    columns = _told({field.name: _describe_column(field) for field in table.fields})
    return _told({"description": table.about, "columns": columns})


def _describe_column(field: Field) -> str:
    """Describe its meaning, and what the build found; Datasette has no other place for that."""
    nulls = f"{field.null_count:,} NULL" if field.null_count else ""
    held = ", ".join(filter(None, (spell_range(field), nulls)))
    if not (field.about and held):
        return field.about or held
    return f"{field.about} ({held})"


def _describe_license(licenses: list[dict[str, Any]]) -> dict[str, str]:
    names = [str(found.get("name") or found.get("title") or "") for found in licenses]
    urls = list(filter(None, map(find_web_url, licenses)))
    return _told({"license": ", ".join(filter(None, names)), "license_url": "".join(urls[:1])})


def _describe_source(sources: list[dict[str, Any]]) -> dict[str, str]:
    """Datasette has room for one source: the first."""
    if not sources:
        return {}
    first, *others = sources
    title = first.get("title") or first.get("path", "")
    more = f" and {len(others)} more" if others else ""
    return _told({"source": f"{title}{more}", "source_url": find_web_url(first)})


def _told(described: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in described.items() if value}
