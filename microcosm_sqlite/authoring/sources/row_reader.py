"""Rows from the lines of a delimited text, with the repairs of the project applied.

`csv.reader` reads them; a faster way takes text without quotes.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO, TextIOBase
from itertools import chain, islice, repeat
from operator import length_hint
from typing import Any

from microcosm_sqlite.authoring.project.repairs import (
    EMPTY_FILE,
    REPAIRS_FILE,
    Repair,
    strip_end,
)
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

BLOCK_SIZE = 1 << 19
"""Characters that are looked at together."""


class PlainBlock:
    """Rows of which every line is one, without quotes; split when they are asked for.

    Attributes:
        text: The lines, none of them blank, each with a newline behind it.
        delimiter: What stands between the fields.
        had_blanks: Whether blank lines among or in front of them were left out.
    """

    def __init__(self, text: str, delimiter: str, *, had_blanks: bool = False) -> None:
        self.text = text
        self.delimiter = delimiter
        self.had_blanks = had_blanks

    def __iter__(self) -> Iterator[list[str]]:
        return map(str.split, self.text[:-1].split("\n"), repeat(self.delimiter))

    def split_columns(self, width: int) -> list[list[str]]:
        """The fields of each column; none at all where a row has not so many."""
        mark, ends = self.delimiter, self.text.count("\n")
        # The end of each line becomes a field of its own, which must stand where rows end.
        fields = self.text.replace("\n", f"{mark}\n{mark}").split(mark)
        step = width + 1
        if fields[width::step] != ["\n"] * ends or len(fields) != ends * step + 1:
            return []
        del fields[-1]
        return [fields[at::step] for at in range(width)]


class RowReader:
    """Reads the rows of delimited text: one by one, or all that are left, fast.

    Attributes:
        lines: The text, as a file or as lines with their ends.
        dialect: The parameters of `csv.reader`, which must be strict.
        delimiter: What stands between fields.
    """

    def __init__(self, lines: Iterable[str], dialect: dict[str, Any]) -> None:
        self._lines = lines
        self._dialect = dialect
        self.delimiter: str = dialect["delimiter"]
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
        had_blanks = False
        while block := text.read(BLOCK_SIZE) + text.readline():
            plain = block.replace("\r\n", "\n") if "\r" in block else block
            if "\r" in plain or (quote and quote in plain):
                yield self._parse(StringIO(block, newline="").readlines(), text)
                continue
            self._passed += plain.count("\n") + (not plain.endswith("\n"))
            if "\n\n" in plain or plain.startswith("\n"):
                plain, had_blanks = _leave_out_blanks(plain), True
            if plain:
                yield PlainBlock(_end_lines(plain), delimiter, had_blanks=had_blanks)
                had_blanks = False

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
    return "\n".join(filter(None, text.split("\n")))


def _end_lines(text: str) -> str:
    """Lines with a newline behind the last one as well."""
    return text if text.endswith("\n") else f"{text}\n"


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


_SHOWN = 80
_DELETE_IT = f"Delete that repair from {REPAIRS_FILE}, or draft the file again with --repair."


def repair_lines(
    lines: Iterable[str],
    repairs: Sequence[Repair],
    dialect: dict[str, Any],
    source: str,
    passed: int = 0,
) -> Iterator[str]:
    """The lines as they are to be read; there are as many as before, so that numbers stay.

    Args:
        lines: The text, with the ends of its lines.
        repairs: Its repairs, in the order of their lines.
        dialect: The parameters of `csv.reader`, in which rows are written.
        source: How errors call the text.
        passed: How many lines of it were left out in front.

    Raises:
        SourceError: A repair is for other lines than these, or for lines that are not there.
    """
    rest = iter(lines)
    for repair in repairs:
        if repair.kind == EMPTY_FILE:
            yield from _check_empty(rest, repair, source)
            return
        for line in islice(rest, repair.line - 1 - passed):
            passed += 1
            yield line
        found = [*islice(rest, repair.lines)]
        text = "\n".join(map(strip_end, found))
        if len(found) < repair.lines or not repair.is_for(text):
            raise _refuse(repair, source, text)
        passed += repair.lines
        yield from _replace(repair, dialect, source)
    yield from rest


def _check_empty(lines: Iterator[str], repair: Repair, source: str) -> Iterator[str]:
    for line in lines:
        if line.strip():
            raise _refuse(repair, source, strip_end(line))
        yield line


def _replace(repair: Repair, dialect: dict[str, Any], source: str) -> Iterator[str]:
    """The row, and blank lines in the place of those that it does not need."""
    try:
        text = write_row(repair.becomes, dialect) if repair.becomes else ""
    except ValueError as error:
        raise SourceError(
            f"{source}, line {repair.line}: a repair gives a row that {error}.",
            file=source,
            line=repair.line,
            hint=f"Change `becomes` of that repair in {REPAIRS_FILE}.",
        ) from error
    written = StringIO(text, newline="").readlines()
    yield from written
    yield from ["\n"] * (repair.lines - len(written))


def write_row(fields: Sequence[str], dialect: dict[str, Any]) -> str:
    """A row as a dialect has it, with a newline.

    Raises:
        ValueError: It cannot be written so.

    >>> dialect = {"delimiter": ";", "quotechar": "'", "escapechar": None}
    >>> write_row(["a", "isn't;"], dialect).rstrip()
    "'a';'isn''t;'"
    """
    quotes = {"quoting": csv.QUOTE_ALL} if dialect["quotechar"] else {}
    text = StringIO(newline="")
    try:
        csv.writer(text, lineterminator="\n", **{**dialect, **quotes}).writerow(fields)
    except csv.Error as error:
        raise ValueError(f"cannot be written: {error}") from error
    written = text.getvalue()
    if next(csv.reader(StringIO(written, newline=""), **dialect), []) != [*fields]:
        raise ValueError("this dialect has no way to write")
    return written


def _refuse(repair: Repair, source: str, found: str) -> SourceError:
    lines = f"line {repair.line}"
    if repair.lines > 1:
        lines = f"the {spell_count(repair.lines, 'line')} from line {repair.line} on"
    shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}..."
    return SourceError(
        f"{source}, line {repair.line}: {REPAIRS_FILE} repairs {lines}, "
        f"but the source has changed there since: {shown!r}.",
        file=source,
        line=repair.line,
        hint=_DELETE_IT,
    )
