"""Text of SQL: quoting, column affinity, names of the rowid, long expressions, words."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MOST_COLUMNS = 2_000
"""Of a table, and of the result of a query, in SQLite as everybody builds it."""

MOST_PARAMETERS = 32_766
"""Of a statement; some builds of SQLite take more."""

_FLAT = 32


def join_evenly(parts: Sequence[str], operator: str) -> str:
    """Join parts by an associative operator, nested so that SQLite takes any number of them.

    A flat chain is as deep as it is long, and SQLite takes a depth of 1000.

    >>> join_evenly(["a", "b", "c"], " OR ")
    'a OR b OR c'
    """
    if len(parts) <= _FLAT:
        return operator.join(parts)
    half = len(parts) // 2
    left, right = join_evenly(parts[:half], operator), join_evenly(parts[half:], operator)
    return f"({left}){operator}({right})"


def quote_identifier(name: str) -> str:
    """Quote a table or column name for SQL, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def find_affinity(declared: str) -> str:
    """The affinity that SQLite gives a declared type (https://www.sqlite.org/datatype3.html)."""
    declared = declared.upper()
    if "INT" in declared:
        return "INTEGER"
    if any(mark in declared for mark in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not declared or "BLOB" in declared:
        return "BLOB"
    if any(mark in declared for mark in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def write_orphans(child: str, columns: Sequence[str], parent: str, targets: Sequence[str]) -> str:
    """``FROM`` and ``WHERE`` for the rows of a table that refer to a row that is not there.

    NULL refers to none. The rows are those of ``child``.

    >>> print(write_orphans('"flights"', ["origin"], '"airports"', ["faa"]))
    FROM "flights" AS child WHERE child."origin" IS NOT NULL AND NOT EXISTS \
(SELECT 1 FROM "airports" AS parent WHERE parent."faa" = +child."origin")

    Args:
        child: The table that refers, quoted.
        columns: Its columns that refer, as they are named.
        parent: The table that is referred to, quoted.
        targets: The columns there.
    """
    present = " AND ".join(f"child.{quote_identifier(column)} IS NOT NULL" for column in columns)
    # The affinity and collation of the parent's column count, as in SQLite's own check: its
    # collation since it comes first, and its affinity since `+` leaves the other column none.
    same = " AND ".join(
        f"parent.{quote_identifier(target)} = +child.{quote_identifier(column)}"
        for column, target in zip(columns, targets, strict=True)
    )
    return (
        f"FROM {child} AS child WHERE {present} "
        f"AND NOT EXISTS (SELECT 1 FROM {parent} AS parent WHERE {same})"
    )


def fold_names(names: Iterable[str]) -> dict[str, str]:
    """Names of tables or columns by their small letters, as SQLite takes them for one.

    >>> fold_names(["id", "Name"])
    {'id': 'id', 'name': 'Name'}
    """
    return {name.lower(): name for name in names}


def name_rowid(columns: Iterable[str]) -> str:
    """A name for the rowid that no column has taken, or an empty string.

    >>> name_rowid(["id", "RowID"])
    '_rowid_'
    """
    taken = {name.lower() for name in columns}
    return next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), "")


def quote_text(text: str) -> str:
    """Quote a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def mentions(sql: str, columns: Collection[str]) -> bool:
    """Whether SQL speaks of one of some columns, as far as can be seen.

    >>> mentions("length(Name) > 1", ["name"]), mentions("length(names) > 1", ["name"])
    (True, False)
    """
    text = sql.lower()
    words = find_words(text)
    return any(
        name.lower() in words
        if name.replace("_", "a").isalnum()
        else quote_identifier(name).lower() in text
        for name in columns
    )


def find_words(sql: str) -> set[str]:
    """The words of a statement, in small letters."""
    import re

    return {word.lower() for word in re.findall(r"\w+", sql)}
