"""What SQLite's error codes say of a failed write."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from microcosm_sqlite.errors import DuplicateModelError, ModelIntegrityError

if TYPE_CHECKING:
    from sqlalchemy.exc import IntegrityError

_DUPLICATE_CODES = frozenset(
    (
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    )
)


def explain_integrity_error(error: IntegrityError, model: str, dataset: str) -> ModelIntegrityError:
    """The error of ours for a broken constraint, by SQLite's extended error code.

    https://www.sqlite.org/rescode.html#extended_result_code_list
    """
    code = getattr(error.orig, "sqlite_errorcode", 0)
    kind = DuplicateModelError if code in _DUPLICATE_CODES else ModelIntegrityError
    return kind(f"{model} in data set {dataset!r}: {error.orig}.")
