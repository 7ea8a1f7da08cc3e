"""What is damaged in the structure of a database, as SQLite itself finds it."""

from __future__ import annotations

from microcosm_sqlite.catalog.structure import is_without_rowid, table_names
from microcosm_sqlite.common.page_cache import page_cache
from microcosm_sqlite.common.sql import quote_identifier

_NULL = "NULL value in "
_MOST_FINDINGS = 1000

_CACHE = 32_000
"""Each row is looked up in all indexes of its table: a quarter less work than with 2,000."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection


def find_damages(connection: Connection, check: str = "quick_check", limit: int = 10) -> list[str]:
    """List the errors that SQLite finds in a file; empty for a sound one.

    SQLite 3.40 finds NULL in tables without rowids where there is none, if a required column is
    in front of the key. So it is asked whether there is one.

    Args:
        connection: The file.
        check: The pragma: ``quick_check``, or ``integrity_check`` for indexes as well.
        limit: How many findings are wanted.
    """
    findings = _list_findings(connection, check, limit)
    if not any(text.startswith(_NULL) for text in findings):
        return findings
    findings = _list_findings(connection, check, _MOST_FINDINGS)
    false = {text for text in {*findings} if _is_false(connection, text)}
    return [text for text in findings if text not in false][:limit]


def _list_findings(connection: Connection, check: str, limit: int) -> list[str]:
    with page_cache(connection, _CACHE):
        texts = [str(text) for (text,) in connection.execute(f"PRAGMA {check}({limit})")]
    return [] if texts == ["ok"] else texts


def _is_false(connection: Connection, finding: str) -> bool:
    for table in table_names(connection) if finding.startswith(_NULL) else ():
        for column, *_ in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)):
            if finding == f"{_NULL}{table}.{column}" and is_without_rowid(connection, table):
                # `IS NULL` would not look at a required column.
                search = (
                    f"SELECT 1 FROM {quote_identifier(table)} "
                    f"WHERE typeof({quote_identifier(column)}) = 'null' LIMIT 1"
                )
                return connection.execute(search).fetchone() is None
    return False
