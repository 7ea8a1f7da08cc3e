"""A hash of the rows of a table, the same in whatever file they are stored.

The hash of a file changes with the SQLite version that wrote it; this one does not. It is the
sha256 of the column names, as a JSON array, and of the hashes of the rows, 65,536 at a time. So
several threads can work at one table. The hash of such rows is the sha256 of one JSON document: an
array of one array for each row. Where there are reals, the sha256 of their bytes stands behind it.

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
from contextlib import suppress
from itertools import chain
from json import JSONEncoder

from microcosm_sqlite.catalog.structure import is_without_rowid
from microcosm_sqlite.common.sql import (
    MOST_COLUMNS,
    find_affinity,
    join_evenly,
    name_rowid,
    quote_identifier,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

Span = tuple[int, int]
"""The first and the last rowid, or the first and the last number of rows that have none."""

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_NAN = float("nan")
_WHOLE, _TEXT, _MOMENT = ("INT", "BOOL"), ("CHAR", "CLOB", "TEXT"), ("DATE", "TIME")
"""Parts of declared types that tell what to expect."""
_SPAN_ROWS = 1 << 16
_MOST_ROWS = 2048
_MOST_CHARACTERS = 1 << 18
_MOST_ARGUMENTS = 100
"""Of an SQL function, in every build of SQLite."""


def _spell_blob(value: bytes) -> dict[str, str]:
    return {"hex": value.hex()}


write_json = JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_spell_blob).encode
"""Any value, or list of rows, as the one text that stands for it."""


def content_digest(
    connection: sqlite3.Connection, table: str, columns: Sequence[str] | None = None
) -> str:
    """``sha256:`` and the hex digest of a table's columns and rows.

    Of all columns, unless some are named.

    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("CREATE TABLE t (a TEXT)")
    >>> content_digest(connection, "t")[:19]
    'sha256:0eb5b8d6f81b'
    >>> connection.close()

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    texts = RowTexts(connection, table, columns)
    return join_digests(texts.columns, (digest_span(texts, span) for span in texts.find_spans()))


def digest_span(texts: RowTexts, span: Span) -> bytes:
    """The hash of 65,536 rows or less."""
    from hashlib import sha256

    digest, real_bytes = sha256(b"["), sha256()
    has_reals = False
    separator = ""
    for rows, reals in texts.write(span):
        digest.update(f"{separator}{rows}".encode())
        separator = ","
        if reals:
            has_reals = True
            real_bytes.update(reals)
    digest.update(b"]")
    if has_reals:
        digest.update(real_bytes.digest())
    return digest.digest()


def join_digests(columns: Sequence[str], digests: Iterable[bytes]) -> str:
    """The hash of a table, from the hashes of its rows in their order."""
    from hashlib import sha256

    digest = sha256(write_json(columns).encode())
    for part in digests:
        digest.update(part)
    return f"sha256:{digest.hexdigest()}"


