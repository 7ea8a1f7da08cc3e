"""The statements that put the rows of one source into its table, with little Python between.

Texts that SQLite converts as their column wants them are left to it. The others go through a
cache of conversions: while the rows are bound, or as a function of SQL where SQLite reads the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

from microcosm_sqlite.authoring.loading.connections import INSERT, Writer, load_csv_module
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.sources.records import Block, Converter, Records
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock
from microcosm_sqlite.authoring.values.layout import fill_values
from microcosm_sqlite.authoring.values.rules import ColumnRule, ConvertedTexts
from microcosm_sqlite.common.kinds import BOOLEAN, DATE, DATETIME
from microcosm_sqlite.common.sql import quote_identifier, quote_text

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


def insert_records(
    writer: Writer, load: TableLoad, records: Records, converted: frozenset[str] = frozenset()
) -> int:
    """Put the rows of a source into a table, without judging what SQLite made of them.

    Args:
        writer: Where the table is, in an open transaction.
        load: The table.
        records: The source.
        converted: Columns whose texts are not left to SQLite, although they could be.

    Returns:
        The number of rows.

    Raises:
        SourceError: The source does not fit the table.
        ValueError, IndexError, sqlite3.Error: A row does not.
    """
    insertion = _Insertion(writer, load, records, converted)
    with open_plain_text(writer, len(records.header)) as plain_text:
        return insertion.insert_blocks(records.read_blocks(), plain_text)


class _Insertion:
    """One source on its way into its table."""

    def __init__(
        self, writer: Writer, load: TableLoad, records: Records, converted: frozenset[str]
    ) -> None:
        layout = load.lay_out(records)
        self._writer = writer
        self._load = load
        self._width = len(layout)
        self._fields = {index: rule for index, rule in enumerate(layout) if rule is not None}
        self._constants = fill_values(load.rules, layout, load.defaults)
        self._has_types = records.has_types
        self._converters: dict[int, Converter] = {}
        self._caches: dict[int, ConvertedTexts] = {}
        if records.has_types:
            chosen = enumerate(records.choose_converters(layout))
            self._converters = {index: c for index, c in chosen if c and index in self._fields}
        else:
            self._caches = {
                index: rule.make_cache()
                for index, rule in self._fields.items()
                if not rule.is_plain or rule.name in converted
            }
        self._statement = self._write("VALUES ({})", self._write_parameters())

    def insert_blocks(self, blocks: Iterable[Block], plain_text: PlainText | None) -> int:
        """Insert all rows, of which SQLite itself reads those of plain text; how many they are."""
        copy = self._prepare_copy(plain_text) if plain_text and self._fields else ""
        total = 0
        for block in blocks:
            if copy and plain_text and plain_text.fill(block):
                rows = plain_text.check(self._writer.execute(copy).rowcount)
            else:
                rows = self._insert_rows(block)
            self._load.count_rows(rows)
            total += rows
        return total

    def _insert_rows(self, rows: Block) -> int:
        if self._converters:
            rows = _convert_values(rows, [*self._converters.items()])
        elif self._caches:
            rows = _convert_texts(rows, [*self._caches.items()])
        if len(self._fields) < self._width:
            rows = _pick(rows, [*self._fields], self._width)
        return int(self._writer.executemany(self._statement, rows).rowcount)

    def _prepare_copy(self, plain_text: PlainText) -> str:
        """The statement that copies what is in there, which calls the conversions by name."""
        for index, cache in self._caches.items():
            self._writer.create_function(f"convert_{index}", 1, cache.__getitem__)
        return self._write(f"SELECT {{}} {plain_text.source}", self._write_expressions())

    def _write_parameters(self) -> list[str]:
        """The placeholder of each field if rows are bound."""
        return [
            "?" if self._has_types or index in self._caches else rule.write_null_if("?")
            for index, rule in self._fields.items()
        ]

    def _write_expressions(self) -> Iterator[str]:
        """The placeholder of each field if SQLite reads the text."""
        for index, rule in self._fields.items():
            field = f"c{index}"
            if index in self._caches:
                yield write_conversion(rule, field, f"convert_{index}({field})")
            else:
                yield rule.write_null_if(field)

    def _write(self, form: str, values: Iterable[str]) -> str:
        """The whole statement, in few letters, as some look at them for each row."""
        names = [rule.name for rule in self._fields.values()] + [*self._constants]
        if not names:
            return f"{INSERT} {self._load.quoted} DEFAULT VALUES"
        constants = [_write_literal(self._writer, value) for value in self._constants.values()]
        is_whole = names == [column.name for column in self._load.rules.table.columns]
        listed = "" if is_whole else f"({','.join(map(quote_identifier, names))}) "
        given = form.format(",".join([*values, *constants]))
        return f"{INSERT} {self._load.quoted} {listed}{given}"


def _convert_texts(
    rows: Iterable[Any], caches: Sequence[tuple[int, ConvertedTexts]]
) -> Iterator[list[Any]]:
    if len(caches) == 1:
        ((index, cache),) = caches
        for row in rows:
            row[index] = cache[row[index]]
            yield row
        return
    for row in rows:
        for index, cache in caches:
            row[index] = cache[row[index]]
        yield row


def _convert_values(
    rows: Iterable[Sequence[Any]], converters: Sequence[tuple[int, Converter]]
) -> Iterator[list[Any]]:
    for row in rows:
        values = list(row)
        for index, convert in converters:
            values[index] = convert(values[index])
        yield values


def _pick(
    rows: Iterable[Sequence[Any]], indexes: Sequence[int], width: int
) -> Iterator[Sequence[Any]]:
    for row in rows:
        if len(row) != width:
            raise ValueError("a row of another width")
        yield [row[index] for index in indexes]


def _write_literal(writer: Writer, value: object) -> str:
    (literal,) = writer.execute("SELECT quote(?)", (value,)).fetchone()
    return str(literal)
