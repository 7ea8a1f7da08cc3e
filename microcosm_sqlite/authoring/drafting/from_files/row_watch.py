"""Rows of a file that may not be of its table: a header again, empty rows, another table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from microcosm_sqlite.authoring.drafting.from_files.file_rows import MARK
from microcosm_sqlite.authoring.drafting.from_files.loose_rows import holds_rows
from microcosm_sqlite.authoring.drafting.from_files.views import is_number
from microcosm_sqlite.authoring.sources.records import Block
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock


class RowWatch:
    """Looks at the rows of a file one after the other.

    Attributes:
        header: The names of the columns.
        delimiter: What stands between the fields.
        last: The row that was looked at last.
    """

    def __init__(self, header: Sequence[str], delimiter: str, kinds: Mapping[int, str]) -> None:
        self.header = header
        self.delimiter = delimiter
        self.last = header
        self._first = header[0].strip().casefold()
        self._kinds = kinds
        self._following = 0

    def is_other(self, line: int, row: Sequence[str]) -> bool:
        """Whether the row on a line may not be of the table."""
        is_again = row[0].strip().casefold() == self._first or row[0].startswith(MARK)
        if is_again or not (row[0] or any(map(str.strip, row))):
            return True
        if line > self._following and _may_start_table(self.last, row):
            return True
        self.last, self._following = row, line + 1
        text = self.delimiter.join(row)
        return "\n" in text and holds_rows(text, self.delimiter, len(self.header), self._kinds)


def _may_start_table(last: Sequence[str], fields: Sequence[str]) -> bool:
    """Whether a row behind a blank line has names only, where the last one had numbers."""
    return any(map(is_number, last)) and not any(map(is_number, fields)) and all(fields)


def find_last_plain(blocks: Iterable[Block], watch: RowWatch) -> Sequence[str] | None:
    """The last row of blocks that plainly hold rows of the table only, looked at as texts.

    Returns:
        None where a row may be another one, or has to be looked at by itself.
    """
    delimiter, name = re.escape(watch.delimiter), re.escape(watch.header[0].strip())
    begins_anew = rf"[^\S\n]*(?i:{name})[^\S\n]*(?:{delimiter}|\n)"
    is_empty = rf"{delimiter}(?:{delimiter}|[^\S\n])*\n"
    other = re.compile(f"\n(?:{begins_anew}|{is_empty})")
    last = watch.last
    for block in blocks:
        if not isinstance(block, PlainBlock) or block.had_blanks or MARK in block.text:
            return None
        if other.search(f"\n{block.text}"):
            return None
        start = block.text.rfind("\n", 0, -1) + 1
        last = block.text[start:-1].split(watch.delimiter)
    return last
