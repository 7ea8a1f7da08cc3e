"""How much of a database SQLite keeps in memory for a while."""

from __future__ import annotations

from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection


@contextmanager
def page_cache(connection: Connection, kibibytes: int) -> Iterator[None]:
    """Give a connection a page cache of another size; afterwards the one that it had."""
    ((former,),) = connection.execute("PRAGMA cache_size").fetchall()
    connection.execute(f"PRAGMA cache_size={-kibibytes}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA cache_size={former}")
