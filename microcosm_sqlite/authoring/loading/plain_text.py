"""Plain text as a table, read by SQLite's own virtual table of CSV, which apsw has beside it.

That takes half the time of binding rows. But it takes any text without a word: rows of any width,
quotes where none belong. So it is given blocks without quotes only, and rows are counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from microcosm_sqlite.authoring.loading.connections import Writer, load_csv_module
from microcosm_sqlite.authoring.sources.records import Block
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.kinds import BOOLEAN, DATE, DATETIME
from microcosm_sqlite.common.sql import quote_text

MOST_FIELDS = 1999
"""SQLite's most columns, less one for what is too much."""

_TABLE = "temp.plain_text"


@contextmanager
def open_plain_text(writer: Writer, width: int) -> Iterator[PlainText | None]:
    """A table of texts, of so many columns; None where there is no such thing.

    Args:
        writer: The connection that the table is for.
        width: How many fields each row must have.
    """
    path = load_csv_module(writer) if 0 < width <= MOST_FIELDS else None
    if path is None:
        yield None
        return
    try:
        with path.open("wb") as file:
            writer.execute(
                f"CREATE VIRTUAL TABLE {_TABLE} "
                f"USING csv(filename={quote_text(str(path))}, columns={width + 1})"
            )
            yield PlainText(file, width)
    finally:
        writer.execute(f"DROP TABLE IF EXISTS {_TABLE}")
        path.unlink(missing_ok=True)


class PlainText:
    """The table; its columns are `c0`, `c1` and so on, and one more than there are fields.

    Attributes:
        source: Its `FROM` clause, with a `WHERE` that leaves out rows of another width.
    """

    def __init__(self, file: IO[bytes], width: int) -> None:
        self.source = f"FROM {_TABLE} WHERE c{width - 1} IS NOT NULL AND c{width} IS NULL"
        self._file = file
        self._rows = 0

    def fill(self, block: Block) -> bool:
        """Make the block's rows those of the table, if SQLite reads in them what Python does."""
        if not isinstance(block, PlainBlock):
            return False
        text = block.text
        if '"' in text or text.startswith("\ufeff"):  # which it would take for a byte order mark
            return False
        if block.delimiter != ",":
            if "," in text:
                return False
            text = text.replace(block.delimiter, ",")
        self._rows = text.count("\n")
        self._file.seek(0)
        self._file.write(text.encode())
        self._file.truncate()
        self._file.flush()
        return True

    def check(self, rows: int) -> int:
        """How many rows were taken from the table.

        Raises:
            ValueError: Not all of them.
        """
        if rows != self._rows:
            raise ValueError("a row of another width")
        return rows


_WORDS = ("True", "False", "true", "false", "TRUE", "FALSE", "1", "0", "t", "f", "T", "F")
"""Booleans; people write more of them, and Python reads those."""

# A text that SQLite gives back as it was is a date of the calendar. Its years begin with 0.
_FORMS = {
    DATETIME: (
        ("2013-01-31 02:03:04", "2013-01-31 02:03:04.000000"),
        "WHEN datetime({0})={0} AND {0}>='0001' THEN {0}||'.000000'",
    ),
    DATE: (
        ("2013-01-31", "2013-01-31"),
        "WHEN date({0})={0} AND {0}>='0001' THEN {0}",
    ),
}


def write_conversion(rule: ColumnRule, text: str, otherwise: str) -> str:
    """SQL for what a column stores of a text.

    Args:
        rule: What the column takes.
        text: SQL for the text.
        otherwise: SQL that asks Python.
    """
    cases = " ".join(_list_cases(rule, text))
    return f"CASE {cases} ELSE {otherwise} END" if cases else otherwise


def _list_cases(rule: ColumnRule, text: str) -> Iterator[str]:
    if rule.is_decorated:  # which may store some texts otherwise, whatever it does to samples
        return
    if rule.kind == BOOLEAN:
        for word in _WORDS:
            stored = _convert(rule, word)
            if isinstance(stored, int):
                yield f"WHEN {text}={quote_text(word)} THEN {stored:d}"
    (sample, expected), form = _FORMS.get(rule.kind, (("", ""), ""))
    if form and _convert(rule, sample) == expected:
        if rule.nulls:
            yield f"WHEN {text} IN ({','.join(map(quote_text, sorted(rule.nulls)))}) THEN NULL"
        yield form.format(text)


def _convert(rule: ColumnRule, text: str) -> object:
    try:
        return rule.convert(text)
    except ValueError:
        return None
