"""A hash of what a table says, whatever file says it.

The hash of a file changes with the SQLite version that wrote it; this one does not. It is the
sha256 of one line for the column names and one for each row, in the order of the rowid, or of the
primary key in a table without one. A line is the tuple of values as :func:`ascii` writes it: exact
for every storage class of SQLite, and the same in every version of Python 3.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.connection import quote_identifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

_BATCH = 1_000
_ROWID_NAMES = ("rowid", "_rowid_", "oid")


def content_digest(connection: Connection, table: str, columns: Sequence[str] | None = None) -> str:
    """``sha256:`` and the hex digest of a table's columns and rows, read in one pass.

    Of all columns, unless some are named.

    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("CREATE TABLE t (a TEXT)")
    >>> content_digest(connection, "t")[:19]
    'sha256:6d901f05646c'

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    from hashlib import sha256

    quoted = quote_identifier(table)
    if columns is None:
        described = connection.execute(f"PRAGMA table_xinfo({quoted})").fetchall()
        columns = [name for _, name, *_, hidden in described if hidden != 1]
    listed = ", ".join(map(quote_identifier, columns))
    rows = connection.execute(f"SELECT {listed} FROM {quoted} ORDER BY {_order(connection, table)}")
    digest = sha256(ascii(tuple(columns)).encode())
    while batch := rows.fetchmany(_BATCH):
        digest.update(("\n" + "\n".join(map(ascii, batch))).encode())
    return f"sha256:{digest.hexdigest()}"


def _order(connection: Connection, table: str) -> str:
    quoted = quote_identifier(table)
    described = connection.execute(f"PRAGMA table_xinfo({quoted})").fetchall()
    ((is_without_rowid,),) = connection.execute(
        "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,)
    ).fetchall()
    if is_without_rowid:
        keys = sorted((place, name) for _, name, _, _, _, place, _ in described if place)
        return ", ".join(quote_identifier(name) for _, name in keys)
    taken = {name.lower() for _, name, *_ in described}
    return next(name for name in _ROWID_NAMES if name not in taken)
