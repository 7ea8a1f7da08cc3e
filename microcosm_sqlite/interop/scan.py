"""The part of one table to read, and the SQL that reads it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.preflight import translate
from microcosm_sqlite.catalog.structure import find_key_order, find_rowid_name, find_rowid_range
from microcosm_sqlite.common.sql import MOST_PARAMETERS, quote_identifier
from microcosm_sqlite.errors import QueryError
from microcosm_sqlite.interop.arrow_types import describe_column
from microcosm_sqlite.interop.predicates import Conditions
from microcosm_sqlite.interop.selections import check_types, choose_fields, judge_condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from microcosm_sqlite.catalog.frames import Condition, Parameters, Rows
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.location import Location
    from microcosm_sqlite.interop.arrow_types import Column
    from microcosm_sqlite.interop.predicates import Clause


_MOST_ROWS = 2**62
"""No table has more; `sys.maxsize` and the like stand for no limit."""

_PLACEHOLDERS = {"integer": "0", "real": "0.0", "blob": "x'00'"}


@dataclass(frozen=True)
class Scan:
    """Some columns and rows of one table, in the order of their rowids or primary keys.

    Attributes:
        location: The file.
        table: The table's name.
        columns: What is read, in the order of the result.
        rowid: A name by which SQL reaches the rowid, or an empty string where there is none.
        where: A condition as after WHERE in SQL, or None.
        params: The values of its parameters.
        rows: Lowest and highest rowid to read, or None for all.
        limit: The most rows to read, which SQLite can count, or None for all.
        extent: Lowest and highest rowid in the table, or None where there is none.
        key_order: The order of a table without rowids as SQL has it; else empty.
        layout: All columns of the table.
        twin: The columnar twin of the table, from which all of this is read; empty where SQLite
            reads it.
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
    key_order: str = ""
    layout: Sequence[Column] = ()
    twin: str = ""

    def narrowed(self, rows: Rows) -> Scan:
        """The same, of fewer rows."""
        return replace(self, rows=rows)

    def filtered(self, write: Callable[[Conditions], Clause]) -> Scan:
        """The same without rows for which a condition is not true, if there is one.

        Args:
            write: Writes the condition, or nothing. Where the number of rows is limited,
                it is not asked: which rows count then does not depend on it.
        """
        if self.limit is not None:
            return self
        conditions = Conditions(self.columns, self.params)
        condition = write(conditions)
        params = conditions.complete(condition)
        if not condition or len(params) > MOST_PARAMETERS:
            return self
        sql = condition.sql
        where = f"(\n{self.where}\n) AND ({sql})" if self.where else sql
        return replace(self, where=where, params=params, twin="")

    def sql(self) -> str:
        """The statement that reads it."""
        order = self._order(self.key_order or self.rowid)
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
        rows = f"SELECT {self.rowid or 0}, {self._values()}{self._source()}"
        if self.key_order:  # which need not be read; with a limit, SQLite keeps such an order
            most = -1 if self.limit is None else self.limit
            rows = f"SELECT * FROM ({rows} ORDER BY {self.key_order} LIMIT {most:d})"
            return f"SELECT NULL, {shown} UNION ALL {rows}"
        order = self._order("1" if self.rowid else "")
        return f"SELECT NULL, {shown} UNION ALL {rows}{order}{self._limited(1)}"

    def _values(self) -> str:
        return ", ".join(
            f"{_spell(quoted)} AS {quoted}" if column.stored == "any" else quoted
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
        # In a table without rowids, an index that has all of the columns is read despite the hint.
        return f" ORDER BY {key}" if key and (self.where or self.key_order) else ""

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
    where: Condition | None = None,
    params: Parameters | None = None,
    rows: Rows | None = None,
    limit: int | None = None,
) -> Scan:
    """Check what is asked for against the dataset.

    Raises:
        TableNotFoundError: There is no such table or column.
        QueryError: The condition is no SQL, or its parameters do not fit, or rows are asked for
            by number of a table that numbers none.
        TypeError: An argument is of a type that cannot be meant.
        DatasetFileError: The file cannot be opened.
    """
    check_types(where, rows, limit)
    connection = dataset.connect()
    try:
        chosen = choose_fields(dataset, dataset.tables[table], columns)
        declared, rowid = _inspect(connection, table)
        layout = {
            field.name: describe_column(field, declared.get(field.name, ""))
            for field in dataset.tables[table].fields
        }
        described = [layout[field.name] for field in chosen]
        if rows and not rowid:
            raise QueryError(
                f"Table {table!r} has no rowids to choose rows by.",
                hint="Choose them by a condition: where=...",
            )
        extent = find_rowid_range(connection, table, rowid) if rowid else None
        condition, bound = judge_condition(connection, dataset, table, where, params)
        scan = Scan(
            dataset.location,
            table,
            described,
            rowid,
            condition,
            bound,
            rows,
            None if limit is None or limit > _MOST_ROWS else limit,
            extent,
            "" if rowid else find_key_order(connection, table),
            layout=list(layout.values()),
        )
    except sqlite3.Error as error:
        raise translate(error, dataset.location.path) from error
    finally:
        connection.close()
    return scan


def _inspect(connection: sqlite3.Connection, table: str) -> tuple[dict[str, str], str]:
    """The declared types of the columns, and a name for the rowid that no column has taken."""
    quoted = quote_identifier(table)
    declared = {row[1]: row[2] for row in connection.execute(f"PRAGMA table_xinfo({quoted})")}
    return declared, find_rowid_name(connection, table, declared)
