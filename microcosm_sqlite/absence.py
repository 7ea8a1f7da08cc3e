"""Tell a name that nobody carries from a mistake in SQL, where SQLite says "no such table"."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.errors import DatasetNotFoundError

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext


def explain_emptiness(name: str, context: ExceptionContext) -> None:
    """Tell that no dataset of a name is there, where its stand-in in memory is still empty.

    Raises:
        DatasetNotFoundError: It says where the dataset was looked for.
    """
    error = context.original_exception
    if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_ERROR or context.connection is None:
        return
    connection: Any = context.connection.connection.dbapi_connection
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        return
    try:
        dataset(name)
    except DatasetNotFoundError as missing:
        raise DatasetNotFoundError(
            f"Data set {name!r} is empty: it is in memory, as no path is configured for it and no "
            "dataset of this name is installed.",
            hint=missing.hint,
        ) from error


def explain_absence(name: str, other: str, context: ExceptionContext) -> None:
    """Tell that another dataset, which this one refers to, is not there.

    Raises:
        DatasetNotFoundError: It names both.
    """
    error = context.original_exception
    if f"no such table: {other}." in str(error):
        raise DatasetNotFoundError(
            f"Data set {name!r} refers to dataset {other!r}, which is not installed.",
            hint="Install the distribution that carries it, or configure its path.",
        ) from error
