"""The texts of one column of a loaded table, as they are in the source."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from microcosm_sqlite.common.sql import quote_identifier, quote_text


@dataclass(frozen=True)
class ColumnTexts:
    """The texts of one column; calling it gives them in the order in which they first appear.

    Each is given once where all are counted, else as often as it is there.

    Attributes:
        connection: Where the table is loaded.
        table: The table.
        column: The column.
        counts: How often each text is there, where all are counted.
    """

    connection: sqlite3.Connection
    table: str
    column: str
    counts: Mapping[str, int] | None = None

    def __call__(self) -> Iterator[str]:
        """All texts, again each time."""
        return iter(self.counts) if self.counts is not None else self._read("1")

    def read_rows(self) -> Iterator[str]:
        """The texts row by row, each as often as it is there."""
        return self._read("1")

    def find(self, part: str) -> Iterator[str]:
        """The texts that hold some letters."""
        if self.counts is not None:
            return (text for text in self.counts if part in text)
        return self._read(f"instr({self._name}, {quote_text(part)})")

    def count(self, words: Collection[str]) -> dict[str, int]:
        """How often each of some words is there."""
        if self.counts is not None:
            return {word: self.counts.get(word, 0) for word in words}
        listed = ", ".join(map(quote_text, words))
        query = (
            f"SELECT {self._name}, count(*) FROM {quote_identifier(self.table)} NOT INDEXED "
            f"WHERE {self._name} IN ({listed}) GROUP BY 1"
        )
        return {**dict.fromkeys(words, 0), **dict(self.connection.execute(query).fetchall())}

    def count_all(self) -> int:
        """How many there are, each as often as it is there."""
        if self.counts is not None:
            return sum(self.counts.values())
        table = quote_identifier(self.table)
        query = f"SELECT count({self._name}) FROM {table} NOT INDEXED"
        count: int = self.connection.execute(query).fetchone()[0]
        return count

    @property
    def _name(self) -> str:
        return quote_identifier(self.column)

    def _read(self, condition: str) -> Iterator[str]:
        query = (
            f"SELECT {self._name} FROM {quote_identifier(self.table)} NOT INDEXED "
            f"WHERE {self._name} NOTNULL AND {condition}"
        )
        return chain.from_iterable(self.connection.execute(query))  # each row is one text
