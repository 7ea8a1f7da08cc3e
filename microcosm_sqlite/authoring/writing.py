"""Connections that many rows are written through: of apsw where it is installed, else of Python.

The rows are the same, and so are the bytes of the file that they end up in; apsw only spends less
on each value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from microcosm_sqlite.authoring.finalise import LOADING, open_loading


class Writer(Protocol):
    """What loading asks of a connection; those of Python have it."""

    def execute(self, sql: str, parameters: tuple[Any, ...] = ..., /) -> Any:
        """Run a statement; what comes back has `fetchone`."""

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run a statement for each row; what comes back has `rowcount`."""

    def close(self) -> None:
        """Close the file."""


class ApswWriter:
    """A connection of apsw with those methods."""

    def __init__(self, path: Path) -> None:
        self._connection = import_module("apsw").Connection(str(path))
        self._connection.execute(LOADING).fetchall()

    def execute(self, sql: str, parameters: tuple[Any, ...] = (), /) -> Any:
        """Run a statement."""
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run a statement for each row."""
        before = self._connection.total_changes()
        self._connection.executemany(sql, parameters)
        return SimpleNamespace(rowcount=self._connection.total_changes() - before)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def has_quick_writer() -> bool:
    """Whether apsw is installed."""
    return find_spec("apsw") is not None


def open_writer(path: Path) -> closing[Writer]:
    """Open a database that is thrown away soon, to write many rows to."""
    writer: Writer = ApswWriter(path) if has_quick_writer() else open_loading(path)
    return closing(writer)


def rejections() -> tuple[type[Exception], ...]:
    """What a writer raises where a row does not fit."""
    quick = (import_module("apsw").Error,) if has_quick_writer() else ()
    return (sqlite3.Error, ValueError, IndexError, TypeError, OverflowError, *quick)
