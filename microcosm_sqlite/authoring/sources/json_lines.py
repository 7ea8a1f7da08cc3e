"""JSON Lines: one object on each line; or one array of objects."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import IO, Any

from microcosm_sqlite.authoring.sources.json_streams import CHUNK, JsonStream
from microcosm_sqlite.authoring.sources.records import Records, SourceFile
from microcosm_sqlite.authoring.sources.streams import (
    COMPRESSIONS,
    Advance,
    ignore_advance,
    open_text,
)
from microcosm_sqlite.authoring.values.json_documents import read_json
from microcosm_sqlite.errors import SourceError


def holds_objects(path: Path) -> bool:
    """Whether a file begins as an array of objects does, or cannot be read, as is told later."""
    try:
        with open_text(path) as text:
            return bool(_OBJECTS.match(text.read(CHUNK)))
    except SourceError:
        return True


def is_other_json(path: Path) -> bool:
    """Whether a file is called `.json` and holds something else than an array of objects."""
    packing = path.suffix.lower() if path.suffix.lower() in COMPRESSIONS else ""
    name = path.name.lower().removesuffix(packing)
    return name.endswith(".json") and not holds_objects(path)


@dataclass(frozen=True)
class JsonLinesOpener:
    """Opens one file of JSON Lines; its fields are the keys of all of its objects.

    The file is read twice, since a later object may have a key that no earlier one has. It may be
    one array of objects, which is read object by object too.
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
    head = text.read(CHUNK)
    if head.lstrip().startswith("["):
        yield from _read_array(JsonStream(text, head), name)
        return
    lines = chain(StringIO(head + text.readline(), newline=""), text)
    for line, content in enumerate(lines, start=1):
        content = content.removeprefix(_RECORD)  # noqa: PLW2901
        if not content.strip():
            continue
        try:
            row = read_json(content)
        except (ValueError, RecursionError) as error:
            raise _refuse(name, line, error, content) from error
        if not isinstance(row, dict):
            raise _refuse(name, line, ValueError("not an object"), content)
        yield line, row


def _read_array(stream: JsonStream, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of an array, each with the line that it begins on.

    Raises:
        SourceError: It is no array of objects.
    """
    try:
        for row in stream.read_array():
            if not isinstance(row, dict):
                raise ValueError("not an object")  # noqa: TRY004, TRY301 - as for every fault
            yield stream.line, row
        stream.refuse_more("array")
    except (ValueError, RecursionError) as error:
        reason, hint = error, _EXPECTED_OBJECT
        if isinstance(error, json.JSONDecodeError):
            rest = stream.find_place(error)
            reason = ValueError(f"{error.msg} (character {stream.column})")
            hint = _advise(error.msg, rest)
        raise _refuse(name, stream.line, reason, "", hint) from error


def _advise(complaint: str, rest: str) -> str:
    """Suggest what to do about an array of JSON, given the complaint and the text."""
    if not rest.strip():
        return "It ends there. Fetch it again; it may be cut off."
    if complaint.startswith("Extra data"):
        return "Write all objects into one array."
    if complaint.startswith("Illegal trailing comma") or rest[0] in "]}":
        return "Remove the comma too many."
    return _EXPECTED_OBJECT


def _refuse(
    name: str, line: int, error: Exception, content: str, expected: str = ""
) -> SourceError:
    reason = str(error)
    if isinstance(error, json.JSONDecodeError):
        reason = f"{error.msg} (character {error.colno})"
    if content.startswith("\ufeff"):
        reason = "it begins with a byte order mark, as where files were joined"
    hint = next((advice for word, advice in _ADVICE.items() if word in reason), "")
    hint = hint or expected or _find_comma(content) or _EXPECTED
    return SourceError(f"{name}, line {line}: {reason}.", file=name, line=line, hint=hint)


def _find_comma(content: str) -> str:
    """Suggest what to do about a line with a missing or surplus comma; empty for others."""
    inside = re.sub(r",(\s*[}\]])", r"\1", content)
    for changed, place in ((content.rstrip().removesuffix(","), "behind it"), (inside, "too many")):
        with suppress(ValueError, RecursionError):
            if changed != content and isinstance(read_json(changed), dict):
                return f"Remove the comma {place}."
    return ""


_RECORD = "\x1e"
"""What each text begins with in a sequence of JSON texts, RFC 7464."""
_OBJECTS = re.compile(r"\s*\[\s*(\{|\]\s*\Z)")
_EXPECTED_OBJECT = "The file must be one array of objects, with the columns as their keys."
_EXPECTED = "Each line must be one JSON object, with the columns as its keys."
_ADVICE = {
    "byte order mark": "Delete it.",
    "is not JSON, which has null": "Write null for it.",
    "is there twice": "Rename one of the two.",
    "is half of a character": "Write both halves, or leave it out.",
    "beyond all bounds": "Write it as a text, or as null.",
}
