"""Text whose columns have fixed widths, which a codebook beside it tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.companions import CODEBOOK, find_companion
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription, tidy
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance, open_text
from microcosm_sqlite.errors import SourceError

_NAMES = ("column", "name", "field", "variable")
_STARTS = ("start", "begin", "from", "position")
_WIDTHS = ("width", "length")
_ENDS = ("end", "stop", "to")
_DESCRIPTIONS = ("description", "label")


@dataclass(frozen=True)
class Span:
    """One column.

    Attributes:
        name: The field.
        start: Its first character, from zero.
        end: The character behind it.
        description: What it holds, if that is said.
    """

    name: str
    start: int
    end: int
    description: str = ""


@dataclass(frozen=True)
class FixedWidthOpener:
    """Opens one file of text with its codebook; blank lines are not rows."""

    source: SourceFile
    encoding: str = "utf-8"

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: It has no codebook, or one that does not say where columns are.
        """
        spans = read_codebook(self.source)
        path, name = self.source.path, self.source.name
        with open_text(path, self.encoding, advance, name=name) as text:
            yield _FixedRecords(self, spans, text)


def read_codebook(source: SourceFile) -> list[Span]:
    """The columns of a file, in the order of its codebook.

    Raises:
        SourceError: There is no codebook, or a row of it does not say where a column is.
    """
    wanted = f"{source.path.stem}{CODEBOOK}"
    file = find_companion(source.path, CODEBOOK)
    if file is None:
        raise SourceError(
            f"{source.name} has columns of fixed widths, and no codebook beside it.",
            file=source.name,
            hint=f"Write {wanted}, with a row for each column, such as: "
            "printf 'column,start,width\\nid,1,4\\nname,5,20\\n' > " + wanted,
        )
    with DelimitedOpener(SourceFile(file, file.name, "csv"), CsvOptions())() as records:
        keys = [field.strip().lower() for field in records.header]
        rows = [*records.numbered()]
    spans = []
    for line, row in rows:
        values = {key: field.strip() for key, field in zip(keys, row, strict=False)}
        spans.append(_read_span(values, file.name, line))
    if not spans:
        raise _refuse(file.name, 1, "it names no column")
    return spans


def _read_span(values: dict[str, str], file: str, line: int) -> Span:
    name, start, width, end, description = (
        next((values[key] for key in keys if values.get(key)), "")
        for keys in (_NAMES, _STARTS, _WIDTHS, _ENDS, _DESCRIPTIONS)
    )
    if not name:
        raise _refuse(file, line, "no name of a column")
    try:
        first = int(start)
        last = int(end) if end else first + int(width) - 1
    except ValueError:
        raise _refuse(file, line, f"no whole numbers of where `{name}` is") from None
    if not 1 <= first <= last:
        raise _refuse(file, line, f"`{name}` is of no width, or begins before 1")
    return Span(name, first - 1, last, description)


def _refuse(file: str, line: int, reason: str) -> SourceError:
    return SourceError(
        f"{file}, line {line}: {reason}.",
        file=file,
        line=line,
        hint="Each row is `column`, `start` from 1, `width` or `end`; `description` may follow.",
    )


class _FixedRecords(Records):
    def __init__(self, opener: FixedWidthOpener, spans: Sequence[Span], text: IO[str]) -> None:
        super().__init__(opener.source.name, [span.name for span in spans])
        self.descriptions = {
            span.name: ColumnDescription(tidy(span.description))
            for span in spans
            if span.description
        }
        self._opener = opener
        self._spans = spans
        self._text = text

    @property
    def notes(self) -> tuple[str, ...]:  # type: ignore[override]
        """Where the text has more than the codebook, or tabs, which have no width of their own."""
        taken = {at for span in self._spans for at in range(span.start, span.end)}
        source, found = self._opener.source, dict[str, str]()
        with open_text(source.path, self._opener.encoding, name=source.name) as text:
            for line, content in enumerate(text, start=1):
                if "text" not in found:  # which takes long of many lines
                    odd = (at for at, each in enumerate(content) if each.strip())
                    place = next((at + 1 for at in odd if at not in taken), 0)
                    if place:
                        found["text"] = (
                            f"line {line} has text at {place}, in no column of its codebook, "
                            "which is not read"
                        )
                if "\t" in content.rstrip() and "tab" not in found:
                    found["tab"] = (
                        f"line {line} has a tab, which is read as one character, so the columns "
                        "behind it may be others; write as many spaces as it stands for"
                    )
        return (*found.values(),)

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with its line."""
        bounds = [(span.start, span.end) for span in self._spans]
        for line, content in enumerate(self._text, start=1):
            plain = content.rstrip("\r\n")
            if plain.strip():
                yield line, [plain[start:end].strip() for start, end in bounds]
