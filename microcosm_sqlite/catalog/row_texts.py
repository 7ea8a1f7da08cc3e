"""The rows of a table as JSON: one text for each content, and fast.

Rows are arrays, in the order of the rowid, or of the primary key in a table without one. Texts
escape what JSON makes them, and nothing else, and a blob is the object ``{"hex": "..."}``.

The bytes of reals stand apart, as there is more than one way to write their digits. A real is
``0.0`` in the text. In a column whose affinity is REAL both reals and NULL are ``null``, and the
bytes of NULL are those of NaN, which SQLite does not store. So every storage class is told exactly.

SQLite itself writes a block of rows where it can only write them so, whatever its version: whole
numbers, NULL, reals in columns that are declared so, and texts without escapes. That takes a third
of the time, and other threads of Python go on meanwhile. All others are written by Python.
"""

from __future__ import annotations

import sqlite3
import sys
from array import array
from itertools import chain
from json import JSONEncoder

from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.catalog.expressions import join_evenly
from microcosm_sqlite.catalog.structure import find_affinity, name_rowid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_NAN = float("nan")
_WHOLE, _TEXT, _MOMENT = ("INT", "BOOL"), ("CHAR", "CLOB", "TEXT"), ("DATE", "TIME")
"""Parts of declared types that tell what to expect."""
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
        yield from _write_in_order(connection, table, columns, described, key)
    else:
        yield from _Blocks(connection, table, columns, described, rowid)


def _spell_blob(value: bytes) -> dict[str, str]:
    return {"hex": value.hex()}


write_json = JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_spell_blob).encode
"""Any value, or list of rows, as the one text that stands for it."""


def _write_block(rows: Iterable[Sequence[Any]], are_reals: Sequence[bool]) -> tuple[str, bytes]:
    texts, reals = [], []
    for row in rows:
        text = list(row)
        for place, value in enumerate(row):
            if type(value) is float:
                text[place] = None if are_reals[place] else 0.0
                reals.append(value)
            elif value is None and are_reals[place]:
                reals.append(_NAN)
        texts.append(text)
    return write_json(texts)[1:-1], _pack(reals)


def _pack(reals: Iterable[float]) -> bytes:
    packed = array("d", reals)
    if sys.byteorder == "big":
        packed.byteswap()
    return packed.tobytes()


def _find_key(
    connection: sqlite3.Connection, table: str, described: Sequence[tuple[Any, ...]]
) -> str:
    """The primary key of a table that has no rowid."""
    query = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?"
    if connection.execute(query, (table,)).fetchone() != (1,):
        return ""
    return _list([name for _, name in sorted((row[5], row[1]) for row in described if row[5])])


def _list(columns: Sequence[str]) -> str:
    return ", ".join(map(quote_identifier, columns))


def _find_reals(columns: Sequence[str], described: Sequence[tuple[Any, ...]]) -> list[bool]:
    """Whether each column has the affinity of reals."""
    declared = {name: type_ for _, name, type_, *_ in described}
    return [find_affinity(declared[name]) == "REAL" for name in columns]


def _write_in_order(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    described: Sequence[tuple[Any, ...]],
    key: str,
) -> Iterator[tuple[str, bytes]]:
    order = f" ORDER BY {key}" if key else ""
    rows = connection.execute(f"SELECT {_list(columns)} FROM {quote_identifier(table)}{order}")
    are_reals = _find_reals(columns, described)
    while batch := rows.fetchmany(_MOST_ROWS):
        yield _write_block(batch, are_reals)


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
        self._are_reals = _find_reals(columns, described)
        real = [name for name, is_real in zip(columns, self._are_reals, strict=True) if is_real]
        others = [name for name in columns if name not in real]
        values = ["NULL" if name in real else quote_identifier(name) for name in columns]
        source = f"FROM {quote_identifier(table)} WHERE {rowid} >= ? ORDER BY {rowid} LIMIT ?"
        self._careful = f"SELECT {_list(columns)}, {rowid} {source}"
        self._quick = (
            "SELECT max(place), group_concat(line), max(doubt) FROM "
            f"(SELECT {rowid} AS place, json_array({', '.join(values)}) AS line, "
            f"{_doubt(others, described)} AS doubt "
            f"{source})"
        )
        self._reals = f"SELECT {_list(real)} {source}" if real else ""
        is_computed = any(row[6] for row in described)
        self._is_quick = len(columns) <= _MOST_ARGUMENTS and not is_computed

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        while self._first <= _HIGHEST:
            block = self._write_quickly() if self._is_quick else None
            last, text, reals = block or self._write_carefully()
            if last is None:
                return
            yield text, reals
            self._first = last + 1
            fitting = self._size * _MOST_CHARACTERS // len(text)
            self._size = max(1, min(_MOST_ROWS, 2 * self._size, fitting))

    def _write_quickly(self) -> tuple[int, str, bytes] | None:
        """The last rowid, text and reals of a block, or None where Python has to write it."""
        try:
            query = self._connection.execute(self._quick, (self._first, self._size))
            last, text, is_doubtful = query.fetchone()
        except sqlite3.Error:  # a blob, or a function that is not there
            self._is_quick = False
            return None
        self._is_quick = not is_doubtful
        if not text or is_doubtful or "\\" in text:
            return None
        reals = self._read_reals()
        return None if reals is None else (last, text, reals)

    def _read_reals(self) -> bytes | None:
        """The bytes of the columns of reals, or None where they hold something else."""
        if not self._reals:
            return b""
        rows = self._connection.execute(self._reals, (self._first, self._size)).fetchall()
        values = list(chain.from_iterable(rows))
        kinds = {*map(type, values)}
        if kinds == {float}:
            return _pack(values)
        if kinds <= {float, type(None)}:
            return _pack([_NAN if value is None else value for value in values])
        return None

    def _write_carefully(self) -> tuple[int | None, str, bytes]:
        rows = self._connection.execute(self._careful, (self._first, self._size)).fetchall()
        last = rows[-1][-1] if rows else None
        return last, *_write_block([row[:-1] for row in rows], self._are_reals)


def _doubt(columns: Sequence[str], described: Sequence[tuple[Any, ...]]) -> str:
    """SQL that is 1 if one of these columns holds a real: the text would have its digits."""
    declared = {name: type_.upper() for _, name, type_, *_ in described}
    filled = {name for _, name, _, not_null, *_ in described if not_null}
    sums, tests = [], []
    for name in columns:
        quoted = quote_identifier(name)
        if _is_like(declared[name], _WHOLE):
            sums.append(quoted if name in filled else f"ifnull({quoted}, 0)")
        elif _is_like(declared[name], _TEXT):
            continue
        elif _is_like(declared[name], _MOMENT):
            # Numbers of both kinds are less than any text; the plus keeps texts from being read.
            tests.append(f"ifnull(+{quoted} < '', 0)")
        else:
            tests.append(f"typeof({quoted}) = 'real'")
    if sums:
        # A sum is a whole number only if all of it is, and takes less time than each by itself.
        tests.append(f"typeof({join_evenly(sums, ' + ')}) <> 'integer'")
    return join_evenly(tests, " OR ") or "0"


def _is_like(declared: str, marks: Sequence[str]) -> bool:
    return any(mark in declared for mark in marks)
