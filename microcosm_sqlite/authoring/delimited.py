"""Delimited text: CSV, TSV and their dialects."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from microcosm_sqlite.authoring.project import CsvOptions
from microcosm_sqlite.authoring.records import Records
from microcosm_sqlite.authoring.sources import SourceFile
from microcosm_sqlite.authoring.streams import Advance, ignore_advance, open_text
from microcosm_sqlite.errors import SourceError

FIELD_LIMIT = (1 << 31) - 1


@contextmanager
def open_delimited(
    source: SourceFile, options: CsvOptions, advance: Advance = ignore_advance
) -> Iterator[Records]:
    """Open one file of delimited text; blank lines are no rows.

    Raises:
        SourceError: It has no header, or is not in its dialect.
    """
    limit = csv.field_size_limit(FIELD_LIMIT)
    try:
        with open_text(source.path, options.encoding, advance) as text:
            for _ in islice(text, options.skip_lines):
                pass
            reader = csv.reader(text, **_make_dialect(source, options))
            records = _CsvRecords(source, reader, options.skip_lines)
            with records.explained():
                yield records
    finally:
        csv.field_size_limit(limit)


class _CsvRecords(Records):
    """The rows of one `csv.reader`; the iteration itself stays in C."""

    def __init__(self, source: SourceFile, reader: Any, skipped: int) -> None:
        self._reader = reader
        self._skipped = skipped
        super().__init__(source.name, self._read_header(source.name))

    def __iter__(self) -> Iterator[list[Any]]:
        return filter(None, self._reader)

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with the line that it starts on."""
        line = self._line
        for row in self._reader:
            if row:
                yield line + 1, row
            line = self._line

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Translate the errors of the csv module, telling the line."""
        try:
            yield
        except csv.Error as error:
            raise SourceError(
                f"{self.name}, line {self._line}: {error}.",
                file=self.name,
                line=self._line,
                hint="Check the quotes there, and the options under `csv`.",
            ) from error

    @property
    def _line(self) -> int:
        return int(self._reader.line_num) + self._skipped

    def _read_header(self, name: str) -> list[str]:
        self.name = name
        with self.explained():
            header: list[str] | None = next(filter(None, self._reader), None)
        if header is None:
            raise SourceError(
                f"{name} is empty.", file=name, hint="Its first line must name the columns."
            )
        return header


def _make_dialect(source: SourceFile, options: CsvOptions) -> dict[str, Any]:
    by_name = "\t" if source.format == "tsv" else ","
    return {
        "delimiter": options.delimiter or by_name,
        "quotechar": options.quotechar or None,
        "quoting": csv.QUOTE_MINIMAL if options.quotechar else csv.QUOTE_NONE,
        "escapechar": options.escapechar or None,
        "strict": True,
    }
