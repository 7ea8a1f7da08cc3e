"""Rows that a function of the project's own makes, where no file fits."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.errors import SettingsError, SourceError

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
        rows = iter(_find_function(self.source.name)())
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
                raise SourceError(
                    f"{self.name}, row {number}: {', '.join(sorted(row.keys() - known))} "
                    "is not in the first row.",
                    file=self.name,
                    line=number,
                    hint="The first row must name every column.",
                )
            yield number, [row.get(key) for key in self.header]


def _find_function(name: str) -> Producer:
    module, _, attribute = name.partition(":")
    try:
        found: Producer = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"The source `{name}` cannot be imported: {error}.") from error
    return found
