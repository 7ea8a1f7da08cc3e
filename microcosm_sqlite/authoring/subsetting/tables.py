"""The tables of the source of a subset, their keys, and what refers to what."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from microcosm_sqlite.common.sql import fold_names, name_rowid, quote_identifier
from microcosm_sqlite.errors import DatasetError

SOURCE = "source"
"""The schema that the source is attached as."""


class Reference(NamedTuple):
    """A foreign key.

    Attributes:
        child: The table that refers.
        columns: Its columns.
        parent: The table that is referred to.
        targets: Its columns.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class SourceTable:
    """A table that rows are taken from.

    Attributes:
        name: Its name.
        number: A number of its own.
        columns: The columns that are stored, those that are generated left out.
        key: What tells its rows apart: the rowid, or the columns of the primary key.
        identity: What draws the same rows in another version too: the primary key.
        has_rowid: Whether it has rowids, which are kept.
        is_numbered: Whether its identity is one whole number, the rowid.
    """

    name: str
    number: int
    columns: tuple[str, ...]
    key: tuple[str, ...]
    identity: tuple[str, ...]
    has_rowid: bool
    is_numbered: bool

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of its primary key; none if it has none."""
        return () if self.has_rowid and self.is_numbered else self.identity

    @property
    def quoted(self) -> str:
        """Its name in the source, for SQL."""
        return f"{SOURCE}.{quote_identifier(self.name)}"


def read_tables(connection: sqlite3.Connection) -> dict[str, SourceTable]:
    """The ordinary tables of the attached source by name, in the order of their names.

    Raises:
        DatasetError: The rows of one cannot be told apart.
    """
    listed = connection.execute(f"PRAGMA {SOURCE}.table_list").fetchall()
    kinds = {
        name: bool(without)
        for schema, name, kind, _, without, *_ in listed
        if schema == SOURCE and kind == "table" and not name.startswith("sqlite_")
    }
    return {
        name: _read_table(connection, name, number, without_rowid=kinds[name])
        for number, name in enumerate(sorted(kinds))
    }


def _read_table(
    connection: sqlite3.Connection, name: str, number: int, *, without_rowid: bool
) -> SourceTable:
    quoted = quote_identifier(name)
    described = connection.execute(f"PRAGMA {SOURCE}.table_xinfo({quoted})").fetchall()
    columns = [column for _, column, *_ in described]
    primary = [
        column
        for _, column in sorted((place, column) for _, column, *_, place, _ in described if place)
    ]
    if without_rowid:
        key, is_alias = primary, False
    else:
        indexes = connection.execute(f"PRAGMA {SOURCE}.index_list({quoted})").fetchall()
        # The one column of a primary key that has no index is the rowid itself.
        is_alias = len(primary) == 1 and all(origin != "pk" for *_, origin, _ in indexes)
        rowid = name_rowid(columns)
        key = primary if is_alias else [rowid]
        if not (is_alias or rowid):
            raise DatasetError(
                f"The rows of table {name!r} cannot be told apart: its columns have taken every "
                "name of the rowid."
            )
    return SourceTable(
        name=name,
        number=number,
        columns=tuple(column for _, column, *_, hidden in described if not hidden),
        key=tuple(key),
        identity=tuple(primary or key),
        has_rowid=not (without_rowid or is_alias),
        is_numbered=is_alias or not primary,
    )


def read_references(
    connection: sqlite3.Connection, tables: Mapping[str, SourceTable]
) -> list[Reference]:
    """The foreign keys of the source, in the order of its tables.

    Raises:
        DatasetError: One leads nowhere.
    """
    named = fold_names(tables)
    found = []
    for child in tables:
        keys: dict[int, tuple[str, list[tuple[str, str | None]]]] = {}
        for number, _, parent, column, target, *_ in connection.execute(
            f"PRAGMA {SOURCE}.foreign_key_list({quote_identifier(child)})"
        ):
            keys.setdefault(number, (parent, []))[1].append((column, target))
        for _, (parent, pairs) in sorted(keys.items()):
            table = tables.get(named.get(parent.lower(), ""))
            columns = tuple(column for column, _ in pairs)
            targets = tuple(target for _, target in pairs if target is not None)
            if table is not None and not targets:
                targets = table.primary_key
            if table is None or len(targets) != len(columns):
                raise DatasetError(
                    f"Table {child!r} refers by {', '.join(columns)} to {parent!r}, which has no "
                    "such key.",
                    hint="The dataset is not sound: tell its publisher.",
                )
            found.append(Reference(child, columns, table.name, targets))
    return found


class Declaration(NamedTuple):
    """How one object of the source was created.

    Attributes:
        kind: ``table``, ``virtual``, ``index``, ``view`` or ``trigger``.
        name: Its name.
        sql: The statement.
    """

    kind: str
    name: str
    sql: str


_VIRTUAL = re.compile(r"create\s+virtual\s+table\b", re.IGNORECASE)


def read_declarations(
    connection: sqlite3.Connection, tables: Mapping[str, SourceTable]
) -> list[Declaration]:
    """The statements that create the objects of the source, in an order that works."""
    declared = []
    for kind, name, sql in connection.execute(
        f"SELECT type, name, sql FROM {SOURCE}.sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    ):
        if kind == "table" and _VIRTUAL.match(sql):
            declared.append(Declaration("virtual", name, sql))
        elif kind != "table" or name in tables:  # other tables belong to virtual ones
            declared.append(Declaration(kind, name, sql))
    order = ["table", "index", "view", "virtual", "trigger"]
    return sorted(declared, key=lambda each: order.index(each.kind))
