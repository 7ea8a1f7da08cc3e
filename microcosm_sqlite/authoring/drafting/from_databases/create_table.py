"""The clauses of a CREATE TABLE statement which no PRAGMA tells of: checks, and what generates."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
