"""The rows of a table as JSON: one text for each content, and fast.

Rows are arrays, in the order of the rowid, or of the primary key in a table without one. Texts
escape what JSON makes them, and nothing else, and a blob is the object ``{"hex": "..."}``. A real
is ``0.0``, and its bytes stand apart, as there is more than one way to write its digits. So every
storage class of SQLite is told exactly.

SQLite itself writes a block of rows where it can only write them so, whatever its version: whole
numbers, NULL, reals in columns that are declared so, and texts without escapes. That takes a third
of the time, and other threads of Python go on meanwhile. All others are written by Python.
"""

from __future__ import annotations

import sqlite3
import sys
from array import array
from json import JSONEncoder

from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.catalog.expressions import join_evenly
from microcosm_sqlite.catalog.structure import name_rowid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_MARKS = {
    "whole": ("INT", "BOOL"),
    "text": ("CHAR", "CLOB", "TEXT"),
    "real": ("REAL", "FLOA", "DOUB"),
    "moment": ("DATE", "TIME"),
}
"""Parts of declared types, the first that fits first, as in SQLite's own rules of affinity."""
_MOST_ROWS = 512
_MOST_CHARACTERS = 1 << 18
_MOST_ARGUMENTS = 100
"""Of an SQL function, in every build of SQLite."""


def write_rows(
    connection: sqlite3.Connection, table: str, columns: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """The rows of a table, in texts of one or more, which commas would join to an array's inside.

    Beside each text the reals of its rows, in their order, as little-endian doubles of IEEE 754.

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    described = connection.execute(f"PRAGMA table_xinfo({quote_identifier(table)})").fetchall()
    rowid = name_rowid(name for _, name, *_ in described)
    key = _find_key(connection, table, described)
    if key or not rowid:
        yield from _write_in_order(connection, table, columns, key)
    else:
        yield from _Blocks(connection, table, columns, described, rowid)


def _spell_blob(value: bytes) -> dict[str, str]:
    return {"hex": value.hex()}


write_json = JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_spell_blob).encode
"""Any value, or list of rows, as the one text that stands for it."""


def _write_block(rows: Iterable[Sequence[Any]]) -> tuple[str, bytes]:
    rows = list(rows)
    reals = _pack_reals(rows)
    if reals:
        rows = [[0.0 if type(value) is float else value for value in row] for row in rows]
    return write_json(rows)[1:-1], reals


def _pack_reals(rows: Iterable[Sequence[Any]]) -> bytes:
    reals = array("d", [value for row in rows for value in row if type(value) is float])
    if sys.byteorder == "big":
        reals.byteswap()
    return reals.tobytes()


def _list(columns: Sequence[str]) -> str:
    return ", ".join(map(quote_identifier, columns))


def _find_key(
    connection: sqlite3.Connection, table: str, described: Sequence[tuple[Any, ...]]
) -> str:
    """The primary key of a table that has no rowid."""
    query = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
    if connection.execute(query, (table,)).fetchone() != (1,):
        return ""
    return _list([name for _, name in sorted((row[5], row[1]) for row in described if row[5])])


def _write_in_order(
    connection: sqlite3.Connection, table: str, columns: Sequence[str], key: str
) -> Iterator[tuple[str, bytes]]:
    order = f" ORDER BY {key}" if key else ""
    rows = connection.execute(f"SELECT {_list(columns)} FROM {quote_identifier(table)}{order}")
    while batch := rows.fetchmany(_MOST_ROWS):
        yield _write_block(batch)


class _Blocks:
    """The texts of blocks of rows, each of a size that fits the width of those in front of it."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: str,
        columns: Sequence[str],
        described: Sequence[tuple[Any, ...]],
        rowid: str,
    ) -> None:
        self._connection = connection
        self._first, self._size = _LOWEST, 16
        source = f"FROM {quote_identifier(table)} WHERE {rowid} >= ? ORDER BY {rowid} LIMIT ?"
        kinds = _classify(columns, described)
        real = kinds["real"]
        self._careful = f"SELECT {_list(columns)}, {rowid} {source}"
        self._quick = (
            "SELECT max(place), group_concat(line), max(doubt) FROM "
            f"(SELECT {rowid} AS place, json_array({_list_without_reals(columns, real)}) AS line, "
            f"{_find_reals(kinds, described)} AS doubt "
            f"{source})"
        )
        self._reals = f"SELECT {_list(real)} {source}" if real else ""
        is_computed = any(row[6] for row in described)
        self._is_quick = len(columns) <= _MOST_ARGUMENTS and not is_computed

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        while self._first <= _HIGHEST:
            last, text, reals = self._write_quickly() if self._is_quick else (None, "", b"")
            if not text:
                last, text, reals = self._write_carefully()
            if last is None:
                return
            yield text, reals
            self._first = last + 1
            fitting = self._size * _MOST_CHARACTERS // len(text)
            self._size = max(1, min(_MOST_ROWS, 2 * self._size, fitting))

    def _write_quickly(self) -> tuple[int | None, str, bytes]:
        """The last rowid, text and reals of a block, or no text where Python has to write it."""
        try:
            query = self._connection.execute(self._quick, (self._first, self._size))
            last, text, has_reals = query.fetchone()
        except sqlite3.Error:  # a blob, or a function that is not there
            self._is_quick = False
            return None, "", b""
        self._is_quick = not has_reals
        if not text or has_reals or "\\" in text:
            return None, "", b""
        return last, text, self._read_reals()

    def _read_reals(self) -> bytes:
        if not self._reals:
            return b""
        rows = self._connection.execute(self._reals, (self._first, self._size)).fetchall()
        return _pack_reals(rows)

    def _write_carefully(self) -> tuple[int | None, str, bytes]:
        rows = self._connection.execute(self._careful, (self._first, self._size)).fetchall()
        last = rows[-1][-1] if rows else None
        return last, *_write_block(row[:-1] for row in rows)


