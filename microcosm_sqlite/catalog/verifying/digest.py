"""A hash of the rows of a table, the same in whatever file they are stored.

The hash of a file changes with the SQLite version that wrote it; this one does not. It is the
sha256 of the column names, as a JSON array, and of the hashes of the rows, 65,536 at a time, in the
order of :mod:`.row_texts`. So several threads can work at one table.

The hash of such rows is the sha256 of one JSON document: an array of one array for each row. Where
there are reals, the sha256 of their bytes stands behind it.
"""

from __future__ import annotations

from microcosm_sqlite.catalog.verifying.row_texts import RowTexts, Span, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection


def content_digest(connection: Connection, table: str, columns: Sequence[str] | None = None) -> str:
    """``sha256:`` and the hex digest of a table's columns and rows.

    Of all columns, unless some are named.

    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> _ = connection.execute("CREATE TABLE t (a TEXT)")
    >>> content_digest(connection, "t")[:19]
    'sha256:0eb5b8d6f81b'
    >>> connection.close()

    Raises:
        sqlite3.Error: The table cannot be read.
    """
    texts = RowTexts(connection, table, columns)
    return join_digests(texts.columns, (digest_span(texts, span) for span in texts.find_spans()))


def digest_span(texts: RowTexts, span: Span) -> bytes:
    """The hash of 65,536 rows or less."""
    from hashlib import sha256

    digest, real_bytes = sha256(b"["), sha256()
    has_reals = False
    separator = ""
    for rows, reals in texts.write(span):
        digest.update(f"{separator}{rows}".encode())
        separator = ","
        if reals:
            has_reals = True
            real_bytes.update(reals)
    digest.update(b"]")
    if has_reals:
        digest.update(real_bytes.digest())
    return digest.digest()


def join_digests(columns: Sequence[str], digests: Iterable[bytes]) -> str:
    """The hash of a table, from the hashes of its rows in their order."""
    from hashlib import sha256

    digest = sha256(write_json(columns).encode())
    for part in digests:
        digest.update(part)
    return f"sha256:{digest.hexdigest()}"
