"""Choose the rows of a subset: draw some, and add what they refer to until nothing is missing.

The keys are in tables of SQLite, and each step takes a whole set of them: no row is held in Python,
and memory does not grow with the source.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b

from microcosm_sqlite.authoring.loading.connections import INSERT
from microcosm_sqlite.authoring.project.recipe import Recipe
from microcosm_sqlite.authoring.subsetting.conditions import add_condition
from microcosm_sqlite.authoring.subsetting.tables import Reference, SourceTable
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest_tables import refuse_name
from microcosm_sqlite.common.sql import quote_identifier

_PRIME = 2147483579
_LOW = 2**31 - 1
"""Numbers below 2^31 have products that fit into 64 bits."""


class Selection:
    """The keys of the rows that are chosen, table by table.

    Args:
        connection: A connection that has the source attached.
        dataset: The source.
        tables: The tables of the source.
        references: Its foreign keys.
        seed: What the drawing depends on.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        dataset: InstalledDataset,
        tables: Mapping[str, SourceTable],
        references: Sequence[Reference],
        seed: int,
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._tables = tables
        self._references = references
        self._seed = seed
        connection.create_function("subset_draw", -1, self._draw_key, deterministic=True)
        for table in tables.values():
            for role in ("chosen", "last", "next"):
                connection.execute(_create_keys(role, table))

    def choose(self, recipe: Recipe) -> None:
        """Choose the rows that a recipe asks for, and all that they refer to.

        Raises:
            TableNotFoundError: The recipe names a table that is not there.
            QueryError: A condition is not valid.
        """
        for name in (*recipe.tables, *recipe.where):
            if name not in self._tables:
                raise refuse_name(name, self._tables, f"Dataset {self._dataset.name!r}", "table")
        for name in dict.fromkeys((*(recipe.tables or self._tables), *recipe.where)):
            self._draw(self._tables[name], recipe.rows, recipe.where.get(name, ""))
        if recipe.children:
            self._close(
                lambda reference: self._write_children(reference, recipe.children), is_down=True
            )
        self._restart()
        self._close(self._write_parents, is_down=False)

    def count(self, table: SourceTable) -> int:
        """How many rows of a table are chosen."""
        return self._count("chosen", table)

    def _count(self, role: str, table: SourceTable) -> int:
        found = self._connection.execute(f"SELECT count(*) FROM {_keys(role, table)}").fetchone()
        count: int = found[0]
        return count

    def _draw(self, table: SourceTable, rows: int, condition: str) -> None:
        sql = f"SELECT {_list_columns('t', table.key)} FROM {table.quoted} AS t"
        if condition:
            sql = add_condition(self._connection, self._dataset, table, sql, condition)
        order = self._write_order("t", table)
        self._connection.execute(
            f"INSERT INTO {_keys('chosen', table)} {sql} ORDER BY {order} LIMIT {rows}"
        )
        self._copy("last", "chosen", table)

    def _write_order(self, alias: str, table: SourceTable) -> str:
        key = _list_columns(alias, table.key)
        if table.is_numbered:
            return f"{self._write_hash(_list_columns(alias, table.identity))}, {key}"
        return f"subset_draw({_list_columns(alias, table.identity)}), {key}"

    def _write_hash(self, number: str) -> str:
        """SQL that scatters whole numbers, without a call into Python for each row."""
        low = f"({number} & {_LOW})"
        return (
            f"(({low} * 48271 + {self._seed}) % {_PRIME}) * "
            f"(({low} * 16807 + 1) % {_PRIME}) % {_PRIME}"
        )

    def _draw_key(self, *values: object) -> int:
        text = repr((self._seed, values)).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=7).digest())

    def _restart(self) -> None:
        """Let the next step begin with everything that is chosen."""
        for table in self._tables.values():
            self._clear("last", table)
            self._copy("last", "chosen", table)

    def _close(self, write: Callable[[Reference], str], *, is_down: bool) -> None:
        """Follow references from what was chosen last, until that adds nothing.

        Args:
            write: Writes the query for the keys of rows that are not chosen yet.
            is_down: Whether references are followed from the parent to the child.
        """
        touched = {name for name, table in self._tables.items() if self._count("last", table)}
        while touched:
            added: set[str] = set()
            for reference in self._references:
                begin, end = reference.child, reference.parent
                if is_down:
                    begin, end = end, begin
                if begin in touched and self._add("next", self._tables[end], write(reference)):
                    added.add(end)
            for name in touched:
                self._clear("last", self._tables[name])
            for name in added:
                table = self._tables[name]
                self._copy("chosen", "next", table)
                self._copy("last", "next", table)
                self._clear("next", table)
            touched = added

    def _add(self, role: str, table: SourceTable, query: str) -> bool:
        """Add keys, and return whether there were any."""
        sql = f"{INSERT.replace(' ', ' OR IGNORE ')} {_keys(role, table)} {query}"
        return self._connection.execute(sql).rowcount > 0

    def _clear(self, role: str, table: SourceTable) -> None:
        self._connection.execute(f"DELETE FROM {_keys(role, table)}")

    def _copy(self, role: str, origin: str, table: SourceTable) -> None:
        self._connection.execute(
            f"INSERT INTO {_keys(role, table)} SELECT * FROM {_keys(origin, table)}"
        )

    def _write_parents(self, reference: Reference) -> str:
        child, parent = self._tables[reference.child], self._tables[reference.parent]
        return (
            f"SELECT {_list_columns('p', parent.key)} FROM {_keys('last', child)} AS k "
            f"CROSS JOIN {child.quoted} AS c ON {_match_key('c', child)} "
            f"CROSS JOIN {parent.quoted} AS p ON {_match(reference)} "
            f"WHERE {self._write_unchosen('p', parent)}"
        )

    def _write_children(self, reference: Reference, most: int) -> str:
        child, parent = self._tables[reference.child], self._tables[reference.parent]
        names = [f"k{place}" for place in range(len(child.key))]
        keys = ", ".join(
            f"c.{quote_identifier(column)} AS {name}"
            for column, name in zip(child.key, names, strict=True)
        )
        indexed = " AND ".join(
            f"c.{quote_identifier(column)} = p.{quote_identifier(target)}"
            for column, target in zip(reference.columns, reference.targets, strict=True)
        )
        return (
            f"SELECT DISTINCT {', '.join(names)} FROM (SELECT {keys}, row_number() OVER ("
            f"PARTITION BY {_list_columns('p', parent.key)} "
            f"ORDER BY {self._write_order('c', child)}) AS place "
            f"FROM {_keys('last', parent)} AS k "
            f"CROSS JOIN {parent.quoted} AS p ON {_match_key('p', parent)} "
            f"JOIN {child.quoted} AS c ON {indexed} AND {_match(reference)}) AS c "
            f"WHERE place <= {most} AND {_write_unchosen_names(names, child)}"
        )

    def _write_unchosen(self, alias: str, table: SourceTable) -> str:
        same = " AND ".join(
            f"x.k{place} = {alias}.{quote_identifier(column)}"
            for place, column in enumerate(table.key)
        )
        return f"NOT EXISTS (SELECT 1 FROM {_keys('chosen', table)} AS x WHERE {same})"


