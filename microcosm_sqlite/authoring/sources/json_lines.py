"""JSON Lines: one object on each line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance, open_text
from microcosm_sqlite.authoring.values.json_documents import read_json
from microcosm_sqlite.errors import SourceError

_ARRAY = re.compile(r"\s*\[\s*(\{|$)")


@dataclass(frozen=True)
class JsonLinesOpener:
    """Opens one file of JSON Lines; its fields are the keys of all of its objects.

    The file is read twice, since a later object may have a key that no earlier one has.
    """

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            SourceError: A line is not a JSON object.
        """
        name, path = self.source.name, self.source.path
        with open_text(path, name=name) as text:
            header, is_empty = _collect_keys(text, name)
        with open_text(path, advance=advance, name=name) as text:
            yield _JsonRecords(name, header, text, is_empty=is_empty)


class _JsonRecords(Records):
    has_types = True

    def __init__(self, name: str, header: list[str], text: IO[str], *, is_empty: bool) -> None:
        super().__init__(name, header)
        self.is_empty = is_empty
        self._text = text

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with its line."""
        for line, row in _read(self._text, self.name):
            yield line, [row.get(key) for key in self.header]


def _collect_keys(text: IO[str], name: str) -> tuple[list[str], bool]:
    """The keys of all objects, and whether there are no objects."""
    keys: dict[str, None] = {}
    is_empty = True
    for _, row in _read(text, name):
        keys |= dict.fromkeys(row)
        is_empty = False
    return list(keys), is_empty


def _read(text: IO[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, content in enumerate(text, start=1):
        if not content.strip():
            continue
        try:
            row = read_json(content)
        except (ValueError, RecursionError) as error:
            raise _refusal(name, line, str(error), content) from error
        if not isinstance(row, dict):
            raise _refusal(name, line, "not an object", content)
        yield line, row


def _refusal(name: str, line: int, reason: str, content: str) -> SourceError:
    hint = "Each line must be one JSON object, with the columns as its keys."
    if line == 1 and _ARRAY.match(content):
        hint = f"It seems one array of objects; make lines of it: jq -c '.[]' {shlex.quote(name)}"
    return SourceError(f"{name}, line {line}: {reason}.", file=name, line=line, hint=hint)
