"""Rows that a function of the project's own makes, where no file fits."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from traceback import extract_tb
from typing import Any

from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.errors import MicrocosmSQLiteError, SettingsError, SourceError

Producer = Callable[[], Iterable[Mapping[str, Any]]]


@dataclass(frozen=True)
class SourceFunction:
    """A function without arguments that gives a mapping from column to value for each row.

    It must give the same rows whenever it is called: it is called again to tell what is wrong.

    Attributes:
        name: `module:function`, importable from the project's `src` folder or its root.
    """

    name: str
    size: int = 0

    def digest(self) -> str:
        """Nothing: what a function reads is not known, so its rows are always taken as new."""
        return ""


@dataclass(frozen=True)
class FunctionOpener:
    """Calls a function for its rows."""

    source: SourceFunction

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:  # noqa: ARG002
        """Call it.

        Raises:
            SettingsError: There is no such function.
            SourceError: It fails.
        """
        rows = _produce(self.source.name)
        first = next(rows, None)
        if first is None:
            yield _FunctionRecords(self.source.name, [], rows, is_empty=True)
        else:
            yield _FunctionRecords(self.source.name, list(first), chain([first], rows))


class _FunctionRecords(Records):
    unit = "row"
    has_types = True

    def __init__(
        self,
        name: str,
        header: list[str],
        rows: Iterator[Mapping[str, Any]],
        *,
        is_empty: bool = False,
    ) -> None:
        super().__init__(name, header)
        self.is_empty = is_empty
        self._rows = rows

    def __iter__(self) -> Iterator[list[Any]]:
        return (row for _, row in self.numbered())

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows, numbered from one."""
        known = set(self.header)
        for number, row in enumerate(self._rows, start=1):
            if row.keys() - known:
                unknown = ", ".join(sorted(map(str, row.keys() - known)))
                raise SourceError(
                    f"{self.name}, row {number}: {unknown} is not in the first row.",
                    file=self.name,
                    line=number,
                    hint="The first row must name every column.",
                )
            yield number, [row.get(key) for key in self.header]


def _produce(name: str) -> Iterator[Mapping[str, Any]]:
    """The rows of a function, whose own errors become ours."""
    function = _find_function(name)
    number = 0
    try:
        for number, row in enumerate(function(), start=1):
            _check_row(name, number, row)
            yield row
    except MicrocosmSQLiteError:
        raise
    except Exception as error:  # whatever the project's own code raises
        raise SourceError(
            f"{name} failed after row {number}{_find_line(function, error)}: "
            f"{type(error).__name__}: {str(error).rstrip('.')}.",
            file=name,
            line=number,
            hint="It is called without arguments, and yields a dict for each row.",
        ) from error


def _check_row(name: str, number: int, row: Any) -> None:
    is_row = isinstance(row, Mapping)
    if not is_row or (number == 1 and not all(isinstance(key, str) for key in row)):
        raise SourceError(
            f"{name}, row {number}: {row!r:.80} is not a mapping from column to value.",
            file=name,
            line=number,
            hint="Let the function yield a dict for each row.",
        )


def _find_line(function: Producer, error: Exception) -> str:
    """The last line of the function's module that an error came by."""
    file = getattr(sys.modules.get(function.__module__), "__file__", None)
    lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == file]
    return f", in line {lines[-1]} of {Path(file).name}" if file and lines else ""


def _find_function(name: str) -> Producer:
    module, _, attribute = name.partition(":")
    try:
        found: Producer = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # whatever its module raises
        raise SettingsError(
            f"The source `{name}` cannot be imported: {type(error).__name__}: {error}."
        ) from error
    if not callable(found):
        raise SettingsError(f"The source `{name}` is not a function, but {found!r:.80}.")
    return found
