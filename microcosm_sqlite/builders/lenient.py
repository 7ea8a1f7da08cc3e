"""CSV from any iterable of lines, read as `csv.DictReader` reads it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Any

from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.sources.streams import Advance

UNNAMED = "the CSV input"


@contextmanager
def open_repeatable(lines: Iterable[str]) -> Iterator[IO[str]]:
    """A stream of these lines that can be read twice."""
    if isinstance(lines, str):
        raise TypeError("CSV is built from an open file or from lines, not from one string")
    if callable(getattr(lines, "seekable", None)) and lines.seekable():  # type: ignore[attr-defined]
        yield lines  # type: ignore[misc]
        return
    with TemporaryFile("w+", encoding="utf-8", newline="") as spooled:
        spooled.writelines(line if line.endswith(("\n", "\r")) else f"{line}\n" for line in lines)
        spooled.seek(0)
        yield spooled


class LenientSource:
    """Opens one stream again and again, from where it stood at first."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._start = stream.tell()
        name = getattr(stream, "name", None)
        self.name = name if isinstance(name, str) else UNNAMED

    @contextmanager
    def __call__(self, advance: Advance) -> Iterator[Records]:  # noqa: ARG002
        """Read from the start."""
        self._stream.seek(self._start)
        yield LenientRecords(self.name, csv.reader(self._stream))


class LenientRecords(Records):
    """Rows under a header; short ones end in None, and long ones are cut."""

    def __init__(self, name: str, reader: Any) -> None:
        self._reader = reader
        super().__init__(name, next(filter(None, reader), []))

    def __iter__(self) -> Iterator[list[Any]]:
        width = len(self.header)
        for row in self._reader:
            if len(row) != width:
                if not row:
                    continue
                self._fit(row, width)
            yield row

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with the line that it starts on."""
        line = self._reader.line_num
        for row in self._reader:
            if row:
                self._fit(row, len(self.header))
                yield line + 1, row
            line = self._reader.line_num

    @staticmethod
    def _fit(row: list[Any], width: int) -> None:
        row.extend([None] * (width - len(row)))
        del row[width:]
