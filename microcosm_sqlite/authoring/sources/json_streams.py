"""Arrays and objects of JSON read part by part, so that no more is in memory than one part."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

from microcosm_sqlite.authoring.values.json_documents import read_element

CHUNK = 1 << 16
"""Characters that are read together."""
_LONGEST_TOKEN = 16
"""Characters of a word or escape of JSON, which may be cut where a chunk ends."""
_NO_SPACE = re.compile(r"[^ \t\r\n]")


class JsonStream:
    """A document of JSON that is read from a text, and the place that has been reached.

    Attributes:
        line: The number of the line, from 1.
        column: The number of the character in it, from 1.

    >>> from io import StringIO
    >>> [*JsonStream(StringIO('[{"a": 1}, 2]')).read_array()]
    [{'a': 1}, 2]
    """

    def __init__(self, text: IO[str], head: str = "") -> None:
        self._text = text
        self._buffer = head
        self._at = 0
        self.line, self.column = 1, 1

    def find_next(self) -> str:
        """Move to the next character that is no space, and return it; empty at the end."""
        while True:
            rest = _NO_SPACE.search(self._buffer, self._at)
            self._move_to(rest.start() if rest else len(self._buffer))
            if rest or not self._read_on():
                return rest[0] if rest else ""

    def read_array(self) -> Iterator[Any]:
        """The elements of the array that begins here; each one's place is that of the stream.

        Raises:
            ValueError: As for `read_element`, or this is no array.
        """
        self._pass("[")
        has_more = self.find_next() != "]"
        while has_more:
            value, end = self._read_element()
            yield value
            self._move_to(end)
            has_more = self._pass_comma("]", "array")
        self._pass("]")

    def read_keys(self) -> Iterator[str]:
        """The keys of the object that begins here; each one's value is to be read before the next.

        Raises:
            ValueError: As for `read_element`, or this is no object, or a key is there twice.
        """
        self._pass("{")
        has_more, seen = self.find_next() != "}", set[str]()
        while has_more:
            if self.find_next() != '"':
                raise self._complain("Expecting property name enclosed in double quotes")
            key = str(self.read_value())
            if key in seen:
                raise ValueError(f"key {key!r} is there twice")
            seen.add(key)
            self._pass(":")
            yield key
            has_more = self._pass_comma("}", "object")
        self._pass("}")

    def read_value(self) -> Any:
        """The value that comes next.

        Raises:
            ValueError: As for `read_element`.
        """
        self.find_next()
        value, end = self._read_element()
        self._move_to(end)
        return value

    def refuse_more(self, what: str) -> None:
        """Refuse what follows the end of an array or object.

        Raises:
            ValueError: There is something.
        """
        if self.find_next():
            raise self._complain(f"Extra data behind the end of the {what}")

    def find_place(self, error: json.JSONDecodeError) -> str:
        """Move to the place that an error tells of, and return the text from there on."""
        self._move_to(error.pos)
        return self._buffer[error.pos :]

    def _complain(self, reason: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(reason, self._buffer, self._at)

    def _pass(self, mark: str) -> None:
        if self.find_next() != mark:
            raise self._complain(f"Expecting {mark!r}")
        self._move_to(self._at + 1)

    def _pass_comma(self, end: str, what: str) -> bool:
        """Whether there is a comma, behind which the next part begins, and no closing bracket."""
        mark = self.find_next()
        if mark not in (",", end):
            raise self._complain(f"Expecting ',' or the end of the {what}")
        if mark == ",":
            self._move_to(self._at + 1)
            self.find_next()
        return mark == ","

    def _read_element(self) -> tuple[Any, int]:
        while True:
            try:
                value, end = read_element(self._buffer, self._at)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated string")
                is_cut = is_cut or error.pos >= len(self._buffer) - _LONGEST_TOKEN
                if not (is_cut and self._read_on()):
                    raise
            else:
                is_whole = isinstance(value, dict | list | str) or end < len(self._buffer)
                if is_whole or not self._read_on():  # digits may go on
                    return value, end

    def _read_on(self) -> bool:
        """Let go of what was read, and read as much again as is left, at least a chunk."""
        more = self._text.read(max(len(self._buffer) - self._at, CHUNK))
        if more:
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
        return bool(more)

    def _move_to(self, position: int) -> None:
        newlines = self._buffer.count("\n", self._at, position)
        start = self._buffer.rfind("\n", self._at, position) if newlines else self._at
        self.line += newlines
        self.column = position - start + (0 if newlines else self.column)
        self._at = position
