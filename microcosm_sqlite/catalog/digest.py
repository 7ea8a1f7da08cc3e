"""A hash of what a table says, whatever file says it.

The hash of a file changes with the SQLite version that wrote it; this one does not. It is the
sha256 of one JSON document: an array of the column names, and of one array for each row, in the
order that :mod:`microcosm_sqlite.catalog.row_texts` tells, which writes the rows as well. Where
there are reals, the sha256 of their bytes stands behind the document.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.connection import quote_identifier
from microcosm_sqlite.catalog.row_texts import write_json, write_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection


def content_digest(connection: Connection, table: str, columns: Sequence[str] | None = None) -> str:
    """``sha256:`` and the hex digest of a table's columns and rows.

    Of all columns, unless some are named.

    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("CREATE TABLE t (a TEXT)")
    >>> content_digest(connection, "t")[:19]
    'sha256:c627d6b8b978'

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    from hashlib import sha256

    if columns is None:
        described = connection.execute(f"PRAGMA table_xinfo({quote_identifier(table)})").fetchall()
        columns = [name for _, name, *_, hidden in described if hidden != 1]
    digest = sha256(f"[{write_json(columns)}".encode())
    real_bytes = sha256()
    has_reals = False
    for rows, reals in write_rows(connection, table, columns):
        digest.update(f",{rows}".encode())
        if reals:
            has_reals = True
            real_bytes.update(reals)
    digest.update(b"]")
    if has_reals:
        digest.update(real_bytes.digest())
    return f"sha256:{digest.hexdigest()}"
