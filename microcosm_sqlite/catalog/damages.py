"""What is damaged in the structure of a database, as SQLite itself finds it."""

from __future__ import annotations

from microcosm_sqlite.catalog.structure import is_without_rowid, table_names
from microcosm_sqlite.common.page_cache import page_cache
from microcosm_sqlite.common.sql import quote_identifier

_STORED = {"INT": "integer", "INTEGER": "integer", "REAL": "real", "BLOB": "blob"}

# `IS NULL` would not look at a required column.
_DOUBTED = {
    "NULL value in ": "typeof({0}) = 'null'",
    "TEXT value in ": "typeof({0}) = 'text' AND +{0} = CAST({0} AS NUMERIC)",
    **{
        f"non-{declared} value in ": f"typeof({{0}}) NOT IN ('{stored}', 'null')"
        for declared, stored in _STORED.items()
    },
}
"""How some findings begin, and which rows they are about: for the second, a text that is a number
and should have become one; the others are of STRICT tables."""

_MOST_FINDINGS = 1000

_CACHE = 32_000
"""Each row is looked up in all indexes of its table: a quarter less work than with 2,000."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection


def find_damages(connection: Connection, check: str = "quick_check", limit: int = 10) -> list[str]:
    """List the errors that SQLite finds in a file; empty for a sound one.

    In tables without rowids, SQLite 3.40 finds NULL, or a value of the wrong type, where there is
    none, if a column that is required, or has a default, is in front of the key. So it is asked
    whether there is such a row.

    Args:
        connection: The file.
        check: The pragma: ``quick_check``, or ``integrity_check`` for indexes as well.
        limit: How many findings are wanted.
    """
    findings = _list_findings(connection, check, limit)
    if not any(text.startswith(tuple(_DOUBTED)) for text in findings):
        return findings
    findings = _list_findings(connection, check, _MOST_FINDINGS)
    false = {text for text in {*findings} if _is_false(connection, text)}
    return [text for text in findings if text not in false][:limit]


def _list_findings(connection: Connection, check: str, limit: int) -> list[str]:
    with page_cache(connection, _CACHE):
        texts = [str(text) for (text,) in connection.execute(f"PRAGMA {check}({limit})")]
    return [] if texts == ["ok"] else texts


def _is_false(connection: Connection, finding: str) -> bool:
    start = next(filter(finding.startswith, _DOUBTED), "")
    for table in table_names(connection) if start else ():
        for column, *_ in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)):
            if finding == f"{start}{table}.{column}" and is_without_rowid(connection, table):
                condition = _DOUBTED[start].format(quote_identifier(column))
                search = f"SELECT 1 FROM {quote_identifier(table)} WHERE {condition} LIMIT 1"
                return connection.execute(search).fetchone() is None
    return False
