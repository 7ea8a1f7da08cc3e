"""What a file of unknown origin is: its encoding, delimiter and column names."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from microcosm_sqlite.authoring.delimited import FIELD_LIMIT
from microcosm_sqlite.authoring.openers import choose_opener
from microcosm_sqlite.authoring.project import CsvOptions
from microcosm_sqlite.authoring.records import Records
from microcosm_sqlite.authoring.sources import SourceFile, split_name
from microcosm_sqlite.authoring.streams import ignore_advance, open_text
from microcosm_sqlite.errors import SourceError

DELIMITERS = (",", ";", "\t", "|")
_BYTE_ORDER_MARKED = "utf-8"
_FALLBACK = "cp1252"
_TYPED = ("jsonl", "parquet")


@dataclass(frozen=True)
class RawFile:
    """A delimited file as it was found.

    Attributes:
        path: Where it is.
        table: The table that it is named after, as an identifier.
        encoding: Of its text; a byte order mark overrules it.
        delimiter: Between its fields.
        header: The fields of its first line.
        names: The columns that they become: identifiers, no two alike.
    """

    path: Path
    table: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    names: tuple[str, ...]

    has_types: ClassVar[bool] = False

    @property
    def is_plain(self) -> bool:
        """Whether the build reads it as it is, without options."""
        by_name = "\t" if split_name(self.path)[1] == "tsv" else ","
        return (
            self.header == self.names
            and self.encoding == _BYTE_ORDER_MARKED
            and self.delimiter == by_name
        )

    @contextmanager
    def open_rows(self) -> Iterator[Iterator[list[str]]]:
        """Its rows, without the header; blank lines are no rows.

        Raises:
            SourceError: A row is longer or shorter than the header, or not in the dialect.
        """
        with _open_reader(self.path, self.encoding, self.delimiter) as reader:
            next(reader)
            yield reader


@dataclass(frozen=True)
class TypedFile:
    """A file of JSON Lines or Parquet, which says by itself what it is.

    Attributes:
        path: Where it is.
        table: The table that it is named after, as an identifier.
        header: The names of its fields, which are those of the columns.
    """

    path: Path
    table: str
    header: tuple[str, ...]
    has_types: ClassVar[bool] = True

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.header

    @contextmanager
    def open_rows(self) -> Iterator[Iterator[Sequence[Any]]]:
        """Its rows, as values of their own types."""
        with _open_typed(self.path) as records:
            yield iter(records)


def sniff(path: Path) -> RawFile | TypedFile | None:
    """Find out what a file is; None where it is empty.

    Raises:
        SourceError: It cannot be read, in any encoding that is tried.
    """
    if split_name(path)[1] in _TYPED:
        return _describe_typed(path)
    return _sniff_delimited(path)


def _sniff_delimited(path: Path) -> RawFile | None:
    encoding = _find_encoding(path)
    with open_text(path, encoding) as text:
        line = next((line for line in text if line.strip()), "")
    if not line:
        return None
    delimiter = _find_delimiter(line, split_name(path)[1])
    with _open_reader(path, encoding, delimiter) as reader:
        header = next(reader)
    return RawFile(path, _name_table(path), encoding, delimiter, tuple(header), make_names(header))


def _describe_typed(path: Path) -> TypedFile | None:
    with _open_typed(path) as records:
        header = tuple(records.header)
    if "" in header or len({name.lower() for name in header}) < len(header):
        raise SourceError(
            f"{path.name} has fields without a name, or whose names differ in capitals only.",
            file=path.name,
            hint="SQLite does not tell letters from capitals: rename them.",
        )
    return TypedFile(path, _name_table(path), header) if header else None


def _open_typed(path: Path) -> AbstractContextManager[Records]:
    source = SourceFile(path, path.name, split_name(path)[1])
    return choose_opener(source, CsvOptions())(ignore_advance)


def _name_table(path: Path) -> str:
    table = make_identifier(split_name(path)[0]) or "data"
    is_reserved = table.lower().startswith("sqlite_")
    return f"_{table}" if is_reserved else table


def make_identifier(text: str) -> str:
    """An identifier as near to a text as may be; empty where nothing of it can stay.

    >>> make_identifier("Price (in €)"), make_identifier("2nd half")
    ('Price_in', '_2nd_half')
    """
    normal = unicodedata.normalize("NFKC", text)
    words = "".join(letter if f"_{letter}".isidentifier() else " " for letter in normal).split()
    name = "_".join(words).strip("_")
    return f"_{name}" if name and not name.isidentifier() else name


def make_names(header: Iterable[str]) -> tuple[str, ...]:
    """A name for each field; SQLite does not tell letters from capitals.

    >>> make_names(["a", "A", "", "a b"])
    ('a', 'A_2', 'column_3', 'a_b')
    """
    names: list[str] = []
    taken: set[str] = set()
    for position, field in enumerate(header, 1):
        base = make_identifier(field) or f"column_{position}"
        name, count = base, 1
        while name.lower() in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


def _find_encoding(path: Path) -> str:
    try:
        _read_through(path, _BYTE_ORDER_MARKED)
    except SourceError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
        _read_through(path, _FALLBACK)
        return _FALLBACK
    return _BYTE_ORDER_MARKED


def _read_through(path: Path, encoding: str) -> None:
    with open_text(path, encoding) as text:
        while text.read(1 << 20):
            pass


def _find_delimiter(line: str, source_format: str) -> str:
    if source_format == "tsv":
        return "\t"
    return max(DELIMITERS, key=lambda delimiter: _count_fields(line, delimiter))


def _count_fields(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter)))


@contextmanager
def _open_reader(path: Path, encoding: str, delimiter: str) -> Iterator[Iterator[list[str]]]:
    limit = csv.field_size_limit(FIELD_LIMIT)
    try:
        with open_text(path, encoding) as text:
            yield _read_rows(path, csv.reader(text, delimiter=delimiter, strict=True))
    finally:
        csv.field_size_limit(limit)


def _read_rows(path: Path, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    width, line = 0, 0
    try:
        for row in filter(None, reader):
            line = reader.line_num  # type: ignore[attr-defined]
            width = width or len(row)
            if len(row) != width:
                raise SourceError(
                    f"{path.name}, line {line}: {len(row)} fields where the header has {width}.",
                    file=path.name,
                    line=line,
                    hint="Look for a missing quote, or a delimiter inside of a field.",
                )
            yield row
    except csv.Error as error:
        raise SourceError(
            f"{path.name}, after line {line}: {error}.",
            file=path.name,
            line=line + 1,
            hint="Check the quotes there.",
        ) from error
