"""Statements that users of an engine write as SQL, with their values spelled as they are stored."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from sqlalchemy.types import NullType

from microcosm_sqlite.catalog import registry
from microcosm_sqlite.catalog.criteria import Plan, plan_statement, write_names
from microcosm_sqlite.orm.engine_errors import find_driver_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from microcosm_sqlite.catalog.installed import InstalledDataset


class UserStatements:
    """Lets an engine find what the SQL of its users compares, however that is written.

    SQLAlchemy binds what it compares itself by the type of a column. In `text()` and in statements
    for the driver, literals and parameters are spelled as in `connect()`, and a name in double
    quotes is a name.

    Args:
        dataset: The dataset of the engine; None for a file that is none.
        is_spelled: Whether values are spelled; they are not where the SQL may be hostile.
    """

    def __init__(self, dataset: InstalledDataset | None, *, is_spelled: bool) -> None:
        self._dataset = dataset
        self._is_spelled = is_spelled
        self._plans: dict[tuple[str, bool], Plan | None] = {}

    @property
    def listeners(self) -> list[tuple[str, Callable[..., bool]]]:
        """Names of engine events, and what executes a statement in SQLAlchemy's place.

        Events of connections would cost every statement of a store a tenth of its time more.
        """
        return [("do_execute", self.execute), ("do_executemany", self.execute_many)]

    def execute(self, cursor: Any, statement: str, params: Any, context: Any) -> bool:
        """Execute a statement with its values as they are stored; False if it stays as it is."""
        plan = self._find_plan(statement, context)
        if plan is None:
            return False
        cursor.execute(plan.sql, plan.bind(params))
        return True

    def execute_many(self, cursor: Any, statement: str, params: Any, context: Any) -> bool:
        """Do the same with a statement for many sets of values."""
        plan = self._find_plan(statement, context)
        if plan is None:
            return False
        cursor.executemany(plan.sql, [plan.bind(values) for values in params])
        return True

    def _find_plan(self, statement: str, context: Any) -> Plan | None:
        key = statement, _is_typed(context)
        try:
            return self._plans[key]
        except KeyError:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._make_plan(context.root_connection, *key)
            return plan

    def _make_plan(self, connection: Connection, statement: str, is_typed: bool) -> Plan | None:
        if is_typed and not ("'" in statement or '"' in statement):
            return None
        opened = find_driver_connection(connection)
        try:
            datasets = self._find_datasets(opened) if self._is_spelled else None
            return plan_statement(opened, datasets, statement)
        except sqlite3.Error:
            # It is executed in a form that fails, for SQLAlchemy and those who listen to it.
            return Plan(write_names(statement))

    def _find_datasets(self, opened: sqlite3.Connection) -> dict[str, InstalledDataset]:
        """The datasets by the names that SQL has for them, as far as their files are installed."""
        found = {"main": self._dataset} if self._dataset else {}
        for _, schema, path in opened.execute("PRAGMA database_list"):
            other = registry.find(schema) if schema != "main" else None
            if other is not None and other.location.path == path:
                found[schema.lower()] = other
        return found


def _is_typed(context: Any) -> bool:
    """Whether SQLAlchemy knows the type of every value that a statement is given."""
    compiled = getattr(context, "compiled", None)
    if compiled is None:
        return False
    binds = getattr(compiled, "binds", None) or {}
    return not any(isinstance(bind.type, NullType) for bind in binds.values())


_MOST_PLANS = 500
"""How many statements of an engine are known at most."""