def _list_without_reals(columns: Sequence[str], real: Sequence[str]) -> str:
    return ", ".join(
        f"CASE typeof({quoted}) WHEN 'real' THEN 0.0 ELSE {quoted} END" if name in real else quoted
        for name in columns
        for quoted in (quote_identifier(name),)
    )


def _classify(columns: Sequence[str], described: Sequence[tuple[Any, ...]]) -> dict[str, list[str]]:
    """The columns by what their declared types lead to expect of their values."""
    declared = {name: type_.upper() for _, name, type_, *_ in described}
    kinds: dict[str, list[str]] = {kind: [] for kind in (*_MARKS, "other")}
    for name in columns:
        marked = (k for k, marks in _MARKS.items() if any(mark in declared[name] for mark in marks))
        kinds[next(marked, "other")].append(name)
    return kinds


def _find_reals(kinds: Mapping[str, Sequence[str]], described: Sequence[tuple[Any, ...]]) -> str:
    """SQL that is 1 if a row has a real where none is expected: the text would have its digits."""
    filled = {name for _, name, _, not_null, *_ in described if not_null}
    quoted = {name: quote_identifier(name) for names in kinds.values() for name in names}
    # A sum is a whole number only if everything in it is, and takes less time than each by itself.
    terms = [quoted[n] if n in filled else f"ifnull({quoted[n]}, 0)" for n in kinds["whole"]]
    tests = [f"typeof({join_evenly(terms, ' + ')}) <> 'integer'"] if terms else []
    # Numbers of both kinds are less than any text, and neither is expected there.
    tests += [f"ifnull({quoted[name]} < '', 0)" for name in kinds["moment"]]
    tests += [f"typeof({quoted[name]}) = 'real'" for name in kinds["other"]]
    return join_evenly(tests, " OR ") or "0"
