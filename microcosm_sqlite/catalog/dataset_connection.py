"""Connections of sqlite3 that know their dataset, convert values to compare, and explain errors."""

from __future__ import annotations

import sqlite3
from itertools import repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self

    from microcosm_sqlite.catalog.criteria import Plan
    from microcosm_sqlite.catalog.described_columns import Described
    from microcosm_sqlite.catalog.statement_errors import Failure

_SPELLED = frozenset("'\"?:@$")  # what texts and parameters begin with
_MOST_PLANS = 500
"""How many statements of a connection are known at most."""

_STOPPED = (sqlite3.Error, UnicodeDecodeError)
"""What stops a statement; the second is for a name, or a message of SQLite, that is not UTF-8."""

_REFUSED = (*_STOPPED, sqlite3.Warning)
"""What is raised when a statement is executed: the last by Python 3.11, for two statements."""


class DatasetCursor(sqlite3.Cursor):
    """A cursor that finds what is asked for, however it is written, and explains its errors.

    Errors name the dataset and say what to do; they are sqlite3's as well.
    """

    connection: DatasetConnection

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        """As of :class:`sqlite3.Cursor`."""
        try:
            plans = self.connection.plans
            if plans is None or _SPELLED.isdisjoint(sql):
                return super().execute(sql, parameters)
            plan = plans.get(sql) or self.connection.plan(sql)
            bound = plan.bind(parameters) if plan.spellers else parameters
            return super().execute(plan.sql, bound)
        except (*_REFUSED, TypeError, ValueError) as error:
            # Only now, since most statements have none: a look at each costs all of them time.
            from microcosm_sqlite.catalog.list_parameters import expand_lists, has_lists

            if has_lists(parameters):
                most = self.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
                return self.execute(*expand_lists(sql, parameters, most))
            if not isinstance(error, _REFUSED):
                raise
            raise self._explain(error, sql) from error

    def executemany(self, sql: str, parameters: Any, /) -> Self:
        """As of :class:`sqlite3.Cursor`."""
        try:
            return super().executemany(sql, parameters)
        except _REFUSED as error:
            raise self._explain(error, sql) from error

    def executescript(self, sql_script: str, /) -> Self:
        """As of :class:`sqlite3.Cursor`."""
        try:
            super().executescript(sql_script)
        except _REFUSED as error:
            raise self._explain(error, sql_script) from error
        return self

    def __iter__(self) -> Any:
        """As of :class:`sqlite3.Cursor`, at a fifth of the price of calling `__next__` per row."""
        try:
            yield from map(sqlite3.Cursor.__next__, repeat(self))
        except _STOPPED as error:
            raise self._explain(error, "") from error

    def __next__(self) -> Any:
        """As of :class:`sqlite3.Cursor`."""
        try:
            return super().__next__()
        except _STOPPED as error:
            raise self._explain(error, "") from error

    def fetchone(self) -> Any:
        """As of :class:`sqlite3.Cursor`."""
        try:
            return super().fetchone()
        except _STOPPED as error:
            raise self._explain(error, "") from error

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """As of :class:`sqlite3.Cursor`."""
        try:
            return super().fetchmany(self.arraysize if size is None else size)
        except _STOPPED as error:
            raise self._explain(error, "") from error

    def fetchall(self) -> list[Any]:
        """As of :class:`sqlite3.Cursor`."""
        try:
            return super().fetchall()
        except _STOPPED as error:
            raise self._explain(error, "") from error

    def _explain(self, error: Failure, sql: str) -> Exception:
        return self.connection.explain(error, sql)


class DatasetConnection(sqlite3.Connection):
    """A connection whose cursors know the dataset.

    Attributes:
        dataset: The dataset's name, for errors.
        is_registered: Whether its file is one of the user's own, which nobody installed.
        explain_edition: Says what an edition of it lacks, for errors.
        plans: How statements are executed, of those that were; None where they are not looked at.
    """

    dataset = ""
    is_registered = False
    explain_edition: Callable[[], str] = str
    plans: dict[str, Plan] | None = None
    _datasets: dict[str, Described] | None

    def understand(self, datasets: Mapping[str, Described] | None) -> None:
        """Spell what statements compare with columns as the columns store it.

        Args:
            datasets: The dataset, as `main`, and those that are attached, by schema; None to see to
                names in double quotes alone.
        """
        named = {name.lower(): dataset for name, dataset in (datasets or {}).items()}
        self._datasets, self.plans = named or None, {}

    def plan(self, sql: str) -> Plan:
        """How a statement is executed that was not executed before."""
        from microcosm_sqlite.catalog.criteria import plan_statement

        if self.plans is None or len(self.plans) >= _MOST_PLANS:
            self.plans = {}
        self.plans[sql] = plan_statement(self, self._datasets, sql)
        return self.plans[sql]

    def explain(self, error: Failure, sql: str = "") -> Exception:
        """The error of this package for one of sqlite3, which is one of sqlite3 as well."""
        from microcosm_sqlite.catalog.preflight import CORRECT_PATH, REINSTALL
        from microcosm_sqlite.catalog.statement_errors import explain_statement

        return explain_statement(
            error,
            self.dataset,
            self,
            sql,
            explain_edition=self.explain_edition,
            cure=CORRECT_PATH if self.is_registered else REINSTALL,
        )

    def cursor(self, factory: Any = DatasetCursor) -> Any:
        """As of :class:`sqlite3.Connection`."""
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As of :class:`sqlite3.Connection`."""
        return super().cursor(DatasetCursor).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """As of :class:`sqlite3.Connection`."""
        return super().cursor(DatasetCursor).executemany(sql, parameters)

    def executescript(self, sql_script: str, /) -> sqlite3.Cursor:
        """As of :class:`sqlite3.Connection`."""
        return super().cursor(DatasetCursor).executescript(sql_script)

    def blobopen(self, *place: Any, **options: Any) -> sqlite3.Blob:
        """As of :class:`sqlite3.Connection`."""
        try:
            return super().blobopen(*place, **options)
        except _STOPPED as error:
            raise self.explain(error) from error
