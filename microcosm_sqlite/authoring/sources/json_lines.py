"""JSON Lines: one object on each line; or one array of objects."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance, open_text
from microcosm_sqlite.authoring.values.json_documents import read_json, split_array
from microcosm_sqlite.errors import SourceError


@dataclass(frozen=True)
class JsonLinesOpener:
    """Opens one file of JSON Lines; its fields are the keys of all of its objects.

    The file is read twice, since a later object may have a key that no earlier one has. A file
    that is one array of objects is read as a whole.
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
            shapes = Counter(tuple(row) for _, row in _read(text, name))
        with open_text(path, advance=advance, name=name) as text:
            yield _JsonRecords(name, text, shapes)


class _JsonRecords(Records):
    has_types = True

    def __init__(self, name: str, text: IO[str], shapes: Mapping[tuple[str, ...], int]) -> None:
        given: Counter[str] = Counter()
        for keys, count in shapes.items():
            given.update(dict.fromkeys(keys, count))
        super().__init__(name, list(given))
        self.is_empty = not shapes
        total = sum(shapes.values())
        self.missing = tuple(total - count for count in given.values())
        self._text = text

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, each with its line."""
        for line, row in _read(self._text, self.name):
            yield line, [row.get(key) for key in self.header]


def _read(text: IO[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    is_first = True
    for line, content in enumerate(text, start=1):
        if not content.strip():
            continue
        if is_first and content.lstrip().startswith("["):
            yield from _read_objects(content + text.read(), name, line)
            return
        is_first = False
        try:
            row = read_json(content)
        except (ValueError, RecursionError) as error:
            raise _refuse(name, line, error, content) from error
        if not isinstance(row, dict):
            raise _refuse(name, line, ValueError("not an object"), content)
        yield line, row


def _read_objects(text: str, name: str, line: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of an array, each with the line that it begins on."""
    passed = 0
    try:
        for position, element in split_array(text):
            line += text.count("\n", passed, position)
            passed = position
            row = read_json(element)
            if not isinstance(row, dict):
                raise ValueError("not an object")  # noqa: TRY004, TRY301 - as for every fault
            yield line, row
    except (ValueError, RecursionError) as error:
        if isinstance(error, json.JSONDecodeError):
            line += text.count("\n", passed, error.pos if error.doc is text else passed)
        raise _refuse(name, line, error, "") from error


def _refuse(name: str, line: int, error: Exception, content: str) -> SourceError:
    reason = str(error)
    if isinstance(error, json.JSONDecodeError):
        reason = f"{error.msg} (character {error.colno})"
    if content.startswith("\ufeff"):
        reason = "it begins with a byte order mark, as where files were joined"
    hint = next((advice for word, advice in _ADVICE.items() if word in reason), "")
    hint = hint or _find_comma(content) or _EXPECTED
    return SourceError(f"{name}, line {line}: {reason}.", file=name, line=line, hint=hint)


def _find_comma(content: str) -> str:
    """What to do about a line that is an object but for a comma; empty for all others."""
    inside = re.sub(r",(\s*[}\]])", r"\1", content)
    for changed, place in ((content.rstrip().removesuffix(","), "behind it"), (inside, "too many")):
        with suppress(ValueError, RecursionError):
            if changed != content and isinstance(read_json(changed), dict):
                return f"Remove the comma {place}."
    return ""


_EXPECTED = "Each line must be one JSON object, with the columns as its keys."
_ADVICE = {
    "byte order mark": "Delete it.",
    "is no JSON, which has null": "Write null for it.",
    "is there twice": "Rename one of the two.",
    "is half of a character": "Write both halves, or leave it out.",
    "beyond all bounds": "Write it as a text, or as null.",
}