def _write_unchosen_names(names: Sequence[str], table: SourceTable) -> str:
    same = " AND ".join(f"x.{name} = c.{name}" for name in names)
    return f"NOT EXISTS (SELECT 1 FROM {_keys('chosen', table)} AS x WHERE {same})"


def _keys(role: str, table: SourceTable) -> str:
    return f"temp.{role}_{table.number}"


def _create_keys(role: str, table: SourceTable) -> str:
    if table.is_numbered or table.has_rowid:
        return f"CREATE TABLE {_keys(role, table)} (k0 INTEGER PRIMARY KEY)"
    names = ", ".join(f"k{place}" for place in range(len(table.key)))
    return f"CREATE TABLE {_keys(role, table)} ({names}, PRIMARY KEY ({names})) WITHOUT ROWID"


def match_chosen(alias: str, table: SourceTable) -> str:
    """``FROM`` the chosen rows of a table, in the order of their keys."""
    return (
        f"FROM {_keys('chosen', table)} AS k "
        f"CROSS JOIN {table.quoted} AS {alias} ON {_match_key(alias, table)}"
    )


def _match_key(alias: str, table: SourceTable) -> str:
    return " AND ".join(
        f"{alias}.{quote_identifier(column)} = k.k{place}" for place, column in enumerate(table.key)
    )


def _match(reference: Reference) -> str:
    """The condition under which SQLite takes a row for the parent of another.

    The plus leaves the affinity and the collation to the column of the parent.
    """
    return " AND ".join(
        f"p.{quote_identifier(target)} = +c.{quote_identifier(column)}"
        for column, target in zip(reference.columns, reference.targets, strict=True)
    )


def _list_columns(alias: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{alias}.{quote_identifier(column)}" for column in columns)
