"""Read what no PRAGMA tells of a table: its checks, generated columns and order of foreign keys."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from microcosm_sqlite.common.sql import quote_identifier, write_orphans
from microcosm_sqlite.common.wording import spell_count

Definition = list[str]
"""The lexemes of one column, or of one constraint of the table."""

_LEXEME = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\]
    | --[^\n]* | /\*.*?(?:\*/|\Z) | \w+ | \s+ | .""",
    re.VERBOSE | re.DOTALL,
)
_QUOTES = {'"': '"', "`": "`", "[": "]", "'": "'"}


def split_definitions(sql: str) -> list[Definition]:
    """The definitions of a statement, each without blanks and comments at its ends.

    >>> ["".join(each) for each in split_definitions("CREATE TABLE t (a CHECK (a IN (1, 2)), b)")]
    ['a CHECK (a IN (1, 2))', 'b']
    """
    found: list[Definition] = [[]]
    depth = 0
    for lexeme in _LEXEME.findall(sql):
        depth -= lexeme == ")"
        if depth == 1 and lexeme == ",":
            found.append([])
        elif depth > 0 and (found[-1] or not _is_blank(lexeme)):
            found[-1].append(lexeme)
        depth += lexeme == "("
        if depth == 0 and lexeme == ")":
            break
    return [definition for definition in found if definition]


def name_column(definition: Definition) -> str:
    """The column that is defined, or the first word of a constraint."""
    first = definition[0]
    end = _QUOTES.get(first[0])
    return first[1:-1].replace(end * 2, end) if end else first


def find_expressions(definition: Definition, word: str) -> Iterator[tuple[str, str]]:
    """What stands in brackets behind each `word`, with the name that a constraint has.

    >>> lexemes, = split_definitions("CREATE TABLE t (a CONSTRAINT small CHECK (a < (9)))")
    >>> list(find_expressions(lexemes, "CHECK"))
    [('small', 'a < (9)')]
    """
    depth, name = 0, ""
    solid = [(place, lexeme) for place, lexeme in enumerate(definition) if not _is_blank(lexeme)]
    for index, (_, lexeme) in enumerate(solid[:-1]):
        depth += (lexeme == "(") - (lexeme == ")")
        start, following = solid[index + 1]
        if depth == 0 and lexeme.upper() == "CONSTRAINT":
            name = name_column([following])
        elif depth == 0 and lexeme.upper() == word and following == "(":
            yield name, _read_bracket(definition[start:])
            name = ""


def find_collation(definition: Definition) -> str:
    """The collation that a column is declared with, in capitals; empty for none."""
    solid = [lexeme for lexeme in definition if not _is_blank(lexeme)]
    words = [lexeme.upper() for lexeme in solid]
    place = words.index("COLLATE") + 1 if "COLLATE" in words[:-1] else 0
    return name_column([solid[place]]).upper() if place else ""


def _read_bracket(lexemes: Definition) -> str:
    depth = 0
    for place, lexeme in enumerate(lexemes):
        depth += (lexeme == "(") - (lexeme == ")")
        if depth == 0:
            return "".join(lexemes[1:place]).strip()
    return "".join(lexemes[1:]).strip()


def _is_blank(lexeme: str) -> bool:
    return lexeme.isspace() or lexeme.startswith(("--", "/*"))


def add_foreign_keys(
    connection: sqlite3.Connection, inspector: sa.Inspector, metadata: sa.MetaData, name: str
) -> dict[str, str]:
    """Add the foreign keys of one table; returns those that are left out, to the reason."""
    left_out = {}
    tables = {other.lower(): table for other, table in metadata.tables.items()}
    table = metadata.tables[name]
    for key in inspector.get_foreign_keys(name):
        columns = [_find_column(table, column) for column in key["constrained_columns"]]
        parent = tables.get(key["referred_table"].lower())
        what = f"reference of {name}.{', '.join(columns)} to {key['referred_table']}"
        if parent is None:
            left_out[what] = "there is no such table"
            continue
        referred = [_find_column(parent, column) for column in key["referred_columns"]]
        referred = referred or [column.name for column in parent.primary_key]
        if "." in "".join([parent.name, *referred]):
            left_out[what] = "a name with a dot in it cannot be referred to"
        elif len(referred) != len(columns) or not _is_unique(parent, referred):
            left_out[what] = "what it refers to is no key"
        elif reason := _doubt_rows(connection, table, columns, parent, referred):
            left_out[what] = reason
        else:
            targets = [f"{parent.name}.{column}" for column in referred]
            constraint = sa.ForeignKeyConstraint(columns, [parent.columns[c] for c in referred])
            if not _has_key(table, columns, targets):
                table.append_constraint(constraint)
    return left_out


def _has_key(table: sa.Table, columns: list[str], targets: list[str]) -> bool:
    return any(
        [column.name for column in key.columns] == columns
        and [f"{e.column.table.name}.{e.column.name}" for e in key.elements] == targets
        for key in table.foreign_key_constraints
    )


def _find_column(table: sa.Table, name: str) -> str:
    return next((known for known in [*table.columns.keys()] if known.lower() == name.lower()), name)


def _is_unique(table: sa.Table, columns: Sequence[str]) -> bool:
    wanted = set(columns)
    keys = [{column.name for column in table.primary_key}]
    keys += [
        {column.name for column in constraint.columns}
        for constraint in table.constraints
        if isinstance(constraint, sa.UniqueConstraint)
    ]
    keys += [
        {column.name for column in index.columns}
        for index in table.indexes
        if index.unique and index.dialect_options["sqlite"].get("where") is None
    ]
    return wanted in keys


def _doubt_rows(
    connection: sqlite3.Connection,
    table: sa.Table,
    columns: Sequence[str],
    parent: sa.Table,
    referred: Sequence[str],
) -> str:
    """Why the rows of a table do not obey a foreign key; empty where they do."""
    child, other = map(quote_identifier, (table.name, parent.name))
    orphans = write_orphans(child, columns, other, referred)
    try:
        (count,) = connection.execute(f"SELECT count(*) {orphans}").fetchone()
    except sqlite3.OperationalError as error:
        return f"it cannot be asked for: {error}"
    if not count:
        return ""
    return f"{spell_count(count, 'row')} refer{'' if count > 1 else 's'} to none that is there"
