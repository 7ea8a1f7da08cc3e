"""A copy of a database to draft from, without what no reader could open or read."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from microcosm_sqlite.authoring.comparing.removed_calls import remove_calls
from microcosm_sqlite.authoring.drafting.from_databases.remaking import make_anew, open_copy
from microcosm_sqlite.authoring.sources.databases import advise_saving, refuse_impostor
from microcosm_sqlite.catalog.connection import database_uri
from microcosm_sqlite.catalog.damages import find_damages
from microcosm_sqlite.catalog.preflight import identify_state
from microcosm_sqlite.common.sql import mentions, quote_identifier
from microcosm_sqlite.common.workspace import writing_database
from microcosm_sqlite.errors import SourceError

_MALFORMED = re.compile(r"malformed database schema \((.*?)\)(?: - (.*))?$", re.DOTALL)
_UNSAFE = re.compile(
    r"malformed database schema \((.*)\) - unsafe use of (.*?)(?:\(\))?$", re.DOTALL
)
_MANY = 1000

_TIMEOUT = 5.0
_IN_USE = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNFINISHED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)


def take_snapshot(path: Path, target: Path) -> str:
    """Write all that a database holds, its write-ahead log included, as `VACUUM INTO` does.

    The database is only read; whoever uses it goes on doing so.

    Returns:
        What is wrong with it, and so with the copy; empty where it is sound.

    Raises:
        SourceError: It is not a database, is held by a writer, or waits to be recovered.
        OSError: The copy cannot be written.
    """
    try:
        refuse_impostor(path, path.name)
    except SourceError as error:
        if _has_journal(path):
            raise _tell_unfinished(path, error) from error
        raise
    before = _look(path)
    is_quiet = not any(_find_log(path, end).exists() for end in ("-wal", "-shm"))
    # Without a log, a read-only connection in write-ahead mode would leave an empty one behind.
    uri = database_uri(str(path.resolve()), immutable=is_quiet and _logs_ahead(path))
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=_TIMEOUT)) as connection:
            damage = _find_damage(connection)
            with writing_database(target):
                _copy(connection, target, is_sound=not damage)
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    if is_quiet and _look(path) != before:
        raise SourceError(
            f"{path.name} was written to while it was copied.",
            file=path.name,
            hint="Try again when nobody writes to it.",
        )
    return damage


def _copy(connection: sqlite3.Connection, target: Path, *, is_sound: bool) -> None:
    if is_sound:
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_ERROR:
                raise
            # Its schema needs what is not here, such as a collation of some application, or is
            # one of those that VACUUM of SQLite 3.40 stumbles over: then page by page, as it is.
            target.unlink(missing_ok=True)
        else:
            return
    with closing(sqlite3.connect(target)) as copy:
        connection.backup(copy)
        if is_sound:  # or nothing can be asked yet
            copy.execute("PRAGMA journal_mode=DELETE")


def _look(path: Path) -> tuple[int, ...]:
    return *identify_state(path.stat()), _find_log(path, "-wal").exists()


def _find_log(path: Path, end: str) -> Path:
    """Where SQLite keeps a log of a database: beside the file that a link leads to."""
    real = path.resolve()
    return real.with_name(f"{real.name}{end}")


def _logs_ahead(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(20)[18:] == b"\x02\x02"


def _find_damage(connection: sqlite3.Connection) -> str:
    """List the faults of a database; empty if it is sound, or cannot be checked here."""
    try:
        return "; ".join(find_damages(connection, limit=3))
    except sqlite3.DatabaseError as error:
        code = error.sqlite_errorcode & 0xFF
        if code == sqlite3.SQLITE_CORRUPT:
            return str(error)
        if code == sqlite3.SQLITE_ERROR:
            return ""  # a schema that needs what only its own application has
        raise


def _explain(error: sqlite3.Error, path: Path) -> SourceError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _IN_USE:
        return SourceError(
            f"{path.name} is being written to: {error}.",
            file=path.name,
            hint="Try again when its writer is done.",
        )
    if code in _UNFINISHED and _has_journal(path):
        return _tell_unfinished(path, error)
    return SourceError(
        f"{path.name} cannot be copied: {error}.",
        file=path.name,
        hint=f'See what is wrong with it: sqlite3 {path.name} "PRAGMA integrity_check"',
    )


def _has_journal(path: Path) -> bool:
    journal = _find_log(path, "-journal")
    return journal.exists() and journal.stat().st_size > 0


def _tell_unfinished(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path.name} was left in the middle of a transaction: {error}",
        file=path.name,
        hint=f'Let SQLite roll it back: sqlite3 {path.name} "PRAGMA quick_check"',
    )


def salvage(target: Path, name: str, damage: str) -> dict[str, str]:
    """Take out of a copy what is damaged, and what SQLite does not understand; keep the rest.

    Indexes that are damaged are rebuilt.

    Args:
        target: The copy.
        name: What errors call it.
        damage: What is wrong with it.

    Returns:
        What was left out, to the reason.

    Raises:
        SourceError: More is damaged than single tables and indexes.
    """
    left_out = _forget_malformed(target)
    indexes: list[str] = []
    for table in _list_trees(target):
        if found := _find_damage_of(target, table):
            indexes += _forget_indexes(target, table)
            if _find_damage_of(target, table) and not make_anew(target, table):
                _forget(target, table)
                left_out[f"table {table}"] = f"it is damaged: {' '.join(found.split())}"
    with closing(open_copy(target)) as connection:
        # Two tables that claim one page, say: nobody knows whose the rows there are.
        texts = find_damages(connection, limit=_MANY)
        lines = [line for text in texts for line in text.split("\n")]
        if any(not re.search(r"never used|^\*\*\*", line) for line in lines):
            raise tell_damage(name, damage)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("VACUUM")
        for sql in indexes:
            with suppress(sqlite3.Error):  # of a table that is gone
                connection.execute(sql)
    return left_out


def tell_damage(name: str, damage: str) -> SourceError:
    """The message about a database of which nothing can be kept."""
    return SourceError(
        f"{name} is damaged: {damage}.",
        file=name,
        hint=f"Fetch it again, or {advise_saving(name)}",
    )


def _forget_malformed(target: Path) -> dict[str, str]:
    """Take out of a schema what SQLite does not understand, such as the SQL of a later release."""
    left_out: dict[str, str] = {}
    while True:
        with closing(open_copy(target)) as connection:
            try:
                connection.execute("SELECT 1 FROM sqlite_schema").fetchone()
            except sqlite3.DatabaseError as error:
                found = _MALFORMED.match(str(error))
                kind = _forget(target, found[1]) if found else ""
                if not (found and kind):
                    raise
                reason = f"SQLite {sqlite3.sqlite_version} does not understand it: {found[2]}"
                left_out[f"{kind} {found[1]}"] = reason
            else:
                return left_out


def _forget(target: Path, name: str) -> str:
    """Take one thing out of a schema, with what belongs to it, and return what it was."""
    with closing(open_copy(target)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        found = connection.execute("SELECT type FROM sqlite_schema WHERE name = ?", (name,))
        (kind,) = found.fetchone() or ("",)
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (name,))
        if kind in ("table", "view"):
            connection.execute("DELETE FROM sqlite_schema WHERE tbl_name = ?", (name,))
        return str(kind)


def _list_trees(target: Path) -> list[str]:
    """The tables that have pages, those of virtual ones included."""
    with closing(open_copy(target)) as connection:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name"
        return [name for (name,) in connection.execute(query)]


def _find_damage_of(target: Path, table: str) -> str:
    with closing(open_copy(target)) as connection:
        try:
            found = connection.execute(f"PRAGMA quick_check({quote_identifier(table)})").fetchall()
        except sqlite3.DatabaseError as error:
            return str(error)
    return "" if found == [("ok",)] else str(found[0][0])


def _forget_indexes(target: Path, table: str) -> list[str]:
    """Take the indexes of a table out of a schema, and return how they are made."""
    with closing(open_copy(target)) as connection:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?"
        made = {name: sql for name, sql in connection.execute(query, (table,)) if sql}
    for name in made:
        _forget(target, name)
    return [*made.values()]


def forget_tables(target: Path, tables: Iterable[str]) -> None:
    """Drop tables of a copy, with all that belongs to them."""
    for table in tables:
        try:
            with closing(open_copy(target)) as connection:
                connection.execute(f"DROP TABLE {quote_identifier(table)}")
        except sqlite3.Error:  # by a collation that is not here, say
            _forget(target, table)
    with closing(open_copy(target)) as connection, suppress(sqlite3.Error):
        connection.execute("VACUUM")


def drop_unusable(snapshot: Path) -> dict[str, str]:
    """Take out of a copy that for which no careful reader could open or query it.

    It is by collations of some application, or by functions of SQLite that may not stand in a
    schema that is not trusted, which differ from release to release: indexes, checks, and formulas
    of columns. A stored column keeps its values, without the formula.

    Returns:
        What was left out, to the reason.
    """
    left_out: dict[str, str] = {}
    while unsafe := _find_unsafe(snapshot):
        name, function = unsafe
        with closing(open_copy(snapshot)) as connection:
            kind, table, sql = connection.execute(
                "SELECT type, tbl_name, sql FROM sqlite_schema WHERE name = ?", (name,)
            ).fetchone()
        reason = f"readers with SQLite {sqlite3.sqlite_version} may not run {function}"
        if kind == "index":
            _drop_index(snapshot, name)
            left_out[f"index {name} of {table}"] = reason
            continue
        changed, removed, gone = remove_calls(name, sql, function)
        if removed:
            for index in _list_dependent(snapshot, name, gone):
                _drop_index(snapshot, index)
                left_out[f"index {index} of {name}"] = "a column of it is left out"
            if not make_anew(snapshot, name, changed):
                _replace(snapshot, name, changed)
            left_out |= {f"{what} of {name}": reason for what in removed}
            left_out |= _forget_malformed(snapshot)
        else:
            forget_tables(snapshot, [name])
            left_out[f"{kind} {name}"] = reason
    with closing(open_copy(snapshot)) as connection:
        found = connection.execute(_FOREIGN_COLLATIONS).fetchall()
    for index, table, collation in found:
        _drop_index(snapshot, index)
        left_out[f"index {index} of {table}"] = (
            f"only its application has the collation {collation}"
        )
    return left_out


def _list_dependent(snapshot: Path, table: str, columns: list[str]) -> list[str]:
    """The indexes of a table that speak of some columns."""
    with closing(open_copy(snapshot)) as connection:
        query = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?"
        made = connection.execute(query, (table,)).fetchall()
    return [name for name, sql in made if sql and mentions(sql[sql.index("(") :], columns)]


_FOREIGN_COLLATIONS = """
SELECT made.name, tbl_name, min(coll) FROM sqlite_schema AS made, pragma_index_xinfo(made.name)
WHERE type = 'index' AND sql NOTNULL AND upper(coll) NOT IN ('BINARY', 'NOCASE', 'RTRIM')
GROUP BY 1, 2
"""


def _drop_index(snapshot: Path, index: str) -> None:
    with closing(open_copy(snapshot)) as connection:
        connection.execute(f"DROP INDEX {quote_identifier(index)}")


def _replace(snapshot: Path, table: str, sql: str) -> None:
    with closing(open_copy(snapshot)) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (sql, table)
        )


def _find_unsafe(snapshot: Path) -> tuple[str, str] | None:
    """The part of a schema that readers may not use, and the function that is the reason."""
    with closing(open_copy(snapshot)) as connection:
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError as error:
            found = _UNSAFE.search(str(error))
            return (found[1], found[2]) if found else None
    return None
