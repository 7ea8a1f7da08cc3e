"""Answer questions of a stranger about datasets, each within limits: list, describe, sample, query.

Whoever asks may be mistaken, or be misled by a text that it read: SQL runs on connections that
treat it as hostile, and an answer is bounded in rows, bytes, time and memory.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import NamedTuple

from microcosm_sqlite.catalog.frames import find_fields
from microcosm_sqlite.catalog.registry import dataset, datasets, problems
from microcosm_sqlite.catalog.statement_errors import describe_failure
from microcosm_sqlite.catalog.untrusted import LIMITS, TIME_LIMIT, limit_time
from microcosm_sqlite.common.wording import spell_count, suggest
from microcosm_sqlite.errors import (
    DatasetError,
    DatasetNotFoundError,
    QueryError,
    ReadOnlyDatasetError,
)
from microcosm_sqlite.interop.agents.advice import READ, advise
from microcosm_sqlite.interop.agents.answers import (
    SHORTENED,
    Page,
    measure_json,
    omit_blanks,
)
from microcosm_sqlite.interop.descriptions import (
    describe,
    describe_column,
    describe_table,
    find_references,
    name_licenses,
)
from microcosm_sqlite.interop.exporting.answers import Answer, execute_statement
from microcosm_sqlite.interop.samples import write_sample

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field, Table

    IsStopped = Callable[[], bool]

_TOLD = {"name", "version", "title", "description", "license", "sources", "contributors"}
"""The facts about a dataset that an agent is told, besides its tables."""

_IDLE = 8
"""How many connections are kept open for later questions at most."""

_LONGEST_SQL = LIMITS[sqlite3.SQLITE_LIMIT_SQL_LENGTH]


class Limits(NamedTuple):
    """Limits on the cost of one answer.

    Attributes:
        rows: The most rows of an answer.
        bytes: The most bytes of its JSON.
        seconds: The most seconds that SQLite may work on it.
    """

    rows: int = 200
    bytes: int = 50_000
    seconds: float = TIME_LIMIT


class BoundedReader:
    """Answers questions about some datasets, or about all; threads may share it.

    >>> reader = BoundedReader(["nycflights13"])                    # doctest: +SKIP
    >>> reader.query("nycflights13", "SELECT count(*) AS n FROM planes")["rows"]
    ... # doctest: +SKIP
    [[3322]]

    Args:
        names: Names of the datasets; all that are installed by default.
        limits: What one answer may cost.

    Raises:
        DatasetNotFoundError: One of the names is not that of a dataset.
    """

    def __init__(self, names: Iterable[str] = (), limits: Limits | None = None) -> None:
        self.names = tuple(names)
        self.limits = limits or Limits()
        self._idle: list[tuple[object, sqlite3.Connection]] = []
        self._lock = Lock()
        for name in self.names:
            dataset(name)

    def close(self) -> None:
        """Close the connections that are kept open."""
        with self._lock:
            for _, connection in self._idle:
                connection.close()
            self._idle.clear()

    def list(self) -> dict[str, Any]:
        """The datasets: name, title, version, licence, and tables with their numbers of rows."""
        served = [dataset(name) for name in self.names] or list(datasets().values())
        listed: dict[str, Any] = {"datasets": [_summarize(each) for each in served]}
        if not self.names and (broken := problems()):
            listed["problems"] = [problem.message for problem in broken]
        return listed

    def describe(self, name: str, table: str | None = None) -> dict[str, Any]:
        """A dataset with its tables, or one table: columns, ranges, keys and relations.

        A dataset of more columns than an answer holds is described without what its columns are.

        Raises:
            DatasetError: There is no such dataset or table.
        """
        found = self._find(name)
        if table is not None:
            return _describe_table(found.tables[table])
        described = {key: value for key, value in describe(found).items() if key in _TOLD}
        described = omit_blanks(described)
        tables = found.tables.values()
        described["tables"] = [_describe_table(each) for each in tables]
        if measure_json(described) > self.limits.bytes:
            described["tables"] = [_outline(each) for each in tables]
            described["note"] = "Only names and types are listed: describe one table for the rest."
        if measure_json(described) > self.limits.bytes:
            described["tables"] = [each.name for each in tables]
            described["note"] = "Only tables are listed: describe one table for its columns."
        return described

    def sample(
        self,
        name: str,
        table: str,
        columns: Sequence[str] | None = None,
        rows: int = 5,
        is_stopped: IsStopped | None = None,
    ) -> dict[str, Any]:
        """Some rows from all over a table, the same ones each time.

        Raises:
            DatasetError: There is no such dataset, table or column, or it cannot be read in time.
        """
        found = self._find(name)
        known = found.tables[table]
        fields = find_fields(found, known, columns) if columns else known.fields
        names = [field.name for field in fields]
        with self._lease(found, (), is_stopped) as connection, self._explaining(connection, found):
            sql, numbers = write_sample(connection, known.name, names, self._most(rows))
            return self._answer(connection.execute(sql, numbers), self._most(rows))

    def query(
        self,
        name: str,
        sql: str,
        attach: Sequence[str] = (),
        rows: int | None = None,
        is_stopped: IsStopped | None = None,
    ) -> dict[str, Any]:
        """The answer to one SELECT: columns, rows, and whether there are more.

        Args:
            name: The dataset.
            sql: The statement.
            attach: Other datasets that it uses, as ``dataset.table``.
            rows: The most rows to answer, if fewer than the limit.
            is_stopped: Whether nobody waits for the answer any longer.

        Raises:
            QueryError: It is no SELECT, is wrong, or takes more than it may.
            DatasetError: A dataset cannot be found or read.
        """
        if len(sql) > _LONGEST_SQL:
            raise QueryError(
                f"The SQL has {len(sql):,} characters.", hint=f"Write at most {_LONGEST_SQL:,}."
            )
        found = self._find(name)
        others = tuple(dict.fromkeys(self._find(other).name for other in attach))
        with (
            self._lease(found, others, is_stopped) as connection,
            self._explaining(connection, found, sql),
        ):
            cursor = execute_statement(connection, sql)
            Answer(cursor).require_columns()
            return self._answer(cursor, self._most(rows))

    def _find(self, name: str) -> InstalledDataset:
        if self.names and name not in self.names:
            raise DatasetNotFoundError(
                f"No dataset is named {name!r} here.", hint=suggest(name, self.names, "Datasets")
            )
        return dataset(name)

    def _most(self, rows: int | None) -> int:
        return self.limits.rows if rows is None else max(0, min(rows, self.limits.rows))

    def _answer(self, cursor: sqlite3.Cursor, most: int) -> dict[str, Any]:
        columns = [column for column, *_ in cursor.description]
        left = self.limits.bytes - measure_json(columns)
        if left < 0:
            raise QueryError(
                f"The result has {spell_count(len(columns), 'column')}, more than an answer holds.",
                hint="Select fewer.",
            )
        page = Page(cursor, most, left)
        if page.is_full and not page.rows:
            raise QueryError(
                f"A row takes more than the {self.limits.bytes:,} bytes of an answer.",
                hint="Select fewer columns, or shorten texts with substr.",
            )
        answer = {"columns": columns, "rows": page.rows, "has_more": page.has_more}
        return omit_blanks(answer | {"note": self._note(page)}) | {"rows": page.rows}

    def _note(self, page: Page) -> str:
        notes = []
        if page.has_more:
            limit = f"{self.limits.bytes:,} bytes" if page.is_full else "the limit of rows"
            shown = spell_count(len(page.rows), "row")
            notes.append(f"Only the first {shown} are shown, up to {limit}: aggregate, or filter.")
        if page.is_shortened:
            notes.append(SHORTENED)
        return " ".join(notes)

    @contextmanager
    def _lease(
        self, found: InstalledDataset, attach: tuple[str, ...], is_stopped: IsStopped | None
    ) -> Iterator[sqlite3.Connection]:
        """A connection for one question; checking the structure of a file takes a while."""
        key = (found.name, found.manifest.sha256 if found.manifest else "", attach)
        connection = self._take(key) or found.connect(
            attach, check_same_thread=False, untrusted=True
        )
        try:
            limit_time(connection, self.limits.seconds, is_stopped)
            yield connection
        except BaseException:
            connection.close()  # whatever the statement began
            raise
        self._give(key, connection)

    def _take(self, key: object) -> sqlite3.Connection | None:
        with self._lock:
            for place, (kept, connection) in enumerate(self._idle):
                if kept == key:
                    del self._idle[place]
                    return connection
        return None

    def _give(self, key: object, connection: sqlite3.Connection) -> None:
        with self._lock:
            self._idle.append((key, connection))
            spare = self._idle.pop(0)[1] if len(self._idle) > _IDLE else None
        if spare:
            spare.close()

    @contextmanager
    def _explaining(
        self, connection: sqlite3.Connection, found: InstalledDataset, sql: str = ""
    ) -> Iterator[None]:
        """Turn what SQLite raises into an error that says what to write instead."""
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._explain(error, connection, found, sql) from error
        except MemoryError as error:
            raise QueryError(
                "The statement needs more memory than it may use.",
                hint="Filter before you sort or group, and select fewer columns.",
            ) from error

    def _explain(
        self,
        error: Exception,
        connection: sqlite3.Connection,
        found: InstalledDataset,
        sql: str,
    ) -> DatasetError:
        # The connection has explained it already, in words for programs.
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_INTERRUPT:
            return QueryError(
                f"The statement was stopped after {self.limits.seconds:g} seconds.",
                hint="Filter by the columns of a key or an index, and join on them.",
            )
        limit_time(connection, 1)  # for the names of tables and columns
        explained = describe_failure(
            error, found.name, found.location.path, lambda text: advise(text, connection, sql)
        )
        if isinstance(explained, ReadOnlyDatasetError):
            return ReadOnlyDatasetError(explained.message, hint=READ)
        return explained


def _summarize(found: InstalledDataset) -> dict[str, Any]:
    manifest = found.manifest
    return omit_blanks(
        {
            "name": found.name,
            "title": manifest.title if manifest else "",
            "version": found.version,
            "license": name_licenses(manifest) if manifest else "",
            "tables": {table.name: table.row_count for table in manifest.tables.values()}
            if manifest
            else {},
        }
    )


def _describe_table(table: Table) -> dict[str, Any]:
    described = omit_blanks(describe_table(table))
    described["columns"] = [_describe_column(field, table) for field in table.fields]
    return described


def _describe_column(field: Field, table: Table) -> dict[str, Any]:
    described = describe_column(field, table)
    # What is said twice, or only to programs.
    kept = {key: value for key, value in described["constraints"].items() if key != "required"}
    described |= {"constraints": kept, "required": described["required"] or None}
    if described["format"] == "default":
        del described["format"]
    return omit_blanks(described)


def _outline(table: Table) -> dict[str, Any]:
    columns = {}
    for field in table.fields:
        targets = find_references(table, field.name)
        columns[field.name] = " ".join([field.type_name, *(f"-> {target}" for target in targets)])
    outline = {"name": table.name, "description": table.description, "rows": table.row_count}
    return omit_blanks(outline | {"columns": columns})
