"""Transactions of databases that an application writes: when they begin, and who waits for whom.

SQLite lets one connection write at a time. One that has read within a transaction, and then wants
to write while another does, fails at once, however long it was told to wait; and one that goes on
reading keeps the others from committing. So reading begins no transaction: it begins with the first
statement that may write, which waits for its turn.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.orm.engine_errors import find_driver_connection

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext

PATIENCE = 30.0
"""Seconds that a statement waits for the lock of another connection, unless configured."""

_FIRST_WORD = re.compile(r"[\s(]*(\w*)")
_OUTSIDE = frozenset(
    ("SELECT", "VALUES", "EXPLAIN", "PRAGMA", "BEGIN", "VACUUM", "ATTACH", "DETACH")
)
"""What statements begin with that write no rows, or that SQLite refuses within a transaction."""


def begin_before_writing(
    connection: Connection, _: object, statement: str, parameters: Any, context: Any, __: bool
) -> tuple[str, Any]:
    """Begin a transaction before the first statement that may write."""
    if not _is_outside(statement, context):
        begin(connection)
    return statement, parameters


def begin(connection: Connection) -> None:
    """Begin a transaction, which locks nothing yet, unless one has begun or none is wanted."""
    opened = find_driver_connection(connection)
    if not (opened.in_transaction or opened.isolation_level is None):
        driver_connection: Any = connection.connection.dbapi_connection
        driver_connection.execute("BEGIN")


def _is_outside(statement: str, context: Any) -> bool:
    if getattr(context.compiled, "is_select", False):
        return True
    found = _FIRST_WORD.match(statement)
    return found is not None and found[1].upper() in _OUTSIDE


def take_lock(connection: Connection) -> None:
    """Wait until nobody else writes, and let nobody else write until the transaction ends."""
    if not find_driver_connection(connection).in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def explain_lock(path: str, timeout: float, context: ExceptionContext) -> None:
    """Add to "database is locked" which one, and what to do.

    It stays the error of SQLAlchemy, by which programs find out that they may try again.
    """
    code: int = getattr(context.original_exception, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY and context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.add_note(
            f"{path}: another connection writes, and did not commit within {timeout:g} seconds "
            "(sqlite.timeout). From its first write to its commit it keeps all others from "
            "writing: commit sooner, or try again."
        )
