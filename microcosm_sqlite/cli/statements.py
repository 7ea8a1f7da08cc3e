"""Read parameters of the command line, and find hints for SQL that SQLite does not accept."""

from __future__ import annotations

import re

from microcosm_sqlite.common.names import suggest
from microcosm_sqlite.common.sql import quote_identifier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection


def read_value(text: str) -> str | int | float:
    """A parameter's value from the command line: a number where it is written as one.

    >>> read_value("5"), read_value("0.5"), read_value("007"), read_value("JFK")
    (5, 0.5, '007', 'JFK')
    """
    for kind, pattern in ((int, _INTEGER), (float, _DECIMAL)):
        if pattern.fullmatch(text):
            number: int | float = kind(text)
            return number if str(number) == text and abs(number) < 1 << 63 else text
    return text


_INTEGER = re.compile(r"-?\d+", re.ASCII)
_DECIMAL = re.compile(r"-?\d+\.\d+", re.ASCII)


class _Complaint:
    """The name in an error message of SQLite, with the statement and the connection."""

    __slots__ = ("connection", "name", "sql")

    def __init__(self, name: str, connection: Connection, sql: str) -> None:
        self.name = name
        self.connection = connection
        self.sql = sql


def advise(text: str, connection: Connection, sql: str) -> str:
    """Return a hint for an error message of SQLite, or an empty text."""
    for pattern, answer in _ADVICE:
        if matched := re.match(pattern, text, re.DOTALL):
            if isinstance(answer, str):
                return answer
            return answer(_Complaint(matched["name"], connection, sql))
    return ""


def _on_table(complaint: _Complaint) -> str:
    schema, _, table = complaint.name.rpartition(".")
    if schema and schema not in _schemas(complaint.connection):
        return f"Attach that dataset: --attach {schema}"
    return suggest(table, _tables(complaint.connection), "Its tables")


def _on_column(complaint: _Complaint) -> str:
    words = set(re.findall(r"\w+", complaint.sql.lower()))
    tables = _tables(complaint.connection)
    named = [table for table in tables if table.rpartition(".")[2].lower() in words]
    columns = [
        column for table in named or tables for column in _columns(complaint.connection, table)
    ]
    return suggest(complaint.name.rpartition(".")[2], list(dict.fromkeys(columns)), "Columns")


def _on_parameter(complaint: _Complaint) -> str:
    return f"Add: -p {complaint.name} VALUE"


_ADVICE: tuple[tuple[str, str | Callable[[_Complaint], str]], ...] = (
    (r"no such table: (?P<name>.+)", _on_table),
    (r"no such column: \"?(?P<name>[^\"]+?)\"?( - should this be .*)?$", _on_column),
    (r"You did not supply a value for binding parameter :(?P<name>\w+)", _on_parameter),
    (
        r"Binding \d+ has no name|Incorrect number of bindings",
        "Write parameters as :name, and give each with -p name VALUE.",
    ),
    (r"You can only execute one statement", "Run the statements one by one."),
    (r"too many attached databases", "Attach other datasets with --attach NAME."),
    (r"ambiguous column name", "Write it as table.column."),
)


def _schemas(connection: Connection) -> list[str]:
    return [name for _, name, _ in connection.execute("PRAGMA database_list")]


def _tables(connection: Connection) -> list[str]:
    """Tables and views as SQL may name them: those of attached datasets with their schema."""
    found = connection.execute("SELECT schema, name FROM pragma_table_list").fetchall()
    return sorted(
        name if schema == "main" else f"{schema}.{name}"
        for schema, name in found
        if schema != "temp" and not name.startswith("sqlite_")
    )


def _columns(connection: Connection, table: str) -> list[str]:
    schema, _, name = table.rpartition(".")
    pragma = f"PRAGMA {quote_identifier(schema or 'main')}.table_info({quote_identifier(name)})"
    return [row[1] for row in connection.execute(pragma)]
