"""The structure of a database: what it declares, as plain data and as a fingerprint."""

from __future__ import annotations

from microcosm_sqlite.catalog.manifest_tables import Table
from microcosm_sqlite.common.kinds import find_declared_kind
from microcosm_sqlite.common.sql import name_rowid, quote_identifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Connection
    from typing import Any

    Column = tuple[str, str, int, int]
    Structure = Mapping[str, Iterable[Column]]
    """Table name to its columns: name, declared type, 1 if NOT NULL, place in the primary key."""


def describe_structure(connection: Connection) -> dict[str, list[Column]]:
    """The tables of an open database and their columns, sorted by table.

    Full-text and other virtual tables, and the shadow tables that they keep, are left out.
    """
    return {
        table: [
            (name, declared.upper(), int(bool(not_null or key)), key)
            for _, name, declared, not_null, _, key, _ in connection.execute(
                f"PRAGMA table_xinfo({quote_identifier(table)})"
            )
        ]
        for table in table_names(connection)
    }


def table_names(connection: Connection) -> list[str]:
    """Names of the ordinary tables, sorted."""
    rows = connection.execute("PRAGMA table_list").fetchall()
    return sorted(
        name
        for schema, name, kind, *_ in rows
        if schema == "main" and kind == "table" and not name.startswith("sqlite_")
    )


def is_without_rowid(connection: Connection, table: str) -> bool:
    """Whether the rows of a table have a primary key in place of a rowid."""
    # The table is its own index then. A list of all tables would take longer the more there are.
    index = f"PRAGMA main.index_info({quote_identifier(table)})"
    return connection.execute(index).fetchone() is not None


def find_rowid_name(connection: Connection, table: str, columns: Iterable[str]) -> str:
    """A name for the rowid of a table with these columns; empty for a view, and where none is."""
    listed = connection.execute(f"PRAGMA main.table_list({quote_identifier(table)})").fetchall()
    if any(kind == "view" or has_none for _, _, kind, _, has_none, *_ in listed):
        return ""
    return name_rowid(columns)


def find_key_order(connection: Connection, table: str) -> str:
    """The order, as SQL has it, in which a table without rowids keeps its rows; empty for others.

    Args:
        connection: A connection to the file.
        table: The table's name.
    """
    described = connection.execute(f"PRAGMA main.index_xinfo({quote_identifier(table)})").fetchall()
    owner = quote_identifier(table)  # without which a name could be that of a result
    return ", ".join(
        f"{owner}.{quote_identifier(name)} COLLATE {quote_identifier(collation)}"
        f"{' DESC' * is_descending}"
        for _, _, name, is_descending, collation, is_key in described
        if is_key
    )


def find_rowid_range(connection: Connection, table: str, rowid: str) -> tuple[int, int] | None:
    """The lowest and the highest rowid, or None in an empty table; `rowid` is what names it.

    It looks at two rows, where both in one plain SELECT would make SQLite read them all.
    """
    quoted = quote_identifier(table)
    ends = ", ".join(f"(SELECT {end}({rowid}) FROM {quoted})" for end in ("min", "max"))
    low, high = connection.execute(f"SELECT {ends}").fetchone()
    return None if low is None else (low, high)


def fingerprint(structure: Structure) -> str:
    """``sha256:`` and the hex digest of a structure; equal for equal schemas.

    A column of the primary key counts as NOT NULL whether or not it was declared so: SQLAlchemy
    and SQLite differ on it, and readers cannot tell.
    """
    import json
    from hashlib import sha256

    canonical = json.dumps(
        {table: [list(column) for column in columns] for table, columns in structure.items()},
        sort_keys=True,
        separators=(",", ":"),
    )
    return f"sha256:{sha256(canonical.encode()).hexdigest()}"


def read_tables(connection: Connection) -> dict[str, Table]:
    """Describe the tables of a file that has no manifest, counting their rows."""
    structure = describe_structure(connection)
    keys = {table.lower(): _primary_key(columns) for table, columns in structure.items()}
    return {
        table: Table(_describe_table(connection, table, columns, keys))
        for table, columns in structure.items()
    }


def _primary_key(columns: Iterable[Column]) -> list[str]:
    return [name for _, name in sorted((place, name) for name, _, _, place in columns if place)]


def _describe_table(
    connection: Connection, table: str, columns: Iterable[Column], keys: Mapping[str, list[str]]
) -> dict[str, Any]:
    quoted = quote_identifier(table)
    (rows,) = connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()
    return {
        "name": table,
        "rowCount": rows,
        "schema": {
            "fields": [
                {"name": name, "type": field_type_of(declared)}
                | ({"constraints": {"required": True}} if not_null else {})
                for name, declared, not_null, _ in columns
            ],
            "primaryKey": keys[table.lower()],
            "foreignKeys": _foreign_keys(connection, quoted, keys),
        },
    }


def _foreign_keys(
    connection: Connection, quoted: str, primary_keys: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    keys: dict[int, dict[str, Any]] = {}
    for number, _, target, column, referred, *_ in connection.execute(
        f"PRAGMA foreign_key_list({quoted})"
    ):
        key = keys.setdefault(
            number, {"fields": [], "reference": {"resource": target, "fields": []}}
        )
        key["fields"].append(column)
        key["reference"]["fields"].append(referred)
    for key in keys.values():
        reference = key["reference"]
        if None in reference["fields"]:
            # `REFERENCES parent`, without a column, means its primary key.
            reference["fields"] = primary_keys.get(reference["resource"].lower(), [])
    return [key for key in keys.values() if len(key["fields"]) == len(key["reference"]["fields"])]


def field_type_of(declared: str) -> str:
    """The standard's type for a declared type in capitals; ``any`` where none is recognised.

    >>> field_type_of("VARCHAR(20)"), field_type_of("")
    ('string', 'any')
    """
    kind = find_declared_kind(declared)
    return kind.field_type if kind else "any"
