"""What is to be read of one table, and the SQL that reads it."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.criteria import bind, plan_statement
from microcosm_sqlite.catalog.installed import find_fields
from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.catalog.structure import find_rowid_range
from microcosm_sqlite.common.sql import name_rowid, quote_identifier
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import QueryError
from microcosm_sqlite.interop.arrow_types import describe_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.frames import Parameters, Rows
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.location import Location
    from microcosm_sqlite.catalog.manifest import Table
    from microcosm_sqlite.interop.arrow_types import Column


_PLACEHOLDERS = {"integer": "0", "real": "0.0", "blob": "x'00'"}


@dataclass(frozen=True)
class Scan:
    """Some columns and rows of one table, in the order of their rowids.

    Attributes:
        location: The file.
        table: The table's name.
        columns: What is read, in the order of the result.
        rowid: A name by which SQL reaches the rowid, or an empty string where there is none.
        where: A condition as after WHERE in SQL, or None.
        params: The values of its parameters.
        rows: Lowest and highest rowid to read, or None for all.
        limit: The most rows to read, or None for all.
        extent: Lowest and highest rowid in the table, or None where there is none.
    """

    location: Location
    table: str
    columns: Sequence[Column]
    rowid: str
    where: str | None = None
    params: Parameters = ()
    rows: Rows | None = None
    limit: int | None = None
    extent: Rows | None = None

    def narrowed(self, rows: Rows) -> Scan:
        """The same, of fewer rows."""
        return replace(self, rows=rows)

    def sql(self) -> str:
        """The statement that reads it."""
        order = self._order(self.rowid)
        return f"SELECT {self._values()}{self._source()}{order}{self._limited(0)}"

    def typed_sql(self) -> str:
        """The same behind one more row, which shows the type of every column, and one more column.

        Readers that guess types from the first values they see cannot guess wrong then. The first
        column is NULL in that row and only there, and NULL sorts before everything.
        """
        shown = ", ".join(
            f"{_PLACEHOLDERS.get(column.stored, repr(''))} AS {quote_identifier(column.name)}"
            for column in self.columns
        )
        return (
            f"SELECT NULL, {shown} UNION ALL SELECT {self.rowid or 0}, {self._values()}"
            f"{self._source()}{self._order('1')}{self._limited(1)}"
        )

    def _values(self) -> str:
        return ", ".join(
            _spell(quoted) if column.stored == "any" else quoted
            for column in self.columns
            for quoted in [quote_identifier(column.name)]
        )

    def _source(self) -> str:
        conditions = []
        if self.rows:
            conditions.append(f"{self.rowid} BETWEEN {self.rows[0]:d} AND {self.rows[1]:d}")
        if self.where:
            # On a line of its own, so that a comment at its end hides nothing of ours.
            conditions.append(f"(\n{self.where}\n)")
        # The order of the rows must not depend on the columns. Without a condition this hint
        # holds them in that of the table itself, and costs nothing; see `_order` for the rest.
        hint = "" if self.where else " NOT INDEXED"
        filtered = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f" FROM {quote_identifier(self.table)}{hint}{filtered}"

    def _order(self, key: str) -> str:
        return f" ORDER BY {key}" if self.where and self.rowid else ""

    def _limited(self, extra: int) -> str:
        return "" if self.limit is None else f" LIMIT {self.limit + extra:d}"


def _spell(quoted: str) -> str:
    """SQL for any value as text; a cast would cut a real number to 15 digits.

    Of 17 digits, which tell every number from all others, SQLite 3.40 errs in the last one where
    the number is large.
    """
    digits = f"CASE WHEN abs({quoted}) < 1e100 THEN '%!.17g' ELSE '%!.26g' END"
    return (
        f"CASE typeof({quoted}) WHEN 'real' THEN printf({digits}, {quoted}) "
        f"ELSE CAST({quoted} AS TEXT) END"
    )


def plan_scan(
    dataset: InstalledDataset,
    table: str,
    columns: Iterable[str] | None = None,
    where: str | None = None,
    params: Parameters | None = None,
    rows: Rows | None = None,
    limit: int | None = None,
) -> Scan:
    """Check what is asked for against the dataset.

    Raises:
        TableNotFoundError: There is no such table or column.
        QueryError: The condition is no SQL, or its parameters do not fit, or rows are asked for
            by number of a table that numbers none.
        DatasetFileError: The file cannot be opened.
    """
    connection = dataset.connect()
    try:
        declared, rowid = _inspect(connection, table)
        chosen = _choose(dataset, dataset.tables[table], columns)
        described = [describe_column(field, declared.get(field.name, "")) for field in chosen]
        if rows is not None and not _is_range(rows):
            raise TypeError(
                f"rows must be the lowest and the highest rowid, (1, 100), not {rows!r}"
            )
        if rows and not rowid:
            raise QueryError(
                f"Table {table!r} has no rowids to choose rows by.",
                hint="Choose them by a condition: where=...",
            )
        extent = find_rowid_range(connection, table, rowid) if rowid else None
        where, params = _judge(connection, dataset, table, where, params)
        scan = Scan(dataset.location, table, described, rowid, where, params, rows, limit, extent)
    except sqlite3.Error as error:
        raise translate(error, dataset.location.path) from error
    finally:
        connection.close()
    return scan


def _is_range(rows: Any) -> bool:
    is_pair = isinstance(rows, tuple | list) and len(rows) == 2
    return is_pair and all(hasattr(each, "__index__") for each in rows)


def _inspect(connection: sqlite3.Connection, table: str) -> tuple[dict[str, str], str]:
    """The declared types of the columns, and a name for the rowid that no column has taken."""
    quoted = quote_identifier(table)
    declared = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_xinfo({quoted})")}
    listed = connection.execute(f"PRAGMA table_list({quoted})").fetchall()
    if not any(row[0] == "main" and row[4] for row in listed):
        return declared, name_rowid(declared)
    return declared, ""


def _choose(dataset: InstalledDataset, table: Table, columns: Iterable[str] | None) -> list[Any]:
    if columns is None:
        return table.fields
    if isinstance(columns, str):
        raise TypeError(f"columns must be a list of names, not the string {columns!r}")
    names = list(dict.fromkeys(columns))
    if not names:
        raise QueryError("No columns are given.", hint="Leave `columns` out to read all.")
    return find_fields(dataset, table, names)


def _judge(
    connection: sqlite3.Connection,
    dataset: InstalledDataset,
    table: str,
    where: str | None,
    params: Parameters | None,
) -> tuple[str | None, Parameters]:
    """The condition as it is executed, which SQLite itself judges, for every reader alike."""
    start = f"SELECT 1 FROM {quote_identifier(table)} WHERE "
    bound = bind(params)
    if not (where or bound):
        return where, bound
    try:
        # By itself, since `1) OR (1` is a condition only within our parentheses.
        plan = plan_statement(connection, {"main": dataset}, f"{start}{where or 1}")
        bound = bind(plan.bind(params or ()))
        sqlite3.Cursor(connection).execute(f"EXPLAIN {start}(\n{where or 1}\n)", bound).close()
    except sqlite3.Error as error:
        raise QueryError(
            f"The condition {where!r} cannot be used: {error}.",
            hint=_advise(str(error), dataset.tables[table]),
        ) from error
    return where and plan.sql.removeprefix(start), bound


def _advise(text: str, table: Table) -> str:
    """The nearest column where SQLite misses one."""
    missing = re.match(r"no such column: [\"`]?(?P<name>[^\"`]+)", text)
    if not missing:
        return "Write it as after WHERE in SQL, with ? or :name for each parameter."
    names = [field.name for field in table.fields]
    nearest = suggest(missing["name"].rpartition(".")[2], names, "Its columns")
    return f"{nearest} A text stands in single quotes."