class RowTexts:
    """The rows of a table as texts.

    Every method raises sqlite3.Error where the table cannot be read.

    Attributes:
        columns: The columns that rows are told with: all that can be seen, or those asked for.
    """

    def __init__(
        self, connection: sqlite3.Connection, table: str, columns: Sequence[str] | None = None
    ) -> None:
        self._connection = connection
        self._table = quote_identifier(table)
        described = connection.execute(f"PRAGMA table_xinfo({self._table})").fetchall()
        if columns is None:
            columns = [name for _, name, *_, hidden in described if hidden != 1]
        self.columns = columns
        is_keyed = is_without_rowid(connection, table)
        rowid = "" if is_keyed else name_rowid(name for _, name, *_ in described)
        # No result has room for the rowid beside as many columns as a table can have.
        self._rowid = rowid if len(columns) < MOST_COLUMNS else ""
        self._key = _list_key(described) if is_keyed else rowid
        affinities = {name: find_affinity(type_) for _, name, type_, *_ in described}
        self._are_reals = [affinities[name] == "REAL" for name in columns]
        self._prepare(described)
        is_computed = any(hidden for *_, hidden in described)
        self._is_quick = len(columns) <= _MOST_ARGUMENTS and not is_computed

    def find_spans(self) -> Iterator[Span]:
        """All rows in their order, 65,536 at a time."""
        if not self._rowid:
            query = f"SELECT count(*) FROM {self._table}"
            ((count,),) = self._connection.execute(query).fetchall()
            yield from ((n, n + _SPAN_ROWS - 1) for n in range(0, count, _SPAN_ROWS))
            return
        query = (
            f"SELECT {self._rowid} FROM {self._table} WHERE {self._rowid} >= ? "
            f"ORDER BY {self._rowid} LIMIT 1 OFFSET ?"
        )
        found = self._connection.execute(query, (_LOWEST, 0)).fetchone()
        while found:
            (first,) = found
            found = self._connection.execute(query, (first, _SPAN_ROWS)).fetchone()
            yield first, (found[0] - 1 if found else _HIGHEST)

    def write(self, span: Span) -> Iterator[tuple[str, bytes]]:
        """Texts of one or more rows each, which commas would join to the inside of an array.

        Beside each the reals of its rows, in their order, as little-endian doubles of IEEE 754.
        """
        return self._write_blocks(*span) if self._rowid else self._write_in_order(*span)

    def _prepare(self, described: Sequence[tuple[Any, ...]]) -> None:
        """The queries for a block of rows, which are given the span that is left, and a number."""
        real = [c for c, is_real in zip(self.columns, self._are_reals, strict=True) if is_real]
        values = ["NULL" if name in real else quote_identifier(name) for name in self.columns]
        doubt = _doubt([name for name in self.columns if name not in real], described)
        source = (
            f"FROM {self._table} WHERE {self._rowid} BETWEEN ? AND ? ORDER BY {self._rowid} LIMIT ?"
        )
        self._careful = f"SELECT {_list(self.columns)}, {self._rowid} {source}"
        self._quick = (
            "SELECT max(place), group_concat(line), max(doubt) FROM "
            f"(SELECT {self._rowid} AS place, json_array({', '.join(values)}) AS line, "
            f"{doubt} AS doubt {source})"
        )
        self._reals = f"SELECT {_list(real)} {source}" if real else ""

    def _write_in_order(self, first: int, last: int) -> Iterator[tuple[str, bytes]]:
        order = f" ORDER BY {self._key}" if self._key else ""
        query = f"SELECT {_list(self.columns)} FROM {self._table}{order} LIMIT ? OFFSET ?"
        rows = self._connection.execute(query, (last - first + 1, first))
        while batch := rows.fetchmany(_MOST_ROWS):
            yield _write_block(batch, self._are_reals)

    def _write_blocks(self, first: int, last: int) -> Iterator[tuple[str, bytes]]:
        """Blocks of a size that fits the width of the rows in front of them."""
        size = 16
        while first <= last:
            block = (first, last, size)
            end, text, reals = self._write_quickly(block) or self._write_carefully(block)
            if end is None:
                return
            yield text, reals
            first = end + 1
            size = max(1, min(_MOST_ROWS, 2 * size, size * _MOST_CHARACTERS // len(text)))

    def _write_quickly(self, block: tuple[int, int, int]) -> tuple[int, str, bytes] | None:
        """The last rowid, text and reals of a block, or None where Python has to write it."""
        if not self._is_quick:
            return None
        try:
            end, text, is_doubtful = self._connection.execute(self._quick, block).fetchone()
        except sqlite3.Error:  # a blob, or a function that is not there
            self._is_quick = False
            return None
        self._is_quick = not is_doubtful
        if not text or is_doubtful or "\\" in text:
            return None
        reals = self._read_reals(block)
        return None if reals is None else (end, text, reals)

    def _read_reals(self, block: tuple[int, int, int]) -> bytes | None:
        """The bytes of the columns of reals, or None where they hold something else."""
        if not self._reals:
            return b""
        rows = self._connection.execute(self._reals, block).fetchall()
        with suppress(TypeError):  # as SQLite gives no whole numbers out of such columns
            return _pack(chain.from_iterable(rows))
        values = [_NAN if value is None else value for value in chain.from_iterable(rows)]
        with suppress(TypeError):
            return _pack(values)
        return None

    def _write_carefully(self, block: tuple[int, int, int]) -> tuple[int | None, str, bytes]:
        rows = self._connection.execute(self._careful, block).fetchall()
        end = rows[-1][-1] if rows else None
        return end, *_write_block([row[:-1] for row in rows], self._are_reals)


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


def _list_key(described: Sequence[tuple[Any, ...]]) -> str:
    return _list([name for _, name in sorted((row[5], row[1]) for row in described if row[5])])


def _list(columns: Sequence[str]) -> str:
    return ", ".join(map(quote_identifier, columns))


def _doubt(columns: Sequence[str], described: Sequence[tuple[Any, ...]]) -> str:
    """SQL that is 1 if one of these columns holds a real, whose digits the text would contain."""
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
            is_less = f"+{quoted} < ''"
            tests.append(is_less if name in filled else f"ifnull({is_less}, 0)")
        else:
            tests.append(f"typeof({quoted}) = 'real'")
    if sums:
        # A sum is a whole number only if all of it is, and takes less time than each by itself.
        tests.append(f"typeof({join_evenly(sums, ' + ')}) <> 'integer'")
    return join_evenly(tests, " OR ") or "0"


def _is_like(declared: str, marks: Sequence[str]) -> bool:
    return any(mark in declared for mark in marks)
