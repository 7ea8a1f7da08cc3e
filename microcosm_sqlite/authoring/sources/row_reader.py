"""`csv.reader`, with a shorter way through text that has none of its intricacies."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO, TextIOBase
from itertools import chain, repeat
from operator import length_hint
from typing import Any

BLOCK_SIZE = 1 << 19
"""Characters that are looked at together."""


class PlainBlock:
    """Rows of which every line is one, without quotes; split when they are asked for.

    Attributes:
        text: The lines, none of them blank, each with a newline behind it.
        delimiter: What stands between the fields.
    """

    def __init__(self, text: str, delimiter: str) -> None:
        self.text = text
        self.delimiter = delimiter

    def __iter__(self) -> Iterator[list[str]]:
        return map(str.split, self.text[:-1].split("\n"), repeat(self.delimiter))


class RowReader:
    """Reads the rows of delimited text: one by one, or all that are left, fast.

    Attributes:
        lines: The text, as a file or as lines with their ends.
        dialect: The parameters of `csv.reader`, which must be strict.
    """

    def __init__(self, lines: Iterable[str], dialect: dict[str, Any]) -> None:
        self._lines = lines
        self._dialect = dialect
        self._reader = csv.reader(lines, **dialect)
        self._passed = 0

    @property
    def line_num(self) -> int:
        """How many lines were read; in the middle of a block, where an error occurred."""
        return self._passed + self._reader.line_num

    def __iter__(self) -> Iterator[list[str]]:
        """The rows, one by one, blank lines included."""
        return self._reader

    def read_blocks(self) -> Iterator[Iterable[list[str]]]:
        """The rows that are left, without blank lines, in blocks; plain ones where they can be.

        Raises:
            csv.Error: The text is not in the dialect.
        """
        is_intricate = self._dialect["escapechar"] or self._dialect["skipinitialspace"]
        if is_intricate or not isinstance(self._lines, TextIOBase):
            return iter([filter(None, self._reader)])
        return self._read_blocks(self._lines)

    def _read_blocks(self, text: TextIOBase) -> Iterator[Iterable[list[str]]]:
        delimiter, quote = self._dialect["delimiter"], self._dialect["quotechar"]
        self._leave()
        while block := text.read(BLOCK_SIZE) + text.readline():
            plain = block.replace("\r\n", "\n") if "\r" in block else block
            if "\r" in plain or (quote and quote in plain):
                yield self._parse(StringIO(block, newline="").readlines(), text)
                continue
            self._passed += plain.count("\n") + (not plain.endswith("\n"))
            if lines := _leave_out_blanks(plain):
                yield PlainBlock(lines, delimiter)

    def _parse(self, lines: list[str], text: TextIOBase) -> list[list[str]]:
        try:
            rows = list(filter(None, csv.reader(lines, **self._dialect)))
        except csv.Error:  # damage, or a row that goes on behind these lines
            rows = self._parse_beyond(lines, text)
        else:
            self._passed += len(lines)
        return rows

    def _parse_beyond(self, lines: list[str], text: TextIOBase) -> list[list[str]]:
        pending = iter(lines)
        self._reader = csv.reader(chain(pending, text), **self._dialect)
        rows = []
        while length_hint(pending):
            rows.append(next(self._reader))
        self._leave()
        return list(filter(None, rows))

    def _leave(self) -> None:
        """Count the lines of the reader so far, and go on without it."""
        self._passed += self._reader.line_num
        self._reader = csv.reader(())


def _leave_out_blanks(text: str) -> str:
    """Lines that are not blank, each with a newline behind it."""
    if "\n\n" in text or text.startswith("\n"):
        text = "\n".join(filter(None, text.split("\n")))
    return text if not text or text.endswith("\n") else f"{text}\n"


def prepare_lines(lines: Iterable[str], dialect: dict[str, Any]) -> Iterable[str]:
    """The lines as `csv.reader` needs them, which knows no spaces behind closing quotes."""
    # Where spaces are the delimiters, they end fields.
    if dialect["skipinitialspace"] and dialect["quotechar"] and dialect["delimiter"] != " ":
        return trim_behind_quotes(lines, dialect)
    return lines


def trim_behind_quotes(lines: Iterable[str], dialect: dict[str, Any]) -> Iterator[str]:
    """The lines without spaces between a closing quote and what ends its field.

    Spaces within quotes, and in fields without them, stay.

    Args:
        lines: The text, with the ends of its lines.
        dialect: The parameters of `csv.reader`.
    """
    quote, delimiter = re.escape(dialect["quotechar"]), re.escape(dialect["delimiter"])
    escape = re.escape(dialect["escapechar"] or "")
    escaped = f"{escape}.?|" if escape else ""
    opening = re.compile(f" *{quote}")
    plain = re.compile(f"[^{delimiter}]*{delimiter}?")
    closing = re.compile(
        f"(?:{escaped}{quote}{quote}|[^{quote}{escape}])*({quote}(?!{quote}))?", re.DOTALL
    )
    blanks = re.compile(rf" +(?=[{delimiter}\r\n]|\Z)")
    is_open = False
    for line in lines:
        kept, position = list[str](), 0
        while position < len(line):
            match = closing.match(line, position) if is_open else opening.match(line, position)
            match = match or plain.match(line, position)
            if match is None or match.end() == position:
                break
            kept.append(match[0])
            position = match.end()
            if not is_open:
                is_open = match.re is opening
            elif match[1]:
                is_open = False
                if behind := blanks.match(line, position):
                    position = behind.end()
        yield "".join(kept) + line[position:]
