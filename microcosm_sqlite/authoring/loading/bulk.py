"""apsw, through which rows go in bulk where it is installed: it spends less on each value.

What is written and read is the same as through Python's sqlite3, and so are its methods and errors.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Asked once, before any thread: while another imports apsw, `find_spec` fails.
_HAS_APSW = find_spec("apsw") is not None


def has_apsw() -> bool:
    """Whether apsw is installed."""
    return _HAS_APSW


class ApswConnection:
    """A connection of apsw with the methods and errors of Python's."""

    def __init__(self, name: str, *flags: int) -> None:
        self._connection = import_module("apsw").Connection(name, *flags)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._connection.in_transaction)

    def execute(self, sql: str, parameters: tuple[Any, ...] = (), /) -> _Result:
        """Run a statement."""
        with _translated():
            rows = self._connection.execute(sql, parameters)
            return _Result(rows, self._connection.changes())

    def executemany(self, sql: str, parameters: Iterable[Any], /) -> Any:
        """Run a statement for each row; what comes back has `rowcount`."""
        before = self._connection.total_changes()
        with _translated():
            self._connection.executemany(sql, parameters)
        return SimpleNamespace(rowcount=self._connection.total_changes() - before)

    def create_function(self, name: str, narg: int, func: Callable[..., Any], /) -> None:
        """Let SQL call a function."""
        self._connection.create_scalar_function(name, func, narg, deterministic=True)

    def load_csv_module(self) -> Path | None:
        """Let it read CSV by itself: a file to be read, or None where the module is not there."""
        # Not all who pack apsw bring the module, or let it be loaded.
        with suppress(ImportError, import_module("apsw").Error):
            extra = import_module("apsw.sqlite_extra")
            if extra.has("csv"):
                extra.load(self._connection, "csv")
                return Path(f"{self._connection.filename}.csv")
        return None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class _Result:
    """The rows of a statement, and how many it changed."""

    def __init__(self, rows: Iterator[tuple[Any, ...]], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchone(self) -> Any:
        with _translated():
            return next(self._rows, None)

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        with _translated():
            return list(islice(self._rows, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        with _translated():
            return list(self._rows)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (import_module("apsw").Error, UnicodeDecodeError) as error:
        raised = sqlite3.OperationalError(str(error))
        # As Python's own has it from 3.11 on; a decoding error has none.
        raised.sqlite_errorcode = getattr(error, "extendedresult", 0)
        raise raised from error
