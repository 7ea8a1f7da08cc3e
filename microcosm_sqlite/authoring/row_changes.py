"""Tell which rows of a table were inserted, deleted and updated from one database to another.

SQLite's session extension compares the tables, in C. It takes values for the same that are equal
under a column's collation, or as numbers (``a`` and ``A`` where case does not matter, 1 and 1.0
where no type was declared); where a table has columns of that kind, such rows are asked for
besides. Of keys of that kind, of keys that are NULL and of generated columns it cannot tell at
all: :func:`why_incomparable` says so beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from microcosm_sqlite.authoring.schema_changes import Column, Shape
from microcosm_sqlite.catalog.connection import checked_uri, quote_identifier
from microcosm_sqlite.catalog.expressions import join_evenly
from microcosm_sqlite.errors import DatasetIOError, MissingDependencyError
from microcosm_sqlite.interop.extras import extra

if TYPE_CHECKING:
    import sqlite3

    from microcosm_sqlite.catalog.location import Location

    Row = Mapping[str, Any]

_PRAGMAS = """
PRAGMA query_only=ON;
PRAGMA cell_size_check=ON;
PRAGMA mmap_size=0;
PRAGMA temp_store=MEMORY;
"""


@dataclass(frozen=True)
class RowChange:
    """One row that was inserted, deleted or updated.

    Attributes:
        table: Its table.
        change: What became of it.
        key: Its primary key: column to value.
        old: The row as it was; of an update, the columns that changed; empty for an insert.
        new: The row as it is; of an update, the columns that changed; empty for a delete.
    """

    table: str
    change: Literal["insert", "delete", "update"]
    key: Row
    old: Row
    new: Row


def why_incomparable(
    table: str, old: Shape, new: Shape, connections: Sequence[sqlite3.Connection]
) -> str:
    """Why two tables cannot be compared row by row; empty where they can.

    Args:
        table: Their name.
        old: What it was declared as.
        new: What it is declared as.
        connections: To both databases.
    """
    reason = _why_by_declaration(old, new)
    if reason:
        return reason
    untyped = [name for name in old.key if not _affinity(old.columns[name])]
    unsafe = [f"{quote_identifier(name)} IS NULL" for name in old.key]
    unsafe += [f"typeof({quote_identifier(name)}) = 'real'" for name in untyped]
    search = f"SELECT 1 FROM {quote_identifier(table)} WHERE {' OR '.join(unsafe)} LIMIT 1"
    if any(connection.execute(search).fetchone() for connection in connections):
        return "its primary key is NULL, or an untyped fraction, in some rows"
    return ""


def _why_by_declaration(old: Shape, new: Shape) -> str:
    columns = [*old.columns.values(), *new.columns.values()]
    reasons = {
        "it has no primary key": not (old.key and new.key),
        "its primary key is not the same": old.key != new.key,
        "it has not the same columns": list(old.columns) != list(new.columns),
        "it has generated columns": any(column.is_generated for column in columns),
        "its primary key is not compared byte by byte": bool(
            (old.key_collations | new.key_collations) - {"BINARY"}
        ),
        "its primary key has another type": any(
            _affinity(old.columns[name]) != _affinity(new.columns.get(name, old.columns[name]))
            for name in old.key
        ),
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


class RowComparer:
    """Two databases, opened to be compared; made by :func:`open_comparer`."""

    def __init__(self, apsw: Any, connection: Any) -> None:
        self._apsw = apsw
        self._connection = connection

    def compare(self, table: str, old: Shape, new: Shape) -> Iterator[RowChange]:
        """The changes of one table, in no particular order.

        Raises:
            DatasetIOError: One of the databases cannot be read.
        """
        try:
            yield from self._visible(table, new)
            if self._has_lenient_columns(table, old, new):
                yield from self._invisible(table, new)
        except (self._apsw.Error, UnicodeDecodeError) as error:
            raise DatasetIOError(
                f"Table {table} cannot be compared: {error}.",
                hint="Run: microcosm-sqlite verify, on both sides.",
            ) from error

    def _visible(self, table: str, shape: Shape) -> Iterator[RowChange]:
        session = self._apsw.Session(self._connection, "main")
        try:
            session.attach(table)
            session.diff("old", table)
            changeset = session.changeset()
        finally:
            session.close()
        names = list(shape.columns)
        for found in self._apsw.Changeset.iter(changeset):
            old, new = self._row(names, found.old), self._row(names, found.new)
            key = {name: (old or new)[name] for name in shape.key}
            if found.op == "UPDATE":
                old = {name: old[name] for name in new}
            yield RowChange(table, found.op.lower(), key, old, new)

    def _row(self, names: list[str], values: Sequence[Any] | None) -> dict[str, Any]:
        absent = self._apsw.no_change
        pairs = zip(names, values or [absent] * len(names), strict=True)
        return {name: value for name, value in pairs if value is not absent}

    def _has_lenient_columns(self, table: str, old: Shape, new: Shape) -> bool:
        """Whether a column has values that are equal and yet not the same."""
        for name in new.columns:
            affinities = {_affinity(shape.columns[name]) for shape in (old, new)}
            if len(affinities) > 1 or "" in affinities:
                return True
            for schema in ("main", "old"):
                _, collation, *_ = self._connection.column_metadata(schema, table, name)
                if collation.upper() != "BINARY":
                    return True
        return False

    def _invisible(self, table: str, shape: Shape) -> Iterator[RowChange]:
        """The updates to values that the session extension takes for the same."""
        names, quoted = list(shape.columns), quote_identifier(table)
        pairs = [(f"new.{each}", f"old.{each}") for each in map(quote_identifier, names)]
        keys = map(quote_identifier, shape.key)
        same_key = " AND ".join(f"new.{each} = old.{each}" for each in keys)
        equal = join_evenly([f"{new} IS {old}" for new, old in pairs], " AND ")
        differ = [
            f"typeof({new}) <> typeof({old}) OR {new} COLLATE BINARY IS NOT {old}"
            for new, old in pairs
        ]
        other = join_evenly(differ, " OR ")
        rows = self._connection.execute(
            f"SELECT {', '.join(old for _, old in pairs)}, {', '.join(new for new, _ in pairs)} "
            f"FROM main.{quoted} AS new JOIN old.{quoted} AS old ON {same_key} "
            f"WHERE {equal} AND ({other})"
        )
        for row in rows:
            old = dict(zip(names, row[: len(names)], strict=True))
            new = dict(zip(names, row[len(names) :], strict=True))
            changed = [
                name
                for name in names
                if type(old[name]) is not type(new[name]) or old[name] != new[name]
            ]
            yield RowChange(
                table,
                "update",
                {name: old[name] for name in shape.key},
                {name: old[name] for name in changed},
                {name: new[name] for name in changed},
            )


@contextmanager
def open_comparer(old: Location, new: Location) -> Iterator[RowComparer]:
    """Open two databases to compare their rows; read-only and hardened, as readers do.

    Raises:
        MissingDependencyError: apsw is not installed, or was built without the extension.
        DatasetFileError: One of the files cannot be opened.
    """
    with extra("diff"):
        import apsw
    if not hasattr(apsw, "Session"):
        raise MissingDependencyError(
            "The installed apsw was built without SQLite's session extension.",
            hint="Run: pip install --force-reinstall apsw",
        )
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = None
    try:
        connection = apsw.Connection(checked_uri(new), flags=flags)
        connection.execute("ATTACH DATABASE ? AS old", (checked_uri(old),))
        connection.execute(_PRAGMAS).fetchall()
        for setting in ("DEFENSIVE", "ENABLE_TRIGGER", "TRUSTED_SCHEMA"):
            connection.config(getattr(apsw, f"SQLITE_DBCONFIG_{setting}"), setting == "DEFENSIVE")
        yield RowComparer(apsw, connection)
    except apsw.Error as error:
        raise DatasetIOError(f"{old.path} and {new.path} cannot be compared: {error}.") from error
    finally:
        if connection is not None:
            connection.close()


def _affinity(column: Column) -> str:
    """What SQLite makes of a declared type; empty where values stay as they are."""
    for part, affinity in _AFFINITIES:
        if part in column.type:
            return affinity
    return "NUMERIC" if column.type else ""


# In this order: https://www.sqlite.org/datatype3.html, section 3.1.
_AFFINITIES = (
    ("INT", "INTEGER"),
    ("CHAR", "TEXT"),
    ("CLOB", "TEXT"),
    ("TEXT", "TEXT"),
    ("BLOB", ""),
    ("REAL", "REAL"),
    ("FLOA", "REAL"),
    ("DOUB", "REAL"),
    ("ANY", ""),  # in a strict table; elsewhere it means NUMERIC
)
